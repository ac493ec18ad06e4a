"""Old and new together: programs and daemons of different versions, each a real installation of its own."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import homepress
from homepress.base.paths import Paths
from homepress.control import wire
from support import wait_for
from system.pictures import jpeg, write
from system.program import Program

OTHER = 99
"""The version of the conversation that the other installation speaks."""


class OtherVersion(Program):
    """The same home, used by an installation that speaks another version."""

    def __init__(self, home: Path, source: Path) -> None:
        super().__init__(home)
        self.environment["PYTHONPATH"] = str(source)

    def run(self, *arguments: str, code: int | None = 0, timeout: float = 120) -> str:
        return super().run(*arguments, code=code, timeout=timeout)


@pytest.fixture
def other(program: Program, tmp_path: Path) -> Iterator[Program]:
    """An installation of another version, with the home of `program`."""
    source = tmp_path / "other"
    package = Path(homepress.__file__).parent
    shutil.copytree(package, source / "homepress", ignore=shutil.ignore_patterns("__pycache__"))
    for beside in ("config", "service-files"):  # which a checkout has two folders up
        if (package.parents[1] / beside).is_dir():
            (tmp_path / beside).symlink_to(package.parents[1] / beside)
    wire = source / "homepress" / "control" / "wire.py"
    text = wire.read_text(encoding="utf-8")
    assert "\nVERSION = 1\n" in text
    wire.write_text(text.replace("\nVERSION = 1\n", f"\nVERSION = {OTHER}\n"), encoding="utf-8")
    made = OtherVersion(program.home, source)
    yield made
    made.close()


def start(program: Program) -> "subprocess.Popen[bytes]":
    """Start a daemon, and wait until it answers the part that never changes."""
    program.start()
    assert program.daemon is not None
    return program.daemon


@pytest.mark.slow
@pytest.mark.parametrize("newer_daemon", [False, True])
def test_status_names_it_run_says_what_to_do_and_that_works(
    program: Program, other: Program, inbox: Path, newer_daemon: bool
) -> None:
    program.watch(inbox)
    owner, stranger = (other, program) if newer_daemon else (program, other)
    daemon = start(owner)
    assert "network" not in stranger.run("status", code=2), "nothing is known of its lock"
    status = stranger.json("status", code=2)
    assert (status["state"], status["pid"], status["version"]) == (
        "problem",
        daemon.pid,
        homepress.__version__,
    )
    assert "homepress stop && homepress run" in status["problems"][0]
    refused = subprocess.run(
        stranger.command("run", "--no-tray"), env=stranger.environment, capture_output=True, check=False
    )
    assert refused.returncode in (1, 2, 3, 4)
    assert b"homepress stop && homepress run" in refused.stderr
    assert str(daemon.pid).encode() in refused.stderr
    assert "homepress stop && homepress run" in stranger.run("doctor", code=1)
    assert stranger.json("stop") == {"state": "stopped", "pid": daemon.pid}
    assert daemon.wait(30) == 0
    owner.daemon = None
    start(stranger)
    assert stranger.json("status")["state"] == "idle"


def test_other_commands_say_it_too(program: Program, other: Program, inbox: Path) -> None:
    program.watch(inbox)
    picture = write(inbox.parent / "a.jpg", jpeg(1))
    before = picture.read_bytes()
    start(other)
    for command in (["pause"], ["resume"], ["compress", "--in-place", str(picture)], ["undo", "--last", "1"]):
        program.run(*command, code=2)
    assert picture.read_bytes() == before


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals")
def test_a_daemon_that_does_not_know_this_part_is_ended_by_a_signal(
    program: Program, other: Program, inbox: Path
) -> None:
    program.watch(inbox)
    server = Path(other.environment["PYTHONPATH"]) / "homepress" / "control" / "server.py"
    text = server.read_text(encoding="utf-8")
    known = "(basic := wire.asked_by_any_version(greeting)) is not None"
    assert known in text
    server.write_text(text.replace(known, "(basic := None) is not None"), encoding="utf-8")
    daemon = start(other)
    status = program.json("status", code=2)
    assert (status["pid"], status["version"]) == (daemon.pid, homepress.__version__)
    assert program.json("stop") == {"state": "stopped", "pid": daemon.pid}
    assert daemon.wait(30) == 0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals")
def test_a_daemon_whose_socket_was_removed_is_seen_and_ended(program: Program, inbox: Path) -> None:
    program.watch(inbox)
    daemon = start(program)
    for file in (program.home / "run").glob("*.sock"):
        file.unlink()
    status = program.json("status", code=3)
    assert (status["state"], status["pid"]) == ("problem", daemon.pid)
    assert "does not listen" in status["problems"][0]
    assert program.json("stop") == {"state": "stopped", "pid": daemon.pid}
    assert daemon.wait(30) == 0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals")
def test_a_process_that_only_has_the_number_of_a_daemon_is_left_alone(program: Program, inbox: Path) -> None:
    program.watch(inbox)
    start(program)
    program.kill()
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        lock = program.home / "state" / "daemon.lock"
        lock.write_bytes(f"{stranger.pid:<19}\nrun\n".encode())
        program.run("stop", code=3)
        assert program.json("status", code=3)["state"] == "stopped"
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no terminals of this kind")
@pytest.mark.parametrize("number", ["SIGHUP", "SIGTERM", "SIGINT"])
def test_a_daemon_ends_orderly_at_a_signal_also_when_it_comes_again(
    program: Program, inbox: Path, number: str
) -> None:
    program.watch(inbox)
    daemon = start(program)
    for _ in range(3):
        if daemon.poll() is None:
            os.kill(daemon.pid, getattr(signal, number))
    assert daemon.wait(60) == 0
    program.daemon = None
    status = program.json("status", code=3)
    assert (status["state"], status["problems"]) == ("stopped", [])


def test_the_part_that_never_changes_is_what_it_always_was(
    program: Program, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Byte for byte: a change here is one that programs of other versions do not know."""
    from homepress.control.transport import connect

    program.watch(inbox)
    daemon = start(program)
    monkeypatch.setenv("HOMEPRESS_HOME", str(program.home))
    socket = Paths.from_environment().socket
    channel = connect(socket)
    assert channel is not None
    channel.send(b'{"v":0,"ask":"about"}')
    answer = channel.receive(10)
    channel.close()
    expected = f'{{"answer":"about","program":"{homepress.__version__}","protocol":1,"pid":{daemon.pid}}}'
    assert answer == expected.encode()
    assert wire.ask_any_version(socket, "something to come")[1]
    channel = connect(socket)
    assert channel is not None
    channel.send(b'{"v":0,"ask":"stop","more":"that only a later version knows"}')
    assert channel.receive(10) == expected.encode()
    channel.close()
    assert daemon.wait(30) == 0
    program.daemon = None
    wait_for(lambda: wire.ask_any_version(socket, wire.ABOUT) == (None, False), what="nobody to answer")
