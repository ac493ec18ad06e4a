"""The configured folders: what their file systems can do, and whether they can be watched."""

import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from homepress.base import blocking
from homepress.base.blocking import NotAnsweringError
from homepress.base.system_errors import with_name
from homepress.base.units import size
from homepress.daemon.doctor.checks import PROBLEM
from homepress.daemon.doctor.finding import (
    Finding,
    Installation,
    Level,
    broken,
    good,
    this_system,
    worth_knowing,
)
from homepress.desktop.launching import quoted
from homepress.settings import FolderSettings
from homepress.store.health import Abilities, abilities
from homepress.watch import refusal, warnings
from homepress.watch import this_system as watched_by

_MAKE, _WHO_MAY = ("mkdir", "icacls") if sys.platform == "win32" else ("mkdir -p", "ls -ld")
"""Commands that a person can type."""
_TOPIC = "folder"
_SECONDS = 10.0
"""For the looks at all folders, side by side: drives may have to wake up."""
_LITTLE_ROOM = 1_000_000_000
_NO_ROOM = 50_000_000


def folders(whole: Installation) -> Iterator[Finding]:
    """Each configured folder, as it is found and as the daemon finds it."""
    if not whole.settings.folders:
        yield worth_knowing(_TOPIC, "none is configured: nothing is watched", "homepress folder add PATH")
    looks = {
        folder.path: partial(_looked_at, folder, whole)
        for folder in whole.settings.folders
        if _silent(folder, whole.silent) is None
    }
    found = blocking.ask_all(looks, _SECONDS)
    for folder in whole.settings.folders:
        outcome = found.get(folder.path)
        if isinstance(outcome, NotAnsweringError):
            findings = [_hung(blocking.silent(folder.path, outcome.since))]
        else:
            findings = outcome or [_hung(_silent(folder, whole.silent) or "")]
        yield from findings
        if not any(finding.level is Level.BROKEN for finding in findings):
            yield from _as_the_daemon_says(folder, whole)


def watching(whole: Installation) -> Iterator[Finding]:
    """Whether the system's limits allow to watch them all, and whether lost events are noticed."""
    if why := watched_by().shortcoming():
        text = (
            f"this version of watchdog is not the one that Homepress knows ({why}): lost events go unnoticed"
        )
        fix = "nothing is missed: folders are scanned more often. A newer Homepress may know it"
        yield worth_knowing("watching", text, fix)
    there = [
        folder
        for folder in whole.settings.folders
        if folder.enabled and folder.path not in whole.silent and folder.path.is_dir()
    ]
    yield from this_system().room_to_watch(there)


def _hung(text: str) -> Finding:
    return broken(_TOPIC, text, "look at its cable, its server and the network")


def _looked_at(folder: FolderSettings, whole: Installation) -> list[Finding]:
    """What is found of a folder whose disk answers, if that goes on answering."""
    if not folder.enabled:
        text = f"{folder.path} is switched off: it is not watched"
        return [worth_knowing(_TOPIC, text, "set enabled = true with: homepress settings edit")]
    try:
        if (why := _refused(folder, whole)) is not None:
            return [broken(_TOPIC, why, _remove(folder))]
        return list(_folder(folder))
    except OSError as error:
        text = with_name(error, str(folder.path))
        return [broken(_TOPIC, text, f"{_WHO_MAY} {quoted(folder.path)}")]


def _as_the_daemon_says(folder: FolderSettings, whole: Installation) -> Iterator[Finding]:
    """What stands against a folder that looks well from here."""
    for each in whole.daemon.folders if whole.daemon is not None else ():
        if each.path == str(folder.path) and each.problem:
            named = each.path in each.problem
            yield broken(
                PROBLEM, each.problem if named else f"{each.path}: {each.problem}", "homepress status"
            )


def _silent(folder: FolderSettings, silent: Mapping[Path, NotAnsweringError]) -> str | None:
    """What is to be said of a folder whose disk, or that of its output, does not answer."""
    for path in (folder.path, folder.output):
        if path is not None and path in silent:
            return blocking.silent(path, silent[path].since)
    return None


def _refused(folder: FolderSettings, whole: Installation) -> str | None:
    others = [other.path for other in whole.settings.folders if other is not folder]
    own = (whole.paths.state, whole.paths.originals)
    return refusal(folder.path, others, output=folder.output, private=own, locate=whole.places.locate)


def _folder(folder: FolderSettings) -> Iterator[Finding]:
    path = folder.path
    if not path.is_dir():
        yield broken(_TOPIC, f"{path} is not there", f"{_MAKE} {quoted(path)}")
        return
    for warning in warnings(path):
        yield worth_knowing(_TOPIC, warning)
    written = folder.output if folder.mode == "output" and folder.output is not None else path
    if not written.is_dir():
        yield good(_TOPIC, f"{path}: its output folder {written} is made when it is needed")
        return
    real = written.resolve()
    try:
        found = abilities(real)
    except OSError as error:
        text = f"{real}: nothing can be written into it ({error.strerror or error})"
        yield broken(_TOPIC, text, f"{_WHO_MAY} {quoted(real)}")
        return
    kind = this_system().file_system(os.fsencode(real)) or "its file system"
    if written is path:
        yield from _replacing(folder, kind, found)
    else:
        yield good(_TOPIC, f"{path}: results go to {written} ({kind})")
    yield from _room(folder, shutil.disk_usage(real).free)


def _replacing(folder: FolderSettings, kind: str, found: Abilities) -> Iterator[Finding]:
    path = folder.path
    if found.exchange:
        yield good(_TOPIC, f"{path} ({kind}): a picture and its result change places in one step")
    elif found.link:
        yield good(
            _TOPIC,
            f"{path} ({kind}): pictures are replaced safely, by two renames and a link",
        )
    else:
        text = f"{path} ({kind}): nothing can be replaced safely here"
        fix = f"{_remove(folder)}; homepress folder add {quoted(path)} --output DIR"
        yield broken(_TOPIC, text, fix)
    if not found.lease:
        text = (
            f"{path} ({kind}) does not tell whether a program still writes to a picture: only a file that "
            "stays unchanged for a while counts as finished"
        )
        yield worth_knowing(_TOPIC, text, "raise settle_seconds with: homepress settings edit")


def _room(folder: FolderSettings, free: int) -> Iterator[Finding]:
    text = f"{folder.path}: {size(free)} free on its disk"
    if free < _NO_ROOM:
        yield broken(_TOPIC, f"{text}, too little to write a result", "df -h")
    elif free < _LITTLE_ROOM:
        yield worth_knowing(_TOPIC, text, "homepress originals accept --older-than 7d")
    else:
        yield good(_TOPIC, text)


def _remove(folder: FolderSettings) -> str:
    return f"homepress folder remove {quoted(folder.path)}"
