"""What the cases of the scale benchmark share: rows of the table, a counting sink, process figures."""

import os
import platform
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from homepress.base.files import Mark
from homepress.base.volumes.linux import mount_of, parse_mountinfo
from homepress.watch import Arrival, KnownFiles, Skipped, WatchedFolder, Watcher


@dataclass
class Row:
    """One line of the table.

    Attributes:
        case: what was done.
        figure: what came of it.
        goal: what is to be reached.
        met: whether it was; None where there is no goal.
        numbers: the same for machines, and for the plot.
        beside: on which file system it was tried, and what else was at work.
        machine: on what it was tried.
    """

    case: str
    figure: str
    goal: str = ""
    met: bool | None = None
    numbers: dict[str, float] = field(default_factory=dict)
    beside: str = ""
    machine: str = ""


class Memory:
    """What is done, in memory."""

    def __init__(self) -> None:
        self._rows: dict[bytes, dict[bytes, Mark]] = {}

    def done(self, path: bytes, identity: Mark) -> None:
        """A file is done with."""
        directory, name = os.path.split(path)
        self._rows.setdefault(directory, {})[name] = identity

    def known(self, directory: bytes, names: Collection[bytes] | None = None) -> Mapping[bytes, Mark]:
        """See `KnownFiles.known`."""
        rows = self._rows.get(directory, {})
        if names is None:
            return dict(rows)
        return {name: rows[name] for name in names if name in rows}

    def held(self, path: bytes) -> bool:
        """See `KnownFiles.held`."""
        return False


class Counting:
    """A sink that counts how often each file came, and takes it for done at once."""

    def __init__(self, memory: Memory | None) -> None:
        self.came: Counter[bytes] = Counter()
        self.last = 0.0
        self._memory = memory
        self._more = threading.Condition()

    def found(self, folder: Path, root: Path) -> None:
        """See `Sink.found`."""

    def coming(self) -> None:
        """See `Sink.coming`."""

    def arrived(self, arrival: Arrival) -> None:
        """See `Sink.arrived`."""
        path = os.fsencode(arrival.path)
        if self._memory is not None:
            self._memory.done(path, arrival.file_id.mark)
        with self._more:
            self.came[path] += 1
            self.last = time.monotonic()
            self._more.notify_all()

    def skipped(self, skipped: Skipped) -> None:
        """See `Sink.skipped`."""
        if self._memory is not None:
            self._memory.done(os.fsencode(skipped.path), skipped.file_id.mark)

    def changed(self) -> None:
        """See `Sink.changed`."""

    def look_again(self, root: Path) -> bool:
        """See `Sink.look_again`."""
        return False

    def room(self) -> bool:
        """See `Sink.room`."""
        return True

    def wait(self, files: int, within: float) -> bool:
        """Wait until so many different files came."""
        with self._more:
            return self._more.wait_for(lambda: len(self.came) >= files, within)


@dataclass
class Run:
    """A running watch."""

    watch: Watcher
    sink: Counting

    def wait(self, expected: Collection[Path], within: float = 120.0) -> None:
        """Wait until as many files came as are expected, and then until nothing is left to do."""
        self.sink.wait(len(expected), within)
        self.watch.wait_settled(30.0)

    def verdict(self, expected: Collection[Path]) -> tuple[int, int, int]:
        """How many files are missing, came more than once, or were not expected."""
        wanted = {os.fsencode(path) for path in expected}
        came = self.sink.came
        return (
            len(wanted - came.keys()),
            sum(count > 1 for count in came.values()),
            len(came.keys() - wanted),
        )


@contextmanager
def running(folder: Path, known: KnownFiles | None = None, sink: Counting | None = None) -> Iterator[Run]:
    """Watch a folder with the times of the real program; begins once it was scanned."""
    memory = Memory() if known is None else None
    sink = sink or Counting(memory)
    watch = Watcher(sink, known or memory or Memory())
    watch.reconfigure([WatchedFolder(folder)])
    watch.start()
    try:
        watch.wait_settled(300.0)
        yield Run(watch, sink)
    finally:
        watch.stop()


def rss_mb(pid: int | str = "self") -> float:
    """Resident memory of a process now (proc(5), VmRSS)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def wakeups(pid: int | str = "self") -> int:
    """How often the threads of a process were put to sleep by themselves so far, and so woken up again."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        for line in (task / "status").read_text().splitlines():
            if line.startswith("voluntary_ctxt_switches"):
                total += int(line.split()[1])
    return total


def cpu_seconds(pids: Collection[int]) -> float:
    """Processor time of processes so far (proc(5), fields utime and stime of /proc/PID/stat)."""
    total = 0
    for pid in pids:
        fields = (
            Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        )
        total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def family(pid: int) -> list[int]:
    """The Homepress processes among a process and all that descend from it, without what only starts them."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text(errors="replace").rpartition(")")[2].split()[1])
            except OSError:
                continue
            children.setdefault(parent, []).append(int(entry.name))
    found, waiting = [], [pid]
    while waiting:
        found.append(process := waiting.pop())
        waiting += children.get(process, [])
    commands = {each: Path(f"/proc/{each}/cmdline").read_bytes() for each in found}
    return [
        each
        for each in found
        if b"homepress" in commands[each] and not commands[each].startswith(b"dbus-run")
    ]


def machine() -> str:
    """On what this runs."""
    system = f"{platform.system()} {platform.release()}"
    return f"{system}, Python {platform.python_version()}, {os.cpu_count()} cores"


def circumstances(place: Path) -> str:
    """The file system of a folder, and what else is at work now (getloadavg(3), the last minute)."""
    mounts = parse_mountinfo(Path("/proc/self/mountinfo").read_bytes())
    mount = mount_of(os.fsencode(place.resolve()), mounts)
    return f"{mount.kind if mount else 'unknown'}, load {os.getloadavg()[0]:.1f}"


def timed(action: Callable[[], object]) -> float:
    """Seconds that an action takes."""
    started = time.monotonic()
    action()
    return time.monotonic() - started


def progress(text: str) -> None:
    """Tell somebody who waits what is going on."""
    print(f"  {text}", file=sys.stderr, flush=True)
