"""What a daemon takes that has nothing to do: memory, threads, processor time, wake-ups.

    python benchmarks/idle.py [--seconds 240] [--rig build/windows]

It watches one empty folder, without a tray. With a rig (`make windows` makes one) the Windows program runs in
Wine at the same time, and its figures stand beside those of this system; Wine's own server is not counted.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from benchmarks.watching.bench import cpu_seconds, wakeups
from benchmarks.watching.program import daemon, until
from windows.rig import Rig, windows_path

_SETTLED_SECONDS = 30.0
"""After a start something is still to be done: drives are looked at, memory is given back."""


@dataclass(frozen=True)
class Figures:
    """Of one process, as proc(5) tells them.

    Attributes:
        cpu: processor seconds so far.
        wakeups: how often its threads were woken up so far.
    """

    threads: int
    resident_mib: float
    private_mib: float
    cpu: float
    wakeups: int

    @classmethod
    def of(cls, process: int) -> "Figures":
        """As they are now."""
        fields: dict[str, int] = {}
        for source in ("status", "smaps_rollup"):
            text = Path(f"/proc/{process}/{source}").read_text(encoding="ascii", errors="replace")
            for line in text.splitlines():
                name, _, value = line.partition(":")
                if value.split()[:1] and value.split()[0].isdigit():
                    fields[name] = int(value.split()[0])
        private = fields["Private_Clean"] + fields["Private_Dirty"]
        cpu = cpu_seconds([process])
        return cls(fields["Threads"], fields["VmRSS"] / 1024, private / 1024, cpu, wakeups(process))


@contextmanager
def windows_daemon(rig: Rig, place: Path) -> Iterator[int]:
    """The Windows program, watching an empty folder; gives its process id on this system."""
    home, folder = place / "home", place / "watched"
    home.mkdir()
    folder.mkdir()
    ours = windows_path(home)
    program = str(rig.python / "python.exe"), "-X", "utf8", "-m", "homepress"
    with rig.wine.awake():
        code, printed = rig.wine.run(*program, "folder", "add", windows_path(folder), HOMEPRESS_HOME=ours)
        if code:
            raise RuntimeError(printed)
        process = rig.wine.start(*program, "run", "--no-tray", HOMEPRESS_HOME=ours)
        assert process.stdout is not None
        try:
            until(lambda: _is_program(process.pid), 60, "the start of the program")
            if "watch" not in (line := process.stdout.readline()):
                raise RuntimeError(line)
            yield process.pid
        finally:
            rig.wine.run(*program, "stop", HOMEPRESS_HOME=ours)
            process.wait(60)


def _is_program(process: int) -> bool:
    """Whether a process is the program by now; it first is what starts it."""
    return b"homepress" in Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=240.0)
    parser.add_argument("--rig", type=Path, help="a folder that `make windows` made")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="homepress-idle-") as name, ExitStack() as stack:
        here, there = Path(name, os.uname().sysname), Path(name, "Windows")
        for place in (here / "home", here / "watched", there):
            place.mkdir(parents=True)
        running = {here.name: stack.enter_context(daemon(here / "home", here / "watched", "--no-tray"))}
        if arguments.rig:
            running[there.name] = stack.enter_context(windows_daemon(Rig(arguments.rig), there))
        time.sleep(_SETTLED_SECONDS)
        before = {system: Figures.of(process) for system, process in running.items()}
        time.sleep(arguments.seconds)
        after = {system: Figures.of(process) for system, process in running.items()}
    for system, now in after.items():
        cpu = now.cpu - before[system].cpu
        woken = (now.wakeups - before[system].wakeups) / arguments.seconds
        print(
            f"{system}: {now.threads} threads, {now.resident_mib:.1f} MiB resident, "
            f"{now.private_mib:.1f} MiB private, {cpu:.2f} s of processor time and "
            f"{woken:.2f} wake-ups a second in {arguments.seconds:g} s"
        )


if __name__ == "__main__":
    main()
