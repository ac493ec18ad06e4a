"""The way into the room: all watched folders together."""

import os
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from homepress.watch.filters import lies_in
from homepress.watch.folder import FolderWatch
from homepress.watch.model import (
    FolderState,
    KnownFiles,
    PendingFile,
    Sink,
    Timing,
    WatchContext,
    WatchedFolder,
    WatchSystem,
    this_system,
)


class Watcher:
    """Finds each new image in the watched folders and hands it on once it has come to rest.

    Events of the system are hints; the scan is the truth: at the start, regularly, and after each loss of
    events. Nothing is decoded here. Methods may be called from any thread.
    """

    def __init__(
        self,
        sink: Sink,
        known: KnownFiles,
        *,
        early: bool = False,
        timing: Timing | None = None,
        system: WatchSystem | None = None,
        clock: Callable[[], float] = time.monotonic,
        why_away: Callable[[Path], str] = lambda _: "",
    ) -> None:
        """Watch nothing yet.

        Args:
            sink: takes what is ready.
            known: knows what was done.
            early: hand files on a little before their quiet time ends, so that work can begin
                (see `Arrival.ready_at`).
            timing: all times; tests shorten them.
            system: the operating system; tests replace it.
            clock: monotonic seconds.
            why_away: says of a path without links why its drive is away; empty when it is not.
        """
        ctx = WatchContext(known, sink, system or this_system(), timing or Timing(), clock, early, why_away)
        self._ctx = ctx
        self._condition = threading.Condition()
        self._folders: dict[Path, FolderWatch] = {}
        self._running = False

    def start(self) -> None:
        """Begin to watch the folders given to `reconfigure`, now or later."""
        with self._condition:
            self._running = True
            for folder in self._folders.values():
                folder.start()

    def stop(self) -> None:
        """End all watching; returns within a few seconds even when a drive hangs."""
        with self._condition:
            self._running = False
        self._replace({})

    def reconfigure(self, folders: Sequence[WatchedFolder]) -> None:
        """Watch these folders and no others. Folders whose settings did not change go on undisturbed."""
        self._replace({folder.path: folder for folder in folders})

    def hint(self, path: Path, delay: float = 0.0) -> None:
        """Look at a file again after `delay` seconds; it has to be quiet and whole then, as any other.

        A scan does not look at it earlier. Files outside the watched folders are not looked at.
        """
        for folder in self._folders_of(name := os.fsencode(path)):
            folder.hint(name, delay)

    def set_aside(self, path: Path) -> None:
        """Pass over a file that was handed on until its directory entry changes, or `rescan` is called.

        For what cannot be processed now, for a reason that the ledger cannot store.
        """
        for folder in self._folders_of(name := os.fsencode(path)):
            folder.set_aside(name)

    def rescan(self) -> None:
        """Scan all folders now."""
        with self._condition:
            for folder in self._folders.values():
                folder.rescan()

    def look_again(self) -> None:
        """Look at all folders themselves: drives have come or gone."""
        with self._condition:
            for folder in self._folders.values():
                folder.look_again()

    def states(self) -> list[FolderState]:
        """The state of each folder, in the order in which they were given."""
        with self._condition:
            return [folder.state() for folder in self._folders.values()]

    def waiting(self) -> list[PendingFile]:
        """The files that were seen and are not at rest yet, with the reason."""
        with self._condition:
            folders = list(self._folders.values())
        return [file for folder in folders for file in folder.waiting()]

    def wait_settled(self, timeout: float | None = None) -> bool:
        """Wait until every folder was scanned in full and no file is in its first quiet time.

        Files that a program keeps open, or that are incomplete, do not count, nor do folders that are not
        there. Once true it may become false again with the next file.

        Returns:
            False when `timeout` seconds went by first.
        """
        with self._condition:
            return self._condition.wait_for(self._is_settled, timeout)

    def _replace(self, wanted: dict[Path, WatchedFolder]) -> None:
        with self._condition:
            old = self._folders
            kept = {path: watch for path, watch in old.items() if wanted.get(path) == watch.folder}
            ended = [watch for path, watch in old.items() if path not in kept]
            new = {
                path: FolderWatch(folder, self._ctx, self._on_state_published)
                for path, folder in wanted.items()
                if path not in kept
            }
            self._folders = {path: kept.get(path) or new[path] for path in wanted}
            if self._running:
                for watch in new.values():
                    watch.start()
        for watch in ended:
            watch.ask_to_stop()
        until = self._ctx.clock() + self._ctx.timing.join
        for watch in ended:
            watch.join(until)
        self._on_state_published(changed=True)

    def _folders_of(self, path: bytes) -> list[FolderWatch]:
        """The folder that a path lies in, and those that were not met yet: it may be one of them."""
        with self._condition:
            folders = list(self._folders.values())
        return [folder for folder in folders if not folder.root or lies_in(path, folder.root)]

    def _is_settled(self) -> bool:
        return all(folder.settled for folder in self._folders.values())

    def _on_state_published(self, changed: bool) -> None:
        with self._condition:
            self._condition.notify_all()
        if changed:
            self._ctx.sink.changed()
