"""How workers are called."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import homepress
from homepress.workers.host import host
from homepress.workers.process import environment, module_command


def test_the_command_is_isolated() -> None:
    command = module_command("homepress.workers.child")
    assert command[0] == sys.executable
    assert command[-2:] == ["-m", "homepress.workers.child"]
    assert "-I" in command


def test_a_user_install_is_found_too(monkeypatch: pytest.MonkeyPatch) -> None:
    place = str(Path(homepress.__file__).parent.parent)
    monkeypatch.setattr("site.ENABLE_USER_SITE", True)
    monkeypatch.setattr("site.getusersitepackages", lambda: place)
    command = module_command("homepress.workers.child")
    assert "-I" not in command and {"-E", "-P"} <= set(command)


def test_byte_code_is_written_only_where_we_would(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.dont_write_bytecode", True)
    assert "-B" in module_command("x")
    monkeypatch.setattr("sys.dont_write_bytecode", False)
    assert "-B" not in module_command("x")


def test_the_users_environment_is_not_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/run/user/1000/bus")
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    unwanted = {"DBUS_SESSION_BUS_ADDRESS", "PYTHONPATH", "PATH"} - {*host.environment_names()}
    assert not unwanted & environment().keys()
    assert "/home/someone" not in environment().values()


def test_a_starting_worker_asks_no_name_service(tmp_path: Path) -> None:
    """Python looks up the home folder of whoever has no HOME; some systems do that over a socket."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed")
    trace = tmp_path / "trace"
    command = [
        strace,
        "-f",
        "-o",
        str(trace),
        "-e",
        "trace=socket,connect",
        *module_command("homepress.workers.child"),
    ]
    subprocess.run(command, env=environment(), capture_output=True, check=False, stdin=subprocess.DEVNULL)
    calls = trace.read_text()
    assert "exited" in calls
    assert "socket(" not in calls


def test_our_modules_are_found_from_anywhere(tmp_path: Path) -> None:
    """A folder of the same name where the daemon was started must not be taken for ours."""
    (tmp_path / "homepress").mkdir()
    (tmp_path / "homepress" / "__init__.py").write_text("raise SystemExit('the wrong one')")
    command = module_command("homepress.workers.child")
    done = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, check=False)
    assert b"the wrong one" not in done.stderr
    assert b"IndexError" in done.stderr, "it got as far as reading its orders"
