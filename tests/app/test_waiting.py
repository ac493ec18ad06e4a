"""Which files wait, and which of them are worth waiting for."""

from pathlib import Path

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
