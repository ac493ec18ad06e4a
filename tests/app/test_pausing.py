"""Pause: until a time, until resumed, over a restart."""

import json
import time
from pathlib import Path

import pytest

from homepress.app import pausing
from homepress.app.pausing import Pause
from support import wait_for


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
    now = [1_700_000_000.0]
    monkeypatch.setattr(pausing, "_LOOK_SECONDS", 0.01)
    monkeypatch.setattr(time, "time", lambda: now[0])
    pause = Pause(file, told.append)
    pause.set(now[0] + 3600)
    now[0] += 3599
    assert pause.paused
    now[0] += 2  # an hour later by the clock, and nothing by the timer
    wait_for(lambda: not pause.paused, what="the end of the pause")
    assert told == [True, False]


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
