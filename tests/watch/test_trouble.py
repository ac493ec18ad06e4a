"""What goes wrong around a folder's thread: hanging drives, our own errors, suspend, refused observers."""

import errno
import logging
import os
import threading
import time
from collections.abc import Collection, Mapping
from pathlib import Path

import pytest

from homepress.base.files import Mark
from homepress.watch import WatchStatus
from support import wait_for
from watch.harness import JPEG, Altered, Memory, watched, watching


@pytest.mark.slow
def test_a_drive_that_hangs_is_named_and_holds_up_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    hanging, fine = tmp_path / "hanging", tmp_path / "fine"
    hanging.mkdir()
    fine.mkdir()
    hangs, release = threading.Event(), threading.Event()

    class HangingMemory(Memory):
        def known(self, directory: bytes, names: Collection[bytes] | None = None) -> Mapping[bytes, Mark]:
            if hangs.is_set() and directory == os.fsencode(hanging):
                release.wait()
            return super().known(directory, names)

    try:
        with watching(hanging, fine, memory=HangingMemory()) as run:
            hangs.set()
            (hanging / "a.jpg").write_bytes(JPEG)
            run.watch.rescan()
            state = run.wait_state(WatchStatus.SILENT)
            assert "has not answered" in state.problem
            (fine / "b.jpg").write_bytes(JPEG)
            wait_for(lambda: "b.jpg" in run.sink.names())
            assert run.watch.states()[1].status is WatchStatus.WATCHING
            run.watch.stop()  # does not wait for what hangs
            said = [message for message in caplog.messages if "has not answered" in message]
            assert said == [state.problem], "once, however often it is looked at"
            release.set()
            wait_for(lambda: any(f"{hanging} answers again" in message for message in caplog.messages))
    finally:
        release.set()


def test_an_error_of_ours_is_told_and_watching_begins_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class BrokenMemory(Memory):
        broken = False

        def known(self, directory: bytes, names: Collection[bytes] | None = None) -> Mapping[bytes, Mark]:
            if self.broken:
                raise ZeroDivisionError("a defect")
            return super().known(directory, names)

    memory = BrokenMemory()
    with watching(tmp_path, memory=memory) as run:
        memory.broken = True
        (tmp_path / "a.jpg").write_bytes(JPEG)
        run.watch.rescan()
        state = run.wait_state(WatchStatus.STOPPED)
        assert "an error in Homepress" in state.problem
        assert "ZeroDivisionError" in caplog.text, "the log has what helps to mend it"
        memory.broken = False
        run.wait_state(WatchStatus.WATCHING)
        run.wait_arrivals(1)


@pytest.mark.slow
def test_after_suspend_everything_is_scanned(tmp_path: Path) -> None:
    slept = 0.0
    with watching(tmp_path, system=Altered(slept=lambda: slept)) as run:
        scans = run.memory.queries[os.fsencode(tmp_path)]
        (tmp_path / "a.txt").touch()
        time.sleep(0.5)
        assert run.memory.queries[os.fsencode(tmp_path)] == scans
        # A file whose event nobody saw.
        (tmp_path / "hidden.part").write_bytes(JPEG)
        (tmp_path / "quiet").mkdir()
        slept = 3600.0
        wait_for(lambda: run.state().directories == 2)


@pytest.mark.parametrize("error", [errno.EACCES, errno.ENOENT, errno.EIO])
def test_an_observer_that_cannot_start_is_tried_again(tmp_path: Path, error: int) -> None:
    tries = 0

    def observe(*arguments: object) -> object:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise OSError(error, os.strerror(error))
        return Altered().observe(*arguments)

    with watching(tmp_path, system=Altered(observe=observe)) as run:
        wait_for(lambda: tries == 3)
        (tmp_path / "a.jpg").write_bytes(JPEG)
        run.wait_arrivals(1)


def test_placeholders_are_never_opened(tmp_path: Path) -> None:
    with watching(tmp_path, system=Altered(is_placeholder=lambda status: status.st_size == 77)) as run:
        (tmp_path / "cloud.jpg").write_bytes(b"x" * 77)
        (tmp_path / "here.jpg").write_bytes(JPEG)
        run.wait_arrivals(1)
        run.watch.rescan()
        run.wait_settled()
    assert run.sink.names() == ["here.jpg"]


def test_the_sink_hears_of_changes_a_few_times_a_second_at_most(tmp_path: Path) -> None:
    with watching(watched(tmp_path)) as run:
        before, started = run.sink.changes, time.monotonic()
        for number in range(500):
            (tmp_path / f"{number}.jpg").write_bytes(JPEG)
        run.wait_arrivals(500)
        run.wait_settled()
        heard, took = run.sink.changes - before, time.monotonic() - started
    assert 1 <= heard <= took / 0.02 + 5
