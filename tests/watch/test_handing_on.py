"""What becomes visible, and when, as files move on from watching to whoever takes them."""

import os
from pathlib import Path

from homepress.watch import Arrival, Watcher
from support import wait_for
from watch.harness import FAST, JPEG, Memory, Recorder, watched, watching


def test_a_picture_is_announced_before_it_has_come_to_rest(tmp_path: Path) -> None:
    with watching(watched(tmp_path, min_size=100, settle_seconds=30.0)) as run:
        (tmp_path / "tiny.jpg").write_bytes(b"x")
        (tmp_path / "notes.txt").write_bytes(JPEG)
        (tmp_path / "a.jpg").write_bytes(JPEG)
        wait_for(lambda: run.sink.announced, what="the announcement")
        assert not run.sink.arrivals
    assert run.sink.announced == 1


def test_nothing_is_kept_of_files_that_are_done(tmp_path: Path) -> None:
    for number in range(10):
        (tmp_path / f"d{number}").mkdir()
    with watching(tmp_path) as run:
        (loop,) = (folder._loop for folder in run.watch._folders.values())

        def kept() -> int:
            """Objects that grow with files: pending ones, their queue, hints, what was told or set aside."""
            told = len(loop.inspector._reported._hashes) + len(loop.inspector._set_aside._hashes)
            hints = loop.inbox._hints
            waiting = len(loop.files) + len(loop.files._queue)
            return waiting + told + len(hints.files) + len(hints.folders) + len(hints.later)

        for number in range(1000):
            (tmp_path / f"d{number % 10}" / f"{number}.jpg").write_bytes(JPEG)
        run.wait_arrivals(1000, within=300)
        run.wait_settled()
        run.watch.rescan()
        wait_for(lambda: run.state().scanned and not run.state().scanning)
        run.wait_settled()
        loop.files.next_due()
        assert kept() == 0


def test_a_file_is_seen_waiting_until_it_was_handed_on(tmp_path: Path) -> None:
    seen: list[list[Path]] = []
    with watching(tmp_path) as run:
        arrived = run.sink.arrived

        def look_and_take(arrival: Arrival) -> None:
            seen.append([file.path for file in run.watch.waiting()])
            arrived(arrival)

        run.sink.arrived = look_and_take  # type: ignore[method-assign]  # a look at this very moment
        (tmp_path / "a.jpg").write_bytes(JPEG)
        run.wait_arrivals(1)
        wait_for(lambda: not run.watch.waiting(), what="it to wait no longer")
    assert seen == [[tmp_path / "a.jpg"]]


def test_a_hint_counts_from_the_moment_on_in_which_a_folder_is_given(tmp_path: Path) -> None:
    """Settings change while a picture is on its way: what came of it is told before the folder was met."""
    path, memory = tmp_path / "a.jpg", Memory()
    path.write_bytes(JPEG)
    memory.in_hand.add(os.fsencode(path))
    sink = Recorder(memory)
    watch = Watcher(sink, memory, timing=FAST)
    watch.reconfigure([watched(tmp_path)])
    watch.hint(path, 0.1)
    watch.hint(tmp_path.with_name("elsewhere") / "b.jpg")
    watch.start()
    try:
        wait_for(lambda: sink.names() == ["a.jpg"], what="the file")
        assert watch.waiting() == []
    finally:
        watch.stop()
