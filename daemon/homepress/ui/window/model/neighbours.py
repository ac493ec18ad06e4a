"""A result among its neighbours: which one was made before it, which after it."""

from dataclasses import dataclass

from homepress.store.reader import EntryDetail, HistoryFilter, Reader


@dataclass(frozen=True, slots=True)
class Found:
    """An entry with the ids of its neighbours in the history."""

    detail: EntryDetail
    newer: int | None
    older: int | None


def newest(reader: Reader) -> Found | None:
    """The newest result whose original is there, else the newest result."""
    compressed = list(reader.history(HistoryFilter(outcome="compressed"), limit=50))
    chosen = next((entry for entry in compressed if entry.original == "kept"), None) or next(
        iter(compressed), None
    )
    return find(reader, chosen.id) if chosen else None


def find(reader: Reader, entry: int) -> Found | None:
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
    return Found(detail, newer, older.id if older else None)
