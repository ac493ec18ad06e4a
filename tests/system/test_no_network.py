"""A day in the life, watched from outside: no socket but local ones, and no network needed."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from support import THIS_MACHINE_CANNOT, wait_for
from system.day import Traced, at_a_desktop, is_alive, live_a_day
from system.pictures import jpeg, write
from system.program import Program

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="traced with strace, in a network namespace")

_CALL = re.compile(
    r"^(?:\d+ +)?(socket|connect|sendto|io_uring_setup|seccomp)\((.*)\)\s+= (-?\d+)", re.MULTILINE
)


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("strace"), reason="needs strace")
def test_every_socket_ever_asked_for_is_local_or_refused(tmp_path: Path, inbox: Path) -> None:
    """Set HOMEPRESS_DAY_PICTURES for a longer day; the numbers are printed (pytest -s)."""
    day, proof = tmp_path / "day", tmp_path / "proof"
    day.mkdir()
    proof.mkdir()
    followed = "trace=socket,connect,sendto,io_uring_setup,seccomp"
    trace = ("strace", "-f", "-ff", "-qq", "--seccomp-bpf", "-e", followed, "-o")
    program = Traced(tmp_path / "home", *trace, str(day / "t"))

    # The proof begins as an ordinary process, for comparison: its trace is another matter.
    proving = Traced(program.home, *trace, str(proof / "t"))
    with at_a_desktop(program, tmp_path):
        live_a_day(program, inbox, proving)
    calls = [call for file in day.iterdir() for call in _calls(file)]
    print("\n".join(f"{count:6} {call}" for call, count in sorted(_summary(calls).items())))
    through = [call for call in calls if int(call[2]) >= 0]
    assert any(call[0] == "socket" for call in through), "local ones must be seen, or the trace is blind"
    assert [call for call in calls if call[0] == "seccomp"], "and so must the locks"
    assert [call for call in through if not _is_local(call)] == []
    _check_proof(proof)


def _check_proof(folder: Path) -> None:
    """What the ordinary process may: sockets that send nothing, one connection to itself, before its lock."""
    for file in folder.iterdir():
        locked = False
        for name, words, result in _calls(file):
            if name == "seccomp" and "SECCOMP_SET_MODE_FILTER" in words:
                locked = True
            elif int(result) >= 0 and not _is_local((name, words, result)):
                assert not locked, (name, words)
                assert name == "socket" or '"127.0.0.1"' in words, (name, words)


def _calls(file: Path) -> list[tuple[str, str, str]]:
    return _CALL.findall(file.read_text(errors="replace"))


def _is_local(call: tuple[str, str, str]) -> bool:
    name, words, _ = call
    if name == "socket":
        return words.startswith("AF_UNIX")
    if name == "connect":
        return "sa_family=AF_UNIX" in words
    return name != "io_uring_setup"


def _summary(calls: list[tuple[str, str, str]]) -> Counter[str]:
    """How often each call was made, by family and outcome."""

    def kind(call: tuple[str, str, str]) -> str:
        family = re.search(r"AF_\w+", call[1])
        return (
            f"{call[0]} {family[0] if family else ''} {'done' if int(call[2]) >= 0 else 'refused or failed'}"
        )

    return Counter(map(kind, calls))


def _can_unshare() -> bool:
    done = subprocess.run(["unshare", "-rn", "true"], capture_output=True, check=False)
    return done.returncode == 0


@pytest.mark.slow
@pytest.mark.skipif(
    not shutil.which("unshare") or not _can_unshare(), reason=f"{THIS_MACHINE_CANNOT} make user namespaces"
)
def test_the_whole_program_works_where_there_is_no_network_at_all(tmp_path: Path, inbox: Path) -> None:
    day = [sys.executable, str(Path(__file__).with_name("day.py")), str(tmp_path), str(inbox)]
    done = subprocess.run(["unshare", "-rn", *day], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
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
    wait_for(lambda: not any(map(is_alive, children)), what="the workers to end")


def _children(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += [int(child) for child in (task / "children").read_text().split()]
    return found
