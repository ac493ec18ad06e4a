"""What the ledger remembers of watched folders: since when, what was there before, if results are trusted."""

import itertools
import os
from pathlib import Path

from homepress.store import existing as before
from homepress.store.ledger.known_files import EXISTING
from homepress.store.ledger.ledger import Ledger

_FRESH_SECONDS = 86_400.0
"""A result undone within this time tells something about how it was made."""


class Folders:
    """Watched folders as the ledger knows them, each by its resolved path. Usable from any thread."""

    def __init__(self, ledger: Ledger) -> None:
        """`ledger` is the open ledger; it outlives this."""
        self._ledger = ledger
        self._unlisted = before.unlisted(ledger)

    def added(self, root: Path, *, recursive: bool = True) -> float:
        """When a folder was first seen, seconds since 1970; now, and remembered, when it never was.

        Args:
            root: the folder.
            recursive: whether the folders inside it count; once they did, they go on counting as known.
        """
        path = os.fsencode(root)
        with self._ledger.transaction() as tx:
            tx.execute(
                "INSERT INTO folder (path, added, deep) VALUES (?, ?, ?) "
                "ON CONFLICT DO UPDATE SET deep = max(deep, excluded.deep)",
                (path, self._ledger.clock.wall(), recursive),
            )
            return float(tx.execute("SELECT added FROM folder WHERE path = ?", (path,)).fetchone()[0])

    def is_known(self, root: Path, *, recursive: bool = True) -> bool:
        """Whether a folder was added, and the folders inside it too where they count (`recursive`)."""
        rows = self._ledger.query("SELECT deep FROM folder WHERE path = ?", (os.fsencode(root),))
        return bool(rows) and (bool(rows[0][0]) or not recursive)

    def baseline(self, root: Path, *, recursive: bool = True, seen: before.Listing | None = None) -> int:
        """Mark every picture under a folder as there before; how many. When it is added, before `added`.

        With `seen`, it is what was there then, if that was the same drive: what came since is new.

        Raises:
            OSError: the folder cannot be listed.
        """
        count = before.baseline(self._ledger, root, recursive, seen)
        self._unlisted = before.unlisted(self._ledger)
        return count

    def catch_up(self, directory: bytes) -> None:
        """Mark what is in a directory that could not be listed when its folder was added, once it can be."""
        for late in tuple(self._unlisted):
            inside = directory == late or directory.startswith(os.path.join(late, b""))
            if inside and before.catch_up(self._ledger, late):
                self._unlisted = before.unlisted(self._ledger)

    def left_alone(self, root: Path) -> int:
        """How many pictures are left alone in a folder, since they were there before it was added."""
        return before.count(self._ledger, root)

    def pending(self, root: Path) -> int:
        """How many of these still wait for their fingerprints."""
        return before.count(self._ledger, root, (EXISTING,))

    def let_in(self, root: Path, smallest: int, largest: int | None, *, existing: bool) -> int:
        """Forget what was left alone in a folder that wants it now, by sizes in bytes; how many."""
        return before.let_in(self._ledger, root, smallest, largest, existing=existing)

    def forget(self, root: Path) -> None:
        """A folder is not watched any more: added again later, what is in it then counts as there before."""
        with self._ledger.transaction() as tx:
            tx.execute("DELETE FROM folder WHERE path = ?", (os.fsencode(root),))

    def undone_in_a_row(self, root: Path) -> int:
        """How many of a folder's newest results, counted back, the user undid within a day.

        A row of them means that something is wrong with what is made; `looked_at` begins a new count.
        """
        rows = self._ledger.query(
            "SELECT h.since, h.undone_since FROM history h LEFT JOIN folder f ON f.path = h.root "
            "WHERE h.root = ? AND h.outcome = 'compressed' "
            "AND (f.looked_since IS NULL OR coalesce(h.undone_since, h.since) > f.looked_since) "
            "ORDER BY h.id DESC LIMIT 100",
            (os.fsencode(root),),
        )
        fresh = (undone is not None and undone - made <= _FRESH_SECONDS for made, undone in rows)
        return sum(1 for _ in itertools.takewhile(bool, fresh))

    def stop_replacing(self, root: Path, why: str) -> None:
        """Remember, over restarts too, that results in a folder are not trusted; `looked_at` ends it."""
        self.added(root, recursive=False)
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
