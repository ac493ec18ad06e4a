"""The real program with a clock that is wrong, is set right, or jumps: no original goes, no pause is cut."""

import os
import sqlite3
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import wait_for
from system.pictures import jpeg, write
from system.program import Program

DAY = 86_400.0
LAUNCHER = Path(__file__).with_name("wrongclock.py")
JUMPS = (-400 * DAY, 400 * DAY, 31 * DAY, -1.0, 3600.0)
"""An hour is what people set when summer time begins; a second back comes with any setting by the network."""


class Clocked(Program):
    """A program whose wall clock, and that of its commands, is wrong."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self._offset = home / "offset"
        self.set_clock(0.0)

    def set_clock(self, ahead: float) -> None:
        """Have the clock show so many seconds more than it should."""
        new = self._offset.with_suffix(".new")
        new.write_text(str(ahead), encoding="ascii")
        new.replace(self._offset)

    def command(self, *arguments: str) -> list[str]:
        """See `Program.command`."""
        return [sys.executable, str(LAUNCHER), str(self._offset), *arguments]


@pytest.fixture
def program(tmp_path: Path, inbox: Path) -> Iterator[Clocked]:
    """A program that watches a folder, not started yet."""
    made = Clocked(tmp_path / "home")
    made.watch(inbox)
    yield made
    made.close()


Dropped = tuple[Path, bytes]


def replaced(program: Clocked, path: Path) -> Dropped:
    """Drop a picture, wait until it was replaced; what was dropped."""
    data = jpeg(0)
    write(path, data)
    wait_for(lambda: path.stat().st_size < len(data), within=120, what=f"{path.name}: {program.errors()}")
    return path, data


def compressed(program: Clocked, path: Path) -> Dropped:
    """The same, and the original was looked at for the last time, by the same look that lets others go."""
    dropped = replaced(program, path)
    wait_for(lambda: _settled(program, path), within=120, what=f"{path.name} to be done: {program.errors()}")
    return dropped


def _settled(program: Clocked, path: Path) -> bool:
    with sqlite3.connect(program.home / "state" / "ledger.sqlite3") as ledger:
        rows = ledger.execute(
            "SELECT settled FROM history WHERE path = ? AND outcome = 'compressed'", (os.fsencode(path),)
        ).fetchall()
    ledger.close()
    return rows == [(1,)]


def all_come_back(program: Clocked, *pictures: Dropped) -> None:
    for path, data in pictures:
        assert program.outcomes()[str(path)]["original"] == "kept"
        program.run("undo", str(path))
        assert path.read_bytes() == data


@pytest.mark.slow
def test_a_clock_that_was_behind_and_is_set_right_costs_no_original(program: Clocked, inbox: Path) -> None:
    program.set_clock(-400 * DAY)
    program.start()
    first = compressed(program, inbox / "0.jpg")
    program.set_clock(0.0)
    second = compressed(program, inbox / "1.jpg")
    program.stop()
    program.start()
    program.stop()
    all_come_back(program, first, second)


@pytest.mark.slow
@pytest.mark.parametrize("ahead", [31 * DAY, 400 * DAY])
def test_one_start_with_a_clock_ahead_costs_no_original(program: Clocked, inbox: Path, ahead: float) -> None:
    program.start()
    first = compressed(program, inbox / "0.jpg")
    program.stop()
    program.set_clock(ahead)
    program.start()
    second = compressed(program, inbox / "1.jpg")
    assert program.status()["originals_going"] == 0
    program.stop()
    program.set_clock(0.0)
    program.start()
    program.stop()
    all_come_back(program, first, second)


@pytest.mark.slow
def test_a_clock_that_jumps_to_and_fro_costs_nothing(program: Clocked, inbox: Path) -> None:
    program.start()
    paths = []
    for number, jump in enumerate(JUMPS):
        program.set_clock(jump)
        paths.append(replaced(program, inbox / f"{number}.jpg"))
    program.set_clock(0.0)
    paths.append(compressed(program, inbox / "last.jpg"))
    program.wait_idle()
    status = program.status()
    assert (status["problems"], status["waiting"], status["originals_going"]) == ([], 0, 0)
    program.stop()
    all_come_back(program, *paths)


@pytest.mark.slow
def test_a_pause_of_half_an_hour_lasts_half_an_hour(program: Clocked) -> None:
    program.start()
    program.run("pause", "30m")
    for jump in JUMPS:
        program.set_clock(jump)
        _half_an_hour_is_left(program, jump)
    for jump in (400 * DAY, -400 * DAY):
        program.stop()
        program.set_clock(jump)
        program.start()
        _half_an_hour_is_left(program, jump)
    program.stop()


def _half_an_hour_is_left(program: Clocked, offset: float) -> None:
    status = program.status()
    assert status["state"] == "paused"
    assert status["paused_until"] == pytest.approx(time.time() + offset + 1800, abs=300)


@pytest.mark.slow
@pytest.mark.parametrize("age", [-400 * DAY, 400 * DAY])
def test_a_picture_with_a_time_of_another_year_is_compressed_like_any_other(
    program: Clocked, inbox: Path, age: float
) -> None:
    program.start()
    data = jpeg(0)
    path = write(inbox / "a.jpg", data)
    os.utime(path, (time.time() - age,) * 2)
    wait_for(lambda: path.stat().st_size < len(data), what=f"the picture to be done: {program.errors()}")
    program.stop()
