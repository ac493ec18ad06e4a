"""Where the configured folders lead, remembered: whoever answers people must not wait for their disks."""

import threading
from collections.abc import Collection, Iterable
from functools import partial
from pathlib import Path

from homepress.base import blocking
from homepress.base.blocking import NotAnsweringError
from homepress.control.service import ServiceError
from homepress.settings import Paths
from homepress.watch import Location, locate

_PATIENCE = 10.0
"""Seconds for the disk of something that a person named: it may have to wake up."""


class Places:
    """The places of folders, output folders and our own, as last seen. Usable from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[Path, Location] = {}

    def ask(
        self, paths: Iterable[Path], within: float = blocking.ANSWER_SECONDS
    ) -> dict[Path, NotAnsweringError]:
        """Look where paths lead now; those whose disks do not answer within some seconds.

        Such a path keeps what was known of it, or else is taken as it is written.
        """
        asked = blocking.ask_all({path: partial(self.look, path) for path in paths}, within)
        silent = {path: found for path, found in asked.items() if isinstance(found, NotAnsweringError)}
        self.take_as_written(silent)
        return silent

    def take_as_written(self, paths: Iterable[Path]) -> None:
        """Ask no disk about paths that nobody could look at until now."""
        with self._lock:
            for path in paths:
                self._known.setdefault(path, Location(path))

    def look(self, path: Path) -> Location:
        """Where a path leads now; waits for its disk, for ever if it hangs."""
        found = locate(path)
        with self._lock:
            self._known[path] = found
        return found

    def locate(self, path: Path) -> Location:
        """Where a path leads, without asking the disk of one that was asked about before."""
        with self._lock:
            known = self._known.get(path)
        return known or locate(path)

    def real(self, path: Path) -> Path:
        """A path without links, as last seen; as it is written where nobody looked. Asks no disk."""
        with self._lock:
            known = self._known.get(path)
        return known.real if known else path

    def keep(self, paths: Collection[Path]) -> None:
        """Forget all places but these."""
        with self._lock:
            self._known = {path: place for path, place in self._known.items() if path in paths}


def ensure(paths: Paths) -> None:
    """Make our own folders, as `Paths.ensure`.

    Raises:
        ServiceError: the disk of one does not answer.
    """
    try:
        paths.ensure()
    except NotAnsweringError as error:
        raise ServiceError(blocking.refused(str(error.filename), error.since), exit_code=4) from error


def resolved(path: Path) -> Path:
    """A path that a person named, without links.

    Raises:
        ServiceError: its disk does not answer.
    """
    try:
        return blocking.ask(path, path.resolve, _PATIENCE)
    except NotAnsweringError as error:
        raise ServiceError(blocking.refused(path, error.since)) from error
