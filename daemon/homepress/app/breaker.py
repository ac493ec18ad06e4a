"""The circuit breaker: when results cannot be trusted, replacing stops in that folder until someone looks."""

import threading
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

from homepress.pipeline import FairQueue, Told
from homepress.store.store import Store

MOST_IN_A_ROW = 5
"""So many failed verifications, results unlike their pictures, or fresh results undone in a row are no
accident."""

_READ_BACK = (
    f"{MOST_IN_A_ROW} results in a row were read back from the disk other than written. "
    "The disk may be failing."
)
_UNLIKE = (
    f"{MOST_IN_A_ROW} results in a row did not look like their pictures, which were left as they are. "
    "A codec may be broken, or a picture may have attacked it: see homepress doctor."
)
_HOW_TO_GO_ON = "Look at a few pictures there, then go on with: homepress resume"


class Breaker:
    """Counts bad signs folder by folder. Usable from any thread."""

    def __init__(self, store: Store, queue: FairQueue, tell: Callable[[Path, str], None]) -> None:
        """Begin with every folder trusted.

        Args:
            store: knows what was undone.
            queue: holds back the pictures of a folder in which replacing has stopped.
            tell: gets the folder and the reason, in whole sentences, when replacing stops there.
        """
        self._store = store
        self._queue = queue
        self._tell = tell
        self._lock = threading.RLock()
        self._failed: Counter[tuple[Path, str]] = Counter()
        self._open: dict[Path, str] = {}

    def text(self, root: Path) -> str:
        """Why nothing may be replaced in a folder at present, in whole sentences; empty when it may."""
        return self._open.get(root, "")

    def told(self, root: Path, told: Told) -> None:
        """A picture of a folder is done, or could not be."""
        with self._lock:
            for why, failed in ((_READ_BACK, told.unverified), (_UNLIKE, told.unlike)):
                if told.outcome == "compressed":
                    self._failed.pop((root, why), None)
                elif failed:
                    self._failed[root, why] += 1
                    if self._failed[root, why] >= MOST_IN_A_ROW:
                        self._trip(root, f"{why} {_HOW_TO_GO_ON}")

    def count_undone(self, roots: Iterable[Path]) -> None:
        """Something was undone, or the daemon has just started: what stopped before it stays so."""
        for root in roots:
            with self._lock:
                if (why := self._store.folders.stopped_replacing(root)) and not self.text(root):
                    self._trip(root, why)
                    continue
                undone = self._store.folders.undone_in_a_row(root)
                if undone >= MOST_IN_A_ROW:
                    self._trip(root, f"The last {undone} results here were undone. {_HOW_TO_GO_ON}")

    def close_all(self, roots: Iterable[Path]) -> None:
        """The user has looked: go on everywhere."""
        with self._lock:
            for root in roots:
                self._store.folders.looked_at(root)
            self._failed.clear()
            for root in list(self._open):
                self.forget(root)

    def forget(self, root: Path) -> None:
        """A folder is not watched any more."""
        with self._lock:
            for why in (_READ_BACK, _UNLIKE):
                self._failed.pop((root, why), None)
            if self._open.pop(root, None) is not None:
                self._queue.release(root)

    def _trip(self, root: Path, why: str) -> None:
        self._open[root] = f"Replacing has stopped. {why}"
        self._queue.hold(root)
        self._tell(root, self._open[root])
        self._store.folders.stop_replacing(root, why)  # last: a full disk may refuse it
