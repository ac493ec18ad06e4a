"""The plain observer: watchdog's documented classes, and its events as plain paths."""

import os

from watchdog.events import (
    DirCreatedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

from homepress.base.override import override
from homepress.watch.model import Listener, Observation

_SEPARATOR = os.fsencode(os.sep)

_APPEARANCES: list[type[FileSystemEvent]] = [
    FileCreatedEvent,
    FileMovedEvent,
    DirCreatedEvent,
    DirMovedEvent,
]
"""The events by which something turns up under a name."""


class _Handler(FileSystemEventHandler):
    """Notifies a listener of watchdog's events."""

    def __init__(self, listener: Listener, root: str = "", reported: str = "") -> None:
        """Notify `listener`; where the system reports `root` under another name, put `root` in its place."""
        self._listener = listener
        self._root = os.fsencode(root)
        self._reported = os.fsencode(reported)

    @override
    def dispatch(self, event: FileSystemEvent) -> None:
        path = os.fsencode(event.dest_path or event.src_path)
        if self._reported != self._root and path.startswith(self._reported + _SEPARATOR):
            path = self._root + path[len(self._reported) :]
        if event.is_directory:
            self._listener.directory_event(path)
        else:
            self._listener.file_event(path)


class PlainObservation(Observation):
    """An observation by one of watchdog's observers, through its documented classes alone.

    There are no events for the end of writing on macOS and Windows, so changes of content are hints there.
    """

    def __init__(
        self,
        observer: BaseObserver,
        root: str,
        recursive: bool,
        listener: Listener,
        *,
        reported: str = "",
        reports_losses: bool = False,
        closes: bool = False,
    ) -> None:
        """Observe `root`; `note_loss` is to be called when events were dropped.

        Args:
            observer: not started yet.
            root: absolute path, resolved.
            recursive: whether folders inside it count.
            listener: is notified.
            reported: how events name the root, if not by `root`.
            reports_losses: whether `note_loss` will be called.
            closes: whether the system says when a file is closed after writing.

        Raises:
            OSError: it cannot be observed.
        """
        self._observer = observer
        self._listener = listener
        self._reports_losses = reports_losses
        self._lost = False
        events = [*_APPEARANCES, FileClosedEvent if closes else FileModifiedEvent]
        handler = _Handler(listener, root, reported or root)
        observer.schedule(handler, root, recursive=recursive, event_filter=events)
        observer.start()

    def note_loss(self) -> None:
        """The system said that it dropped events."""
        self._lost = True
        self._listener.trouble()

    @override
    def trouble(self) -> str:
        if self._lost:
            return "events were lost"
        if not self._observer.is_alive() or not all(e.is_alive() for e in self._observer.emitters):
            return "the observer stopped"
        return ""

    @override
    def refused(self) -> bool:
        """Never, as far as it says; on macOS and Windows one handle serves the whole tree."""
        return False

    @override
    def reports_losses(self) -> bool:
        return self._reports_losses

    @override
    def watches(self, directory: bytes) -> bool:
        return True

    @override
    def watch_ancestors(self, path: bytes) -> bool:
        """It cannot."""
        return False

    @override
    def watch_attributes(self, path: bytes) -> None:
        """Changes of attributes come with those of content, or not at all."""

    @override
    def close(self) -> None:
        self._observer.stop()
        self._observer.join()


def public_observation(
    root: str, recursive: bool, listener: Listener, *, closes: bool = False
) -> PlainObservation:
    """An observation by watchdog's own observer for this system, for where its inner classes have changed.

    It loses events without a word, so it `reports_losses` never.

    Raises:
        OSError: it cannot be observed.
    """
    return PlainObservation(Observer(), root, recursive, listener, closes=closes)
