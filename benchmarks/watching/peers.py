"""The same bursts and slow writers on another program that watches folders: optimize-images -wd."""

import contextlib
import io
import os
import re
import shutil
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from PIL import Image

from benchmarks.watching.bench import Row
from benchmarks.watching.bursts import BURSTS
from benchmarks.watching.cuts import cut_pictures
from benchmarks.watching.pictures import noise, photograph, screenshot
from benchmarks.watching.program import is_replaced, until
from benchmarks.watching.size import SIZE
from watch.writers import write_all

_PLACES = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))
PROGRAM = os.environ.get("HOMEPRESS_BENCH_OPTIMIZE_IMAGES") or shutil.which("optimize-images", path=_PLACES)
_LONGEST = 300.0
_LULL = 15.0
_LINE = re.compile(r"\[(?:OPTIMIZED|SKIPPED)\]\s+(.*\S)")


@contextmanager
def _watching(folder: Path, log: Path) -> Iterator[None]:
    """The peer, watching a folder in its quickest mode; what it says goes to `log`."""
    with log.open("wb") as out:
        command = [str(PROGRAM), "-wd", "-fm", str(folder)]
        # It cuts paths to the width of the terminal, and would not be understood.
        environment = os.environ | {"PYTHONUNBUFFERED": "1", "COLUMNS": "1000"}
        process = subprocess.Popen(command, stdout=out, stderr=out, env=environment)
    try:
        time.sleep(4)
        yield
    finally:
        process.terminate()
        process.wait(20)


def _handled(log: Path) -> Counter[str]:
    """How often the peer spoke of each file."""
    return Counter(_LINE.findall(log.read_text("utf-8", "replace")))


def _wait(log: Path, expected: Collection[Path]) -> None:
    """Until it spoke of as many files as there are, or nothing more comes."""
    end, size, grown = time.monotonic() + _LONGEST, -1, time.monotonic()
    while time.monotonic() < end and time.monotonic() - grown < _LULL:
        if log.stat().st_size != size:
            size, grown = log.stat().st_size, time.monotonic()
            if len(_handled(log)) >= len(expected):
                return
        time.sleep(0.5)


def burst(name: str, place: Path) -> Row:
    """One burst: how many files the peer never spoke of, and how many more than once."""
    case = f"optimize-images -wd: {BURSTS[name].title}"
    if PROGRAM is None:
        return Row(case, "not run: pip install optimize-images")
    folder, log = place / "watched", place / "log"
    folder.mkdir()
    BURSTS[name].prepare(folder)
    with _watching(folder, log):
        expected = BURSTS[name].write(folder)
        started = time.monotonic()
        _wait(log, expected)
        took = time.monotonic() - started
    seen = _handled(log)
    missing = sum(str(path) not in seen for path in expected)
    twice = sum(count > 1 for count in seen.values())
    return Row(
        case=case,
        figure=f"{missing:,} of {len(expected):,} missing, {twice} twice; {took:.0f} s",
        numbers={"missing": missing, "twice": twice, "known_s": took},
    )


def slow_writers(place: Path) -> Row:
    """How many of six slowly written pictures are broken in the end, or were never handled."""
    case = "optimize-images -wd: six slow writers, real time"
    if PROGRAM is None:
        return Row(case, "not run: pip install optimize-images")
    folder, log, data = place / "watched", place / "log", noise()
    folder.mkdir()
    with _watching(folder, log):
        paths = write_all(folder, data)
        time.sleep(_LULL)
    wanted = Image.open(io.BytesIO(data))
    broken = sum(not _is_like(path, wanted.convert("L").resize((70, 50)).tobytes()) for path in paths)
    missing = sum(path.read_bytes() == data for path in paths)
    return Row(
        case=case,
        figure=f"{broken} of {len(paths)} broken in the end, {missing} never handled",
        numbers={"broken": broken, "missing": missing},
    )


def cut_files(place: Path) -> Row:
    """How many pictures it writes over that are cut short."""
    case = "optimize-images -wd: cut pictures"
    if PROGRAM is None:
        return Row(case, "not run: pip install optimize-images")
    folder, log = place / "watched", place / "log"
    folder.mkdir()
    written: dict[Path, bytes] = {}
    with _watching(folder, log):
        for path, part, _ in cut_pictures(folder):
            path.write_bytes(part)
            written[path] = part
        time.sleep(_LULL)
    touched = sum(path.read_bytes() != part for path, part in written.items())
    return Row(case, f"{touched} of {len(written)} written over while broken", numbers={"touched": touched})


def latency(kind: str, place: Path) -> Row:
    """From the end of a copy until the file is another; it waits for no quiet time."""
    case = f"optimize-images -wd: {kind}"
    if PROGRAM is None:
        return Row(case, "not run: pip install optimize-images")
    folder, log, times = place / "watched", place / "log", []
    folder.mkdir()
    make, suffix = (photograph, "jpg") if kind == "jpeg" else (screenshot, "png")
    with _watching(folder, log):
        for sample in range(SIZE.samples):
            data, path = make(sample), folder / f"{sample}.{suffix}"
            path.write_bytes(data)
            started = time.monotonic()
            with contextlib.suppress(TimeoutError):
                until(partial(is_replaced, path, len(data)), _LULL, path.name)
                times.append(time.monotonic() - started)
    if not times:
        return Row(case, "none became smaller")
    p50, p99 = statistics.median(times), max(times)
    return Row(case, f"p50 {p50:.2f} s, p99 {p99:.2f} s (no settle time)", numbers={"p50": p50, "p99": p99})


def _is_like(path: Path, wanted: bytes) -> bool:
    """Whether a picture decodes in full and looks like the one that was written."""
    try:
        with Image.open(path) as image:
            seen = image.convert("L").resize((70, 50)).tobytes()
    except OSError:
        return False
    return sum(abs(a - b) for a, b in zip(seen, wanted, strict=True)) / len(wanted) < 8


CASES: dict[str, Callable[[Path], Row]] = {
    **{f"peer-{name}": partial(burst, name) for name in BURSTS},
    "peer-slow-writers": slow_writers,
    "peer-cut-files": cut_files,
    "peer-latency-jpeg": partial(latency, "jpeg"),
    "peer-latency-png": partial(latency, "png"),
}
