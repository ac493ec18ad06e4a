"""Which files wait, and which of them are worth waiting for."""

import sys
import threading
import time
from pathlib import Path

import pytest

from homepress.app.waiting import WaitingFiles
from homepress.pipeline import Told

PATH = Path("/pictures/a.jpg")


def test_a_file_that_is_tried_again_soon_is_worth_waiting_for() -> None:
    waiting = WaitingFiles()
    waiting.told(Told(PATH, "waiting", "somebody writes to it", retry_after=1.0))
    assert waiting.any_soon(60.0)
    assert [file.reason for file in waiting.together_with([])] == ["somebody writes to it"]
    waiting.told(Told(PATH, "compressed"))
    assert not waiting.any_soon(60.0)
    assert waiting.together_with([]) == []


def test_a_full_disk_is_not_waited_for_though_its_picture_still_waits() -> None:
    waiting = WaitingFiles()
    full = Told(PATH, "waiting", "the disk is full", retry_after=30.0, problem="the disk is full")
    waiting.told(full)
    assert not waiting.any_soon(60.0)
    assert [file.path for file in waiting.together_with([])] == [str(PATH)]
    waiting.told(Told(PATH, "waiting", "it changed again", retry_after=1.0))
    assert waiting.any_soon(60.0)


def test_files_that_are_tried_at_once_do_not_wait_any_more() -> None:
    waiting = WaitingFiles()
    waiting.told(Told(PATH, "waiting", "no room", retry_after=600.0, problem="no room"))
    assert waiting.try_now() == [PATH]
    assert waiting.together_with([]) == []


def test_files_of_folders_that_were_let_go_are_forgotten() -> None:
    waiting = WaitingFiles()
    waiting.told(Told(PATH, "waiting", "no room", retry_after=600.0))
    waiting.keep_within([PATH.parent])
    assert [file.path for file in waiting.together_with([])] == [str(PATH)]
    waiting.keep_within([Path("/elsewhere")])
    assert waiting.together_with([]) == []


def test_a_file_whose_time_has_just_come_is_worth_waiting_for_whoever_looks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`run --once` would end otherwise, because somebody asked for the status at that moment."""
    waiting = WaitingFiles()
    waiting.told(Told(PATH, "waiting", "somebody writes to it", retry_after=1.0))
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 1.5)
    assert waiting.together_with([]) == []
    assert waiting.any_soon(60.0)


@pytest.mark.parametrize("jump", [-400 * 86_400.0, 400 * 86_400.0])
def test_a_clock_that_is_set_neither_ends_a_wait_nor_makes_it_longer(
    monkeypatch: pytest.MonkeyPatch, jump: float
) -> None:
    waiting, now = WaitingFiles(), time.time()
    waiting.told(Told(PATH, "waiting", "somebody writes to it", retry_after=30.0))
    monkeypatch.setattr(time, "time", lambda: now + jump)
    assert waiting.any_soon(60.0)
    assert not waiting.any_soon(1.0)
    (file,) = waiting.together_with([])
    assert file.next_try == pytest.approx(now + jump + 30, abs=10)


def test_nothing_is_lost_while_others_look() -> None:
    waiting = WaitingFiles()
    files = [PATH.with_name(f"{number}.jpg") for number in range(2000)]
    halves = [files[:1000], files[1000:]]

    def tell(half: list[Path]) -> None:
        for file in half:
            waiting.told(Told(file, "waiting", "no room", retry_after=600.0, problem="no room"))

    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=tell, args=[half]) for half in halves]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            waiting.together_with([])
            waiting.keep_within([PATH.parent])
    finally:
        sys.setswitchinterval(usual)
    assert len(waiting.together_with([])) == len(files)
    assert not waiting.any_soon(1000.0), "all of them stand before the same disk"
