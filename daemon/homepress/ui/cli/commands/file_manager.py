"""`homepress file-manager`: entries in the menus of file managers, and what happens when one is chosen."""

import os
from collections import Counter

import click

from homepress.control.service import CompressRequest, Service, ServiceError, UndoRequest
from homepress.desktop.filemanager import FileManagerError, file_managers
from homepress.desktop.processes import own, spawn
from homepress.settings import Paths
from homepress.ui.cli import output
from homepress.ui.cli.arguments import absolute_path, example, json_option
from homepress.ui.cli.daemon import daemon_or_local
from homepress.ui.tray.messages import Messenger
from homepress.ui.tray.performing import has_command
from homepress.ui.words import counted, shown, size


@click.group()
def command() -> None:
    """Add entries to the menus of file managers."""


@command.command(epilog=example("homepress file-manager on"))
@json_option
def on(as_json: bool) -> None:
    """Add entries: compress, restore the original, show before and after."""
    try:
        added = file_managers().add()
    except FileManagerError as error:
        raise ServiceError(str(error)) from error
    _tell("Added", added, as_json)


@command.command(epilog=example("homepress file-manager off"))
@json_option
def off(as_json: bool) -> None:
    """Take the entries away again."""
    try:
        removed = file_managers().remove()
    except FileManagerError as error:
        raise ServiceError(str(error)) from error
    _tell("Removed", removed, as_json)


@command.command(hidden=True)
@click.argument("action", type=click.Choice(["compress", "restore", "show", "open"]))
@click.argument("paths", metavar="[PATH...]", type=absolute_path, nargs=-1)
def run(action: str, paths: tuple[str, ...]) -> int:
    """Do what was chosen in a file manager and show a notice of it: there is no terminal to print to."""
    if action == "open" or not paths:
        return _open(paths)
    if action == "show":
        return _show(paths)
    messenger = Messenger()
    with daemon_or_local(Paths.from_environment()) as service:
        title, code = (_compress if action == "compress" else _restore)(service, paths)
    messenger.tell(title)
    return code


def _compress(service: Service, paths: tuple[str, ...]) -> tuple[str, int]:
    tally: Counter[str] = Counter()
    saved = 0
    for outcome in service.compress(CompressRequest(paths=list(paths), in_place=True)):
        tally[outcome.outcome] += 1
        if outcome.outcome == "compressed":
            saved += outcome.before_bytes - outcome.after_bytes
    parts = [f"{counted(tally['compressed'], 'picture')}, {size(saved)} saved"]
    parts += [f"{tally['unchanged']:,} left as they were"] if tally["unchanged"] else []
    parts += [f"{tally['failed']:,} failed"] if tally["failed"] else []
    return ", ".join(parts), int(tally["failed"] > 0)


def _restore(service: Service, paths: tuple[str, ...]) -> tuple[str, int]:
    outcomes = list(service.undo(UndoRequest(paths=list(paths))))
    failed = sum(outcome.outcome == "failed" for outcome in outcomes)
    if not outcomes:
        return "There is no original to bring back", 1
    parts = [f"{counted(len(outcomes) - failed, 'original')} brought back"]
    parts += [f"{failed:,} could not be"] if failed else []
    return ", ".join(parts), int(failed > 0)


def _show(paths: tuple[str, ...]) -> int:
    """Each in a window of its own, unless that would be many."""
    most = 5
    if not has_command("show"):
        Messenger().tell("This installation cannot show before and after")
        return 1
    for path in paths[:most]:
        spawn(own("show", "--", path))
    return 0


def _open(paths: tuple[str, ...]) -> int:
    if paths and has_command("show"):
        return _show(paths)
    if has_command("window"):
        spawn(own("window"))
        return 0
    spawn(own("run", "--login"))
    return 0


def _tell(word: str, places: list[str], as_json: bool) -> None:
    if as_json:
        output.print_json({word.lower(): places})
        return
    output.say(f"{word} {counted(len(places), 'entry', 'entries')}.")
    for place in places:
        output.say(output.faint(shown(os.fsdecode(place))))
