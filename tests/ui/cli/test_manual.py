"""The manual page and the completions: as the commands are now, and taken by man and the shells."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from homepress.ui.cli.main import program
from homepress.ui.cli.manual import FILES, completion, manual
from support import REPOSITORY

PAGE = REPOSITORY / "service-files" / "man" / "homepress.1"
SCRIPTS = REPOSITORY / "service-files" / "completions"
CHECKS = {"bash": ["bash", "-n"], "zsh": ["zsh", "-n"], "fish": ["fish", "--no-execute"]}


@pytest.mark.posix("the page is Linux'")
def test_the_page_is_current() -> None:
    made_by = "python -m homepress.ui.cli.manual > service-files/man/homepress.1"
    assert PAGE.read_text(encoding="utf-8") == manual(), f"make generate, or: {made_by}"


def test_the_page_tells_every_command() -> None:
    context = click.Context(program)
    for name in program.list_commands(context):
        command = program.get_command(context, name)
        assert command is not None
        assert command.hidden or f"homepress {name}".replace("-", "\\-") in manual()


def _commands(group: click.Group, name: str = "homepress") -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for word in group.list_commands(context):
        command = group.get_command(context, word)
        assert command is not None
        if isinstance(command, click.Group):
            yield from _commands(command, f"{name} {word}")
        elif not command.hidden or word == "tray":  # the others are for file managers and the proof
            yield f"{name} {word}", command


@pytest.mark.parametrize(("name", "command"), [*_commands(program)])
def test_every_command_speaks_json_and_shows_an_example(name: str, command: click.Command) -> None:
    assert "--json" in [option for parameter in command.params for option in parameter.opts]
    assert name in (command.epilog or "")


def test_the_page_is_read_without_a_complaint() -> None:
    groff = shutil.which("groff")
    if groff is None:
        pytest.skip("needs groff")
    command = [groff, "-man", "-ww", "-Tutf8", str(PAGE)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert not done.stderr
    assert "--help" in done.stdout


@pytest.mark.parametrize("shell", FILES)
def test_the_scripts_are_current(shell: str) -> None:
    file = SCRIPTS / FILES[shell]
    made_by = f"make generate, for service-files/completions/{file.name}"
    assert file.read_text(encoding="utf-8") == completion(shell), f"make generate, or: {made_by}"


@pytest.mark.parametrize("shell", FILES)
def test_the_shells_take_them(shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"needs {shell}")
    command = [*CHECKS[shell], str(SCRIPTS / FILES[shell])]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


def completed(tmp_path: Path, line: str) -> list[str]:
    """What bash offers for the last word of a line."""
    if shutil.which("bash") is None:
        pytest.skip("needs bash")
    words = line.split(" ")
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "homepress").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m homepress "$@"\n')
    (programs / "homepress").chmod(0o755)
    quoted = " ".join(f"'{word}'" for word in words)
    script = (
        f"source '{SCRIPTS / FILES['bash']}'; COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; "
        '_homepress_completion homepress; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-c", script], env=environment, capture_output=True, text=True, timeout=120, check=True
    )
    return done.stdout.split()


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("homepress sta", {"stats", "status"}),
        ("homepress folder ", {"add", "check", "list", "remove", "set"}),
        ("homepress doctor --re", {"--report"}),
    ],
)
def test_commands_and_options_are_completed(tmp_path: Path, line: str, offered: set[str]) -> None:
    assert set(completed(tmp_path, line)) == offered


def test_paths_are_left_to_the_shell() -> None:
    asked = {"COMP_WORDS": "homepress compress ab", "COMP_CWORD": "2", "_HOMEPRESS_COMPLETE": "bash_complete"}
    done = subprocess.run(
        [sys.executable, "-m", "homepress"],
        env={**os.environ, **asked},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stdout == "file,ab\n"
