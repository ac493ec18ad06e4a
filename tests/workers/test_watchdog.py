"""The watchdog bites what hangs, and not what only waited for a processor."""

import os
import time

import pytest

from homepress.privacy import Limits
from homepress.workers import DeathKind, WorkerDied
from homepress.workers.process import Watchdog, deadline_for
from support import wait_for
from workers.mischief import PROGRAM, slot, tell


def test_it_bites_when_the_time_is_over() -> None:
    bites: list[bool] = []
    with Watchdog(os.getpid(), 0.05, lambda: bites.append(True)):
        wait_for(lambda: bites, what="the bite")
    assert bites == [True]


def test_it_does_not_bite_what_ends_in_time() -> None:
    bites: list[bool] = []
    with Watchdog(os.getpid(), 600, lambda: bites.append(True)):
        pass
    assert not bites


def test_meanwhile_it_looks_where_the_system_does_not() -> None:
    looks: list[int] = []
    with Watchdog(os.getpid(), 600, lambda: pytest.fail("it is not time"), lambda: looks.append(1)):
        wait_for(lambda: len(looks) > 1, what="two looks")


@pytest.mark.posix("a worker of POSIX")
def test_where_the_system_bounds_no_memory_a_worker_that_grows_is_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As on macOS: this worker has no limit of its own, and holds what it has taken."""
    monkeypatch.setattr("homepress.workers.process.host.bounds_memory", lambda: False)
    for most, dies in ((300 << 20, True), (4 << 30, False)):
        one = slot(Limits(memory_bytes=most), (*PROGRAM, "unlocked"))
        if dies:
            with pytest.raises(WorkerDied, match="not enough memory") as died:
                tell(one, "hold_memory", size=1 << 29, seconds=600)
            assert died.value.kind is DeathKind.OUT_OF_MEMORY
        else:
            assert tell(one, "hold_memory", size=1 << 29, seconds=0.6).startswith("done")
        one.close()


def test_waiting_for_a_processor_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the process had stood in the queue all along, until it has not any more."""
    begin = time.monotonic()
    looks: list[float] = []

    def waited_seconds(pid: int) -> float:
        looks.append(time.monotonic() - begin)
        return looks[-1] if 1 < len(looks) < 5 else 0.0

    monkeypatch.setattr("homepress.workers.process.host.waited_seconds", waited_seconds)
    bites: list[int] = []
    with Watchdog(os.getpid(), 0.02, lambda: bites.append(len(looks))):
        wait_for(lambda: bites, what="the bite")
    assert bites == [5], "the fifth look was the first at which it had not waited"


def test_deadlines_grow_with_the_picture_up_to_a_bound() -> None:
    small, large, huge = (deadline_for(size) for size in (0, 40_000_000, 1 << 40))
    assert 60 <= small < large < huge == 3600
