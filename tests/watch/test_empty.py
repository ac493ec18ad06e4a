"""Empty files: made to be written to, or left behind by a program that never did."""

from dataclasses import replace
from pathlib import Path

import pytest

from homepress.watch import Skip, Waiting
from support import wait_for
from watch.harness import FAST, JPEG, picture, watched, watching


@pytest.mark.slow
def test_an_empty_file_waits_for_its_content_and_is_left_when_none_comes(tmp_path: Path) -> None:
    early, late = tmp_path / "early.jpg", tmp_path / "late.jpg"
    early.touch()
    with watching(tmp_path) as run:
        late.touch()
        wait_for(lambda: len(run.watch.waiting()) == 2, what="both to be seen")
        assert {file.reason for file in run.watch.waiting()} == {Waiting.CONTENT}
        assert run.sink.announced == 0, "no worker is started for them"
        wait_for(lambda: len(run.sink.skips) == 2, what="both to be passed over")
        assert {skipped.reason for skipped in run.sink.skips} == {Skip.EMPTY}
        assert run.watch.waiting() == []
        for _ in range(2):
            run.watch.rescan()
            run.wait_settled()
        assert (run.watch.waiting(), len(run.sink.skips)) == ([], 2), "no scan takes them up again"
        late.write_bytes(JPEG)
        run.wait_arrivals(1)
    assert run.sink.names() == ["late.jpg"]


def test_a_file_that_was_empty_at_first_is_announced_and_taken(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    with watching(tmp_path, timing=replace(FAST, empty=(3600.0,))) as run:
        path.touch()
        wait_for(lambda: run.watch.waiting(), what="it to be seen")
        path.write_bytes(JPEG)
        run.wait_arrivals(1)
        assert run.sink.announced == 1
    assert run.sink.skips == []


@pytest.mark.slow
def test_an_emptied_file_is_filled_again_without_an_event(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.touch()
    with watching(watched(tmp_path, watch="poll"), timing=replace(FAST, empty=(0.1,) * 600)) as run:
        wait_for(lambda: run.watch.waiting(), what="it to be seen")
        path.write_bytes(JPEG)
        run.wait_arrivals(1)
        path.write_bytes(b"")
        wait_for(lambda: run.watch.waiting(), what="it to be seen again")
        path.write_bytes(picture())
        wait_for(lambda: len(run.sink.arrivals) == 2, what="the new content")
