"""The page Compress now without its window: what is wanted, what is said of results, and the work itself."""

import errno
import io
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from homepress.base.results import FileOutcome, HandMade
from homepress.control.service import CompressRequest
from homepress.settings import load_preset
from homepress.ui.window.model.batch import (
    BatchItem,
    HandBatch,
    compress_with,
    pictures_in,
    save_copy,
    write_all,
)
from homepress.ui.window.model.trial import left_words
from homepress.ui.window.model.wishes import (
    PURPOSES,
    Purpose,
    Wish,
    replaced_words,
    result_words,
    total_words,
)
from support import wait_for
from system.pictures import write

if TYPE_CHECKING:
    from homepress.ui.window.frame import WindowFrame


def made(outcome: str = "compressed", data: bytes = b"small", **more: object) -> HandMade:
    words = {name: more.pop(name) for name in ("reason", "missed", "score") if name in more}
    found = FileOutcome("/a.jpg", outcome, before_bytes=2_000_000, after_bytes=500_000, **words)  # type: ignore[arg-type]
    return HandMade(outcome=found, data=data, **more)  # type: ignore[arg-type]


# -- what is wanted


def test_every_purpose_has_words_and_a_preset_that_there_is(tmp_path: Path) -> None:
    assert set(PURPOSES) == set(Purpose)
    for purpose in Purpose:
        wish = Wish(purpose)
        assert wish.explained
        load_preset(wish.request().preset, tmp_path)


def test_what_is_ones_own_takes_the_place_of_what_the_purpose_says() -> None:
    request = Wish(Purpose.SEND, quality=62, side=1024, format="webp").request()
    assert (request.preset, request.metadata) == ("share", "strip")
    assert (request.quality, request.max_edge, request.convert) == ("62", 1024, "webp")
    assert Wish(Purpose.UNDER, limit="1.5 MB").request().fit_under == "1.5 MB"
    assert Wish(Purpose.JPEG).request().convert == "jpeg"


def test_a_row_says_what_its_pin_means_until_it_says_what_was_removed(
    frame: "WindowFrame", tmp_path: Path
) -> None:
    from PySide6.QtCore import Qt

    from homepress.ui.window.widgets.pictures import PicturesModel

    model = PicturesModel(lambda _: False)
    placed, plain = (BatchItem(tmp_path / name) for name in ("placed.jpg", "plain.jpg"))
    model.add([placed, plain])
    model.tells_place = lambda item: item is placed

    def told(row: int) -> list[str]:
        roles = (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole)
        return [str(model.index(row, 0).data(role)) for role in roles]

    assert [text.endswith("Contains its location") for text in told(0)] == [True, True]
    assert [text.endswith("Waiting …") for text in told(1)] == [True, True]
    placed.made[model.wish] = made("unchanged", b"", reason="it is left alone")
    assert all("Contains its location" in text for text in told(0))
    placed.made[model.wish] = made(told_place=True)
    assert not any("Contains its location" in text for text in told(0))
    assert all("location removed" in text for text in told(0))


@pytest.mark.parametrize("limit", ["", "  ", "big", "-5 KB", "500"])
def test_a_size_that_is_none_is_said_before_anything_is_done(limit: str) -> None:
    assert "such as 500 KB" in Wish(Purpose.UNDER, limit=limit).problem
    assert not Wish(Purpose.SAME, limit=limit).problem


# -- what is said of results


def test_what_could_not_be_replaced_is_told_beside_what_was() -> None:
    done = [FileOutcome(f"/some/where/{name}.jpg", "compressed") for name in "ab"]
    full = [
        FileOutcome(f"/some/where/{name}.jpg", "failed", f"/some/where/{name}.jpg: its disk is full")
        for name in "cde"
    ]
    assert replaced_words(done) == ("2 pictures replaced. You can undo it for 30 days.", "good")
    assert replaced_words(full[:1]) == ("c.jpg was not replaced: its disk is full.", "bad")
    text, tone = replaced_words([*done, *full])
    assert tone == "warning"
    assert text.startswith("c.jpg was not replaced: its disk is full. Nor were 2 more. 2 pictures replaced.")


def test_a_result_says_how_it_looks_and_that_the_location_is_gone() -> None:
    words = result_words(made(score=82.0, told_place=True, reason="without its depth map"), Wish())
    assert words.sizes == "2.0 MB → 500 KB"
    assert words.saved == "−75 %"
    assert words.about == "Looks the same; location removed; without its depth map"
    assert "location kept" in result_words(made(told_place=True, tells_place=True), Wish()).about


def test_what_was_not_done_stands_out() -> None:
    words = result_words(made("unchanged", b"", reason="it does not fit", missed=True), Wish(Purpose.UNDER))
    assert (words.about, words.tone, words.saved) == ("It does not fit", "warning", "")
    assert result_words(made("unchanged", b"", reason="it is small"), Wish()).tone == "muted"


def test_all_together_and_how_long_it_takes() -> None:
    assert total_words([], 2) == "2 pictures"
    assert total_words([made(), made()], 2) == "2 pictures: 4.0 MB → 1.0 MB, 75 % smaller"
    assert "1 of them changed" in total_words([made(), made("unchanged", b"")], 2)
    assert left_words(0, 3, 0, "done") == "0 of 3 done"
    assert left_words(1, 3, 10, "done") == "1 of 3 done, about 20 s left"


# -- files


def test_a_copy_overwrites_nothing(tmp_path: Path) -> None:
    source = write(tmp_path / "ours" / "a.jpg", b"small")
    item = BatchItem(write(tmp_path / "a.heic", b"large"))
    names = [save_copy(source, item, "a.jpg", None).name for _ in range(3)]
    assert names == ["a.min.jpg", "a.min 2.jpg", "a.min 3.jpg"]
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    names = [save_copy(source, item, "a.jpg", elsewhere).name for _ in range(2)]
    assert names == ["a.jpg", "a 2.jpg"]
    assert (elsewhere / "a.jpg").read_bytes() == b"small"


def test_folders_are_looked_through_for_pictures(tmp_path: Path) -> None:
    for name in ("b.jpg", "notes.txt", "inner/a.png", ".hidden/c.jpg", ".d.jpg"):
        write(tmp_path / name, b"x")
    named = tmp_path / "notes.txt"
    found = list(pictures_in([tmp_path, named]))
    assert found == [tmp_path / "b.jpg", tmp_path / "inner" / "a.png", named]


def test_pictures_of_a_folder_come_as_people_count(tmp_path: Path) -> None:
    names = ["1.jpg", "2.jpg", "10.jpg", "a1.jpg", "A02.jpg", "a10.jpg", "x.jpg"]
    for name in reversed(names):
        write(tmp_path / name, b"x")
    assert [path.name for path in pictures_in([tmp_path])] == names


class Slow:
    """Compresses when it is let."""

    jobs = 2

    def __init__(self) -> None:
        self.go = threading.Semaphore(0)
        self.asked: list[str] = []
        self.stopped = 0

    def prepare(self) -> None:
        """Nothing."""

    def rest(self) -> None:
        """Nothing."""

    def compress(self, file: Path, request: CompressRequest) -> HandMade:
        self.asked.append(f"{file.name} {request.preset}")
        self.go.acquire()
        return HandMade(
            outcome=FileOutcome(str(file), "compressed"), data=b"\xff\xd8\xff" + file.name.encode()
        )

    def stop(self) -> None:
        self.stopped += 1
        for _ in range(10):
            self.go.release()


@pytest.fixture
def slow() -> Iterator[Slow]:
    one = Slow()
    compress_with(one)
    yield one
    compress_with(None)


def test_a_batch_begins_with_what_is_looked_at_and_keeps_results(slow: Slow, tmp_path: Path) -> None:
    told: list[str] = []
    items = [BatchItem(tmp_path / f"{name}.heic") for name in "abcd"]
    batch = HandBatch(tmp_path / "ours", lambda item, _: told.append(item.path.name))
    assert batch.start(items, Wish(), items[2]) == 4
    wait_for(lambda: len(slow.asked) == 2)
    assert "c.heic photos" in slow.asked
    other = Wish(Purpose.WEB)
    assert batch.start(items, other) == 4
    for _ in range(6):
        slow.go.release()
    wait_for(lambda: all(other in item.made for item in items))
    assert len(told) == 6, "those that were being worked on are kept"
    assert items[2].files[Wish()].name == "c.jpg"
    assert len({item.files[other] for item in items}) == 4
    assert batch.start(items, other) == 0
    kept = items[0].files[other]
    batch.close([kept])
    assert [path for path in (tmp_path / "ours").rglob("*") if path.is_file()] == [kept]
    batch.close()
    assert not (tmp_path / "ours").exists()


def test_a_copy_that_finds_no_room_is_told_in_words_with_its_name(
    frame: "WindowFrame", tmp_path: Path
) -> None:
    from homepress.ui.window.context import Jobs, MainThread

    class FullDisk(io.BytesIO):
        name = str(tmp_path / "a.min.jpg")

        def write(self, _data: object) -> int:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    heard: list[str] = []
    jobs = Jobs(MainThread(), heard.append)
    jobs.run(lambda: write_all(FullDisk(), b"small"))

    def see() -> list[str]:
        frame.app.processEvents()
        return heard

    (text,) = wait_for(see)
    assert text.startswith(f"{FullDisk.name}: its disk is full; make room there")
    assert "Errno" not in text


def test_what_is_cancelled_has_no_result_and_can_go_on(slow: Slow, tmp_path: Path) -> None:
    items = [BatchItem(tmp_path / f"{name}.jpg") for name in "abcd"]
    batch = HandBatch(tmp_path / "ours", lambda *_: None)
    batch.start(items, Wish())
    wait_for(lambda: len(slow.asked) == 2)
    batch.cancel()
    wait_for(lambda: not batch.busy)
    assert slow.stopped == 1
    assert not any(item.made for item in items)
    assert batch.start(items, Wish()) == 4
    wait_for(lambda: all(item.made for item in items))


def test_a_fault_is_said_in_its_row_and_others_go_on(slow: Slow, tmp_path: Path) -> None:
    items = [BatchItem(tmp_path / "a.jpg"), BatchItem(tmp_path / "b.jpg")]
    write(tmp_path / "ours", b"a file where the folder should be")
    batch = HandBatch(tmp_path / "ours", lambda *_: None)
    batch.start(items, Wish())
    slow.go.release()
    slow.go.release()
    wait_for(lambda: all(item.made for item in items))
    assert {item.made[Wish()].outcome.outcome for item in items} == {"failed"}
