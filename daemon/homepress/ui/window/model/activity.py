"""What was done: the list of 100,000 entries, of which only those in view are held; and one result beside its
original.
"""

import math
import os
import re
import time
from array import array
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, replace

from homepress.base.results import UndoOutcome
from homepress.base.units import counted, enumeration, percent_saved, sentence, size
from homepress.store.reader import EntryDetail, HistoryEntry, HistoryFilter, Reader
from homepress.ui.text import moment, printable, written_to
from homepress.ui.window.model.pictures import Pair
from homepress.ui.window.model.wording import PRIVATE_DATA, extra_words

PAGE = 100
_HELD = 12
"""Pages that are held: more than any screen shows."""

SHOWN = {
    "": ("All", HistoryFilter()),
    "smaller": ("Made smaller", HistoryFilter(outcome="compressed", undone=False)),
    "left": ("Left alone", HistoryFilter(outcome="unchanged")),
    "problems": ("Problems", HistoryFilter(outcome="failed")),
    "undone": ("Undone", HistoryFilter(undone=True)),
}
"""What can be shown: by a word, how it is called, and which entries it is."""


@dataclass(frozen=True, slots=True)
class Index:
    """The ids of all entries that a filter lets through, newest first."""

    where: HistoryFilter
    ids: "array[int]"


def read_index(reader: Reader, where: HistoryFilter, limit: int | None = None) -> Index:
    """The ids for a filter; with a limit, the newest ones, which is quick."""
    return Index(where, reader.ids(where, limit=limit))


def read_first(reader: Reader, where: HistoryFilter, limit: int) -> tuple[Index, list[HistoryEntry]]:
    """The newest ids and the first page of entries: what is seen before everything is counted."""
    index = read_index(reader, where, limit)
    return index, read_page(reader, index, 0)


def read_newer(reader: Reader, index: Index) -> Index:
    """The index as it is now; reads only what has come since, where an entry once in it stays."""
    if index.where.undone is not None:
        return read_index(reader, index.where)
    newest = index.ids[0] if index.ids else 0
    fresh = array("q", _ids_above(reader, index.where, newest))
    return Index(index.where, fresh + index.ids)


def _ids_above(reader: Reader, where: HistoryFilter, newest: int) -> Iterator[int]:
    for entry in reader.history(where):
        if entry.id <= newest:
            return
        yield entry.id


def read_page(reader: Reader, index: Index, page: int) -> list[HistoryEntry]:
    """The entries of one page of `PAGE`."""
    first = page * PAGE
    if first >= len(index.ids):
        return []
    where = replace(index.where, below=index.ids[first] + 1)
    return list(reader.history(where, limit=PAGE))


class Rows:
    """The entries of an index, by their place in the list; knows which pages have to be read."""

    def __init__(self) -> None:
        self.index = Index(HistoryFilter(), array("q"))
        self._pages: OrderedDict[int, list[HistoryEntry]] = OrderedDict()
        self._asked: set[int] = set()
        self._before: dict[int, HistoryEntry] = {}

    def __len__(self) -> int:
        return len(self.index.ids)

    def renew(self, index: Index) -> None:
        """Take a new index; what was held may be old, so it stands in only until it has been read again."""
        self.index = index
        held = {entry.id: entry for page in self._pages.values() for entry in page}
        self._before = held or self._before
        self._pages.clear()
        self._asked.clear()

    def get(self, place: int) -> HistoryEntry | None:
        """The entry at a place, None while its page is not here."""
        number, offset = divmod(place, PAGE)
        page = self._pages.get(number)
        if page is None:
            return self._before.get(self.index.ids[place]) if 0 <= place < len(self) else None
        self._pages.move_to_end(number)
        return page[offset] if offset < len(page) else None

    def wanted(self, first: int, last: int) -> list[int]:
        """The pages to read so that the places `first` to `last` can be shown; each is named once."""
        numbers = range(max(0, first) // PAGE, max(0, min(last, len(self) - 1)) // PAGE + 1)
        missing = [n for n in numbers if n not in self._pages and n not in self._asked and len(self)]
        self._asked.update(missing)
        return missing

    def put(self, index: Index, number: int, entries: list[HistoryEntry]) -> bool:
        """Take a page that was read; False when the list is another by now."""
        if index is not self.index:
            return False
        self._pages[number] = entries
        self._asked.discard(number)
        while len(self._pages) > _HELD:
            self._pages.popitem(last=False)
        return True


@dataclass(frozen=True, slots=True)
class RowWords:
    """What one row of the list says."""

    name: str
    place: str
    sizes: str
    saved: str
    verdict: str
    when: str
    outcome: str
    undone: bool
    missed: bool
    """Whether something that was asked was not done."""


def row_words(entry: HistoryEntry, now: float | None = None) -> RowWords:
    """An entry in words."""
    folder, _, name = entry.path.rpartition("/") if "/" in entry.path else entry.path.rpartition("\\")
    compressed = entry.outcome == "compressed" and entry.original != "restored"
    sizes = (
        f"{size(entry.before_bytes)} → {size(entry.after_bytes)}" if compressed else size(entry.before_bytes)
    )
    return RowWords(
        name=printable(name),
        place=printable(folder),
        sizes=sizes if entry.before_bytes else "",
        saved=change_words(entry.before_bytes, entry.after_bytes) if compressed else "",
        verdict=verdict(entry),
        when=moment(entry.time, time.time() if now is None else now),
        outcome={"compressed": "Smaller", "unchanged": "Unchanged", "failed": "Failed"}[entry.outcome],
        undone=entry.original == "restored",
        missed=entry.missed,
    )


def details(entry: HistoryEntry) -> str:
    """What a row may have no room for: the name, and all of the verdict."""
    words = row_words(entry)
    text = f"{words.name}: {words.verdict[:1].lower()}{words.verdict[1:]}"
    if entry.missed and entry.outcome == "compressed":
        text += ". Not everything you asked for was done."
    return text


def change_words(before: int, after: int) -> str:
    """By how much a size is another: "−46 %"."""
    percent = percent_saved(before, after)
    return f"−{percent} %" if percent >= 0 else f"+{-percent} %"


def verdict(entry: HistoryEntry) -> str:
    """The score in words, or why nothing was done."""
    if entry.original == "restored":
        return "Original restored"
    if entry.outcome != "compressed":
        return sentence(plain(entry.reason, entry.path))
    place, reason = written_to(entry.kind, entry.output), plain(entry.reason, entry.path)
    return "; ".join(filter(None, (score_words(entry.score), place, reason)))


LIMIT = re.compile(r" \((?:min|max)_size\)")
"""Names of limits in the settings file, which mean nothing in a window."""


def plain(reason: str, path: str) -> str:
    """Why the picture at a path was left alone: without its name and names of settings, with short paths."""
    text = LIMIT.sub("", reason)
    for place, shorter in ((os.path.dirname(path), ""), (os.path.expanduser("~"), os.path.join("~", ""))):
        if len(place) > 1:
            text = text.replace(os.path.join(place, ""), shorter)
    return printable(text.removeprefix(f"{os.path.basename(path)}: "))


def score_words(score: float | None) -> str:
    """What an SSIMULACRA2 score means for somebody who looks."""
    if score is None:
        return "Made smaller"
    if score >= 99.999:
        return "Every pixel the same"
    for floor, words in ((90, "Cannot be told apart"), (80, "Looks the same"), (70, "No visible faults")):
        if round(score, 1) >= floor:
            return words
    return "Visibly simpler when compared"


def can_undo(entry: HistoryEntry) -> bool:
    """Whether its original can still be brought back."""
    return entry.outcome == "compressed" and entry.original == "kept"


def undone(outcomes: list[UndoOutcome]) -> tuple[str, bool]:
    """What came of an undo, and whether all is well."""
    if not outcomes:
        return "There was nothing to undo.", False
    trouble = [outcome for outcome in outcomes if outcome.outcome in ("failed", "beside")]
    if not trouble:
        if all(outcome.outcome == "removed" for outcome in outcomes):
            return f"{counted(len(outcomes), 'result')} removed. Your own pictures were never changed.", True
        them = "It" if len(outcomes) == 1 else "They"
        text = f"{counted(len(outcomes), 'original')} brought back. {them} will not be compressed again."
        return text, True
    first = trouble[0]
    why = plain(first.reason, first.path) or f"the original is at {printable(first.restored_to)}"
    more = f" So it is with {len(trouble) - 1:,} more." if len(trouble) > 1 else ""
    return f"{printable(first.path)}: {why}{more}", False


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
        removed: what was taken out of the picture, in sentences; empty for nothing.
        missing: why the pictures cannot be compared; empty when they can.
        can_redo: whether the result was undone and can be made again.
    """

    name: str
    place: str
    before: str
    after: str
    before_label: str
    after_label: str
    facts: str
    score: str
    removed: str
    missing: str
    can_undo: bool
    can_redo: bool

    def described(self, pair: Pair) -> str:
        """The comparison for those who do not see it."""
        if not pair.matches:
            return f"{self.score} The result has another shape, so no difference is computed."
        if pair.worst_level == 0:
            return f"{self.score} Before and after have exactly the same pixels."
        levels = ((_SLIGHT, "hardly measurable"), (_VISIBLE, "slight"), (math.inf, "visible when enlarged"))
        strength = next(words for level, words in levels if pair.worst_level < level)
        x, y = pair.worst or (0.5, 0.5)
        return (
            f"{self.score} The largest difference is {strength} ({pair.worst_level:.1f} of 255), "
            f"{_third(y, 'top', 'middle', 'bottom')} {_third(x, 'left', 'centre', 'right')}."
        )


def comparison(detail: EntryDetail) -> ResultWords:
    """An entry of the history as the page shows it."""
    entry = detail.entry
    restored = entry.original == "restored"
    before = "" if restored or not _there(detail.original_path) else detail.original_path
    after = "" if restored or not _there(entry.output) else entry.output
    percent = percent_saved(entry.before_bytes, entry.after_bytes)
    folder, name = os.path.split(entry.path)
    before_size, after_size = size(entry.before_bytes), size(entry.after_bytes)
    return ResultWords(
        name=printable(name),
        place=printable(folder),
        before=before,
        after=after,
        before_label=f"Before  {before_size}",
        after_label=f"After  {after_size}",
        facts=f"{before_size}; the result had {after_size}"
        if restored
        else f"{before_size} → {after_size}, {percent} % smaller",
        score=_score(detail),
        removed=_removed(entry),
        missing=_missing(detail, before, after),
        can_undo=can_undo(entry),
        can_redo=restored,
    )


def _removed(entry: HistoryEntry) -> str:
    """What was taken out of the picture."""
    policy = next((word for word in ("share", "strip") if f"metadata {word}" in entry.settings), "")
    hidden = f"{PRIVATE_DATA[policy]}." if policy else ""
    extras = enumeration([extra_words(word) for word in entry.dropped])
    return " ".join(filter(None, (hidden, f"Removed: {extras}." if extras else "")))


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
    if detail.entry.outcome != "compressed":
        return f"This picture was left as it is: {plain(detail.entry.reason, detail.entry.path)}."
    match detail.entry.original:
        case "restored":
            return "This result was undone: the original is back in its place."
        case "accepted":
            return "The original was deleted when the result was accepted."
        case "expired":
            return "The original has expired and was deleted."
    if not before:
        return "The original is not there any more."
    return "" if after else f"The result is not at {printable(detail.entry.output)} any more."


def _there(path: str) -> bool:
    return bool(path) and os.path.isfile(path)


def _third(share: float, first: str, middle: str, last: str) -> str:
    return first if share < 1 / 3 else middle if share < 2 / 3 else last
