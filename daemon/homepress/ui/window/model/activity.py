"""The list of what was done: 100,000 entries, of which only those in view are held."""

import time
from array import array
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from homepress.base.results import UndoOutcome
from homepress.base.units import counted, percent_saved, size
from homepress.store.reader import HistoryEntry, HistoryFilter, Reader
from homepress.ui.text import moment, printable

PAGE = 100
_HELD = 12
"""Pages that are held: more than any screen shows."""

Show = Literal["", "compressed", "unchanged", "failed"]


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
    """The index as it is now, when nothing but new entries has come since; reads only those."""
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
    where = HistoryFilter(text=index.where.text, outcome=index.where.outcome, below=index.ids[first] + 1)
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


class RowSelection:
    """Which entries are chosen, and where the keyboard is."""

    def __init__(self) -> None:
        self.current = 0
        self.chosen: set[int] = set()
        self._anchor = 0

    def move(self, to: int, length: int, extend: "array[int] | None" = None) -> None:
        """Put the keyboard on a place; with `extend` (the ids) choose everything since the last one."""
        self.current = max(0, min(to, length - 1))
        if extend is None:
            self._anchor = self.current
            return
        low, high = sorted((self._anchor, self.current))
        self.chosen = set(extend[low : high + 1])

    def toggle(self, entry: int) -> None:
        """Choose an entry, or no longer."""
        self.chosen ^= {entry}
        self._anchor = self.current


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


def row_words(entry: HistoryEntry, now: float | None = None) -> RowWords:
    """An entry in words."""
    folder, _, name = entry.path.rpartition("/") if "/" in entry.path else entry.path.rpartition("\\")
    compressed = entry.outcome == "compressed"
    sizes = (
        f"{size(entry.before_bytes)} → {size(entry.after_bytes)}" if compressed else size(entry.before_bytes)
    )
    return RowWords(
        name=printable(name),
        place=printable(folder),
        sizes=sizes if entry.before_bytes else "",
        saved=_saved(entry) if compressed else "",
        verdict=verdict(entry),
        when=moment(entry.time, time.time() if now is None else now),
        outcome={"compressed": "Smaller", "unchanged": "Unchanged", "failed": "Failed"}[entry.outcome],
        undone=entry.original == "restored",
    )


def _saved(entry: HistoryEntry) -> str:
    percent = percent_saved(entry.before_bytes, entry.after_bytes)
    return f"−{percent} %" if percent >= 0 else f"+{-percent} %"


def verdict(entry: HistoryEntry) -> str:
    """The score in words, or why nothing was done."""
    if entry.original == "restored":
        return "Original restored"
    if entry.outcome != "compressed":
        return printable(entry.reason[:1].upper() + entry.reason[1:])
    words = score_words(entry.score)
    return f"{words}; {printable(entry.reason)}" if entry.reason else words


def score_words(score: float | None) -> str:
    """What an SSIMULACRA2 score means for somebody who looks."""
    if score is None:
        return "Made smaller"
    if score >= 99.999:
        return "Every pixel the same"
    for floor, words in (
        (90, "Cannot be told apart"),
        (80, "Looks the same"),
        (70, "No visible faults"),
    ):
        if round(score, 1) >= floor:
            return words
    return "Visibly simpler when compared"


def can_undo(entry: HistoryEntry) -> bool:
    """Whether its original can still be brought back."""
    return entry.outcome == "compressed" and entry.original == "kept"


def undone(outcomes: list[UndoOutcome]) -> tuple[str, bool]:
    """What came of an undo, and whether all is well."""
    trouble = [outcome for outcome in outcomes if outcome.outcome in ("failed", "beside")]
    if not trouble:
        them = "It" if len(outcomes) == 1 else "They"
        text = f"{counted(len(outcomes), 'original')} brought back. {them} will not be compressed again."
        return text, True
    first = trouble[0]
    why = printable(first.reason or f"the original is at {first.restored_to}")
    more = f" So it is with {len(trouble) - 1:,} more." if len(trouble) > 1 else ""
    return f"{printable(first.path)}: {why}{more}", False
