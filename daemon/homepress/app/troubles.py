"""What stands against work in the folders: a full disk, no room for originals, a file that may not be read.

Trouble that concerns a whole folder holds its pictures back in the queue, and one of them is let out now and
then to try: nothing is compressed a hundred times for a disk that stays full.
"""

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from homepress.pipeline import FairQueue, Told

_LINGER = 30.0
"""Seconds after the time of the next try, after which trouble that nobody ran into again is over."""


@dataclass(frozen=True, slots=True)
class _Trouble:
    path: Path
    text: str
    whole_folder: bool
    until: float


class Troubles:
    """Trouble folder by folder, as pictures run into it. Usable from any thread."""

    def __init__(self, queue: FairQueue) -> None:
        self._queue = queue
        self._lock = threading.Lock()
        self._by_root: dict[Path, _Trouble] = {}

    def text(self, root: Path) -> str:
        """What is wrong in a folder, in whole sentences; empty when nothing is."""
        with self._lock:
            trouble = self._by_root.get(root)
            if trouble is None:
                return ""
            if time.monotonic() <= trouble.until + _LINGER or self._queue.held(root):
                return trouble.text
            self._by_root.pop(root)  # whoever ran into it is gone, and nothing waits any more
        self._queue.release(root)
        return ""

    def told(self, root: Path, told: Told) -> bool:
        """A picture is done or given back; whether its folder is free again, so that a look is worthwhile."""
        with self._lock:
            before = self._by_root.get(root)
            if told.problem:
                self._stand(root, told, before)
                return False
            if before is None:
                return False
            over = told.outcome == "compressed" or (not before.whole_folder and told.path == before.path)
            if over:
                self._by_root.pop(root)
        if over:
            return self._queue.release(root)
        self._queue.try_now(root)  # this one says nothing about the disk: let the next one try
        return False

    def _stand(self, root: Path, told: Told, before: _Trouble | None) -> None:
        every = told.retry_after or 0.0
        if told.whole_folder:
            self._queue.hold(root, every)
        elif before is not None and before.whole_folder:
            return
        self._by_root[root] = _Trouble(told.path, told.problem, told.whole_folder, time.monotonic() + every)

    def try_again(self) -> bool:
        """Something was done about it (room made, settings changed): whether there is anything to try."""
        with self._lock:
            roots = list(self._by_root)
        for root in roots:
            self._queue.try_now(root)
        return bool(roots)

    def forget(self, roots: Iterable[Path]) -> bool:
        """The plans of folders are new: what waited there is dropped, to be found again; whether any did."""
        with self._lock:
            known = [root for root in roots if self._by_root.pop(root, None) is not None]
        for root in known:
            self._queue.drop(root)
        return bool(known)
