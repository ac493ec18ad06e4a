"""The list of what was done: only what is in view is held, and it stays right while entries come."""

from array import array
from collections.abc import Iterator

import pytest

from homepress.base.units import size
from homepress.store.reader import HistoryEntry, HistoryFilter
from homepress.ui.window.model.activity import (
    PAGE,
    Index,
    Rows,
    can_undo,
    details,
    read_index,
    read_newer,
    read_page,
    row_words,
    score_words,
    verdict,
)


def entry(number: int, **fields: object) -> HistoryEntry:
    values: dict[str, object] = {
        "id": number,
        "time": 1_700_000_000.0 + number,
        "path": f"/pictures/{number}.jpg",
        "outcome": "compressed",
        "reason": "",
        "before_bytes": 1000,
        "after_bytes": 400,
        "before_sha256": "",
        "after_sha256": "",
        "format": "jpeg",
        "score": 81.0,
        "score_kind": "sampled",
        "settings": "",
        "original": "kept",
    }
    return HistoryEntry(**(values | fields))  # type: ignore[arg-type]  # checked by the tests that use them


class Ledger:
    """Answers like a `Reader`, from a list."""

    def __init__(self, numbers: list[int]) -> None:
        self.entries = [entry(number) for number in sorted(numbers, reverse=True)]
        self.read = 0

    def ids(self, where: HistoryFilter, *, limit: int | None = None) -> "array[int]":
        return array("q", (one.id for one in self.history(where, limit=limit)))

    def history(self, where: HistoryFilter, *, limit: int | None = None) -> Iterator[HistoryEntry]:
        found = [e for e in self.entries if where.below is None or e.id < where.below]
        for one in found[:limit]:
            self.read += 1
            yield one


def test_a_row_says_what_was_written_elsewhere() -> None:
    assert verdict(entry(1, kind="replace", output="/pictures/1.jpg")) == "Looks the same"
    assert verdict(entry(1, kind="output", output="/out/1.jpg")) == "Looks the same; written to /out/1.jpg"
    beside = entry(1, kind="beside", output="/pictures/1.min.jpg", reason="without its comment")
    assert verdict(beside) == "Looks the same; written to 1.min.jpg; without its comment"


def test_every_place_shows_its_entry() -> None:
    numbers = list(range(1, 1001, 3))
    ledger = Ledger(numbers)
    rows = Rows()
    index = read_index(ledger, HistoryFilter())  # type: ignore[arg-type]  # as much of a reader as is asked
    rows.renew(index)
    assert len(rows) == len(numbers)
    for first in range(0, len(rows), 37):
        for number in rows.wanted(first, first + 36):
            assert rows.put(index, number, read_page(ledger, index, number))  # type: ignore[arg-type]
        found = rows.get(first)
        assert found is not None
        assert found.id == sorted(numbers, reverse=True)[first]


def test_only_what_is_new_is_read_again() -> None:
    ledger = Ledger(list(range(1, 500)))
    index = read_index(ledger, HistoryFilter())  # type: ignore[arg-type]
    ledger.entries.insert(0, entry(500))
    ledger.read = 0
    assert list(read_newer(ledger, index).ids) == list(range(500, 0, -1))  # type: ignore[arg-type]
    assert ledger.read == 2


def test_few_pages_are_held_however_far_one_scrolls() -> None:
    index = Index(HistoryFilter(), array("q", range(100_000, 0, -1)))
    rows = Rows()
    rows.renew(index)
    for number in range(900):
        assert rows.wanted(number * PAGE, number * PAGE + 10) == [number]
        rows.put(index, number, [entry(100_000 - number * PAGE - n) for n in range(PAGE)])
    held = sum(rows.get(number * PAGE) is not None for number in range(900))
    assert 0 < held < 20


def test_what_was_read_stands_in_until_it_is_read_again() -> None:
    rows = Rows()
    old = Index(HistoryFilter(), array("q", [2, 1]))
    rows.renew(old)
    rows.put(old, 0, [entry(2), entry(1)])
    new = Index(HistoryFilter(), array("q", [3, 2, 1]))
    rows.renew(new)
    assert rows.get(0) is None
    assert rows.get(1) == entry(2), "the keyboard never stands on nothing"
    assert rows.wanted(0, 2) == [0]
    rows.put(new, 0, [entry(3), entry(2, original="restored"), entry(1)])
    assert rows.get(1) == entry(2, original="restored")


def test_a_page_of_another_list_is_not_taken() -> None:
    rows = Rows()
    old = Index(HistoryFilter(), array("q", [3, 2, 1]))
    rows.renew(old)
    rows.renew(Index(HistoryFilter(text="x"), array("q", [2])))
    assert not rows.put(old, 0, [entry(3)])
    assert rows.get(0) is None


@pytest.mark.parametrize(
    ("score", "words"),
    [
        (100.0, "Every pixel the same"),
        (90.0, "Cannot be told apart"),
        (89.9, "Looks the same"),
        (79.96, "Looks the same"),
        (70.0, "No visible faults"),
        (41.0, "Visibly simpler when compared"),
        (None, "Made smaller"),
    ],
)
def test_scores_in_words(score: float | None, words: str) -> None:
    assert score_words(score) == words


def test_a_row_says_why_nothing_was_done() -> None:
    words = row_words(entry(1, outcome="unchanged", reason="saves too little", original="none"))
    assert words.verdict == "Saves too little"
    assert words.saved == ""


def test_a_row_shows_no_control_characters() -> None:
    words = row_words(entry(1, path="/pictures/a\x1b[2Jb\udcff.jpg"))
    assert words.name == "a\\x1b[2Jb\\xff.jpg"


def test_what_was_undone_shows_no_saving() -> None:
    assert row_words(entry(1)).saved
    undone = row_words(entry(1, original="restored"))
    assert (undone.saved, undone.sizes, undone.undone) == ("", size(entry(1).before_bytes), True)


def test_what_can_be_undone() -> None:
    assert can_undo(entry(1))
    assert not can_undo(entry(1, original="restored"))
    assert not can_undo(entry(1, outcome="unchanged", original="none"))


def test_the_details_say_all_of_the_reason() -> None:
    reason = "cannot be converted or resized without losing something: it is animated"
    left = entry(1, outcome="unchanged", reason=reason, missed=True, cause="cannot_convert")
    assert details(left) == f"1.jpg: {reason}"
    assert row_words(left).missed
    lacks = "without its motion video; not resized: it is signed"
    assert details(entry(2, reason=lacks, missed=True, dropped=["motion"])) == (
        f"2.jpg: looks the same; {lacks}. Not everything you asked for was done."
    )
    assert details(entry(3)) == "3.jpg: looks the same"
