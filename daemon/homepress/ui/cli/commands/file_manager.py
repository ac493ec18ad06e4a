"""`homepress file-manager`: entries in the menus of file managers, and what happens when one is chosen."""

import os
from dataclasses import dataclass
from pathlib import Path

import click

from homepress.base import blocking
from homepress.base.units import counted, size
from homepress.control.service import CompressRequest, Service, ServiceError, UndoRequest
from homepress.desktop.filemanager import FileManagerError, file_managers
from homepress.desktop.processes import own, spawn
from homepress.settings import Paths
from homepress.ui.cli import output
from homepress.ui.cli.arguments import absolute_path, example, json_option
from homepress.ui.cli.daemon import daemon_or_local
from homepress.ui.cli.ledger import reading
from homepress.ui.text import shown
from homepress.ui.tray.notices import Messenger

_LISTED = 3
"""So many reasons fit into a notice."""


@click.group(epilog=example("homepress file-manager on"))
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
    if not paths:
        spawn(own())
        return 0
    try:
        if action in ("open", "show"):
            return _show(paths)
        with daemon_or_local(Paths.from_environment(), wait=None) as service:
            told = _compress(service, paths) if action == "compress" else _restore(service, paths)
    except ServiceError as error:
        told = _Told("That did not work", shown(str(error)), error.exit_code)
    Messenger().tell(told.title, told.body)
    return told.code


@dataclass(frozen=True, slots=True)
class _Told:
    """What came of it: a notice, and an exit code."""

    title: str
    body: str = ""
    code: int = 0


def _compress(service: Service, paths: tuple[str, ...]) -> _Told:
    outcomes = list(service.compress(CompressRequest(paths=list(paths), in_place=True)))
    of = {
        word: [one for one in outcomes if one.outcome == word]
        for word in ("compressed", "unchanged", "failed")
    }
    saved = sum(one.before_bytes - one.after_bytes for one in of["compressed"])
    parts = [f"{counted(len(of['compressed']), 'picture')}, {size(saved)} saved"] if of["compressed"] else []
    if left := len(of["unchanged"]):
        parts.append(f"{counted(left, 'picture')} left as {'it was' if left == 1 else 'they were'}")
    if failed := len(of["failed"]):
        parts.append(f"{failed:,} failed")
    reasons = [f"{_name(one.path)}: {one.reason}" for one in (*of["failed"], *of["unchanged"])]
    return _Told(", ".join(parts) or "There is no picture in it", _some(reasons), int(failed > 0))


def _restore(service: Service, paths: tuple[str, ...]) -> _Told:
    outcomes = list(service.undo(UndoRequest(paths=list(paths))))
    if not outcomes:
        return _Told("There is no original to bring back", code=1)
    failed = [one for one in outcomes if one.outcome == "failed"]
    beside = [one for one in outcomes if one.outcome == "beside"]
    parts = [f"{counted(len(outcomes) - len(failed), 'original')} brought back"]
    parts += [f"{len(failed):,} could not be"] if failed else []
    reasons = [f"{_name(one.path)}: {one.reason}" for one in failed]
    reasons += [f"{_name(one.path)} is now something else; its original: {one.restored_to}" for one in beside]
    return _Told(", ".join(parts), _some(reasons), int(bool(failed)))


def _show(paths: tuple[str, ...]) -> int:
    """The first one that there is something to show of; the window leads on to others."""
    with reading(Paths.from_environment()) as reader:
        for path in paths:
            if reader.latest(blocking.resolved(Path(path))) is not None:
                spawn(own("show", "--", path))
                return 0
    Messenger().tell("There is nothing to compare", f"{_name(paths[0])} was not compressed by Homepress.")
    return 1


def _name(path: str) -> str:
    return shown(os.path.basename(path))


def _some(reasons: list[str]) -> str:
    """The first few of them, one a line."""
    more = len(reasons) - _LISTED
    return "\n".join([*reasons[:_LISTED], *([f"and {more:,} more"] if more > 0 else [])])


def _tell(word: str, places: list[str], as_json: bool) -> None:
    if as_json:
        output.print_json({word.lower(): places})
        return
    output.say(f"{word} {counted(len(places), 'entry', 'entries')}.")
    for place in places:
        output.say(output.faint(shown(os.fsdecode(place))))
