"""The circuit breaker: when results cannot be trusted, replacing stops in that folder until someone looks."""

from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

from homepress.pipeline import Told
from homepress.store import Store

MOST_IN_A_ROW = 5
"""So many failed verifications, or fresh results undone, in a row are no accident."""

_HOW_TO_GO_ON = "Look at a few pictures there, then go on with: homepress resume"


class Breaker:
    """Counts bad signs folder by folder. Called from several threads; a lost count is counted again."""

    def __init__(self, store: Store, tell: Callable[[Path, str], None]) -> None:
        """`tell` gets the folder and the reason, in whole sentences, when replacing stops there."""
        self._store = store
        self._tell = tell
        self._failed: Counter[Path] = Counter()
        self._open: set[Path] = set()

    def is_open(self, root: Path) -> bool:
        """Whether nothing may be replaced in a folder at present."""
        return root in self._open

    def told(self, root: Path, told: Told) -> None:
        """A picture of a folder is done, or could not be."""
        if told.outcome == "compressed":
            self._failed[root] = 0
        elif told.unverified:
            self._failed[root] += 1
            if self._failed[root] >= MOST_IN_A_ROW:
                self._trip(
                    root,
                    f"{MOST_IN_A_ROW} results in a row were read back from the disk other than written. "
                    f"The disk may be failing. {_HOW_TO_GO_ON}",
                )

    def count_undone(self, roots: Iterable[Path]) -> None:
        """Something was undone, or the daemon has just started."""
        for root in roots:
            undone = self._store.undone_in_a_row(root)
            if undone >= MOST_IN_A_ROW:
                self._trip(root, f"The last {undone} results here were undone. {_HOW_TO_GO_ON}")

    def close_all(self, roots: Iterable[Path]) -> None:
        """The user has looked: go on everywhere."""
        for root in roots:
            self._store.looked_at(root)
        self._failed.clear()
        self._open.clear()

    def _trip(self, root: Path, why: str) -> None:
        self._open.add(root)
        self._tell(root, f"Replacing has stopped. {why}")
