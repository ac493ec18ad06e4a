"""Workers started from outside the lock, by real processes: macOS needs it, and any POSIX system has it."""

import ast
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import MagicMock

import msgspec
import pytest

from homepress import privacy
from homepress.privacy import Limits
from homepress.workers import DeathKind, Slot, WorkerDied, launcher, launcher_child, process, tool_child
from homepress.workers.launcher import Launcher, LauncherEnded
from homepress.workers.process import environment
from homepress.workers.protocol import NOT_STARTED, ToolConfig
from homepress.workers.tool import Tool
from support import THIS_MACHINE_CANNOT, wait_for
from workers.mischief import PROGRAM, slot, tell

DRIVER = Path(__file__).with_name("outsider.py")

ECHO = (sys.executable, "-I", "-c", "import sys; sys.stdout.write(sys.stdin.read() + sys.argv[1])")
SLEEP = (sys.executable, "-I", "-c", "import sys, time; time.sleep(float(sys.argv[1]))")
ENDS = (sys.executable, "-I", "-c", "import os, sys; os.kill(os.getpid(), int(sys.argv[1])) or sys.exit(7)")
GONE = ("/nowhere/at/all",)


on_linux = pytest.mark.skipif(sys.platform != "linux", reason="a worker of Linux, which does what it is told")


@pytest.fixture
def outside() -> Iterator[Launcher]:
    """A launcher for small programs."""
    one = Launcher([ECHO, SLEEP, ENDS, GONE], environment())
    yield one
    one.close()


@pytest.fixture
def workers_outside() -> Iterator[Launcher]:
    """This process's workers are started by a launcher, as on macOS."""
    commands = [process.module_command(module) for module in process.MODULES]
    launcher.begin([PROGRAM, (*PROGRAM, "unlocked"), *commands], environment())
    one = launcher.launcher()
    assert one is not None
    yield one
    launcher.end()


def asked(pid: int, what: str) -> str:
    """What ps(1) says of a process, on any POSIX system; empty when there is none."""
    command = ("ps", "-o", f"{what}=", "-p", str(pid))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def gone(pid: int) -> bool:
    """Whether a process has ended; one that only waits to be counted by its parent has."""
    return asked(pid, "stat")[:1] in ("", "Z")


def open_descriptors(folder: str = "/dev/fd") -> int:
    return len(os.listdir(folder))


def test_a_program_gets_its_pipes_and_its_exit_code_comes_back(outside: Launcher) -> None:
    child = outside.start((*ECHO, "!"))
    assert child.pid not in (os.getpid(), outside.pid)
    child.stdin.write(b"hello")
    child.stdin.close()
    assert child.stdout.read() == b"hello!"
    assert child.wait() == 0 and child.poll() == 0
    for number, code in ((0, 7), (signal.SIGSEGV, -signal.SIGSEGV)):
        assert outside.start((*ENDS, str(int(number)))).wait() == code


def test_a_program_that_is_killed_ends_with_its_group(outside: Launcher) -> None:
    child = outside.start((*SLEEP, "600"))
    assert child.poll() is None
    assert os.getpgid(child.pid) == child.pid
    child.kill()
    assert child.wait() == -signal.SIGKILL
    child.kill()  # nobody's number is touched when it has ended


def test_nothing_else_can_be_started(outside: Launcher) -> None:
    for command in (("/bin/sh", "-c", "true"), (*ECHO, "a", "b"), (*ECHO[:-1], "print(1)", "x")):
        with pytest.raises(OSError, match="may start"):
            outside.start(command)
    with pytest.raises(FileNotFoundError):
        outside.start((*GONE, "x"))
    assert outside.start((*ENDS, "0")).wait() == 7, "it goes on after that"


@pytest.mark.parametrize(
    "request_made",
    [
        {"do": "start", "program": 99, "argument": ""},
        {"do": "start", "program": -1, "argument": ""},
        {"do": "start", "program": 0, "argument": ""},  # without descriptors
        {"do": "start", "command": ["/bin/sh"]},
        {"do": "poll", "pid": os.getpid()},
        {},
    ],
)
def test_a_launcher_that_is_asked_for_anything_else_ends(request_made: dict[str, object]) -> None:
    """Whoever has taken the daemon over speaks to it directly."""
    one = Launcher([ECHO, SLEEP], environment())
    child = one.start((*SLEEP, "600"))
    with pytest.raises(LauncherEnded):
        one._ask(request_made)
    wait_for(lambda: gone(child.pid), what="the end of what it had started")
    one.close()


def test_nothing_but_its_own_descriptors_reaches_a_program(outside: Launcher) -> None:
    script = "import os; print(sorted(map(int, os.listdir('/dev/fd')))[:-1])"
    lists = (sys.executable, "-I", "-c", script)
    one = Launcher([lists], environment())
    try:
        for _ in range(2):
            assert one.start((*lists, "")).stdout.read() == b"[0, 1, 2]\n"
    finally:
        one.close()


def test_descriptors_are_not_used_up(outside: Launcher) -> None:
    def once() -> None:
        child = outside.start((*ENDS, "0"))
        child.wait()
        for pipe in (child.stdin, child.stdout, child.stderr):
            pipe.close()
        with pytest.raises(FileNotFoundError):
            outside.start((*GONE, "x"))

    once()
    seen = ("/dev/fd", f"/proc/{outside.pid}/fd") if sys.platform == "linux" else ("/dev/fd",)
    before = [open_descriptors(folder) for folder in seen]
    for _ in range(20):
        once()
    assert [open_descriptors(folder) for folder in seen] == before


def test_a_dead_launcher_is_noticed_and_named_and_what_it_started_is_lost(outside: Launcher) -> None:
    child = outside.start((*SLEEP, "600"))
    os.kill(outside.pid, signal.SIGKILL)
    assert child.wait() == 1 and "has ended (exit code -9: " in child.lost
    child.kill()
    with pytest.raises(LauncherEnded, match="homepress stop, then homepress run"):
        outside.start((*ECHO, ""))
    os.kill(child.pid, signal.SIGKILL)  # it is not one of ours, which look for their parent


def test_a_launcher_that_does_not_answer_is_given_up(
    outside: Launcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = outside.start((*SLEEP, "600"))
    outside._link.settimeout(0.2)
    os.kill(outside.pid, signal.SIGSTOP)
    try:
        with pytest.raises(LauncherEnded, match="does not answer"):
            outside.start((*ECHO, ""))
        begin = time.monotonic()
        with pytest.raises(LauncherEnded):
            outside.start((*ECHO, ""))
        assert time.monotonic() - begin < 30, "and nobody waits for it again"
    finally:
        os.kill(outside.pid, signal.SIGCONT)
    wait_for(lambda: gone(child.pid), what="the end of what it had started, once it goes on")


@on_linux
@pytest.mark.parametrize("way", ["wait", "orphan"])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_when_the_daemon_ends_launcher_and_workers_end(way: str, number: int) -> None:
    with subprocess.Popen((sys.executable, str(DRIVER), way), stdout=subprocess.PIPE, cwd="/") as daemon:
        assert daemon.stdout is not None
        started = json.loads(daemon.stdout.readline())
        assert len(started) == 3 and not any(gone(pid) for pid in started)
        os.kill(daemon.pid, number)
        wait_for(lambda: all(gone(pid) for pid in started), what="the end of all")


@on_linux
def test_when_the_launcher_is_killed_workers_end() -> None:
    with subprocess.Popen((sys.executable, str(DRIVER), "wait"), stdout=subprocess.PIPE, cwd="/") as daemon:
        assert daemon.stdout is not None
        first, *workers = json.loads(daemon.stdout.readline())
        os.kill(first, signal.SIGKILL)
        wait_for(lambda: all(gone(pid) for pid in workers), what="the workers' end")
        daemon.kill()


# -- slots over a launcher


@on_linux
def test_a_slot_works_as_ever(workers_outside: Launcher) -> None:
    one = slot()
    assert tell(one, "compute").startswith("done")
    pid = one.pid
    assert pid is not None and asked(pid, "ppid") == str(workers_outside.pid)
    assert tell(one, "compute").startswith("done") and one.pid == pid
    one.close()
    wait_for(lambda: gone(pid))


@on_linux
@pytest.mark.parametrize(
    ("deed", "kind"), [("segfault", DeathKind.CRASHED), ("loop", DeathKind.TIMED_OUT)], ids=["crash", "hang"]
)
def test_a_death_is_told_as_ever(workers_outside: Launcher, deed: str, kind: DeathKind) -> None:
    one = slot()
    tell(one, "compute")
    with pytest.raises(WorkerDied) as died:
        tell(one, deed, within=1.0 if deed == "loop" else 60.0)
    assert died.value.kind is kind
    assert died.value.death.signal == (signal.SIGSEGV if deed == "segfault" else signal.SIGKILL)
    assert tell(one, "compute").startswith("done"), "the next one is started"
    one.close()


@on_linux
def test_limits_hold_as_ever(workers_outside: Launcher) -> None:
    one = slot(Limits(memory_bytes=1 << 30))
    with pytest.raises(WorkerDied) as died:
        tell(one, "memory", size=2 << 30)
    assert died.value.kind is DeathKind.OUT_OF_MEMORY
    one.close()


@on_linux
def test_without_a_launcher_pictures_are_left_alone_and_it_is_said(workers_outside: Launcher) -> None:
    """Not the picture's fault, and never a worker with less of a lock."""
    idle, busy = slot(), slot()
    tell(idle, "compute"), tell(busy, "compute")
    os.kill(workers_outside.pid, signal.SIGKILL)
    for one in (busy, idle, slot()):
        with pytest.raises(WorkerDied) as died:
            tell(one, "compute")
        assert died.value.kind is DeathKind.REFUSED_TO_START
        assert "the process that starts workers has ended" in str(died.value)
        one.close()


@on_linux
@pytest.mark.skipif(privacy.state() == "locked", reason=f"{THIS_MACHINE_CANNOT}: it has no network at all")
def test_a_worker_from_outside_that_got_no_lock_is_not_used(workers_outside: Launcher) -> None:
    one = slot(program=(*PROGRAM, "unlocked"))
    with pytest.raises(WorkerDied, match="did not get a lock") as died:
        tell(one, "compute")
    assert died.value.kind is DeathKind.REFUSED_TO_START
    one.close()


def test_a_helper_program_runs(workers_outside: Launcher) -> None:
    assert Tool(["/bin/cat"], Limits()).run(b"as it is", 60.0, 100).output == b"as it is"


def test_a_helper_program_that_got_no_lock_is_not_started(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = ToolConfig(parent=1, limits=Limits(), command=[b"/bin/true"], must_lock=True)
    monkeypatch.setattr(sys, "argv", ["", msgspec.json.encode(config).decode()])
    monkeypatch.setattr(tool_child, "host", MagicMock())
    monkeypatch.setattr(privacy, "lock_tool", lambda *_: privacy.Lock(False, missing=("it was refused",)))
    monkeypatch.setattr(os, "execv", lambda *_: pytest.fail("it was started"))
    with pytest.raises(SystemExit) as ended:
        tool_child.main()
    assert ended.value.code == NOT_STARTED
    assert "not started without a lock: it was refused" in capsys.readouterr().err


def test_a_worker_of_homepress_itself_starts(workers_outside: Launcher) -> None:
    one = Slot(Limits(), background=False)
    one.prepare()
    assert one.lock is not None and one.lock.network == "locked"
    pid = one.pid
    assert pid is not None and asked(pid, "ppid") == str(workers_outside.pid)
    one.close()
    wait_for(lambda: gone(pid))


@pytest.mark.skipif(sys.platform != "darwin", reason=f"{THIS_MACHINE_CANNOT}: it is no Mac")
def test_on_a_mac_a_worker_of_a_locked_daemon_gets_its_own_profile(tmp_path: Path) -> None:
    """What the launcher is for; nobody has seen it yet."""
    script = f"""
from pathlib import Path
from homepress import privacy
from homepress.workers import Limits, Slot, launcher
from homepress.workers.process import lock_outside_workers
lock = lock_outside_workers(lambda: privacy.lock_daemon(Path({str(tmp_path / "s")!r})))
one = Slot(Limits(), background=False)
one.prepare()
print(lock, one.lock)
print(privacy.state(), one.lock.network, one.lock.files, launcher.launcher() is not None)
one.close()
"""
    done = subprocess.run((sys.executable, "-c", script), capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1:] == ["locked locked 1 True"], done.stdout + done.stderr


# -- when there is one


def pretended(monkeypatch: pytest.MonkeyPatch, state: str) -> list[str]:
    order: list[str] = []
    monkeypatch.setattr(privacy, "locks_nest", lambda: False)
    monkeypatch.setattr(privacy, "state", lambda: state)
    begun = MagicMock()
    begun.check = lambda: order.append("check")
    monkeypatch.setattr(launcher, "begin", lambda *_: order.append("launcher") or begun)
    monkeypatch.setattr(launcher, "end", lambda: order.append("end"))
    return order


def test_it_is_there_before_the_lock_where_locks_do_not_nest(monkeypatch: pytest.MonkeyPatch) -> None:
    order = pretended(monkeypatch, "locked")
    assert process.lock_outside_workers(lambda: order.append("lock") or 5) == 5
    assert order == ["launcher", "lock", "check"]


def test_it_goes_where_the_daemon_itself_got_no_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers that are its own children are then free to put on theirs."""
    order = pretended(monkeypatch, "open")
    process.lock_outside_workers(lambda: order.append("lock"))
    assert order == ["launcher", "lock", "check", "end"]


def test_without_one_workers_keep_the_lock_of_the_daemon(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    pretended(monkeypatch, "locked")

    def fail(*_: object) -> None:
        raise OSError(11, "too many processes")

    monkeypatch.setattr(launcher, "begin", fail)
    process.lock_outside_workers(lambda: None)
    assert "workers get the lock of this process alone" in caplog.text
    assert launcher.launcher() is None and launcher.parent() == os.getpid()


@on_linux
def test_a_lock_that_closes_the_way_to_it_is_noticed_and_workers_start_all_the_same() -> None:
    """As the daemon's lock of Linux does: its filter has no call for passing descriptors."""
    script = """
from homepress import privacy
from homepress.workers import Limits, Slot, launcher
from homepress.workers.process import lock_outside_workers
privacy.locks_nest = lambda: False
lock_outside_workers(privacy.lock_daemon)
one = Slot(Limits(), background=False)
one.prepare()
print(launcher.launcher(), one.lock.network, flush=True)
one.close()
"""
    done = subprocess.run((sys.executable, "-c", script), capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["None", "locked"], done.stderr
    assert "workers get the lock of this process alone" in done.stderr


def test_it_is_asked_whether_it_gets_what_is_passed(outside: Launcher) -> None:
    outside.check()
    outside.check()
    assert outside.start((*ENDS, "0")).wait() == 7


@on_linux
def test_there_is_none_on_this_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launcher, "begin", lambda *_: pytest.fail("a launcher was started"))
    process.lock_outside_workers(lambda: None)


def test_the_launcher_is_small_and_has_nothing_but_the_standard_library() -> None:
    source = Path(launcher_child.__file__).read_text(encoding="utf-8")
    taken = {
        name.partition(".")[0]
        for node in ast.walk(ast.parse(source))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert taken <= sys.stdlib_module_names
    assert {"-I", "-S"} <= set(launcher._command()) and "threading" not in taken


def test_an_answer_that_is_missed_is_never_taken_for_that_of_another_question(
    outside: Launcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when Ctrl-C comes between them."""
    one = outside.start([*SLEEP, "60"])
    with monkeypatch.context() as patch:
        patch.setattr(launcher, "_exactly", MagicMock(side_effect=KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            outside.poll(one.pid)
    with pytest.raises(LauncherEnded):
        outside.poll(one.pid)
