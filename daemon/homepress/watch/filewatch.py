"""Noticing that one file was changed, also by an editor that puts a new file in its place."""

import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path

from homepress.base.files import FileId, Mark
from homepress.base.override import override
from homepress.watch.protocols import Listener, Observation, WatchSystem, this_system

_log = logging.getLogger(__name__)

_QUIET = 0.2
_BACKUP = 30.0
_JOIN = 5.0


class FileWatch(Listener):
    """Calls back when a file has another content than before, appears or vanishes.

    The folders of the file, and of what it links to, are observed; a rare look at the file itself serves
    where events are lost, or its folder is made later.
    """

    def __init__(
        self,
        path: Path,
        callback: Callable[[], None],
        *,
        system: WatchSystem | None = None,
        quiet: float = _QUIET,
        backup: float = _BACKUP,
    ) -> None:
        """Watch nothing yet.

        Args:
            path: the file; it need not be there.
            callback: called on a thread of the watch after each change.
            system: the operating system; None for the one we run on.
            quiet: seconds without events until the file counts as written.
            backup: seconds between looks without any event.
        """
        self._path = path
        self._callback = callback
        self._system = system or this_system()
        self._quiet = quiet
        self._backup = backup
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._observations: dict[Path, Observation] = {}
        self._seen = self._identity()
        self._thread = threading.Thread(target=self._run, name=f"watch {path.name}", daemon=True)

    def start(self) -> None:
        """Begin; changes from the creation of this object on are noticed."""
        self._thread.start()

    def stop(self) -> None:
        """End; no callback is begun afterwards."""
        self._stopping.set()
        self._wake.set()
        if self._thread.ident is not None and self._thread is not threading.current_thread():
            self._thread.join(_JOIN)

    @override
    def file_event(self, path: bytes) -> None:
        if os.path.basename(path) in self._names():
            self._wake.set()

    @override
    def directory_event(self, path: bytes) -> None:
        """Of no interest."""

    @override
    def trouble(self) -> None:
        self._wake.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._observe()
            if (now := self._identity()) != self._seen:
                self._seen = now
                self._callback()
            if self._wake.wait(self._backup):
                self._await_quiet()
        for observation in self._observations.values():
            observation.close()

    def _await_quiet(self) -> None:
        """Let an editor finish: events of one change come in a row."""
        self._wake.clear()
        while not self._stopping.is_set() and self._wake.wait(self._quiet):
            self._wake.clear()

    def _observe(self) -> None:
        """Have a healthy observation for each folder that matters now."""
        wanted = {self._path.parent.absolute(), Path(os.path.realpath(self._path)).parent}
        for folder, observation in list(self._observations.items()):
            if folder not in wanted or observation.trouble():
                del self._observations[folder]
                observation.close()
        for folder in wanted - set(self._observations):
            try:
                real = os.path.realpath(folder, strict=True)
                self._observations[folder] = self._system.observe(real, False, self, lambda _: False)
            except OSError as error:
                _log.debug("cannot observe %s: %s", ascii(str(folder)), error)

    def _names(self) -> tuple[bytes, bytes]:
        return (os.fsencode(self._path.name), os.fsencode(os.path.basename(os.path.realpath(self._path))))

    def _identity(self) -> Mark | None:
        try:
            return FileId.of(os.stat(self._path)).mark
        except OSError:
            return None
