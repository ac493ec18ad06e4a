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
