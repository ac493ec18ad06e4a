"""Finding commands, help, and exit codes of what goes wrong."""

import importlib.metadata
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from homepress.base.paths import Paths
from homepress.control import ServiceError
from homepress.desktop import toolkit
from homepress.ui.cli.main import program
from ui.cli.running import Run


def commands(group: click.Group, *above: str) -> list[tuple[str, ...]]:
    found = []
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        assert command is not None
        if isinstance(command, click.Group):
            found += commands(command, *above, name)
        else:
            found.append((*above, name))
    return found


PROCESSES = {"attempts", "tray", "window", "file-manager run"}
"""Commands that no script calls: processes of their own, and what file managers start."""


@pytest.mark.parametrize("names", commands(program), ids=" ".join)
def test_every_command_has_help_with_an_example_and_json(names: tuple[str, ...], run: Run) -> None:
    ran = run(*names, "--help")
    assert ran.code == 0
    assert f"Usage: homepress {' '.join(names)}" in ran.out
    if " ".join(names) in PROCESSES:
        return
    assert "--json" in ran.out
    assert "Example" in ran.out
    assert "  homepress " in ran.out.split("Example")[1] or 'homepress settings path)"' in ran.out


def test_the_program_lists_all_commands(run: Run) -> None:
    ran = run("--help")
    assert ran.code == 0
    for name in ("run", "undo", "settings"):
        assert f"\n  {name} " in ran.out
    assert run("--version").out == f"homepress {importlib.metadata.version('homepress')}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["status", "--nonsense"],
        ["status", "superfluous"],
        ["compress"],
        ["compress", ""],
        ["compress", "--in-place", "--output", "/x", "a.jpg"],
        ["compress", "--max-edge", "-3", "a.jpg"],
        ["compress", "--metadata", "burn", "a.jpg"],
        ["undo"],
        ["undo", "--last", "0"],
        ["undo", "--last", "x"],
        ["undo", "--since", "whenever"],
        ["pause", "nonsense"],
        ["originals", "accept"],
        ["originals", "accept", "--all"],
        ["originals", "accept", "--older-than", "7"],
        ["folder", "add"],
        ["settings", "check", "/no/such/file"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_2_and_says_what_is_wrong(arguments: list[str], run: Run) -> None:
    ran = run(*arguments)
    assert ran.code == 2
    assert ran.err
    assert not ran.out


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("stop", "there is nothing to stop"),
        ("pause", "start it with: homepress run"),
        ("resume", "start it with: homepress run"),
    ],
)
def test_without_a_daemon_these_exit_with_3(command: str, words: str, run: Run) -> None:
    ran = run(command)
    assert ran.code == 3
    assert words in ran.err


@pytest.mark.posix("modes")
def test_a_socket_folder_open_to_others_is_refused_with_4(run: Run, paths: Paths) -> None:
    paths.socket.parent.chmod(0o755)
    ran = run("status")
    assert ran.code == 4
    assert "chmod 700" in ran.err


def test_settings_with_mistakes_are_2_with_every_mistake(run: Run, paths: Paths) -> None:
    paths.config_file.write_text('[daemon]\nworkers = "many"\nnotfy = "never"\n')
    ran = run("folder", "list")
    assert ran.code == 2
    assert len(ran.err.splitlines()) == 2
    assert all("settings.toml:" in line for line in ran.err.splitlines())


@pytest.mark.posix("names that are no UTF-8")
def test_an_error_with_a_name_that_is_not_utf8_is_printed(
    run: Run, service: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(path: str) -> None:
        raise ServiceError(f"{path} is not watched", 2)

    monkeypatch.setattr(service, "remove_folder", fail)
    ran = run("folder", "remove", "/p/\udcff")
    assert ran.code == 2
    assert "/p/\\xff is not watched" in ran.err


def test_ctrl_c_is_130(run: Run, service: object, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(request: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(service, "compress", interrupt)
    ran = run("compress", "a.jpg")
    assert ran.code == 130
    assert "what was finished stays finished" in ran.err


def test_an_os_error_names_the_file(run: Run, service: object, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(request: object) -> None:
        raise PermissionError(13, "Permission denied", "/p/a.jpg")

    monkeypatch.setattr(service, "compress", fail)
    ran = run("compress", "a.jpg")
    assert ran.code == 1
    assert "/p/a.jpg: it may not be read or replaced" in ran.err
    assert "(Permission denied)" in ran.err


def test_a_reader_that_has_gone_is_no_traceback(home: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    ran = subprocess.run(
        [sys.executable, "-m", "homepress", "settings", "schema"],
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(write)
    assert (ran.returncode, ran.stderr) == (141, "")


def test_without_any_console_the_exit_code_still_tells(home: Path) -> None:
    code = "import sys; sys.stdout = sys.stderr = None; from homepress.__main__ import main; sys.exit(main())"
    ran = subprocess.run([sys.executable, "-c", code, "status"], check=False)
    assert ran.returncode == 3


@pytest.mark.usefixtures("daemon")
def test_status_of_a_running_daemon_imports_nothing_heavy(home: Path) -> None:
    code = """
import sys
from homepress.ui.cli import main
assert main(["status"]) == 0
heavy = {"numpy", "PIL", "watchdog", "tomlkit", "sqlite3", "homepress.daemon.core", "homepress.store"}
print(sorted(heavy & set(sys.modules)))
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.endswith("\n[]\n")


@pytest.mark.skipif(toolkit.lacking() is not None, reason="there is no Qt, or no library for it")
def test_the_window_loads_nothing_that_writes_or_serves() -> None:
    """It is to be seen at once; whatever it imports stands between a click and its first page."""
    code = """
import sys
import homepress.ui.cli.commands.window, homepress.ui.window.shell, homepress.ui.window.pages.general
heavy = {"numpy", "watchdog", "tomlkit", "homepress.daemon.core", "homepress.store.store"}
heavy |= {"homepress.control.server"}
print(sorted(heavy & set(sys.modules)))
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"
