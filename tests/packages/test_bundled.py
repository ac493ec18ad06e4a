"""What is different in a bundle, where `sys.executable` is Homepress itself. `make dist` tries real ones."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import homepress
from homepress.workers.process import module_command
from support import REPOSITORY

ENTRY = REPOSITORY / "packaging" / "bundle_entry.py"


@pytest.fixture
def bundled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    program = tmp_path / "homepress"
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(program))
    return program


def test_a_worker_is_the_program_itself(bundled: Path) -> None:
    assert module_command("homepress.workers.child") == [str(bundled), "-m", "homepress.workers.child"]


def start(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ENTRY), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_the_program_is_the_command_line() -> None:
    assert start("--version").stdout == f"homepress {homepress.__version__}\n"


def test_it_runs_modules_of_its_own() -> None:
    assert start("-m", "homepress", "--version").stdout == f"homepress {homepress.__version__}\n"


@pytest.mark.parametrize("module", ["http.server", "homepressed", "this"])
def test_it_runs_no_other_module(module: str) -> None:
    ran = start("-m", module)
    assert ran.returncode == 2
    assert "No such option" in ran.stderr


def test_a_debian_package_names_whoever_hands_it_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(REPOSITORY / "packaging")
    deb = importlib.import_module("deb")
    monkeypatch.delenv("DEBFULLNAME", raising=False)
    monkeypatch.delenv("DEBEMAIL", raising=False)
    assert deb._maintainer() == "Whoever built this package <root@localhost>"
    monkeypatch.setenv("DEBFULLNAME", "Anna Berg")
    monkeypatch.setenv("DEBEMAIL", "anna@example.org")
    assert deb._maintainer() == "Anna Berg <anna@example.org>"
