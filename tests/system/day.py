"""A day in the life of the whole program, tray and window included: `day.py FOLDER INBOX`."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from support import wait_for
from system.pictures import jpeg, write
from system.program import Program
from system.screens import screen

PICTURES = int(os.environ.get("HOMEPRESS_DAY_PICTURES", "4"))


class Traced(Program):
    """The same program, every command and the daemon started behind another program."""

    def __init__(self, home: Path, *behind: str) -> None:
        super().__init__(home)
        self.behind = behind

    def command(self, *arguments: str) -> list[str]:
        return [*self.behind, *super().command(*arguments)]


@contextmanager
def at_a_desktop(program: Program, folder: Path) -> Iterator[None]:
    """Give a program a display and a bus; its tray ends with them."""
    with screen(folder) as made:
        program.environment |= {**made.environment, "HOMEPRESS_HOME": str(program.home)}
        try:
            yield
        finally:
            program.close()
            end(program.home / "run" / "prove-t.lock")


def end(lock: Path) -> None:
    """End the process that holds a lock, and wait until it has."""
    if lock.exists() and (pid := int(lock.read_text())) and is_alive(pid):
        os.kill(pid, signal.SIGTERM)
        wait_for(lambda: not is_alive(pid), what=f"process {pid} to end")


def live_a_day(program: Program, inbox: Path, proving: Program) -> None:
    """Start, pictures, pause, resume, undo, tray, window, proof, stop."""
    program.watch(inbox)
    program.start(tray=True)
    for number in range(PICTURES):
        write(inbox / f"{number}.jpg", jpeg(number, size=(400, 300)))
    wait_for(
        lambda: program.status()["compressed_today"] == PICTURES, within=60 + 5 * PICTURES, what="the results"
    )
    program.run("pause", "30m")
    program.run("resume")
    program.run("undo", "--last", "1")
    program.run("compress", str(write(inbox.parent / "other.jpg", jpeg(99, size=(400, 300)))))
    program.run("history")
    program.run("report", "--no-open", "--pictures", "1")
    wait_for((program.home / "run" / "prove-t.sock").exists, within=60, what="the tray")
    window = subprocess.Popen(program.command("window", "--page", "activity"), env=program.environment)
    wait_for((program.home / "run" / "prove-w.sock").exists, within=60, what="the window")
    prove(proving)
    end(program.home / "run" / "prove-w.lock")
    window.wait(30)
    program.run("stop")
    end(program.home / "run" / "prove-t.lock")  # it outlives the daemon, and whoever traces both
    assert program.daemon is not None
    program.daemon.wait(60)
    program.run("compress", "--in-place", str(inbox.parent / "other.jpg"))  # without a daemon


def prove(program: Program) -> None:
    """All five are there and closed."""
    proof = program.json("prove")
    assert proof["holds"], proof["problems"]
    names = {party["name"] for party in proof["parties"]}
    assert names >= {"daemon", "worker 1", "tray", "window", "this command"}


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


if __name__ == "__main__":
    lived = Traced(Path(sys.argv[1], "home"))
    with at_a_desktop(lived, Path(sys.argv[1])):
        live_a_day(lived, Path(sys.argv[2]), lived)
