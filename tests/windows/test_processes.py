"""Processes of Homepress as Windows runs them."""

import subprocess
import sys
from pathlib import Path

import pytest

from homepress.privacy import Limits, windows
from homepress.workers.command import environment, module_command


def test_a_waiting_daemon_hears_ctrl_c() -> None:
    script = """
import _thread, signal, threading
from homepress.daemon.process import EndRequest
request = EndRequest()
signal.signal(signal.SIGINT, lambda *_: request.set())
threading.Timer(0.5, _thread.interrupt_main).start()
print(request.wait())
"""
    done = subprocess.run(
        (sys.executable, "-c", script), capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.split() == ["True"]


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
    done = subprocess.run(
        (sys.executable, "-c", script), capture_output=True, text=True, timeout=60, check=True
    )
    said = done.stdout.splitlines()
    assert "network" in said[0] and "can be read" in said[1]
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
    import ctypes

    return hasattr(ctypes.WinDLL("ntdll"), "wine_get_version")  # type: ignore[attr-defined]
