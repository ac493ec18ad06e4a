"""Where the threads of the observer leave what they saw, and the watch picks it up."""

import os
import threading
from dataclasses import dataclass, field

from homepress.watch.names import Selection


@dataclass
class Hints:
    """What came in since the last time: each path once.

    Attributes:
        files: files to look at.
        folders: folders to scan.
        later: files to look at after a delay, with the monotonic second.
        trouble: whether the observation has something to say.
        rescan: whether everything is to be scanned.
    """

    files: set[bytes] = field(default_factory=set)
    folders: set[bytes] = field(default_factory=set)
    later: dict[bytes, float] = field(default_factory=dict)
    trouble: bool = False
    rescan: bool = False


class Inbox:
    """The listener of an observation (see `system.Listener`). What cannot matter is dropped at the door.

    Attributes:
        selection: which files and folders matter; None for all.
        received: how many hints came in so far.
        taken: how many of them had come in when `take` was last called.
    """

    def __init__(self) -> None:
        self.selection: Selection | None = None
        self.received = 0
        self.taken = 0
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._hints = Hints()

    def file_event(self, path: bytes) -> None:
        """See `Listener.file_event`."""
        directory, name = os.path.split(path)
        if self.selection is None or self.selection.skip_file(directory, name) is None:
            with self._lock:
                self._hints.files.add(path)
                self.received += 1
            self._wake.set()

    def directory_event(self, path: bytes) -> None:
        """See `Listener.directory_event`."""
        directory, name = os.path.split(path)
        if self.selection is None or self.selection.enters(directory, name):
            with self._lock:
                self._hints.folders.add(path)
                self.received += 1
            self._wake.set()

    def trouble(self) -> None:
        """See `Listener.trouble`."""
        with self._lock:
            self._hints.trouble = True
        self._wake.set()

    def rescan(self) -> None:
        """Scan everything."""
        with self._lock:
            self._hints.rescan = True
            self.received += 1
        self._wake.set()

    def hint(self, path: bytes, due: float) -> None:
        """Look at a file at monotonic second `due`."""
        with self._lock:
            self._hints.later[path] = due
            self.received += 1
        self._wake.set()

    def wake(self) -> None:
        """End a `wait`."""
        self._wake.set()

    def wait(self, timeout: float) -> bool:
        """Wait until something came in; whether it did."""
        woken = self._wake.wait(timeout)
        self._wake.clear()
        return woken

    def take(self) -> Hints:
        """All that came in."""
        with self._lock:
            taken, self._hints = self._hints, Hints()
            self.taken = self.received
        return taken
