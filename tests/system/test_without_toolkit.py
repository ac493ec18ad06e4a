"""Without the extra `window`, or without a library that Qt needs: only the window is missing."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from system.pictures import jpeg, write
from system.program import Program

_WITHOUT = (
    "import sys; sys.modules.update(PySide6=None, shiboken6=None); from homepress.desktop import toolkit; "
    "toolkit._PACKAGE = 'nothing_of_that_name'; from homepress.ui.cli import main; sys.exit(main())"
)


@pytest.fixture
def told(program: Program, inbox: Path) -> Program:
    """A program with one picture in its history."""
    write(inbox / "holiday.jpg", jpeg(1))
    program.watch(inbox, existing="compress")
    program.run("run", "--once", "--no-tray")
    return program


def without(program: Program, *arguments: str, display: str = "") -> "subprocess.CompletedProcess[str]":
    """Run a command in a Python that finds no Qt."""
    environment = {name: value for name, value in program.environment.items() if name != "DISPLAY"}
    if display:
        environment["DISPLAY"] = display
    command = [sys.executable, "-c", _WITHOUT, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.slow
def test_the_report_is_written(told: Program, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    done = without(told, "report", "--no-open", "--output", str(file))
    assert done.returncode == 0, done.stderr
    assert "holiday.jpg" in file.read_text("utf-8")


@pytest.mark.slow
def test_the_window_names_the_package_and_gives_the_report(told: Program) -> None:
    done = without(told, "window")
    assert done.returncode != 0
    assert "PySide6-Essentials" in done.stderr
    [report] = [line.split(": ", 1)[1] for line in done.stdout.splitlines() if "report" in line]
    assert "holiday.jpg" in Path(report).read_text("utf-8")
    assert Path(report).stat().st_mode & 0o077 == 0


@pytest.mark.slow
def test_a_script_is_told_what_was_shown_in_place_of_the_window(told: Program) -> None:
    shown = json.loads(without(told, "window", "--json").stdout)
    assert shown["shown"] == "report"
    assert "PySide6-Essentials" in shown["reason"]
    assert "holiday.jpg" in Path(shown["path"]).read_text("utf-8")


def test_the_bare_command_names_the_package_where_only_that_is_missing(program: Program) -> None:
    assert "PySide6-Essentials" in (asked := without(program, display=":99")).stderr
    assert "homepress folder add" in asked.stderr
    assert asked.returncode == 2
    assert "PySide6-Essentials" not in without(program).stderr  # no display: a window is not what is missed
