"""Disks that do not answer: nobody waits for them longer than he wanted to."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from homepress.base.blocking import Disks, NotAnsweringError, clock_time, silent

HUNG = Path("/media/hung")
WELL = Path("/media/well")


@pytest.fixture
def answer() -> Iterator[threading.Event]:
    """The disk answers once this is set, at the end of the test at the latest."""
    event = threading.Event()
    yield event
    event.set()


def test_an_answer_is_handed_on_and_so_is_an_error() -> None:
    disks = Disks()
    assert disks.ask(WELL, lambda: 3) == 3
    with pytest.raises(FileNotFoundError):
        disks.ask(WELL, lambda: Path("/media/well/no such file").stat())


def test_a_disk_that_hangs_holds_nobody_up_and_is_not_asked_twice(answer: threading.Event) -> None:
    disks, calls = Disks(), []

    def hang() -> str:
        calls.append(1)
        answer.wait()
        return "late"

    with pytest.raises(NotAnsweringError) as first:
        disks.ask(HUNG, hang, within=0.05)
    for _ in range(100):
        with pytest.raises(NotAnsweringError) as again:
            disks.ask(HUNG, hang, within=60)
        assert again.value.since == first.value.since
    assert len(calls) == 1
    assert disks.ask(WELL, lambda: "well") == "well"


def test_a_disk_that_is_back_is_asked_again(answer: threading.Event) -> None:
    disks = Disks()
    with pytest.raises(NotAnsweringError):
        disks.ask(HUNG, answer.wait, within=0.05)
    answer.set()
    end = time.monotonic() + 30
    while not disks.answers(HUNG, within=5):
        assert time.monotonic() < end
    assert disks.ask(HUNG, lambda: 5, within=5) == 5


def test_several_are_asked_at_a_time(answer: threading.Event) -> None:
    disks = Disks()
    met = threading.Barrier(2, timeout=30)
    found = disks.ask_all({WELL: met.wait, Path("/other"): met.wait}, within=30)
    assert sorted(map(str, found.values())) == ["0", "1"]
    asked = disks.ask_all({HUNG: answer.wait, WELL: lambda: True}, within=0.3)
    assert isinstance(asked[HUNG], NotAnsweringError)
    assert asked[WELL] is True


def test_a_long_call_that_has_its_time_is_no_hung_disk(answer: threading.Event) -> None:
    disks = Disks()
    thread = threading.Thread(target=lambda: disks.ask(WELL, answer.wait, within=60))
    thread.start()
    assert disks.ask(WELL, lambda: 7, within=30) == 7
    answer.set()
    thread.join(30)


def test_only_so_many_threads_are_left_behind(answer: threading.Event) -> None:
    disks = Disks(most=3)
    for number in range(3):
        with pytest.raises(NotAnsweringError):
            disks.ask(HUNG / str(number), answer.wait, within=0.01)
    with pytest.raises(NotAnsweringError):
        disks.ask(WELL, lambda: 1, within=30)


def test_a_call_that_was_given_up_is_late_whatever_the_clock_says(
    answer: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows' clock may show the deadline's own moment, or one before it, when the wait for it is over."""
    disks = Disks()
    with pytest.raises(NotAnsweringError):
        disks.ask(HUNG, answer.wait, within=0.01)
    monkeypatch.setattr("homepress.base.blocking.time.monotonic", lambda: 0.0)
    with pytest.raises(NotAnsweringError):
        disks.ask(HUNG, lambda: 1, within=30)


def test_it_is_said_since_when() -> None:
    now = time.time()
    assert clock_time(now) == time.strftime("%H:%M", time.localtime(now))
    assert clock_time(0).startswith("19")
    assert str(HUNG) in silent(HUNG, now)
    assert clock_time(now) in str(NotAnsweringError(HUNG, now))
