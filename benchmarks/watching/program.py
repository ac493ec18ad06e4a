"""Cases of the scale benchmark that run the whole program: latency, throughput, idling with the tray."""

import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.watching.bench import Row, cpu_seconds, family, progress, rss_mb, wakeups
from benchmarks.watching.pictures import photograph, screenshot
from benchmarks.watching.size import SIZE

SETTLE = 2.0


def homepress(home: Path, *arguments: str) -> str:
    """What a command prints."""
    command = [sys.executable, "-m", "homepress", *arguments]
    environment = os.environ | {"HOMEPRESS_HOME": str(home)}
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise RuntimeError(f"{' '.join(arguments)}: {ran.stderr or ran.stdout}")
    return ran.stdout


@contextmanager
def daemon(
    home: Path,
    folder: Path,
    *options: str,
    bus: bool = False,
    program: Sequence[str] = (sys.executable, "-m", "homepress"),
) -> Iterator[int]:
    """The program, watching a folder; gives its process id."""
    homepress(home, "folder", "add", str(folder))
    prefix = ["dbus-run-session", "--"] if bus else []
    command = [*prefix, *program, "run", *options]
    with (home / "daemon.log").open("wb") as log:
        environment = os.environ | {"HOMEPRESS_HOME": str(home)}
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        until(lambda: '"watching"' in _status(home), 60, "the daemon to watch")
        yield process.pid
    finally:
        subprocess.run(
            [sys.executable, "-m", "homepress", "stop"], env=environment, check=False, capture_output=True
        )
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def homepress_json(home: Path, *arguments: str) -> list[dict[str, Any]]:
    """What a listing command prints, one object a line."""
    return [json.loads(line) for line in homepress(home, *arguments, "--json").splitlines()]


def _status(home: Path) -> str:
    try:
        return homepress(home, "status", "--json")
    except RuntimeError:
        return ""


def _fingerprinting(home: Path) -> int:
    """How many pictures that were there before still get their fingerprints."""
    return sum(folder["fingerprinting"] for folder in json.loads(_status(home))["folders"])


def until(condition: Callable[[], bool], within: float, what: str) -> None:
    end = time.monotonic() + within
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {within:g} s in vain for {what}")
        time.sleep(0.05)


def is_replaced(path: Path, size: int) -> bool:
    return path.stat().st_size != size


def latency(kind: str, place: Path) -> Row:
    """From the end of the copy to the result in place, one picture after the other."""
    make, suffix, goal = {
        "jpeg": (photograph, "jpg", SETTLE + 1.2),
        "png": (screenshot, "png", SETTLE + 1.5),
    }[kind]
    home, folder = place / "home", place / "watched"
    home.mkdir()
    folder.mkdir()
    times: list[float] = []
    with daemon(home, folder, "--no-tray"):
        for sample in range(SIZE.samples):
            data, path = make(sample), folder / f"{sample}.{suffix}"
            path.write_bytes(data)
            written = time.monotonic()
            until(partial(is_replaced, path, len(data)), 60, path.name)
            times.append(time.monotonic() - written)
    times.sort()
    p50, p99 = statistics.median(times), times[min(len(times) - 1, int(len(times) * 0.99))]
    title = "12 MP JPEG" if kind == "jpeg" else "1080p PNG screenshot"
    return Row(
        case=f"{title}: copy finished to result in place, {SIZE.samples} times",
        figure=f"p50 {p50:.2f} s, p99 {p99:.2f} s (settle time {SETTLE:g} s)",
        goal=f"<= {goal:.1f} s",
        met=p99 <= goal,
        numbers={"p50": p50, "p99": p99},
    )


def throughput(place: Path) -> Row:
    """A burst into a watched folder against the command on the same files."""
    source, watched, named, home = (place / name for name in ("source", "watched", "named", "home"))
    for folder in (source, watched, home):
        folder.mkdir()
    progress(f"making {SIZE.pictures} pictures")
    for number in range(SIZE.pictures):
        (source / f"{number}.jpg").write_bytes(photograph(number, (800, 600)))
    shutil.copytree(source, named)
    sizes = {path.name: path.stat().st_size for path in source.iterdir()}
    started = time.monotonic()
    homepress(place / "other-home", "compress", "--in-place", "--json", str(named))
    by_name = time.monotonic() - started
    left = {path.name for path in named.iterdir() if path.stat().st_size == sizes[path.name]}
    with daemon(home, watched, "--no-tray"):
        started = time.monotonic()
        for path in source.iterdir():
            shutil.copyfile(path, watched / path.name)
        waiting = set(sizes) - left
        while waiting:
            waiting = {name for name in waiting if (watched / name).stat().st_size == sizes[name]}
            time.sleep(0.1)
        by_watching = time.monotonic() - started
    ratio = by_name / by_watching
    rates = f"{SIZE.pictures / by_watching:.1f} against {SIZE.pictures / by_name:.1f} pictures/s"
    return Row(
        case=f"throughput of a burst of {SIZE.pictures:,} files against `homepress compress`",
        figure=f"{rates}: {ratio:.2f}",
        goal=">= 0.9",
        met=ratio >= 0.9,
        numbers={"ratio": ratio},
    )


def idle(place: Path) -> Row:
    """The daemon and the tray over 100,000 files with nothing to do."""
    home, folder = place / "home", place / "watched"
    home.mkdir()
    known = f"{SIZE.known_folders * 100:,}"
    progress(f"making {known} files")
    for directory in range(SIZE.known_folders):
        (folder / f"d{directory}").mkdir(parents=True)
        for file in range(100):
            (folder / f"d{directory}" / f"{file}.jpg").write_bytes(b"x")
    bus = shutil.which("dbus-run-session") is not None
    with daemon(home, folder, *([] if bus else ["--no-tray"]), bus=bus) as pid:
        until(lambda: not _fingerprinting(home), 900, "the fingerprints of what is there")
        time.sleep(30)
        processes = family(pid)
        cpu, woken = cpu_seconds(processes), sum(map(wakeups, processes))
        time.sleep(60 * SIZE.minutes)
        cpu, woken = cpu_seconds(processes) - cpu, sum(map(wakeups, processes)) - woken
        memory = sum(map(rss_mb, processes))
    share = cpu / (60 * SIZE.minutes)
    tray = "with tray" if bus else "no tray"
    return Row(
        case=f"idle over {known} files for {SIZE.minutes:g} minutes, {tray}, with scans",
        figure=f"{share:.3%} of a core, {woken / 60 / SIZE.minutes:.2f} wake-ups/s, {memory:.0f} MB",
        goal="<= 0.1 %, <= 70 MB",
        met=share <= 0.001 and memory <= 70,
        numbers={"cpu": share, "wakeups": woken / 60 / SIZE.minutes, "mb": memory},
    )


CASES: dict[str, Callable[[Path], Row]] = {
    "latency-jpeg": lambda place: latency("jpeg", place),
    "latency-png": lambda place: latency("png", place),
    "throughput": throughput,
    "idle": idle,
}
