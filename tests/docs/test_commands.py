"""Every command that a document shows is run, in a home of its own; where that is impossible it is parsed."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from docs import pages
from docs.world import World
from homepress.ui.cli.main import program
from support import REPOSITORY

NOT_RUN = {
    r"(sudo )?make \S+.*": "takes long or does not end; its target is looked for in the Makefile",
    r"(python3 -m venv|homepress-venv/bin/pip install) .*": "installs; tests/packages does so too",
    r"pipx install .*": "installs; tests/packages does that with the wheel",
    r"sudo apt-get install \./homepress.*": "installs; packaging/tryout.py does that with the package",
    r"tar -xzf homepress-bundle.*|homepress/homepress .*": "needs the bundle; packaging/tryout.py has it",
    r"python3 packaging/tryout\.py .*": "needs what `make dist` builds, which tries it in the same way",
    r"homepress clip.*": "there is no display here; tests/system/test_clip.py has one",
    r"homepress folder add /mnt/nas/photos.*": "there is no network drive here",
    r"homepress stop": "ends what the next line needs; tests/system/test_versions.py runs it",
    r"(cd|mv|rm -f|cp) .*(state/homepress|ledger).*": "goes back; tests/store/test_old_homes.py does",
    r"homepress uninstall.*": "would end what the next line needs; tests/daemon/test_uninstall.py runs it",
}
"""Pattern of a line: why it is not run."""

CODES = {"doctor": (0, 1), "status": (0,)}
"""Exit codes of commands that may find something wrong here; all others have to end with 0."""

PAGES = [page for page in pages.PAGES if any(block.language == "sh" for block in pages.blocks(page))]


def name_of(page: Path) -> str:
    return str(page.relative_to(REPOSITORY))


def reason_not_to_run(line: str) -> str:
    return next((why for pattern, why in NOT_RUN.items() if re.fullmatch(pattern, line)), "")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_command_of_a_page_does_what_it_should(page: Path, world: World) -> None:
    for block in pages.blocks(page):
        world.begin_block()
        for line in block.commands() if block.language == "sh" else ():
            if reason_not_to_run(line):
                look_at(line)
            else:
                world.run(line, codes(line, world))


def codes(line: str, world: World) -> tuple[int, ...]:
    words = shlex.split(line)
    if not words[0].endswith("homepress") or len(words) == 1:
        return (0,)
    if words[1] == "status" and not world.has_daemon():
        return (3,)
    return CODES.get(words[1], (0,))


def look_at(line: str) -> None:
    """What can be known without running it."""
    words = [word for word in shlex.split(line) if word != "sudo"]
    if words[0] == "make":
        assert re.search(rf"^{words[1]}:", (REPOSITORY / "Makefile").read_text(), re.MULTILINE), line
    elif words[0].endswith("homepress"):
        parse(words[1:])


def parse(arguments: list[str]) -> None:
    """Have the command line parse this and run nothing; fails where it would say wrong usage."""
    command: click.Command = program
    context = click.Context(program, info_name="homepress")
    rest = list(arguments)
    while isinstance(command, click.Group) and rest:
        found = command.get_command(context, rest[0])
        assert found is not None, f"no such command: {shlex.join(arguments)}"
        command = found
        context = click.Context(command, parent=context, info_name=rest.pop(0))
    if "--help" not in rest:
        command.make_context(context.info_name, rest, parent=context.parent)


INLINE = sorted(
    {
        (name_of(page), text)
        for page in pages.PAGES
        for text in pages.inline(page)
        if re.match(r"homepress [a-z]", text) and not re.search(r"[|…]", text)
    }
)


@pytest.mark.parametrize(("page", "text"), INLINE)
def test_every_command_in_the_text_is_one(page: str, text: str) -> None:
    for command in re.split(r"; ", text):
        if command.startswith("homepress "):
            parse_named(shlex.split(command)[1:])


def parse_named(words: list[str]) -> None:
    """A command that the text names, perhaps without what it needs, as in `homepress show`."""
    try:
        parse(words)
    except click.MissingParameter:
        pass
    except click.UsageError as error:
        # A command of commands may be named by itself.
        assert "Missing command" in str(error), error


def examples(command: click.Command, words: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """The lines of the examples in the help of every command, with the command's name."""
    name, context = " ".join(words), click.Context(command)
    if words:
        lines = [line.strip() for line in (command.epilog or "").splitlines()]
        assert len([line for line in lines if "homepress" in line]), f"{name} shows no example"
        yield from ((name, line.partition("   ")[0]) for line in lines if line.startswith("homepress "))
    if isinstance(command, click.Group):
        for each in command.list_commands(context):
            found = command.get_command(context, each)
            if found is not None and not found.hidden:
                yield from examples(found, (*words, each))


@pytest.mark.parametrize(("name", "line"), sorted(set(examples(program))))
def test_every_example_in_a_help_text_is_right(name: str, line: str) -> None:
    words = shlex.split(re.split(r" [|>] ", line)[0])
    assert words[1:][: len(name.split())] == name.split()
    parse(words[1:])


def test_reasons_not_to_run_are_needed() -> None:
    shown = [line for page in PAGES for block in pages.blocks(page) for line in block.commands()]
    unused = [pattern for pattern in NOT_RUN if not any(re.fullmatch(pattern, line) for line in shown)]
    assert not unused
