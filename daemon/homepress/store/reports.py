"""What the ledger tells to those who only look: the lines of `history`, `stats` and `originals list --json`.

Times are seconds since 1970, sizes are bytes, paths are text (file system encoding with surrogateescape).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec


class HistoryEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of `history --json`. Times are seconds since 1970; `path` is that of the source."""

    id: int
    time: float
    path: str
    outcome: Literal["compressed", "unchanged", "failed"]
    reason: str
    before_bytes: int
    after_bytes: int
    before_sha256: str
    after_sha256: str
    format: str
    score: float | None
    score_kind: str
    settings: str
    original: Literal["kept", "restored", "accepted", "expired", "none"]


class EntryDetail(msgspec.Struct, frozen=True, kw_only=True):
    """What else is known of an entry.

    `kind` is "replace", "convert", "output", "beside" or empty; `result_path` is where the result is or was,
    `original_path` the stored original, or the source itself where it was never touched; empty when there
    is none. `root` is the configured folder, empty for a file named on the command line.
    """

    entry: HistoryEntry
    kind: str
    result_path: str
    original_path: str
    root: str
    seconds: float


class StoredOriginal(msgspec.Struct, frozen=True, kw_only=True):
    """One line of `originals list --json`.

    `keep_until` is when it will go, seconds since 1970, if the program runs on; while it does not, that moves
    along.
    """

    id: int
    path: str
    bytes: int
    sha256: str
    time: float
    keep_until: float
    stored_at: str


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """Sums over results that were not undone."""

    images: int = 0
    before_bytes: int = 0
    after_bytes: int = 0
    saved_bytes: int = 0
    originals_bytes: int = 0


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """One day, by the clock of this computer, as YYYY-MM-DD."""

    day: str
    images: int
    saved_bytes: int


class Stats(msgspec.Struct, frozen=True, kw_only=True):
    """`stats --json`; folders are the configured ones, "" for files named on the command line."""

    total: Totals
    today: Totals
    days: list[Day]
    formats: dict[str, Totals]
    folders: dict[str, Totals]


@dataclass(frozen=True, slots=True)
class HistoryFilter:
    """Which entries; all that are given must hold.

    Attributes:
        path: this picture or everything beneath this folder.
        text: part of the path, in any case of ASCII letters.
        outcome: "compressed", "unchanged" or "failed".
        since: at or after, seconds since 1970.
        until: before, seconds since 1970.
        below: ids lower than this, for the next page.
    """

    path: Path | None = None
    text: str = ""
    outcome: str = ""
    since: float | None = None
    until: float | None = None
    below: int | None = None
