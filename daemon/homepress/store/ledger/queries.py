"""Questions to the ledger that both the store and its read-only side ask."""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

Query = Callable[[str, Sequence[Any]], list[tuple[Any, ...]]]

STANDING = "outcome = 'compressed' AND original <> 'restored' AND superseded = 0 AND repeated = 0"
"""Condition of results that were neither undone nor made anew; the words of the index `history_standing`."""

DAYS = "coalesce(keep_until - time, 2592000.0)"
"""SQL: for how many seconds an original stays. `keep_until` tells only that: it was said by a wall clock."""

ELAPSED = "elapsed"
"""Key in `meta` of the time that the ledger saw pass."""

MAIN = b"."
"""Name of the main vault in the ledger: it moves with the home that both are in."""


@dataclass(frozen=True, slots=True)
class Counters:
    """Figures for the status.

    Attributes:
        compressed_since: pictures since the given time.
        saved_since: bytes saved by them.
        saved_total: bytes saved by all results that were not undone.
        originals_bytes: bytes that originals occupy.
    """

    compressed_since: int
    saved_since: int
    saved_total: int
    originals_bytes: int


def last_midnight() -> float:
    """When today began here, in seconds since 1970."""
    return _midnight(time.time(), 0)


def end_of_day(at: float) -> float:
    """When the day of a moment ends here; both in seconds since 1970."""
    return _midnight(at, 1)


def _midnight(at: float, days: int) -> float:
    year, month, day, *_ = time.localtime(at)
    return time.mktime((year, month, day + days, 0, 0, 0, 0, 0, -1))


def counters(query: Query, since: float | None = None) -> Counters:
    """The figures; `since` is seconds since 1970, last midnight when it is not given."""
    since = last_midnight() if since is None else since
    today = query(
        "SELECT count(*), coalesce(sum(before_bytes - after_bytes), 0) FROM history "
        f"WHERE time >= ? AND time < ? AND {STANDING}",
        (since, end_of_day(time.time())),
    )[0]
    total = query(f"SELECT coalesce(sum(before_bytes - after_bytes), 0) FROM history WHERE {STANDING}", ())
    kept = query("SELECT coalesce(sum(before_bytes), 0) FROM history WHERE original = 'kept'", ())
    return Counters(int(today[0]), int(today[1]), int(total[0][0]), int(kept[0][0]))


def paths_under(folder: bytes) -> tuple[bytes, bytes]:
    """The range of paths (first, first after) that lie under a folder."""
    separator = os.fsencode(os.sep)
    base = folder.rstrip(separator)
    return base + separator, base + bytes([separator[0] + 1])
