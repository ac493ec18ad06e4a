"""A result and its original: its neighbours in the history, and its words."""

import os
from dataclasses import dataclass

from homepress.base.units import percent_saved, size
from homepress.store.reader import EntryDetail, HistoryFilter, Reader
from homepress.ui.text import printable
from homepress.ui.window.model.activity import can_undo, score_words
from homepress.ui.window.model.pictures import Pair

# A result among its neighbours: which one was made before it, which after it.


@dataclass(frozen=True, slots=True)
class Neighbours:
    """An entry with the ids of its neighbours in the history."""

    detail: EntryDetail
    newer: int | None
    older: int | None


def newest(reader: Reader) -> Neighbours | None:
    """The newest result whose original is there, else the newest result."""
    compressed = list(reader.history(HistoryFilter(outcome="compressed"), limit=50))
    chosen = next((entry for entry in compressed if entry.original == "kept"), None) or next(
        iter(compressed), None
    )
    return find(reader, chosen.id) if chosen else None


def find(reader: Reader, entry: int) -> Neighbours | None:
    """A result by its id, None when there is no such entry."""
    detail = reader.detail(entry)
    if detail is None:
        return None
    older = next(reader.history(HistoryFilter(outcome="compressed", below=entry), limit=1), None)
    newer: int | None = None
    newest_first = HistoryFilter(outcome="compressed", since=detail.entry.time)
    for candidate in reader.history(newest_first, oldest_first=True, limit=50):
        if candidate.id > entry:
            newer = candidate.id
            break
    return Neighbours(detail, newer, older.id if older else None)


# A result and its original in words, for those who look and for those who cannot.

_SLIGHT, _VISIBLE = 4.0, 12.0
"""Root mean square of the difference in a tile, of 255: below the first nobody sees it without enlarging."""


@dataclass(frozen=True, slots=True)
class ResultWords:
    """The words for a result.

    Attributes:
        before, after: the files; empty where one is gone.
        missing: why the pictures cannot be compared; empty when they can.
    """

    name: str
    place: str
    before: str
    after: str
    before_label: str
    after_label: str
    facts: str
    score: str
    missing: str
    can_undo: bool

    def described(self, pair: Pair) -> str:
        """The comparison for those who do not see it."""
        if pair.difference is None:
            return f"{self.score} The result has another shape, so no difference is computed."
        if pair.worst_level == 0:
            return f"{self.score} Before and after have exactly the same pixels."
        strength = (
            "hardly measurable"
            if pair.worst_level < _SLIGHT
            else "slight"
            if pair.worst_level < _VISIBLE
            else "visible when enlarged"
        )
        x, y = pair.worst
        return (
            f"{self.score} The largest difference is {strength} ({pair.worst_level:.1f} of 255), "
            f"{_third(y, 'top', 'middle', 'bottom')} {_third(x, 'left', 'centre', 'right')}."
        )


def comparison(detail: EntryDetail) -> ResultWords:
    """An entry of the history as the page shows it."""
    entry = detail.entry
    restored = entry.original == "restored"
    before = "" if restored or not _there(detail.original_path) else detail.original_path
    after = "" if restored or not _there(detail.result_path) else detail.result_path
    percent = percent_saved(entry.before_bytes, entry.after_bytes)
    folder, name = os.path.split(entry.path)
    return ResultWords(
        name=printable(name),
        place=printable(folder),
        before=before,
        after=after,
        before_label=f"Before  {size(entry.before_bytes)}",
        after_label=f"After  {size(entry.after_bytes)}",
        facts=f"{size(entry.before_bytes)} → {size(entry.after_bytes)}, {percent} % smaller",
        score=_score(detail),
        missing=_missing(detail, before, after),
        can_undo=can_undo(entry),
    )


def _score(detail: EntryDetail) -> str:
    entry = detail.entry
    words = score_words(entry.score)
    if entry.score is None:
        return f"{words}."
    how = {"sampled": "measured on samples", "full": "measured on the whole picture"}.get(
        entry.score_kind, ""
    )
    return f"{words} (score {entry.score:.1f}{', ' + how if how else ''})."


def _missing(detail: EntryDetail, before: str, after: str) -> str:
    match detail.entry.original:
        case "restored":
            return "The original was restored, so there is nothing to compare."
        case "accepted":
            return "The original was deleted when the result was accepted."
        case "expired":
            return "The original has expired and was deleted."
    if not before:
        return "The original is not there any more."
    return "" if after else f"The result is not at {printable(detail.result_path)} any more."


def _there(path: str) -> bool:
    return bool(path) and os.path.isfile(path)


def _third(share: float, first: str, middle: str, last: str) -> str:
    return first if share < 1 / 3 else middle if share < 2 / 3 else last
