"""Writers that fool simple tests: nothing is handed on before it is whole.

They are eight times quicker than real ones, as is the settle time.
"""

import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from homepress.watch import Skip, Waiting
from homepress.watch.linux import openness
from homepress.watch.model import Openness
from support import wait_for
from watch.elsewhere import elsewhere
from watch.harness import SETTLE, picture, watched, watching
from watch.writers import write_all

pytestmark = pytest.mark.skipif(not hasattr(fcntl, "F_SETLEASE"), reason="leases are Linux'")

PICTURE = picture("JPEG", size=(400, 300))
assert len(PICTURE) > 60_000


@pytest.mark.slow
@pytest.mark.parametrize("early", [False, True])
def test_six_slow_writers_at_once(tmp_path: Path, early: bool) -> None:
    with watching(watched(tmp_path), early=early) as run:
        paths = write_all(tmp_path, PICTURE, times=8)
        run.wait_arrivals(len(paths))
        run.wait_settled()
    assert set(run.sink.names()) == {path.name for path in paths}
    assert all(content == PICTURE for content in run.sink.contents)
    # All but the one whose times changed came once.
    assert len(run.sink.arrivals) <= len(paths) + 1


@pytest.mark.slow
def test_a_writer_is_named_while_it_holds_the_file(tmp_path: Path) -> None:
    path = tmp_path / "open.jpg"
    with watching(tmp_path) as run:
        with path.open("wb") as out:
            out.write(PICTURE)
            out.flush()
            waiting = wait_for(lambda: [f for f in run.watch.waiting() if f.reason is Waiting.WRITER])
            assert waiting[0].path == path
            assert run.watch.wait_settled(5), "a file that is held open must not keep `run --once` waiting"
            wait_for(lambda: run.state().waiting == 1)
            time.sleep(SETTLE)
            assert run.sink.names() == []
        run.wait_arrivals(1)
        wait_for(lambda: run.state().waiting == 0)


@pytest.mark.slow
def test_a_file_that_stays_cut_is_named_told_once_and_taken_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "cut.jpg"
    with watching(tmp_path) as run:
        path.write_bytes(PICTURE[:-1000])
        waiting = wait_for(lambda: [f for f in run.watch.waiting() if f.reason is Waiting.WHOLE])
        assert "end marker" in waiting[0].detail
        skipped = wait_for(lambda: run.sink.skips)[0]
        assert (skipped.path, skipped.reason) == (path, Skip.INCOMPLETE)
        assert "end marker" in skipped.detail
        wait_for(lambda: not run.watch.waiting(), what="the ledger's word to be believed")
        with path.open("ab") as out:
            out.write(PICTURE[-1000:])
        run.wait_arrivals(1)
    assert len(run.sink.skips) == 1
    assert run.sink.contents == [PICTURE]


def test_content_that_is_no_image_is_told(tmp_path: Path) -> None:
    with watching(tmp_path) as run:
        (tmp_path / "letter.jpg").write_text("Dear Sir or Madam")
        skipped = wait_for(lambda: run.sink.skips)[0]
    assert skipped.reason is Skip.NOT_AN_IMAGE
    assert run.sink.names() == []


def test_a_png_named_jpg_is_an_image(tmp_path: Path) -> None:
    with watching(tmp_path) as run:
        (tmp_path / "really-png.jpg").write_bytes(picture("PNG"))
        run.wait_arrivals(1)


def opened(path: Path, flags: int) -> Openness:
    fd = os.open(path, flags)
    try:
        return look(path)
    finally:
        os.close(fd)


def look(path: Path) -> Openness:
    fd = os.open(path, os.O_RDONLY)
    try:
        return openness(fd, os.fsencode(path))
    finally:
        os.close(fd)


def test_the_lease_sees_writers_and_only_writers(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 5000)
    assert look(path) is Openness.FREE
    assert opened(path, os.O_RDONLY) is Openness.FREE
    assert opened(path, os.O_WRONLY) is Openness.BUSY
    assert opened(path, os.O_RDWR) is Openness.BUSY
    other_name = tmp_path / "link"
    os.link(path, other_name)
    assert opened(other_name, os.O_WRONLY) is Openness.BUSY


@pytest.mark.slow
def test_a_lease_that_is_broken_ends_no_process(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    seen = elsewhere("leases", tmp_path)
    assert seen["results"] == ["BUSY", "FREE"]
    assert seen["writes"] > 1000


def without_leases(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Openness]:
    def unknown(fd: int, path: bytes) -> Openness:
        return Openness.UNKNOWN

    monkeypatch.setattr("homepress.watch.linux.openness", unknown)
    return unknown


@pytest.mark.slow
def test_without_leases_the_quiet_time_is_longer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_leases(monkeypatch)
    with watching(tmp_path) as run:
        (tmp_path / "a.jpg").write_bytes(PICTURE)
        written = time.monotonic()
        run.wait_arrivals(1)
        assert time.monotonic() - written >= 0.6


@pytest.mark.slow
def test_on_remote_file_systems_it_is_longer_still_and_polled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("homepress.watch.linux.is_remote", lambda path: True)
    with watching(tmp_path) as run:
        assert run.state().watch == "poll"
        (tmp_path / "a.jpg").write_bytes(PICTURE)
        written = time.monotonic()
        run.wait_arrivals(1)
        assert time.monotonic() - written >= 1.0
