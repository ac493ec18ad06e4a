"""Processes of Homepress as Windows runs them."""

import ctypes
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from homepress.base.ownership import close_to_others
from homepress.control.instance import InstanceLock
from homepress.privacy import Limits, windows
from homepress.workers.process import environment, module_command


def printed(script: str) -> str:
    """What a Python script prints."""
    command = (sys.executable, "-c", script)
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout


def test_a_waiting_daemon_hears_ctrl_c() -> None:
    script = """
import _thread, signal, threading
from homepress.daemon.end_request import EndRequest
request = EndRequest()
signal.signal(signal.SIGINT, lambda *_: request.set())
threading.Timer(0.5, _thread.interrupt_main).start()
print(request.wait())
"""
    assert printed(script).split() == ["True"]


def test_a_worker_of_a_virtual_environment_is_one_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "Scripts").mkdir()
    home = Path(sys.executable).parent
    (tmp_path / "pyvenv.cfg").write_text(f"home = {home}\ninclude-system-site-packages = true\n")
    monkeypatch.setattr(sys, "_base_executable", sys.executable)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "Scripts" / "python.exe"))
    program, *options = module_command("homepress")
    done = subprocess.run(
        (program, *options[:-2], "-c", "import sys; print(sys.prefix, sys.executable, sep='|')"),
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    prefix, executable = done.stdout.strip().split("|")
    assert (Path(prefix), Path(executable)) == (tmp_path, tmp_path / "Scripts" / "python.exe")


def test_every_call_of_the_lock_is_there_and_takes_what_it_is_given() -> None:
    """What Wine does not do is named; on Windows itself nothing but network and reading may be missing."""
    script = """
import os
from homepress.privacy import Limits, windows
release = windows.contain(os.getpid(), Limits())
print(*windows.lock_worker([], Limits()).missing, sep="\\n")
release
"""
    said = printed(script).splitlines()
    assert "network" in said[0] and "not closed" in said[1]
    if not _is_wine():
        assert said[2:] == []
    assert not any("privileges" in line for line in said)


def test_a_worker_ends_when_its_job_is_closed() -> None:
    process = subprocess.Popen((sys.executable, "-c", "input()"), stdin=subprocess.PIPE)
    release = windows.contain(process.pid, Limits())
    assert process.poll() is None
    release()
    assert process.wait(60) is not None


def test_what_can_be_made_is_told_as_open() -> None:
    assert windows.state() == "open"
    assert all(attempt.allowed for attempt in windows.probe() if "IPv6" not in attempt.name)


def _is_wine() -> bool:
    return hasattr(ctypes.WinDLL("ntdll"), "wine_get_version")  # type: ignore[attr-defined]


def test_what_a_login_starts_has_no_console() -> None:
    from homepress.desktop.launching import program

    (started,) = program()
    assert Path(started).name == "homepressw.exe" and Path(started).is_file()


def test_a_reader_that_goes_away_is_no_fault() -> None:
    script = """
import os, subprocess, sys
command = (sys.executable, "-m", "homepress", "settings", "schema")
process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
process.stdout.close()
errors = process.stderr.read()
print(process.wait(60), errors)
"""
    assert printed(script).split()[1:] == ["b''"]


def test_an_editor_with_backslashes_is_started() -> None:
    from homepress.ui.cli.commands.settings import _editor_command

    script = "import sys; sys.exit(len(sys.argv))"
    editor = f'"{sys.executable}" -c "{script}"'
    command = _editor_command(editor, Path("C:/Users/A B/settings.toml"))
    assert subprocess.run(command, check=False, timeout=60).returncode == 2


def test_what_a_process_holds_is_told() -> None:
    from homepress.workers.host import host

    assert 1 << 20 < host.resident_bytes(os.getpid()) < 4 << 30
    assert host.resident_bytes(0) == 0


def test_the_file_of_the_lock_cannot_be_deleted_while_it_is_held(tmp_path: Path) -> None:
    with InstanceLock(tmp_path / "lock"), pytest.raises(PermissionError):
        (tmp_path / "lock").unlink()


def access_list(path: Path) -> str:
    """Who may do what with a folder, in Windows' own short form; WD is everybody, BU all users."""
    advapi32 = ctypes.WinDLL("advapi32")  # type: ignore[attr-defined,unused-ignore]
    buffer, size, text = ctypes.create_string_buffer(4096), ctypes.c_uint32(), ctypes.c_wchar_p()
    assert advapi32.GetFileSecurityW(str(path), 4, buffer, len(buffer), ctypes.byref(size))
    tell = advapi32.ConvertSecurityDescriptorToStringSecurityDescriptorW
    assert tell(buffer, 1, 4, ctypes.byref(text), None)
    return str(text.value)


def test_what_is_ours_is_closed_to_other_users_on_any_drive(tmp_path: Path) -> None:
    folder = tmp_path / "originals"
    folder.mkdir()
    close_to_others(folder)
    assert not set(re.findall(r";(\w\w)\)", access_list(folder))) & {"WD", "BU", "AU"}
    (folder / "kept").write_bytes(b"picture")
    assert (folder / "kept").read_bytes() == b"picture"
