"""`packaging/system_check.py`, which people run on computers that we do not have, really run on this one."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from support import REPOSITORY

SCRIPT = REPOSITORY / "packaging" / "system_check.py"


@pytest.fixture
def module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("system_check", SCRIPT)
    assert spec is not None and spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_check_runs_and_reports_each_deed(tmp_path: Path) -> None:
    report, home = tmp_path / "report.txt", tmp_path / "user"
    home.mkdir()
    command = [
        sys.executable,
        str(SCRIPT),
        str(tmp_path / "trial"),
        str(report),
        "--no-tests",
        "--kills",
        "2",
    ]
    environment = {**os.environ, "HOME": str(home), "XDG_CONFIG_HOME": str(home / ".config")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=800, check=False)
    text = report.read_text(encoding="utf-8")
    assert done.returncode == 0, text + done.stderr
    for deed in ("doctor", "smaller and restored", "prove", "idle", "killed", "stop", "login"):
        assert f"== {deed}: ok" in text
    assert "2 kills, 4 pictures, all smaller after them, all restored bit for bit" in text
    assert "Failed: nothing." in text
    assert not list((home / ".config").rglob("*.desktop"))


def test_what_fails_is_reported_and_ends_nothing(module: ModuleType, tmp_path: Path) -> None:
    report = module.Report(tmp_path / "report.txt")

    def fail() -> str:
        raise module.CheckFailedError("a.jpg is not its original after undo")

    report.try_out("first", fail)
    report.try_out("second", lambda: "seen")
    text = (tmp_path / "report.txt").read_text(encoding="utf-8")
    assert "== first: FAILED" in text and "a.jpg is not its original" in text
    assert "== second: ok" in text and report.failed == ["first"]


def test_a_command_that_fails_is_no_success(module: ModuleType, tmp_path: Path) -> None:
    trial = module.Trial(tmp_path)
    with pytest.raises(module.CheckFailedError, match="exit code"):
        trial.ask("undo", str(tmp_path / "no-such.jpg"))


def test_the_scripts_can_be_read_by_their_shells() -> None:
    mac, windows = REPOSITORY / "packaging" / "macos-check.sh", REPOSITORY / "packaging" / "windows-check.cmd"
    subprocess.run(["sh", "-n", str(mac)], check=True)
    lines = windows.read_bytes().split(b"\n")
    assert all(line.endswith(b"\r") for line in lines[:-1]), "cmd.exe needs CRLF"
