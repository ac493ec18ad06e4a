"""What the observers of all systems have in common: watchdog's events as plain paths; a plain observer."""

import os

from watchdog.events import (
    DirCreatedEvent,
    DirMovedEvent,
    FileCreatedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers.api import BaseObserver

from homepress.watch.protocols import Listener

_SEPARATOR = os.fsencode(os.sep)

APPEARANCES: list[type[FileSystemEvent]] = [
    FileCreatedEvent,
    FileMovedEvent,
    DirCreatedEvent,
    DirMovedEvent,
]
"""The events by which something turns up under a name."""


class Teller(FileSystemEventHandler):
    """Tells a listener of watchdog's events."""

    def __init__(self, listener: Listener, root: str = "", reported: str = "") -> None:
        """Tell `listener`; where the system reports `root` under another name, put `root` in its place."""
        self._listener = listener
        self._root = os.fsencode(root)
        self._reported = os.fsencode(reported)

    def dispatch(self, event: FileSystemEvent) -> None:
        """See `FileSystemEventHandler`."""
        path = os.fsencode(event.dest_path or event.src_path)
        if self._reported != self._root and path.startswith(self._reported + _SEPARATOR):
            path = self._root + path[len(self._reported) :]
        if event.is_directory:
            self._listener.directory_event(path)
        else:
            self._listener.file_event(path)


class PlainObservation:
    """An observation by one of watchdog's observers that watch a whole tree through one handle of the system.

    There are no events for the end of writing on macOS and Windows, so changes of content are hints too.
    """

    def __init__(
        self, observer: BaseObserver, root: str, recursive: bool, listener: Listener, reported: str = ""
    ) -> None:
        """Observe `root`; `note_loss` is to be called by whoever sees that events were dropped.

        Args:
            observer: not started yet.
            root: absolute path, resolved.
            recursive: whether folders inside it count.
            listener: who is told.
            reported: how events name the root, if not by `root`.

        Raises:
            OSError: it cannot be observed.
        """
        self._observer = observer
        self._listener = listener
        self._lost = False
        events = [*APPEARANCES, FileModifiedEvent]
        teller = Teller(listener, root, reported or root)
        observer.schedule(teller, root, recursive=recursive, event_filter=events)
        observer.start()

    def note_loss(self) -> None:
        """The system said that it dropped events."""
        self._lost = True
        self._listener.trouble()

    def trouble(self) -> str:
        """See `Observation.trouble`."""
        if self._lost:
            return "events were lost"
        if not self._observer.is_alive() or not all(e.is_alive() for e in self._observer.emitters):
            return "the observer stopped"
        return ""

    def refused(self) -> bool:
        """See `Observation.refused`: one handle serves the whole tree."""
        return False

    def watches(self, directory: bytes) -> bool:
        """See `Observation.watches`."""
        del directory
        return True

    def attend(self, path: bytes) -> bool:
        """See `Observation.attend`: these systems do not say."""
        del path
        return False

    def heed(self, path: bytes) -> None:
        """See `Observation.heed`: changes of attributes come with those of content, or not at all."""
        del path

    def close(self) -> None:
        """See `Observation.close`."""
        self._observer.stop()
        self._observer.join()
