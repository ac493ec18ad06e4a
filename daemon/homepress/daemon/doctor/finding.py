"""What the doctor finds, and what it needs to know of the operating system."""

import contextlib
import enum
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol

from homepress.base import blocking
from homepress.base.blocking import NotAnsweringError
from homepress.base.paths import Paths
from homepress.control import ServiceError, connect
from homepress.control.service import Status
from homepress.daemon.places import Places
from homepress.settings import FolderSettings, Settings, SettingsError, load
from homepress.store.model import LedgerError
from homepress.store.reader import Reader


class Level(enum.StrEnum):
    """How things stand."""

    GOOD = "good"
    WORTH_KNOWING = "worth knowing"
    """Homepress works, but not in the usual way, or not with all that it offers."""
    BROKEN = "broken"
    """Something that was asked for does not work."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's.

    Attributes:
        topic: what was looked at, in a word or two.
        level: how it stands.
        text: what was found, for a person.
        fix: the exact command that fixes it, or what to do where no command does; empty when all is well.
    """

    topic: str
    level: Level
    text: str
    fix: str = ""


def good(topic: str, text: str) -> Finding:
    """All is well."""
    return Finding(topic, Level.GOOD, text)


def worth_knowing(topic: str, text: str, fix: str = "") -> Finding:
    """Something is not as usual."""
    return Finding(topic, Level.WORTH_KNOWING, text, fix)


def broken(topic: str, text: str, fix: str) -> Finding:
    """Something does not work."""
    return Finding(topic, Level.BROKEN, text, fix)


@dataclass(frozen=True, slots=True)
class Installation:
    """This user's Homepress.

    Attributes:
        paths: where everything is.
        settings: as the file has them; the defaults when it cannot be used.
        settings_fault: what is wrong with the file; None when nothing is.
        daemon: the state of the daemon; None when none answers.
        daemon_fault: why a daemon that is there does not answer; empty when nothing is wrong.
        old_tray: whether there is a tray of the old kind (XEmbed), for where panels have no other.
        places: where folders, their output folders and our own lead.
        silent: what of them, and of the folders with originals, is on a disk that does not answer.
    """

    paths: Paths
    settings: Settings
    settings_fault: SettingsError | None
    daemon: Status | None
    daemon_fault: str
    old_tray: bool
    places: Places = field(default_factory=Places)
    silent: Mapping[Path, NotAnsweringError] = field(default_factory=dict)


Check = Callable[[Installation], Iterable[Finding]]
"""Looks at one thing. It may raise: then that is what is found."""


def installation(paths: Paths, *, old_tray: bool) -> Installation:
    """Read the settings and ask the daemon; neither has to be in order."""
    settings, settings_fault = Settings(), None
    try:
        settings = load(paths.config_file)
    except SettingsError as error:
        settings_fault = error
    daemon, daemon_fault = None, ""
    try:
        if (client := connect(paths.socket)) is not None:
            daemon = client.status()
    except ServiceError as error:
        daemon_fault = str(error)
    places = Places()
    silent = _silent(paths, settings, places)
    return Installation(
        paths, settings, settings_fault, daemon, daemon_fault, old_tray, places=places, silent=silent
    )


def _silent(paths: Paths, settings: Settings, places: Places) -> dict[Path, NotAnsweringError]:
    """Ask all disks at a time, so that those that hang cost one deadline together."""
    named = {path for each in settings.folders for path in (each.path, each.output) if path is not None}
    named |= {paths.state, paths.originals}
    calls = {path: partial(_look, path, places) for path in named | _vaults(paths)}
    asked = blocking.ask_all(calls)
    silent = {path: found for path, found in asked.items() if isinstance(found, NotAnsweringError)}
    places.take_as_written(silent)
    return silent


def _look(path: Path, places: Places) -> None:
    """Have a disk answer; what is known of the folder itself may come out of a cache."""
    places.look(path)
    with contextlib.suppress(OSError), os.scandir(path) as entries:
        next(entries, None)


def _vaults(paths: Paths) -> set[Path]:
    """The folders in which originals are."""
    with contextlib.suppress(LedgerError, OSError), Reader(paths.ledger) as reader:
        return {Path(original.stored_at).parent for original in reader.originals()}
    return set()


# What the doctor needs to know of the operating system: one interface, three systems.


class System(Protocol):
    """One operating system."""

    def file_system(self, path: bytes) -> str:
        """The kind of the file system that a resolved path lies on, such as "ext4"; empty when not told."""

    def room_to_watch(self, folders: Sequence[FolderSettings]) -> Iterable[Finding]:
        """Whether the system's limits allow to watch these folders, with all that is in them."""

    def desktop(self, old_tray: bool) -> Iterable[Finding]:
        """What there is of a desktop: bus, tray, notices."""

    def getting(self, thing: str) -> str:
        """The command that installs "gifsicle" or "notices"."""


def this_system() -> System:
    """The one we run on."""
    if sys.platform == "win32":
        from homepress.daemon.doctor import windows

        return windows
    if sys.platform == "darwin":
        from homepress.daemon.doctor import macos

        return macos
    from homepress.daemon.doctor import linux

    return linux
