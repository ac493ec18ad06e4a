"""Pictures that are dropped into the window, through real workers."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from homepress.base.paths import Paths
from homepress.base.results import HandMade
from homepress.control.service import CompressRequest, ServiceError
from homepress.daemon.commands.by_hand import HandCompressor
from support import wait_for
from system.pictures import jpeg, write

PLAIN = CompressRequest(paths=[])


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    monkeypatch.setenv("HOMEPRESS_HOME", str(tmp_path / "home"))
    made = Paths.from_environment()
    made.ensure()
    return made


@pytest.fixture
def hands(paths: Paths) -> Iterator[HandCompressor]:
    made = HandCompressor(paths, jobs=2)
    yield made
    made.close()


def test_a_picture_in_a_file_gets_smaller_and_the_file_stays(hands: HandCompressor, tmp_path: Path) -> None:
    file = write(tmp_path / "a.jpg", jpeg(1))
    hands.prepare()
    first = hands.compress(file, PLAIN)
    assert (first.outcome.path, first.outcome.outcome) == (str(file), "compressed")
    assert 0 < len(first.data) < len(jpeg(1))
    assert first.digests
    assert (first.told_place, first.tells_place) == (False, False)
    assert file.read_bytes() == jpeg(1)
    assert [one.name for one in hands.probe()] == ["worker"]
    hands.rest()
    assert hands.probe() == []
    second = hands.compress(file, CompressRequest(paths=[], convert="webp"))
    assert second.data[8:12] == b"WEBP"
    assert not set(first.digests) & set(second.digests)


def test_what_is_no_picture_or_not_there_is_said(hands: HandCompressor, tmp_path: Path) -> None:
    gone = hands.compress(tmp_path / "gone.jpg", PLAIN)
    assert (gone.outcome.outcome, gone.data) == ("failed", b"")
    assert "gone.jpg" in gone.outcome.reason
    text = hands.compress(write(tmp_path / "a.jpg", b"text"), PLAIN)
    assert (text.outcome.outcome, text.outcome.missed) == ("unchanged", True)


def test_a_word_that_is_not_understood_leaves_all_as_it_was(hands: HandCompressor, tmp_path: Path) -> None:
    file = write(tmp_path / "a.jpg", jpeg(1))
    for _ in range(3):  # more than there are jobs
        with pytest.raises(ServiceError):
            hands.compress(file, CompressRequest(paths=[], preset="emial"))
    assert hands.compress(file, PLAIN).data


def test_what_is_stopped_fails_at_once_and_others_go_on(hands: HandCompressor, tmp_path: Path) -> None:
    large = write(tmp_path / "large.jpg", jpeg(1, (4000, 3000)))
    found: list[HandMade] = []
    work = threading.Thread(target=lambda: found.append(hands.compress(large, PLAIN)))
    work.start()
    wait_for(lambda: any(one._slot.pid for one in list(hands._working)), what="a worker")
    hands.stop()
    work.join(30)
    assert [one.outcome.outcome for one in found] == ["failed"]
    small = write(tmp_path / "small.jpg", jpeg(2))
    for _ in range(3):
        assert hands.compress(small, PLAIN).data
