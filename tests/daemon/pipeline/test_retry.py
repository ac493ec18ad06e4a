"""Pauses double up to an hour, and begin anew when something changed."""

from itertools import pairwise
from pathlib import Path

import pytest

from homepress.daemon.pipeline import retry
from homepress.daemon.pipeline.job import JobResult
from homepress.daemon.pipeline.retry import LONGEST, Attempts, Backoff, Retries

PATH = Path("/pictures/a.jpg")


@pytest.mark.parametrize("first", [0.0, 1.0, 60.0, 600.0, 3600.0, 7200.0])
def test_a_pause_doubles_and_never_exceeds_an_hour_or_its_first_length(first: float) -> None:
    pauses, step = [], Backoff(first)
    for _ in range(100):
        pauses.append(step.pause)
        step = step.again()
    assert pauses[0] == first
    assert all(later in (2 * sooner, max(LONGEST, first)) for sooner, later in pairwise(pauses))
    assert pauses[-1] == (max(LONGEST, first) if first else 0.0)


def test_a_picture_that_changed_or_waits_for_something_else_begins_with_the_first_pause() -> None:
    retries = Retries()
    assert [retries.pause(PATH, 1, 60.0) for _ in range(3)] == [60.0, 120.0, 240.0]
    assert retries.pause(PATH, 2, 60.0) == 60.0
    assert retries.pause(PATH, 2, 1.0) == 1.0
    retries.over(PATH)
    assert retries.pause(PATH, 2, 1.0) == 1.0
    retries.clear()
    assert retries.pause(PATH, 2, 1.0) == 1.0


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "_MOST_REMEMBERED", 3)
    retries, tried = Retries(), Attempts()
    for number in range(9):
        retries.pause(PATH.with_name(str(number)), 0, 1.0)
        tried.failed((str(number), "", ""), 0, JobResult(str(PATH), "waiting"))
    assert retries.pause(PATH.with_name("0"), 0, 1.0) == 1.0
    assert retries.pause(PATH.with_name("8"), 0, 1.0) == 2.0
    assert tried.get(("0", "", "")) is None
    assert tried.get(("8", "", "")) is not None


def test_attempts_count_only_while_nothing_was_done() -> None:
    tried, key, told = Attempts(), ("hash", "balanced", "replace"), JobResult(str(PATH), "waiting")
    assert [tried.failed(key, "read-only", told).count for _ in range(2)] == [1, 2]
    assert tried.failed(key, "writable", told).count == 1
    tried.over(key)
    assert tried.get(key) is None
