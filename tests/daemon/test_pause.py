"""Pause: until a time, until resumed, over a restart."""

import errno
import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hands import Hands
from homepress.base.clock import Clock
from homepress.daemon import pause as pauses
from homepress.daemon.pause import Pause
from homepress.daemon.state import StateThread
from support import is_private, wait_for

Begin = Callable[..., Pause]

DAY = 86_400.0


@pytest.fixture
def begin() -> Iterator[Begin]:
    """Makes a pause that tells of its changes; each belongs to another run of the daemon."""
    states: list[StateThread] = []

    def make(file: Path, told: list[bool], clock: Clock | None = None) -> Pause:
        states.append(StateThread())
        pause = Pause(states[-1], file, lambda: told.append(pause.paused), clock)
        return pause

    yield make
    for state in states:
        state.close()


@pytest.fixture
def told() -> list[bool]:
    return []


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "pause.json"


def test_a_pause_ends_by_itself(begin: Begin, file: Path, told: list[bool]) -> None:
    pause = begin(file, told)
    pause.set(time.time() + 0.1)
    assert pause.paused
    wait_for(lambda: not pause.paused, what="the end of the pause")
    assert told == [True, False]
    wait_for(lambda: not file.exists(), what="the note of it to go")


def test_a_pause_ends_in_time_though_the_computer_was_suspended(
    begin: Begin, file: Path, told: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    hands = Hands()
    monkeypatch.setattr(pauses, "_LOOK_SECONDS", 0.01)
    pause = begin(file, told, hands.clock())
    pause.set(hands.wall() + 3600)
    hands.let_pass(3540)
    assert pause.paused
    hands.let_pass(62)  # an hour later by the clock, and nothing by the timer
    wait_for(lambda: not pause.paused, what="the end of the pause")
    assert told == [True, False]


@pytest.mark.parametrize("jump", [-400 * DAY, 400 * DAY, -1.0, 3600.0, -3600.0])
def test_half_an_hour_is_half_an_hour_whatever_becomes_of_the_clock(
    begin: Begin, file: Path, told: list[bool], monkeypatch: pytest.MonkeyPatch, jump: float
) -> None:
    hands = Hands()
    monkeypatch.setattr(pauses, "_LOOK_SECONDS", 0.01)
    pause = begin(file, told, hands.clock())
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
    begin: Begin, file: Path, told: list[bool], jump: float
) -> None:
    hands = Hands()
    first = begin(file, told, hands.clock())
    first.set(hands.wall() + 1800)
    hands.let_pass(600)
    first.close()
    hands.jump(jump)
    second = begin(file, told, hands.clock())
    second.restore()
    assert second.paused
    assert second.until == pytest.approx(hands.wall() + 1200, abs=10)
    second.close()


@pytest.mark.parametrize(("jump", "left"), [(0.0, 1200), (-400 * DAY, 1260)])
def test_over_a_restart_of_the_computer_the_wall_clock_tells_and_a_pause_never_becomes_longer(
    begin: Begin, file: Path, told: list[bool], jump: float, left: float
) -> None:
    hands = Hands()
    first = begin(file, told, hands.clock())
    first.set(hands.wall() + 1800)
    hands.let_pass(540)
    first.close()
    hands.restart(60)
    hands.jump(jump)
    second = begin(file, told, hands.clock())
    second.restore()
    assert second.until == pytest.approx(hands.wall() + left, abs=10)
    second.close()


def test_a_pause_that_an_earlier_version_noted_goes_on(begin: Begin, file: Path, told: list[bool]) -> None:
    file.write_text(json.dumps({"until": time.time() + 600}))
    pause = begin(file, told)
    pause.restore()
    assert pause.until == pytest.approx(time.time() + 600, abs=10)
    pause.close()


def test_a_pause_without_end_survives_a_restart(begin: Begin, file: Path, told: list[bool]) -> None:
    first = begin(file, told)
    first.set(None)
    first.close()
    second = begin(file, told)
    second.restore()
    assert second.paused
    assert second.until is None
    second.clear()
    third = begin(file, told)
    third.restore()
    assert not third.paused


def test_a_pause_that_ended_meanwhile_is_over(begin: Begin, file: Path, told: list[bool]) -> None:
    file.write_text(json.dumps({"until": time.time() - 1}))
    pause = begin(file, told)
    pause.restore()
    assert not pause.paused
    assert told == [False]


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"until": "soon"}', "7"])
def test_a_damaged_file_means_no_pause(begin: Begin, file: Path, told: list[bool], text: str) -> None:
    file.write_text(text)
    pause = begin(file, told)
    pause.restore()
    assert not pause.paused


def test_a_new_pause_takes_the_place_of_the_old_one(begin: Begin, file: Path, told: list[bool]) -> None:
    pause = begin(file, told)
    pause.set(time.time() + 0.05)
    pause.set(None)
    assert pause.paused
    assert pause.until is None
    assert is_private(file)
    pause.close()


def test_a_pause_that_cannot_be_noted_holds_and_says_that_it_ends_with_the_program(
    begin: Begin, tmp_path: Path, told: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "state"  # which is not there: nothing can be written into it
    pause = begin(folder / "pause.json", told)
    monkeypatch.setattr(pauses, "_LOOK_SECONDS", 0.01)
    pause.set(None)
    assert (pause.paused, told[:1]) == (True, [True])
    assert str(folder) in pause.fault
    assert "After a restart Homepress works again" in pause.fault
    folder.mkdir()
    wait_for(lambda: not pause.fault, what="the pause to be noted after all")
    assert pause.paused
    again = begin(folder / "pause.json", told)
    again.restore()
    assert again.paused
    again.close()
    pause.close()


def test_the_end_of_a_pause_that_cannot_be_noted_holds_too(
    begin: Begin, file: Path, told: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    pause = begin(file, told)
    pause.set(None)

    def refuse(self: Path, missing_ok: bool = False) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(self))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", refuse)
        pause.clear()
        assert (pause.paused, told) == (False, [True, False, False]), "of the fault it tells too"
        assert "After a restart Homepress is paused again" in pause.fault
    pause.clear()
    assert pause.fault == ""
    assert not file.exists()
