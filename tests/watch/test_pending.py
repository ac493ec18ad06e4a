"""Pending files in an invented time: when each is looked at, and what a person sees of it."""

import dataclasses
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homepress.base.files import FileId
from homepress.watch import Timing, Waiting, this_system
from homepress.watch.folder import BurstDetector
from homepress.watch.pending import NEVER, ExamOutcome, PendingFiles, examine
from watch.harness import JPEG

TIMING = Timing()


def file_id(size: int = 1) -> FileId:
    return FileId(size, 0, 0, 1, 1)


def pending_files(need: float = 2.0) -> PendingFiles:
    return PendingFiles(TIMING, need)


def test_a_noticed_file_is_due_once() -> None:
    files = pending_files()
    files.notice(b"/a", file_id(), 10.0, interactive=True)
    files.notice(b"/a", file_id(), 10.1, interactive=True)
    assert files.next_due() == 10.0 + TIMING.early
    assert files.take_due(10.1, 9) == []
    (pending,) = files.take_due(10.3, 9)
    assert files.take_due(99.0, 9) == []
    files.put_off(pending, 12.0, Waiting.QUIET)
    files.put_off(pending, 12.0, Waiting.QUIET)
    assert len(files.take_due(12.0, 9)) == 1


def test_a_change_begins_the_quiet_time_again() -> None:
    files = pending_files()
    files.notice(b"/a", file_id(1), 10.0, interactive=True)
    (pending,) = files.take_due(11.0, 9)
    pending.need, pending.tries = 60.0, 4
    files.notice(b"/a", file_id(2), 11.5, interactive=True)
    assert (pending.since, pending.need, pending.tries) == (11.5, 2.0, 0)
    assert files.next_due() == 11.5 + TIMING.early


def test_an_event_ends_a_long_back_off_but_not_a_retry_that_was_asked_for() -> None:
    files = pending_files()
    files.notice(b"/writer", file_id(), 0.0, interactive=True)
    (pending,) = files.take_due(1.0, 9)
    files.put_off(pending, 60.0, Waiting.WRITER)
    files.notice(b"/writer", file_id(), 5.0, interactive=True)
    assert files.next_due() == 5.0 + TIMING.early
    files.look_at(b"/writer", 90.0)
    assert files.next_due() == 90.0
    assert [entry.reason for entry in files.waiting()] == [Waiting.RETRY]


def test_files_of_a_missing_folder_are_kept() -> None:
    files = pending_files()
    files.notice(b"/a", file_id(), 0.0, interactive=True)
    files.suspend()
    assert files.next_due() == NEVER
    assert [entry.reason for entry in files.waiting()] == [Waiting.MISSING]
    files.resume(50.0)
    assert files.next_due() == 50.0
    (pending,) = files.take_due(50.0, 9)
    assert pending.file_id is None


def test_our_own_results_are_not_counted_before_the_ledger_was_asked() -> None:
    files = pending_files()
    files.notice(b"/a", file_id(), 0.0, interactive=True)
    assert files.count() == (0, 1)
    (pending,) = files.take_due(1.0, 9)
    pending.checked = True
    assert files.count() == (1, 1)
    files.drop(pending)
    assert files.count() == (0, 0)
    assert b"/a" not in files


@given(st.lists(st.tuples(st.integers(0, 5), st.floats(0, 100), st.sampled_from("ncpd")), max_size=200))
def test_no_file_is_ever_lost_or_due_twice(steps: list[tuple[int, float, str]]) -> None:
    files, now = pending_files(), 0.0
    for name, wait, action in steps:
        now += wait
        path = b"/%d" % name
        if action in "nc":
            files.notice(path, file_id(1 if action == "n" else int(now)), now, interactive=True)
        elif action == "p":
            files.look_at(path, now + 10)
        else:
            taken = files.take_due(now, 3)
            assert len({pending.path for pending in taken}) == len(taken)
            for pending in taken[:2]:
                files.put_off(pending, now + 1, Waiting.WHOLE)
            for pending in taken[2:]:
                files.drop(pending)
    left = {b"/%d" % n for n in range(6) if b"/%d" % n in files}
    assert {pending.path for pending in files.take_due(now + 1000, 1000)} == left
    assert len(files) == len(left)


def test_freshness_is_a_few_at_a_time() -> None:
    interactive = BurstDetector()
    assert sum(interactive.take(b"/import", 0.0) for _ in range(10_000)) == 10
    assert interactive.take(b"/elsewhere", 0.0)
    assert sum(interactive.take(None, 0.0) for _ in range(100)) == 10
    assert not interactive.take(b"/import", 0.5)
    assert interactive.take(b"/import", 3.0)
    for number in range(20_000):
        interactive.take(b"%d" % number, 4.0)
    assert len(interactive._buckets) <= 4096


def test_the_scan_interval_grows_with_the_tree() -> None:
    assert TIMING.scan_interval(0.01) == 300
    assert TIMING.scan_interval(0.7) == 1400
    assert TIMING.poll_interval(0.0, 0.0) == 10
    assert TIMING.poll_interval(0.1, 20.0) == 600
    assert TIMING.poll_interval(100.0, 2000.0) == 3600


@pytest.mark.posix("a time of change that attributes set too")
def test_a_signature_tells_every_kind_of_change(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x")
    first = FileId.of(os.lstat(path))
    os.utime(path, ns=(0, first.mtime_ns + 1))
    second = FileId.of(os.lstat(path))
    path.chmod(0o600)
    third = FileId.of(os.lstat(path))
    assert len({first, second, third}) == 3
    assert first.mark != second.mark == third.mark


def test_an_open_file_may_be_on_another_device_than_its_name(tmp_path: Path) -> None:
    """As overlay file systems tell; any other difference is a change."""
    (path := tmp_path / "a.jpg").write_bytes(JPEG)
    by_name = FileId.of(path.stat())
    elsewhere = dataclasses.replace(by_name, device=by_name.device + 1)
    assert examine(os.fsencode(path), elsewhere, this_system()).outcome is ExamOutcome.DONE
    touched = dataclasses.replace(by_name, mtime_ns=by_name.mtime_ns - 1)
    assert examine(os.fsencode(path), touched, this_system()).outcome is ExamOutcome.CHANGED
