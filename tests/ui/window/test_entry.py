"""One entry of the history in words: why, what can be done, what is known, and what came of asking."""

from pathlib import Path

import pytest

from homepress.base.results import FileOutcome, UndoOutcome
from homepress.settings import FolderSettings, Settings
from homepress.store.reader import EntryDetail, HistoryEntry
from homepress.ui.window.model.activity import undone, verdict
from homepress.ui.window.model.entry import (
    EntryAction,
    EntryFacts,
    actions,
    compress_request,
    done,
    facts,
    next_step,
)
from support import a_home, full_path

PICTURE = full_path("/pictures/a.jpg")
NOW = 1_700_000_000.0
DAY = 86_400.0


def entry(**fields: object) -> HistoryEntry:
    values: dict[str, object] = {
        "id": 1,
        "time": NOW - DAY,
        "path": PICTURE,
        "outcome": "compressed",
        "reason": "",
        "before_bytes": 1000,
        "after_bytes": 400,
        "before_sha256": "",
        "after_sha256": "",
        "format": "jpeg",
        "score": 81.0,
        "score_kind": "full",
        "settings": "balanced",
        "original": "kept",
        "kind": "replace",
        "output": PICTURE,
    }
    return HistoryEntry(**(values | fields))  # type: ignore[arg-type]  # checked by the tests that use them


def left_alone(reason: str, cause: str = "", outcome: str = "unchanged") -> HistoryEntry:
    return entry(outcome=outcome, reason=reason, cause=cause, original="none", kind="", output="")


def told(one: HistoryEntry, stored: str = "/vault/1", keep_until: float | None = None) -> EntryFacts:
    return facts(EntryDetail(entry=one, original_path=stored, root="", seconds=1), keep_until, NOW)


@pytest.mark.parametrize(
    ("one", "offered"),
    [
        (entry(), {EntryAction.UNDO, EntryAction.COMPARE}),
        (entry(original="restored"), {EntryAction.REDO}),
        (entry(original="expired"), {EntryAction.COMPARE}),
        (left_alone("the same picture as b.jpg", "same_picture"), {EntryAction.COMPRESS}),
        (left_alone("saves too little", "saves_too_little"), set()),
        (left_alone("it was being written", outcome="failed"), {EntryAction.COMPRESS}),
    ],
)
def test_what_is_offered_can_be_done(one: HistoryEntry, offered: set[EntryAction]) -> None:
    always = {EntryAction.DETAILS, EntryAction.FOLDER, EntryAction.COPY}
    assert set(actions(one)) == always | offered


def test_a_limit_is_told_without_the_name_of_its_setting() -> None:
    small = left_alone("it is smaller than this folder's minimum size (min_size): 16.0 KB")
    assert verdict(small) == "It is smaller than this folder's minimum size: 16.0 KB"
    assert "settings" in next_step(small) and "all the same" in next_step(small)


def test_paths_in_a_reason_are_no_longer_than_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    home = a_home(monkeypatch, "/home/anna")
    beside = left_alone(f"the same picture as {Path(PICTURE).with_name('b.jpg')}, which Homepress made")
    assert verdict(beside) == "The same picture as b.jpg, which Homepress made"
    elsewhere = left_alone(f"the same picture as {home / 'b.jpg'}, which Homepress made")
    assert verdict(elsewhere) == f"The same picture as {Path('~', 'b.jpg')}, which Homepress made"


def test_the_details_tell_quality_hidden_data_and_where_the_original_is() -> None:
    one = entry(settings="85, metadata share, without motion", dropped=["motion"])
    known = told(one, keep_until=NOW + 5 * DAY)
    rows = dict(known.rows)
    assert rows["Size"] == "1.0 KB → 400 B, 60 % smaller"
    assert rows["Quality"] == "Quality 85: looks the same, score 81.0"
    assert rows["Hidden data"].startswith("Without location, owner and serial numbers. Also removed: Video")
    assert rows["Original"].startswith("Kept; it will be deleted on ")
    assert dict(known.files)["Original file"] == "/vault/1"


def test_the_details_of_an_undone_result_claim_no_saving() -> None:
    known = told(entry(original="restored", undone=NOW), stored="")
    rows = dict(known.rows)
    assert (rows["Size"], rows["Original"]) == ("1.0 KB; the result had 400 B", "Back in its place")
    assert "undone today" in rows["When"] and known.files == ()


def test_what_is_left_alone_has_neither_quality_nor_original() -> None:
    known = told(left_alone("saves too little", "saves_too_little"), stored="")
    assert [name for name, _ in known.rows] == ["When", "Size", "Format"]
    assert known.next_step.startswith("There is nothing to do")


def test_all_the_same_goes_where_the_folder_has_its_results() -> None:
    root = Path(PICTURE).parent
    one = entry(path=str(root / "trip" / "a.jpg"))
    assert compress_request(one, Settings(folders=(FolderSettings(path=root),))).in_place
    there = FolderSettings(path=root, mode="output", output=root.with_name("out"))
    request = compress_request(one, Settings(folders=(there,)))
    assert (request.in_place, request.output) == (False, str(root.with_name("out") / "trip"))


def test_what_came_of_asking() -> None:
    made = FileOutcome("/p/a.jpg", "compressed", before_bytes=1000, after_bytes=400)
    not_made = FileOutcome("/p/b.jpg", "unchanged", "saves too little")
    assert done([made]) == ("a.jpg made smaller: 1.0 KB → 400 B", ["/p/a.jpg"])
    assert done([made, made], " again") == ("2 pictures made smaller again", ["/p/a.jpg", "/p/a.jpg"])
    assert done([made, not_made, not_made]) == (
        "b.jpg stays as it is: saves too little. So it is with 1 more.",
        ["/p/a.jpg"],
    )


def test_that_nothing_came_of_it_is_said_too() -> None:
    assert done([], " again") == ("It was made again already.", [])
    assert undone([]) == ("There was nothing to undo.", False)


def test_what_came_of_an_undo() -> None:
    removed = UndoOutcome(id=1, path="/out/a.jpg", outcome="removed")
    assert undone([removed]) == ("1 result removed. Your own pictures were never changed.", True)
    beside = UndoOutcome(id=1, path="/p/a.jpg", outcome="beside", restored_to="/p/a (original).jpg")
    assert undone([beside]) == ("/p/a.jpg: the original is at /p/a (original).jpg", False)
