"""The order of work."""

import math
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from homepress.compress.model import Recipe
from homepress.daemon.pipeline.job import Destination, Job, Plan
from homepress.daemon.pipeline.queue import FairQueue, Load


def job(name: str, *, root: str = "/a", fresh: bool = True, explicit: bool = False, at_once: int = 1) -> Job:
    plan = Plan(Recipe(), "balanced", Destination.REPLACE, root=Path(root))
    return Job(Path(root) / name, plan, lambda told: None, fresh=fresh, explicit=explicit, at_once=at_once)


def drain(queue: FairQueue) -> list[str]:
    names = []
    while (got := queue.take()) is not None:
        names.append(got.path.name)
        queue.done(got)
    return names


def test_a_fresh_picture_does_not_wait_behind_a_large_import() -> None:
    queue = FairQueue()
    for number in range(10_000):
        queue.put(job(f"import-{number}", fresh=False))
    queue.put(job("new"))
    assert "new" in [queue.take().path.name for _ in range(2)]  # type: ignore[union-attr]


def test_a_fresh_picture_does_not_wait_behind_fresh_ones_of_another_place() -> None:
    queue = FairQueue()
    for number in range(50):
        queue.put(job(f"trip/{number}"))
    queue.put(job("new"))
    assert "new" in [queue.take().path.name for _ in range(2)]  # type: ignore[union-attr]
    assert len(queue) == queue.waiting(Path("/a")) == 49
    queue.drop(Path("/a"))
    assert len(queue) == queue.waiting(Path("/a")) == 0


def test_no_more_are_under_way_than_is_allowed() -> None:
    queue = FairQueue()
    queue.set_limit(1)
    for number in range(3):
        queue.put(job(str(number)))
    first = queue.take()
    assert first is not None
    assert queue.take() is None
    assert not queue.has_room(), "a second worker would be started in vain"
    queue.set_limit(2)
    assert queue.take() is not None
    assert queue.take() is None
    queue.done(first)
    assert queue.take() is not None


def test_what_somebody_waits_for_has_a_limit_of_its_own() -> None:
    queue = FairQueue()
    queue.set_limit(1)
    for number in range(2):
        queue.put(job(f"found-{number}"))
    for number in range(4):
        queue.put(job(f"asked-{number}", explicit=True, at_once=3))
    taken = []
    while (got := queue.take()) is not None:
        taken.append(got)
    assert [got.path.name for got in taken] == ["asked-0", "asked-1", "asked-2", "found-0"]
    queue.done(taken[3])
    queue.done(taken[0])
    assert drain(queue) == ["asked-3", "found-1"]


def test_one_that_asked_for_fewer_at_a_time_waits_for_the_others() -> None:
    queue = FairQueue()
    queue.put(job("many", explicit=True, at_once=2))
    queue.put(job("alone", explicit=True, at_once=1))
    first = queue.take()
    assert first is not None
    assert queue.take() is None
    queue.done(first)
    assert queue.take() is not None


def test_an_import_is_not_starved_by_fresh_pictures() -> None:
    queue = FairQueue()
    queue.put(job("import", fresh=False))
    for number in range(20):
        queue.put(job(f"new-{number}"))
    assert drain(queue).index("import") < 5


def test_imports_of_two_folders_take_turns() -> None:
    queue = FairQueue()
    for number in range(50):
        queue.put(job(f"a{number}", root="/a", fresh=False))
    for number in range(50):
        queue.put(job(f"b{number}", root="/b", fresh=False))
    first = Counter(name[0] for name in drain(queue)[:20])
    assert first == {"a": 10, "b": 10}


def test_a_path_waits_only_once_but_may_come_again_after_it_was_taken() -> None:
    queue = FairQueue()
    assert queue.put(job("x"))
    assert not queue.put(job("x"))
    assert queue.take() is not None
    assert queue.put(job("x"))


def test_what_was_taken_out_is_under_way_at_once_and_until_it_is_done() -> None:
    """At no moment does a picture neither wait nor be worked on: `run --once` would end there."""
    queue = FairQueue()
    queue.put(job("x"))
    assert (queue.load(), queue.moving(), queue.has(Path("/a/x"))) == (Load(1, 0), 1, True)
    taken = queue.take()
    assert taken is not None
    assert (queue.load(), queue.moving(), queue.has(Path("/a/x"))) == (Load(0, 1), 1, True)
    assert not queue.holds(Path("/a/x")), "it may come again, since it may have changed meanwhile"
    queue.done(taken)
    assert (queue.load(), queue.moving(), queue.has(Path("/a/x"))) == (Load(0, 0), 0, False)


def test_pause_holds_back_all_but_what_was_asked_for() -> None:
    queue = FairQueue()
    queue.put(job("found"))
    queue.pause(True)
    queue.put(job("asked", explicit=True))
    assert drain(queue) == ["asked"]
    queue.pause(False)
    assert drain(queue) == ["found"]


def test_dropping_a_folder_forgets_only_its_pictures() -> None:
    queue = FairQueue()
    queue.put(job("1", root="/a"))
    queue.put(job("2", root="/b"))
    queue.put(job("3", root="/a", fresh=False))
    queue.drop(Path("/a"))
    assert queue.waiting(Path("/a")) == 0
    assert drain(queue) == ["2"]
    assert queue.put(job("1", root="/a"))


def test_nothing_is_given_out_or_taken_in_after_the_end() -> None:
    queue = FairQueue()
    queue.put(job("found"))
    queue.put(job("asked", explicit=True))
    assert [each.path.name for each in queue.close()] == ["asked"]
    assert queue.take() is None
    assert not queue.put(job("late"))


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 30), st.booleans(), st.booleans())))
def test_every_path_that_was_taken_comes_out_exactly_once(puts: list[tuple[str, int, bool, bool]]) -> None:
    queue = FairQueue()
    taken = Counter(
        f"{number}-{root}"
        for root, number, fresh, explicit in puts
        if queue.put(job(f"{number}-{root}", root=f"/{root}", fresh=fresh, explicit=explicit))
    )
    assert len(queue) == taken.total()
    assert Counter(drain(queue)) == taken
    assert len(queue) == 0


class Clock:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_held_folder_lets_one_picture_out_now_and_then_and_no_other_folder_waits() -> None:
    clock = Clock()
    queue = FairQueue(clock)
    queue.put(job("early", root="/a"))
    queue.put(job("import", root="/a", fresh=False))
    queue.suspend(Path("/a"), every=60)
    queue.put(job("late", root="/a"))
    queue.put(job("free", root="/b"))
    assert drain(queue) == ["free"]
    assert (queue.held(Path("/a")), queue.moving(), len(queue)) == (3, 0, 3)
    clock.now += 60
    assert drain(queue) == ["early"]
    clock.now += 59
    assert drain(queue) == []
    queue.try_now(Path("/a"))
    assert drain(queue) == ["import"]
    assert queue.release(Path("/a"))
    assert drain(queue) == ["late"]
    assert queue.held(Path("/a")) is None


def test_it_is_known_when_a_held_picture_is_to_be_tried() -> None:
    clock = Clock()
    queue = FairQueue(clock)
    assert queue.next_try() == math.inf
    queue.suspend(Path("/a"), every=60)
    assert queue.next_try() == math.inf, "there is none to try"
    queue.put(job("x", root="/a"))
    assert queue.next_try() == clock.now + 60
    queue.pause(True)
    assert queue.next_try() == math.inf
    queue.pause(False)
    clock.now += 60
    assert queue.next_try() == math.inf, "it may be taken already"
    assert queue.take() is not None


def test_whoever_gives_out_work_hears_of_all_that_makes_some() -> None:
    heard = 0

    def changed() -> None:
        nonlocal heard
        heard += 1

    queue = FairQueue(on_change=changed)
    changes: list[Callable[[], object]] = [
        lambda: queue.put(job("x")),
        lambda: queue.set_limit(1),
        lambda: queue.pause(False),
        lambda: queue.suspend(Path("/a"), every=60),
        lambda: queue.try_now(Path("/a")),
        lambda: queue.release(Path("/a")),
    ]
    for number, change in enumerate(changes, 1):
        change()
        assert heard == number
    taken = queue.take()
    assert taken is not None
    queue.stuck(taken)
    queue.done(taken)
    assert heard == len(changes) + 2


def test_what_is_held_stays_held_while_paused_and_goes_with_its_folder() -> None:
    clock = Clock()
    queue = FairQueue(clock)
    queue.put(job("x", root="/a"))
    queue.suspend(Path("/a"), every=1)
    queue.pause(True)
    clock.now += 2
    assert drain(queue) == []
    queue.drop(Path("/a"))
    queue.pause(False)
    clock.now += 2
    assert drain(queue) == []
    assert queue.put(job("x", root="/a"))
    assert drain(queue) == ["x"]


def test_a_held_picture_that_is_asked_for_by_name_goes_at_once() -> None:
    queue = FairQueue()
    queue.suspend(Path("/a"))
    queue.put(job("x", root="/a"))
    queue.put(job("x", root="/a", explicit=True))
    assert drain(queue) == ["x"]


def test_what_hangs_keeps_its_folder_back_and_gives_its_place_to_others() -> None:
    queue = FairQueue()
    queue.set_limit(1)
    for number in range(3):
        queue.put(job(f"{number}.jpg"))
    hanging = queue.take()
    assert hanging is not None
    queue.put(job("b.jpg", root="/b"))
    assert queue.take() is None, "one is under way, and no more are allowed"
    assert queue.stuck(hanging)
    queue.put(job("late.jpg"))
    assert drain(queue) == ["b.jpg"]
    assert queue.has(hanging.path)
    assert queue.waiting(Path("/a")) == 4
    assert queue.held(Path("/a")) == 3
    assert queue.moving() == 0
    assert queue.is_full(Path("/a"), Path("/a/x.jpg"), 3)
    queue.done(hanging)
    assert drain(queue) == ["1.jpg", "2.jpg", "late.jpg"]
    assert not queue.stuck(hanging), "it is done by now"


def test_a_folder_that_hangs_is_not_tried_though_it_is_time() -> None:
    queue = FairQueue()
    queue.put(job("a.jpg"))
    hanging = queue.take()
    assert hanging is not None
    queue.put(job("b.jpg"))
    queue.suspend(Path("/a"), every=0)
    queue.stuck(hanging)
    assert queue.take() is None
    queue.done(hanging)
    assert drain(queue) == ["b.jpg"]


def test_with_a_folder_goes_what_was_kept_back_there_since_it_hangs() -> None:
    queue = FairQueue()
    queue.put(job("a.jpg"))
    hanging = queue.take()
    assert hanging is not None
    queue.put(job("b.jpg"))
    queue.stuck(hanging)
    queue.drop(Path("/a"))
    queue.done(hanging)
    assert drain(queue) == []
    assert len(queue) == 0
