"""What it costs to run a program: processor time and memory of all its processes (Linux)."""

import contextlib
import os
import re
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_POLL_SECONDS = 0.03
_TICKS = os.sysconf("SC_CLK_TCK")
_PEAK = re.compile(r"VmHWM:\s+(\d+) kB")
_USER_TICKS, _SYSTEM_TICKS = 11, 12  # fields of /proc/PID/stat after the name (proc_pid_stat(5))
_ERROR_TEXT = 500


@dataclass(frozen=True)
class Cost:
    """Processor time in seconds (user and system), and the peak of resident memory in MB."""

    cpu_seconds: float
    peak_rss_mb: float


def measured(command: Sequence[str], text: str = "", *, environment: Mapping[str, str] | None = None) -> Cost:
    """Run a command to its end.

    Args:
        command: the program and its arguments.
        text: what it reads on its standard input.
        environment: what it finds in its environment, beside our own.

    Raises:
        RuntimeError: it failed.
    """
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, **(environment or {})},
    )
    errors: list[bytes] = []
    talk = threading.Thread(target=lambda: errors.append(process.communicate(text.encode())[1]))
    tree = _Tree(process.pid)
    before = _children_seconds()
    talk.start()
    while talk.is_alive():
        tree.look()
        talk.join(_POLL_SECONDS)
    if process.returncode:
        said = errors[0].decode(errors="replace")[-_ERROR_TEXT:]
        raise RuntimeError(f"{Path(command[0]).name} failed: {said}")
    return Cost(max(_children_seconds() - before, tree.cpu_seconds), tree.peak_rss_mb)


def _children_seconds() -> float:
    """What all children that were waited for have used, theirs included."""
    times = os.times()
    return times.children_user + times.children_system


class _Tree:
    """A process and its descendants, looked at from time to time.

    Browsers leave processes that nobody waits for: what those used is only seen here.
    """

    def __init__(self, root: int) -> None:
        self._root = root
        self._seconds: dict[int, float] = {}
        self.peak_rss_mb = 0.0

    @property
    def cpu_seconds(self) -> float:
        """What all of them had used when they were last seen."""
        return sum(self._seconds.values())

    def look(self) -> None:
        """Take note of what they have used so far."""
        resident = 0.0
        for process in _family(self._root):
            with contextlib.suppress(OSError):  # it has ended
                fields = Path(f"/proc/{process}/stat").read_text(errors="replace").rpartition(")")[2].split()
                ticks = int(fields[_USER_TICKS]) + int(fields[_SYSTEM_TICKS])
                self._seconds[process] = ticks / _TICKS
                found = _PEAK.search(Path(f"/proc/{process}/status").read_text(errors="replace"))
                resident += int(found[1]) / 1000 if found else 0.0
        self.peak_rss_mb = max(self.peak_rss_mb, resident)


def _family(process: int) -> list[int]:
    found = [process]
    with contextlib.suppress(OSError):
        for thread in Path(f"/proc/{process}/task").iterdir():
            for child in (thread / "children").read_text().split():
                found += _family(int(child))
    return found
