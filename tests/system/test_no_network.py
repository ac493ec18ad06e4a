"""A day in the life, watched from outside: no socket but local ones, and no network needed."""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from support import wait_for
from system.pictures import jpeg, write
from system.program import Program

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="traced with strace, in a network namespace")

_CALL = re.compile(r"\b(socket|connect|sendto|io_uring_setup)\((.*)\)\s+= (-?\d+)")


class Traced(Program):
    """The same program, every command and the daemon started behind other programs."""

    def __init__(self, home: Path, *prefix: str) -> None:
        super().__init__(home)
        self.prefix = prefix

    def command(self, *arguments: str) -> list[str]:
        return [*self.prefix, *super().command(*arguments)]


def live_a_day(program: Program, inbox: Path) -> None:
    """Start, pictures, pause, resume, undo, prove, stop."""
    program.watch(inbox)
    program.start()
    for number in range(6):
        write(inbox / f"{number}.jpg", jpeg(number, size=(400, 300)))
    wait_for(lambda: program.status()["compressed_today"] == 6, within=120, what="six results")
    program.run("pause", "30m")
    program.run("resume")
    program.run("undo", "--last", "1")
    program.run("compress", str(write(inbox.parent / "other.jpg", jpeg(99, size=(400, 300)))))
    program.run("history")
    program.run("stop")
    assert program.daemon is not None
    program.daemon.wait(60)


@pytest.mark.skipif(not shutil.which("strace"), reason="needs strace")
def test_every_socket_ever_asked_for_is_local_or_refused(tmp_path: Path, inbox: Path) -> None:
    log = tmp_path / "trace"
    log.mkdir()
    trace = (
        "strace",
        "-f",
        "-ff",
        "-qq",
        "-e",
        "trace=socket,connect,sendto,io_uring_setup",
        "-o",
        str(log / "t"),
    )
    program = Traced(tmp_path / "home", *trace)
    try:
        live_a_day(program, inbox)
    finally:
        program.close()
    calls = [call for file in log.iterdir() for call in _CALL.findall(file.read_text(errors="replace"))]
    assert calls, "nothing was traced"
    through = [call for call in calls if int(call[2]) >= 0]
    assert [call for call in through if call[0] == "socket"], (
        "the control socket must be seen, or the trace is blind"
    )
    assert not [call for call in through if call[0] == "io_uring_setup"]
    assert not [call for call in through if call[0] == "socket" and not call[1].startswith("AF_UNIX")]


def _can_unshare() -> bool:
    done = subprocess.run(["unshare", "-rn", "true"], capture_output=True, check=False)
    return done.returncode == 0


@pytest.mark.skipif(
    not shutil.which("unshare") or not _can_unshare(), reason="needs unshare and user namespaces"
)
def test_the_whole_program_works_where_there_is_no_network_at_all(tmp_path: Path, inbox: Path) -> None:
    program = Traced(tmp_path / "home", "unshare", "-rn")
    try:
        live_a_day(program, inbox)
    finally:
        program.close()


def test_killing_the_daemon_leaves_no_worker(program: Program, inbox: Path) -> None:
    program.watch(inbox)
    program.start()
    path = write(inbox / "a.jpg", jpeg(1))
    size = path.stat().st_size
    wait_for(lambda: path.stat().st_size < size, within=60, what="a worker to have worked")
    assert program.daemon is not None
    children = _children(program.daemon.pid)
    assert children, "the worker rests only after a while"
    os.kill(program.daemon.pid, signal.SIGKILL)
    program.daemon.wait(30)
    wait_for(lambda: not any(map(_is_alive, children)), within=1.0, what="the workers to end")


def _children(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += [int(child) for child in (task / "children").read_text().split()]
    return found


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except FileNotFoundError:
        return False
