"""One picture again with another quality: what is asked, a real trial, and putting it in place."""

from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from PIL import Image

from homepress.base.results import FileOutcome, UndoOutcome
from homepress.control.service import CompressRequest, RedoRequest, ServiceError, UndoRequest
from homepress.store.reader import HistoryEntry
from homepress.ui.window.model.trial import (
    QualityTrial,
    TriedQuality,
    make_again,
    options_of,
    quality_of,
    request_again,
    tried_words,
)
from support import wait_for
from system.pictures import jpeg
from ui.window.test_activity import entry


def made(settings: str = "balanced", **fields: Any) -> HistoryEntry:
    return entry(1, settings=settings, **{"kind": "replace", "output": "/pictures/1.jpg", **fields})


@pytest.mark.parametrize(
    ("settings", "floor"),
    [("balanced", 80), ("safe", 90), ("small", 70), ("lossless", 100), ("55, metadata share", 55), ("", 80)],
)
def test_the_slider_begins_at_the_quality_of_the_result(settings: str, floor: int) -> None:
    assert quality_of(made(settings)) == floor


def test_all_but_the_quality_is_asked_for_again() -> None:
    words = (
        "balanced, metadata share, at most 2048 pixels, at most 500 KB, without depth, motion, heic to jpeg"
    )
    converted = made(words, format="heic", kind="convert", path="/pictures/1.heic")
    assert request_again(converted, "/pictures/1.heic", 65) == CompressRequest(
        paths=["/pictures/1.heic"],
        in_place=True,
        quality="65",
        metadata="share",
        max_edge=2048,
        fit_under="500 KB",
        drop="depth,motion",
        convert="jpeg",
    )
    assert options_of(request_again(converted, "-", 65)) == [
        *("--quality", "65", "--metadata", "share", "--convert", "jpeg"),
        *("--max-edge", "2048", "--fit-under", "500 KB", "--drop", "depth,motion"),
    ]


def test_a_result_goes_where_the_one_before_was() -> None:
    elsewhere = request_again(made(kind="output", output="/out/sub/1.jpg"), "/pictures/1.jpg", 70)
    assert (elsewhere.output, elsewhere.in_place) == ("/out/sub", False)
    beside = request_again(made(kind="beside", output="/pictures/1.min.jpg"), "/pictures/1.jpg", 70)
    assert (beside.output, beside.in_place) == ("", False)


@pytest.fixture
def original(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOMEPRESS_HOME", str(tmp_path / "home"))
    path = tmp_path / "original"  # as originals are stored: without a suffix
    path.write_bytes(jpeg(1))
    return path


@pytest.mark.slow
def test_a_trial_makes_a_picture_and_touches_nothing(original: Path, tmp_path: Path) -> None:
    before, folder = original.read_bytes(), tmp_path / "trial"
    folder.mkdir()
    sizes = []
    for floor in (85, 40):
        tried = QualityTrial(made(), original, folder).run(floor)
        assert tried is not None and tried.file is not None
        with Image.open(tried.file) as result, Image.open(original) as source:
            assert result.size == source.size
        assert tried.outcome.score is not None and tried.outcome.score >= floor - 0.5
        assert tried.file.stat().st_size == tried.outcome.after_bytes
        assert "% smaller" in tried_words(tried)
        sizes.append(tried.outcome.after_bytes)
    assert sizes[1] < sizes[0] < len(before)
    assert original.read_bytes() == before


@pytest.mark.slow
def test_a_trial_that_nobody_waits_for_ends_at_once(original: Path, tmp_path: Path) -> None:
    trial = QualityTrial(made(), original, tmp_path)
    found: list[TriedQuality | None] = []
    thread = Thread(target=lambda: found.append(trial.run(60)))
    thread.start()
    wait_for(lambda: trial._process is not None, what="the process")
    trial.stop()
    thread.join(20)
    assert found == [None]
    trial.stop()  # once more does no harm


@pytest.mark.slow
def test_what_is_no_picture_says_why(original: Path, tmp_path: Path) -> None:
    original.write_bytes(b"no picture at all" * 1000)
    tried = QualityTrial(made(), original, tmp_path).run(60)
    assert tried is not None and tried.file is None
    assert tried_words(tried) == "Not an image that Homepress knows"


class Daemon:
    """Remembers what it is asked."""

    def __init__(self, compressed: str, undone: str = "restored") -> None:
        self.asked: list[Any] = []
        self._compressed, self._undone = compressed, undone

    def undo(self, request: UndoRequest) -> Iterator[UndoOutcome]:
        self.asked.append(request)
        yield UndoOutcome(id=1, path="/pictures/1.jpg", outcome=self._undone, reason="it is away")  # type: ignore[arg-type]

    def compress(self, request: CompressRequest) -> Iterator[FileOutcome]:
        self.asked.append(request)
        yield FileOutcome("/pictures/1.jpg", self._compressed, "saves too little")  # type: ignore[arg-type]

    def redo(self, request: RedoRequest) -> Iterator[FileOutcome]:
        self.asked.append(request)
        yield FileOutcome("/pictures/1.jpg", "compressed")


def again(daemon: Daemon, entry: HistoryEntry) -> FileOutcome:
    return make_again(daemon, entry, 60)  # type: ignore[arg-type]  # it asks no more than that


def test_the_original_comes_back_and_is_compressed_anew() -> None:
    daemon = Daemon("compressed")
    assert again(daemon, made()).outcome == "compressed"
    undo, compress = daemon.asked
    assert undo == UndoRequest(ids=[1])
    assert compress == CompressRequest(paths=["/pictures/1.jpg"], in_place=True, quality="60")


def test_where_nothing_comes_of_it_the_old_result_stays() -> None:
    daemon = Daemon("unchanged")
    assert again(daemon, made()).reason == "saves too little"
    assert daemon.asked[-1] == RedoRequest(ids=[1])


def test_where_the_original_cannot_come_back_nothing_is_compressed() -> None:
    daemon = Daemon("compressed", undone="failed")
    with pytest.raises(ServiceError, match="it is away"):
        again(daemon, made())
    assert len(daemon.asked) == 1
