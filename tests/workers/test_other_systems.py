"""What macOS and Windows would be asked for around a worker."""

import os
import subprocess
import sys

import pytest

from homepress.workers import macos, windows


def test_on_windows_the_real_python_of_a_virtual_environment_is_started(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """That of the environment starts a second process, which the job refuses."""
    monkeypatch.setattr(sys, "executable", r"C:\venv\Scripts\python.exe")
    monkeypatch.setattr(sys, "_base_executable", r"C:\Python\python.exe", raising=False)
    assert windows.interpreter() == (
        r"C:\Python\python.exe",
        {"__PYVENV_LAUNCHER__": r"C:\venv\Scripts\python.exe"},
    )
    monkeypatch.setattr(sys, "executable", r"C:\Python\python.exe")
    assert windows.interpreter() == (r"C:\Python\python.exe", {})


def test_on_a_mac_a_worker_closes_what_is_open_and_no_more() -> None:
    script = """
import os
from homepress.workers import macos
held = [os.dup(0) for _ in range(20)]
macos.close_from(held[5])
print(sum(os.path.exists(f"/proc/self/fd/{one}") for one in held))
"""
    done = subprocess.run((sys.executable, "-c", script), capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["5"]
    assert macos.interpreter() == (sys.executable, {}) and os.path.exists("/dev/fd")
