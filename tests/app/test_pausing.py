"""Pause: until a time, until resumed, over a restart."""

import errno
import json
import os
import time
from pathlib import Path

import pytest

from hands import Hands
from homepress.app import pausing
from homepress.app.pausing import Pause
from support import wait_for

DAY = 86_400.0


@pytest.fixture
def told() -> list[bool]:
    return []


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "pause.json"


def test_a_pause_ends_by_itself(file: Path, told: list[bool]) -> None:
    pause = Pause(file, told.append)
    pause.set(time.time() + 0.1)
    assert pause.paused
    wait_for(lambda: not pause.paused, what="the end of the pause")
    assert told == [True, False]
    assert not file.exists()


def test_a_pause_ends_in_time_though_the_computer_was_suspended(
    file: Path, told: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    hands = Hands()
    monkeypatch.setattr(pausing, "_LOOK_SECONDS", 0.01)
    pause = Pause(file, told.append, hands.clock())
    pause.set(hands.wall() + 3600)
    hands.let_pass(3540)
    assert pause.paused
    hands.let_pass(62)  # an hour later by the clock, and nothing by the timer
    wait_for(lambda: not pause.paused, what="the end of the pause")
    assert told == [True, False]


@pytest.mark.parametrize("jump", [-400 * DAY, 400 * DAY, -1.0, 3600.0, -3600.0])
def test_half_an_hour_is_half_an_hour_whatever_becomes_of_the_clock(
    file: Path, told: list[bool], monkeypatch: pytest.MonkeyPatch, jump: float
) -> None:
    hands = Hands()
    monkeypatch.setattr(pausing, "_LOOK_SECONDS", 0.01)
    pause = Pause(file, told.append, hands.clock())
    pause.set(hands.wall() + 1800)
    hands.jump(jump)
    hands.let_pass(1740)
    assert pause.paused
    assert pause.until == pytest.approx(hands.wall() + 60, abs=10)
    assert pause.until == pause.until, "what is shown stands still"
    hands.let_pass(62)
    wait_for(lambda: not pause.paused, what="the end of the pause")


@pytest.mark.parametrize("jump", [-400 * DAY, 400 * DAY, 0.0])
def test_a_restart_of_the_program_takes_nothing_from_a_pause(
    file: Path, told: list[bool], jump: float
) -> None:
    hands = Hands()
    first = Pause(file, told.append, hands.clock())
    first.set(hands.wall() + 1800)
    hands.let_pass(600)
    first.close()
    hands.jump(jump)
    second = Pause(file, told.append, hands.clock())
    second.restore()
    assert second.paused
    assert second.until == pytest.approx(hands.wall() + 1200, abs=10)
    second.close()


@pytest.mark.parametrize(("jump", "left"), [(0.0, 1200), (-400 * DAY, 1260)])
def test_over_a_restart_of_the_computer_the_wall_clock_tells_and_a_pause_never_becomes_longer(
    file: Path, told: list[bool], jump: float, left: float
) -> None:
    hands = Hands()
    first = Pause(file, told.append, hands.clock())
    first.set(hands.wall() + 1800)
    hands.let_pass(540)
    first.close()
    hands.restart(60)
    hands.jump(jump)
    second = Pause(file, told.append, hands.clock())
    second.restore()
    assert second.until == pytest.approx(hands.wall() + left, abs=10)
    second.close()


def test_a_pause_that_an_earlier_version_noted_goes_on(file: Path, told: list[bool]) -> None:
    file.write_text(json.dumps({"until": time.time() + 600}))
    pause = Pause(file, told.append)
    pause.restore()
    assert pause.until == pytest.approx(time.time() + 600, abs=10)
    pause.close()


def test_a_pause_without_end_survives_a_restart(file: Path, told: list[bool]) -> None:
    first = Pause(file, told.append)
    first.set(None)
    first.close()
    second = Pause(file, told.append)
    second.restore()
    assert second.paused
    assert second.until is None
    second.clear()
    third = Pause(file, told.append)
    third.restore()
    assert not third.paused


def test_a_pause_that_ended_meanwhile_is_over(file: Path, told: list[bool]) -> None:
    file.write_text(json.dumps({"until": time.time() - 1}))
    pause = Pause(file, told.append)
    pause.restore()
    assert not pause.paused
    assert told == [False]


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"until": "soon"}', "7"])
def test_a_damaged_file_means_no_pause(file: Path, told: list[bool], text: str) -> None:
    file.write_text(text)
    pause = Pause(file, told.append)
    pause.restore()
    assert not pause.paused


def test_a_new_pause_takes_the_place_of_the_old_one(file: Path, told: list[bool]) -> None:
    pause = Pause(file, told.append)
    pause.set(time.time() + 0.05)
    pause.set(None)
    assert pause.paused
    assert pause.until is None
    assert file.stat().st_mode & 0o777 == 0o600
    pause.close()


def test_a_pause_that_cannot_be_noted_holds_and_says_that_it_ends_with_the_program(
    tmp_path: Path, told: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "state"  # which is not there: nothing can be written into it
    pause = Pause(folder / "pause.json", told.append)
    monkeypatch.setattr(pausing, "_LOOK_SECONDS", 0.01)
    pause.set(None)
    assert (pause.paused, told[:1]) == (True, [True])
    assert str(folder) in pause.fault
    assert "After a restart Homepress works again" in pause.fault
    folder.mkdir()
    wait_for(lambda: not pause.fault, what="the pause to be noted after all")
    assert pause.paused
    again = Pause(folder / "pause.json", told.append)
    again.restore()
    assert again.paused
    again.close()
    pause.close()


def test_the_end_of_a_pause_that_cannot_be_noted_holds_too(
    file: Path, told: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    pause = Pause(file, told.append)
    pause.set(None)

    def refuse(self: Path, missing_ok: bool = False) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(self))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", refuse)
        pause.clear()
        assert (pause.paused, told) == (False, [True, False])
        assert "After a restart Homepress is paused again" in pause.fault
    pause.clear()
    assert pause.fault == ""
    assert not file.exists()
