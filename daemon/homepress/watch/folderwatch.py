"""One watched folder on a thread of its own: a drive or server that hangs holds up no other folder."""

import dataclasses
import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from homepress.base.blocking import silent
from homepress.base.system_errors import Scope, explain, printable, with_name
from homepress.watch.folder import FolderState, FolderStatus, WaitingFile, WatchedFolder
from homepress.watch.loop import FolderLoop
from homepress.watch.ports import Surroundings

_log = logging.getLogger(__name__)

_LOOK = 0.05
"""Seconds between two looks whether a thread that is to end hangs."""


class FolderWatch:
    """Watches one folder from `start` until it is asked to stop."""

    def __init__(
        self, folder: WatchedFolder, around: Surroundings, published: Callable[[bool], None]
    ) -> None:
        """Prepare.

        Args:
            folder: what to watch.
            around: what is needed for it.
            published: called on the folder's thread when `settled` may have changed; True when `state` did.
        """
        self.folder = folder
        self._around = around
        self._published = published
        self._loop = FolderLoop(folder, around)
        self._state = FolderState(folder.path)
        self._state_due = 0.0
        self._settled_at: int | None = None
        self._busy_since: float | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"watch {folder.path.name}", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def ask_to_stop(self) -> None:
        """End soon; returns at once."""
        self._stopping.set()
        self._loop.inbox.wake()

    def join(self, until: float) -> None:
        """Wait for the end, until a moment of the clock at most; one that hangs is left behind sooner."""
        while self._thread.is_alive():
            now, busy_since = self._around.clock(), self._busy_since
            hangs = busy_since is not None and now - busy_since > self._around.timing.turn
            if hangs or now >= until:
                return
            self._thread.join(min(_LOOK, until - now))

    def rescan(self) -> None:
        """Scan everything as soon as possible."""
        self._loop.inbox.rescan()

    def look_again(self) -> None:
        """Look at the folder itself as soon as possible: its drive may have come or gone."""
        self._loop.inbox.trouble()

    def hint(self, path: bytes, delay: float) -> None:
        """Look at a file after `delay` seconds."""
        self._loop.inbox.hint(path, self._around.clock() + delay)

    def set_aside(self, path: bytes) -> None:
        """See `Watch.set_aside`."""
        self._loop.looker.set_aside(path)

    @property
    def root(self) -> bytes:
        """The folder without links; empty before it was first seen."""
        return self._loop.guard.root

    @property
    def settled(self) -> bool:
        """See `FolderLoop.settled`; false from the moment on in which a hint comes in."""
        return self._settled_at == self._loop.inbox.received

    def state(self) -> FolderState:
        """What there is to say about the folder."""
        busy_since = self._busy_since
        if busy_since is None or self._around.clock() - busy_since < self._around.timing.silent:
            return self._state
        since = time.time() - (self._around.clock() - busy_since)
        problem = silent(self.folder.path, since)
        return dataclasses.replace(self._state, status=FolderStatus.SILENT, problem=problem)

    def waiting(self) -> list[WaitingFile]:
        """The files that wait."""
        return [
            WaitingFile(Path(os.fsdecode(entry.path)), entry.reason, entry.detail, entry.due)
            for entry in self._loop.settler.waiting()
        ]

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            try:
                self._turn()
                failures = 0
            except OSError as error:
                failures += 1
                _log.warning("watching %s: %s", ascii(str(self.folder.path)), error)
                self._failed(
                    f"{with_name(error, _name(error, self.folder.path))}; it tries again by itself", failures
                )
            except Exception as error:  # noqa: BLE001 - a surprise must not end the watching in silence
                failures += 1
                _log.exception("watching %s failed; it begins anew", ascii(str(self.folder.path)))
                self._failed(
                    f"an error in Homepress: {type(error).__name__}: {error}; it tries again by itself",
                    failures,
                )
        self._loop.guard.close()

    def _turn(self) -> None:
        self._busy_since = self._around.clock()
        try:
            due = self._loop.turn()
            due = min(due, self._publish(self._around.clock()))
        finally:
            self._busy_since = None
        inbox = self._loop.inbox
        if inbox.wait(max(0.0, due - self._around.clock())) and not self._stopping.is_set():
            # What comes in a rush is handled together.
            self._stopping.wait(self._around.timing.hint_pause)

    def _publish(self, now: float) -> float:
        """Make the state visible, a few times a second at most; when to try again, infinite if it is done."""
        if now < self._state_due:
            return self._state_due
        state = self._loop.state()
        settled_at = self._loop.inbox.taken if self._loop.settled else None
        if (state, settled_at) != (self._state, self._settled_at):
            changed = state != self._state
            self._state, self._settled_at = state, settled_at
            self._state_due = now + self._around.timing.tell
            self._published(changed)
        return float("inf")

    def _failed(self, problem: str, failures: int) -> None:
        self._state = dataclasses.replace(self._state, status=FolderStatus.STOPPED, problem=problem)
        self._published(True)
        self._loop.begin_anew()
        timing = self._around.timing
        self._stopping.wait(min(timing.restart * float(1 << min(failures - 1, 20)), timing.restart_most))


def _name(error: OSError, folder: Path) -> str:
    """What an error is about: the ledger or the like, else the folder."""
    return printable(error.filename if explain(error).scope is Scope.ORIGINALS else str(folder))
