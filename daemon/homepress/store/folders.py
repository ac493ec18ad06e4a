"""What the ledger remembers of watched folders: since when, what was there before, if results are trusted."""

import os
from pathlib import Path

from homepress.store import memory, queries
from homepress.store.ledger import Ledger


class Folders:
    """Watched folders as the ledger knows them, each by its resolved path. Usable from any thread."""

    def __init__(self, ledger: Ledger) -> None:
        """`ledger` is the open ledger; it outlives this."""
        self._ledger = ledger

    def is_new(self, root: Path) -> bool:
        """Whether a folder was never seen before; from now on it was. No clock has a say in it."""
        with self._ledger.transaction() as tx:
            sql = "INSERT OR IGNORE INTO folder (path, added) VALUES (?, ?)"
            return tx.execute(sql, (os.fsencode(root), self._ledger.clock.wall())).rowcount > 0

    def added(self, root: Path) -> float:
        """When a folder was first seen, seconds since 1970; now, and remembered, when it never was."""
        self.is_new(root)
        rows = self._ledger.query("SELECT added FROM folder WHERE path = ?", (os.fsencode(root),))
        return float(rows[0][0])

    def baseline(self, root: Path, *, recursive: bool = True) -> int:
        """Mark every picture beneath a folder as there before; how many. Once, when it is added."""
        return memory.baseline(self._ledger, root, recursive)

    def let_in(self, root: Path, smallest: int, largest: int | None, *, existing: bool) -> int:
        """Forget what was left alone in a folder that wants it now; see `memory.let_in`."""
        return memory.let_in(self._ledger, root, smallest, largest, existing=existing)

    def forget(self, root: Path) -> None:
        """A folder is not watched any more: added again later, what is in it then counts as there before."""
        with self._ledger.transaction() as tx:
            tx.execute("DELETE FROM folder WHERE path = ?", (os.fsencode(root),))

    def undone_in_a_row(self, root: Path) -> int:
        """How many of a folder's newest results, counted back, the user undid within a day.

        A row of them means that something is wrong with what is made; `looked_at` begins a new count.
        """
        return queries.undone_in_a_row(self._ledger.query, os.fsencode(root))

    def stop_replacing(self, root: Path, why: str) -> None:
        """Remember, over restarts too, that results in a folder are not trusted; `looked_at` ends it."""
        self.added(root)
        with self._ledger.transaction() as tx:
            tx.execute("UPDATE folder SET stopped = ? WHERE path = ?", (why, os.fsencode(root)))

    def stopped_replacing(self, root: Path) -> str:
        """Why the results in a folder are not trusted; empty when they are."""
        rows = self._ledger.query("SELECT stopped FROM folder WHERE path = ?", (os.fsencode(root),))
        return str(rows[0][0]) if rows else ""

    def looked_at(self, root: Path) -> None:
        """The user has looked at a folder: what was undone or failed before does not count any more."""
        with self._ledger.transaction() as tx:
            tx.execute(
                "UPDATE folder SET looked = ?, looked_since = ?, stopped = '' WHERE path = ?",
                (self._ledger.clock.wall(), self._ledger.elapsed.seconds(), os.fsencode(root)),
            )
