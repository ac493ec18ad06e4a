"""Days as the ledger saw them pass: whatever the clock says, an original stays for its days."""

import itertools
import json
import os
import sqlite3
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hands import Hands
from homepress.base.clock import Clock
from homepress.store.fs import system_file_system
from homepress.store.ledger.database import backup_path
from homepress.store.ledger.elapsed import AT_ONCE, LONGEST_ABSENCE, Elapsed, shown_at
from homepress.store.ledger.ledger import Ledger
from homepress.store.model import OriginalsSelection, UndoSelection
from homepress.store.reader import Reader
from store.kit import Bench, picture, replace, wait_for_days
from store.oldhome import KEPT, old_home

HOUR, DAY, YEAR = 3600.0, 86_400.0, 31_557_600.0


class World:
    """A computer whose time is known: both clocks, and what has truly passed."""

    def __init__(self) -> None:
        self.true = 0.0
        self.wall = 1.8e9
        self.since_boot = 50.0
        self.boot = 1
        self.kept: bytes | None = None
        self.start()

    def start(self) -> None:
        """The program starts."""
        clock = Clock(lambda: self.wall, lambda: self.since_boot, str(self.boot))
        self.elapsed = Elapsed(clock, self.kept, threading.RLock())
        self.seconds()

    def seconds(self) -> float:
        self.kept = self.elapsed.to_keep()
        return self.elapsed.seconds()

    def run(self, seconds: float) -> None:
        """The program runs, and looks at the clock every five minutes."""
        while seconds > 0:
            self._pass(step := min(seconds, 300.0))
            self.seconds()
            seconds -= step

    def suspend(self, seconds: float) -> None:
        self._pass(seconds)
        self.seconds()

    def stop(self, seconds: float) -> None:
        """The program does not run for a while, the computer does."""
        self._pass(seconds)
        self.start()

    def off(self, seconds: float) -> None:
        """The computer is off for a while; the program starts with it."""
        self.true += seconds
        self.wall += seconds
        self.boot += 1
        self.since_boot = 40.0
        self.start()

    def crash(self, seconds: float) -> None:
        """What was not written down is gone."""
        kept = self.kept
        self.run(seconds)
        self.kept = kept
        self.start()

    def jump(self, seconds: float) -> None:
        self.wall += seconds
        self.seconds()

    def off_and_wrong(self, seconds: float) -> None:
        """The clock is wrong when the computer starts."""
        self.wall += seconds
        self.off(60)

    def _pass(self, seconds: float) -> None:
        self.true += seconds
        self.wall += seconds
        self.since_boot += seconds


def test_running_counts_second_by_second() -> None:
    world = World()
    world.run(30 * DAY)
    assert world.seconds() == pytest.approx(30 * DAY)


def test_an_hour_a_day_counts_like_whole_days() -> None:
    world = World()
    for _ in range(30):
        world.run(HOUR)
        world.off(23 * HOUR)
    assert 29 * DAY - HOUR <= world.seconds() <= 30 * DAY


def test_a_computer_that_sleeps_at_night_counts_like_one_that_does_not() -> None:
    world = World()
    for _ in range(30):
        world.run(8 * HOUR)
        world.suspend(16 * HOUR)
    assert 29 * DAY <= world.seconds() <= 30 * DAY


def test_a_holiday_counts_as_a_day() -> None:
    world = World()
    world.run(HOUR)
    world.off(21 * DAY)
    world.run(2 * DAY)
    assert world.seconds() == pytest.approx(HOUR + DAY + 2 * DAY)


@pytest.mark.parametrize("jump", [-400 * DAY, 400 * DAY, 31 * DAY, -1.0, HOUR, -HOUR])
def test_a_jump_while_the_program_runs_adds_nothing(jump: float) -> None:
    world = World()
    world.run(DAY)
    world.jump(jump)
    world.run(DAY)
    assert world.seconds() == pytest.approx(2 * DAY)


@pytest.mark.parametrize("jump", [400 * DAY, 31 * DAY, 12 * YEAR])
def test_one_start_with_a_wrong_clock_adds_nothing(jump: float) -> None:
    world = World()
    world.run(DAY)
    world.off_and_wrong(jump)
    world.run(6 * HOUR)
    world.off_and_wrong(-jump)
    world.run(DAY)
    assert world.seconds() == pytest.approx(world.true - 120, abs=5)


def test_a_clock_that_was_behind_for_years_adds_a_day_at_most() -> None:
    world = World()
    world.off_and_wrong(-12 * YEAR)
    for _ in range(10):
        world.run(HOUR)
        world.stop(5)
    world.off_and_wrong(12 * YEAR)
    world.run(3 * DAY)
    assert world.seconds() <= world.true + DAY


def test_a_clock_that_is_wrong_at_every_second_start_adds_nothing() -> None:
    world = World()
    for _ in range(50):
        world.off_and_wrong(400 * DAY)
        world.run(HOUR)
        world.off_and_wrong(-400 * DAY)
        world.run(HOUR)
    assert world.seconds() <= world.true


def test_a_clock_that_begins_anew_at_each_start_still_counts_what_runs() -> None:
    world = World()
    for _ in range(240):
        world.wall = 1e9
        world.off(0.0)
        world.run(3 * HOUR)
    assert 29 * DAY <= world.seconds() <= world.true


STEPS = {
    "run": World.run,
    "suspend": World.suspend,
    "stop": World.stop,
    "off": World.off,
    "crash": World.crash,
    "jump": World.jump,
    "off_and_wrong": World.off_and_wrong,
}
LENGTHS = st.sampled_from([1.0, 59.0, 1800.0, HOUR, 8 * HOUR, DAY, 3 * DAY, 40 * DAY])
JUMPS = st.sampled_from([1.0, HOUR, DAY, 31 * DAY, 400 * DAY]).flatmap(lambda s: st.sampled_from([s, -s]))
HONEST = st.tuples(st.sampled_from(["run", "suspend", "stop", "off", "crash"]), LENGTHS)
WRONG = st.tuples(st.sampled_from(["jump", "off_and_wrong"]), JUMPS)


@pytest.mark.slow
@given(st.lists(st.one_of(HONEST, WRONG), max_size=30))
def test_no_history_of_jumps_adds_more_than_a_day_for_each(steps: list[tuple[str, float]]) -> None:
    world = World()
    forward, last = 0, 0.0
    for what, seconds in steps:
        STEPS[what](world, seconds)
        forward += (what in ("jump", "off_and_wrong")) and seconds > 0
        assert world.seconds() >= last
        assert world.seconds() <= world.true + forward * LONGEST_ABSENCE + 1
        last = world.seconds()


@pytest.mark.slow
@given(st.lists(HONEST, max_size=30))
def test_with_a_right_clock_never_more_than_what_passed(steps: list[tuple[str, float]]) -> None:
    world = World()
    for what, seconds in steps:
        STEPS[what](world, seconds)
        assert world.seconds() <= world.true + 0.001


def test_what_was_kept_and_cannot_be_read_begins_anew() -> None:
    clock = Clock(time.time, time.monotonic, "boot")
    assert Elapsed(clock, b"\xff not JSON", threading.RLock()).seconds() < 5
    assert Elapsed(clock, json.dumps({"boot": 3}).encode(), threading.RLock()).seconds() < 5


def test_without_a_name_of_the_boot_one_process_still_counts() -> None:
    hands = Hands()
    hands.boot = ""
    elapsed = Elapsed(hands.clock(), None, threading.RLock())
    hands.let_pass(AT_ONCE)
    assert elapsed.seconds() >= AT_ONCE
    again = Elapsed(hands.clock(), elapsed.to_keep(), threading.RLock())
    hands.let_pass(AT_ONCE)
    assert again.seconds() < 2 * AT_ONCE + 60


@pytest.mark.slow
def test_a_look_that_is_overtaken_counts_no_second_twice(tmp_path: Path) -> None:
    """One thread has read the clock when another looks: the older reading must not be put over the newer."""
    ledger = Ledger(tmp_path / "ledger.sqlite3", system_file_system())
    begin, overtaken = time.monotonic(), threading.Event()
    readings = itertools.chain((100.0,), itertools.repeat(200.0))

    def since_boot() -> float:
        reading = begin + next(readings)
        if not other.ident:  # the first look: another one comes in between, unless it has to wait
            other.start()
            overtaken.wait(0.5)
        return reading

    def look() -> None:
        ledger.elapsed.seconds()
        overtaken.set()

    other = threading.Thread(target=look)
    ledger.elapsed = Elapsed(Clock(lambda: 1.8e9, lambda: begin, "1"), None, ledger.lock)
    ledger.elapsed._clock = Clock(lambda: 1.8e9, since_boot, "1")
    ledger.elapsed.seconds()
    other.join()
    assert ledger.elapsed.seconds() == 200.0
    ledger.close()


def test_the_day_that_is_shown_moves_along_while_nobody_counts() -> None:
    world = World()
    kept = world.elapsed.to_keep()
    assert shown_at(kept, 5 * DAY, world.wall + 60) == pytest.approx(world.wall + 5 * DAY)
    assert shown_at(kept, 5 * DAY, world.wall + 3 * DAY) == pytest.approx(world.wall + 8 * DAY)
    assert shown_at(kept, 5 * DAY, world.wall - 9 * DAY) == pytest.approx(world.wall - 4 * DAY)
    assert shown_at(None, 5 * DAY, 0) == 5 * DAY


def _ahead(hands: Hands, jump: float) -> None:
    hands.restart()
    hands.jump(jump)


class TestOriginals:
    @pytest.mark.parametrize("days", [31, 400])
    def test_a_start_with_a_clock_ahead_deletes_none(self, bench: Bench, days: int) -> None:
        with bench.store() as store:
            replace(store, bench.drop())
            wait_for_days(store, bench.hands, 1)
        bench.hands.restart()
        bench.hands.jump(days * DAY)
        with bench.store() as store:
            store.recover()
            wait_for_days(store, bench.hands, 0.5)
            assert store.next_expiry().number == 0
        bench.hands.restart()
        bench.hands.jump(-days * DAY)
        with bench.store() as store:
            wait_for_days(store, bench.hands, 25)
            assert store.next_expiry().number == 0
            assert bench.kept() == [picture()]

    def test_a_clock_that_was_behind_and_is_set_right_deletes_none(self, bench: Bench) -> None:
        bench.hands.jump(-400 * DAY)
        with bench.store() as store:
            replace(store, bench.drop())
            bench.hands.jump(400 * DAY)
            wait_for_days(store, bench.hands, 1)
        with bench.store() as store:
            store.recover()
            wait_for_days(store, bench.hands, 24)
            assert bench.kept() == [picture()]

    @pytest.mark.slow
    def test_a_program_that_runs_an_hour_a_day_keeps_originals_for_about_their_days(
        self, bench: Bench
    ) -> None:
        with bench.store() as store:
            replace(store, bench.drop())
        days = 0
        while bench.kept():
            days += 1
            with bench.store() as store:
                store.recover()
                wait_for_days(store, bench.hands, 1 / 24)
            bench.hands.restart(23 * HOUR)
        assert 29 <= days <= 33

    def test_an_absence_before_counts_for_nothing_that_comes_after(self, bench: Bench) -> None:
        with bench.store():
            pass
        bench.hands.restart(20 * DAY)
        with bench.store() as store:
            replace(store, bench.drop(), keep_days=2)
            wait_for_days(store, bench.hands, 1.95)
            assert bench.kept() == [picture()]
            wait_for_days(store, bench.hands, 1)
            assert bench.kept() == []

    def test_no_days_are_over_at_once_though_an_absence_still_waits(self, bench: Bench) -> None:
        with bench.store():
            pass
        bench.hands.restart(20 * DAY)
        with bench.store() as store:
            replace(store, bench.drop(), keep_days=0)
            bench.hands.let_pass(6)
            store.maintain()
            assert bench.kept() == []

    def test_late_writers_are_looked_for_though_the_clock_was_set_back(self, bench: Bench) -> None:
        with bench.store():
            pass
        bench.hands.restart(20 * DAY)
        with bench.store() as store:
            path = bench.drop()
            replace(store, path)
            (stored,) = (file for file in bench.originals.iterdir() if len(file.name) == 81)
            stored.write_bytes(b"an edit that came late")
            bench.hands.jump(-20 * DAY)
            bench.hands.let_pass(6)
            store.maintain()
            assert path.read_bytes() == b"an edit that came late"

    def test_what_becomes_due_is_marked_three_days_before_it_goes(self, bench: Bench) -> None:
        with bench.store() as store:
            for number in range(3):
                replace(store, bench.drop(f"{number}.jpg", picture(number)))
            wait_for_days(store, bench.hands, 26.9)
            assert (store.next_expiry().number, store.next_expiry().at) == (0, None)
            wait_for_days(store, bench.hands, 0.2)
            going = store.next_expiry()
            assert going.number == 3
            assert going.at == pytest.approx(bench.hands.wall() + 3 * DAY, abs=2 * HOUR)
            wait_for_days(store, bench.hands, 2.8)
            assert len(bench.kept()) == 3
            wait_for_days(store, bench.hands, 0.3)
            assert bench.kept() == []
            assert store.next_expiry().at is None

    def test_only_those_of_the_same_day_are_told_together(self, bench: Bench) -> None:
        with bench.store() as store:
            replace(store, bench.drop("a.jpg", picture(1)), keep_days=28)
            replace(store, bench.drop("b.jpg", picture(2)), keep_days=30)
            wait_for_days(store, bench.hands, 27.5)
            assert store.next_expiry().number == 1

    def test_one_that_was_undone_or_accepted_does_not_go(self, bench: Bench) -> None:
        with bench.store() as store:
            paths = [bench.drop(f"{number}.jpg", picture(number)) for number in range(2)]
            for path in paths:
                replace(store, path)
            wait_for_days(store, bench.hands, 28)
            list(store.undo(UndoSelection(paths=(paths[0],)), roots=bench.roots))
            assert store.next_expiry().number == 1
            list(store.accept(OriginalsSelection(paths=(paths[1],))))
            assert store.next_expiry().number == 0

    def test_older_than_counts_the_days_that_passed(self, bench: Bench) -> None:
        with bench.store() as store:
            replace(store, bench.drop())
            bench.hands.jump(400 * DAY)
            assert list(store.accept(OriginalsSelection(older_than=7 * DAY))) == []
            wait_for_days(store, bench.hands, 8)
            (looked,) = store.accept(OriginalsSelection(older_than=7 * DAY))
            assert looked.outcome == "accepted"

    @pytest.mark.slow
    def test_after_the_ledger_is_lost_the_days_begin_anew(self, bench: Bench) -> None:
        with bench.store() as store:
            replace(store, bench.drop())
            wait_for_days(store, bench.hands, 20)
        for file in bench.ledger.parent.glob("ledger*"):
            file.unlink()
        with bench.store() as store:
            store.recover()
            wait_for_days(store, bench.hands, 29)
            assert bench.kept() == [picture()]
            wait_for_days(store, bench.hands, 2)
            assert bench.kept() == []

    def test_the_day_that_is_listed_is_the_day_on_which_they_go(self, bench: Bench) -> None:
        with bench.store() as store:
            replace(store, bench.drop())
            wait_for_days(store, bench.hands, 10)
            store.maintain()
        with Reader(bench.ledger) as reader:
            (original,) = reader.originals()
        assert original.keep_until == pytest.approx(time.time() + 20 * DAY, abs=3 * HOUR)


class TestTheRest:
    @pytest.mark.slow
    @pytest.mark.posix("a journal with paths of POSIX")
    def test_a_job_is_not_given_up_because_the_clock_jumped(self, tmp_path: Path) -> None:
        bench = old_home(tmp_path / "old", 3)
        with bench.store() as store:
            store.recover()
            bench.hands.jump(400 * DAY)
            wait_for_days(store, bench.hands, 29)
            assert store._context.ledger.query("SELECT count(*) FROM job") == [(1,)]
            notes = wait_for_days(store, bench.hands, 2)
            assert store._context.ledger.query("SELECT count(*) FROM job") == [(0,)]
        assert any("did not come back for 30 days" in note.message for note in notes)

    def test_undone_while_fresh_is_told_by_the_time_that_passed(self, bench: Bench) -> None:
        with bench.store() as store:
            store.folders.added(bench.watched)
            path = bench.drop()
            replace(store, path, root=bench.watched)
            bench.hands.jump(400 * DAY)
            list(store.undo(UndoSelection(paths=(path,)), roots=bench.roots))
            assert store.folders.undone_in_a_row(bench.watched) == 1
            store.folders.looked_at(bench.watched)
            assert store.folders.undone_in_a_row(bench.watched) == 0
            bench.hands.jump(-400 * DAY)
            again = bench.drop("b.jpg", picture(2))
            replace(store, again, root=bench.watched)
            list(store.undo(UndoSelection(paths=(again,)), roots=bench.roots))
            assert store.folders.undone_in_a_row(bench.watched) == 1

    def test_today_leaves_out_what_was_made_while_the_clock_was_ahead(self, bench: Bench) -> None:
        with bench.store() as store:
            replace(store, bench.drop("a.jpg", picture(1)))
            replace(store, bench.drop("b.jpg", picture(2)))
            with store._context.ledger.transaction() as tx:
                tx.execute("UPDATE history SET time = time + ? WHERE id = 1", (400 * DAY,))
            assert store.counters().compressed_since == 1
        with Reader(bench.ledger) as reader:
            assert reader.counters().compressed_since == 1
            assert reader.stats().today.images == 1

    def test_time_alone_is_no_reason_for_a_backup(self, bench: Bench) -> None:
        with bench.store() as store:
            replace(store, bench.drop())
            bench.hands.let_pass(10)
            store.maintain()
            store._context.ledger.backup()
            copy = backup_path(bench.ledger)
            os.utime(copy, (0, 0))
            wait_for_days(store, bench.hands, 1)
            assert copy.stat().st_mtime == 0


class TestUpgrade:
    @pytest.mark.slow
    def test_nothing_goes_at_the_upgrade_and_nothing_stays_for_ever(self, tmp_path: Path) -> None:
        bench = old_home(tmp_path / "old", 3)
        with bench.store() as store:
            store.recover()
            wait_for_days(store, bench.hands, 2.5)
            assert len(bench.kept()) == len(KEPT)
            wait_for_days(store, bench.hands, 28)
            assert bench.kept() == []

    @pytest.mark.parametrize("jump", [-400 * DAY, 400 * DAY])
    def test_a_wrong_clock_at_the_upgrade_deletes_none(self, tmp_path: Path, jump: float) -> None:
        bench = old_home(tmp_path / "old", 3)
        bench.hands.jump(jump)
        with bench.store() as store:
            store.recover()
            wait_for_days(store, bench.hands, 2.5)
            assert len(bench.kept()) == len(KEPT)

    def test_days_before_the_upgrade_count_as_far_as_something_was_done_on_them(self, tmp_path: Path) -> None:
        bench = old_home(tmp_path / "old", 3)
        with bench.store():
            pass
        with sqlite3.connect(bench.ledger) as connection:
            since = [days for (days,) in connection.execute("SELECT since / -86400 FROM history ORDER BY id")]
        assert since == [7, 6, 5, 4, 3, 2, 1, 0, 0]


@pytest.mark.parametrize("jump", [-400 * DAY, 400 * DAY, -1.0])
def test_a_folder_is_new_once_whatever_the_clock_says(bench: Bench, jump: float) -> None:
    with bench.store() as store:
        assert not store.folders.is_known(bench.watched)
        store.folders.added(bench.watched)
        bench.hands.jump(jump)
        assert store.folders.is_known(bench.watched)
        bench.hands.jump(-jump)
        assert store.folders.is_known(bench.watched)
