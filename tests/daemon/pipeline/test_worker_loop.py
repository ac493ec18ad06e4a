"""The threads of the pipeline, with a carrier that does what the test says."""

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from homepress.base.system_errors import quoted
from homepress.compress import Recipe
from homepress.daemon.pipeline import worker_loop as pipelines
from homepress.daemon.pipeline.carry import Carrier
from homepress.daemon.pipeline.job import Destination, Job, JobResult, Plan
from homepress.daemon.pipeline.queue import Load
from homepress.daemon.pipeline.worker_loop import Pipeline, SlotRunner
from homepress.daemon.state import StateThread
from homepress.workers import UNNOTICED_BYTES, Limits, MemoryBudget, Slot
from support import wait_for

PLAN = Plan(Recipe(), "balanced", Destination.REPLACE, root=Path("/a"))


class Carries:
    """Stands in for a carrier: waits until it may go on."""

    def __init__(self) -> None:
        self.go_on = threading.Event()

    def stop(self) -> None:
        self.go_on.set()

    def places(self, job: Job) -> list[Path]:
        return []

    def carry(self, job: Job, slot: Slot) -> JobResult:
        self.go_on.wait(60)
        return JobResult(str(job.path), "unchanged")


@pytest.fixture
def carrier() -> Carries:
    return Carries()


@pytest.fixture
def state() -> Iterator[StateThread]:
    made = StateThread()
    yield made
    made.close()


@pytest.fixture
def pipeline(state: StateThread, carrier: Carries) -> Iterator[Pipeline]:
    made = Pipeline(state, cast(Carrier, carrier), 1, Limits(), lambda: None)
    yield made
    made.close()


def job(name: str, tell: Callable[[JobResult], None]) -> Job:
    return Job(Path("/a") / name, PLAN, tell)


def test_a_picture_is_under_way_until_what_came_of_it_was_told(pipeline: Pipeline, carrier: Carries) -> None:
    seen: list[Load] = []
    pipeline.submit(job("a.jpg", lambda _: seen.append(pipeline.load())))
    wait_for(lambda: pipeline.load() == Load(0, 1), what="it to be taken up")
    assert pipeline.holds(Path("/a/a.jpg"))
    carrier.go_on.set()
    wait_for(lambda: pipeline.load() == Load(0, 0), what="it to be done")
    assert seen == [Load(0, 1)]
    assert not pipeline.holds(Path("/a/a.jpg"))


def test_how_many_are_carried_at_a_time_changes_while_it_runs(pipeline: Pipeline, carrier: Carries) -> None:
    for number in range(4):
        pipeline.submit(job(f"{number}.jpg", lambda told: None))
    wait_for(lambda: pipeline.load() == Load(3, 1), what="one to be taken up")
    pipeline.set_limit(3)
    wait_for(lambda: pipeline.load() == Load(1, 3), what="three at a time")


def has_taken_in(pipeline: Pipeline, path: Path) -> bool:
    return pipeline._state.ask(lambda: pipeline.queue.has(path, explicit=False))


def test_a_picture_that_a_person_tries_is_not_taken_in(pipeline: Pipeline, carrier: Carries) -> None:
    """A scan that meets it meanwhile has to find it: of what comes of the try, watching hears nothing."""
    path = Path("/a/a.jpg")
    pipeline.submit(Job(path, PLAN, lambda told: None, explicit=True))
    wait_for(lambda: pipeline.load() == Load(0, 1), what="it to be taken up")
    assert (pipeline.holds(path), has_taken_in(pipeline, path)) == (True, False)
    pipeline.submit(job("a.jpg", lambda told: None))
    assert has_taken_in(pipeline, path)
    carrier.go_on.set()
    wait_for(lambda: not pipeline.holds(path), what="both to be done")


class Notes(Carries):
    """Remembers the slots that were used."""

    def __init__(self) -> None:
        super().__init__()
        self.background: list[tuple[str, bool]] = []

    def carry(self, job: Job, slot: Slot) -> JobResult:
        self.background.append((job.path.name, slot.background))
        return super().carry(job, slot)


def test_what_somebody_waits_for_runs_at_normal_priority_beside_the_rest(state: StateThread) -> None:
    carrier = Notes()
    pipeline = Pipeline(state, cast(Carrier, carrier), 1, Limits(), lambda: None)
    try:
        pipeline.submit(job("found.jpg", lambda told: None))
        wait_for(lambda: pipeline.load() == Load(0, 1), what="it to be taken up")
        for number in range(3):
            asked = Job(Path(f"/a/{number}.jpg"), PLAN, lambda told: None, explicit=True, at_once=2)
            pipeline.submit(asked)
        wait_for(lambda: pipeline.load() == Load(1, 3), what="two of them beside it")
        carrier.go_on.set()
        wait_for(lambda: pipeline.load() == Load(0, 0), what="all to be done")
        assert sorted(carrier.background) == [
            ("0.jpg", False),
            ("1.jpg", False),
            ("2.jpg", False),
            ("found.jpg", True),
        ]
    finally:
        pipeline.close()


def test_all_cores_but_one_have_work_and_no_more_than_there_is_memory_for(
    state: StateThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = MemoryBudget()
    pipeline = Pipeline(state, cast(Carrier, Carries()), 1, Limits(), lambda: None, memory=memory)
    free = property(lambda _: 3 * UNNOTICED_BYTES + 1)
    monkeypatch.setattr(MemoryBudget, "free", free)
    for cores, expected in ((1, 1), (2, 1), (4, 3), (16, 3)):
        monkeypatch.setattr(pipelines, "usable_cores", lambda cores=cores: cores)
        assert pipeline.at_once() == expected
    monkeypatch.setattr(MemoryBudget, "free", property(lambda _: 0))
    assert pipeline.at_once() == 15, "where the system does not say"
    pipeline.close()


def test_whoever_cannot_bear_to_be_told_ends_nothing(pipeline: Pipeline, carrier: Carries) -> None:
    """Such as a ledger on a full disk: the thread lives on, and with it all that waits."""

    def full(_: JobResult) -> None:
        raise OSError("the disk is full")

    told: list[JobResult] = []
    carrier.go_on.set()
    pipeline.submit(job("a.jpg", full))
    pipeline.submit(job("b.jpg", told.append))
    wait_for(lambda: [each.file.name for each in told] == ["b.jpg"], what="the next picture")
    wait_for(lambda: pipeline.load() == Load(0, 0), what="both to be done")


def test_every_outcome_stands_in_the_log(
    pipeline: Pipeline, carrier: Carries, caplog: pytest.LogCaptureFixture
) -> None:
    """Of pictures that were found and of those that a person named; a trial decides nothing."""
    carrier.go_on.set()
    with caplog.at_level(logging.INFO, "homepress.daemon.pipeline"):
        pipeline.submit(job("found.jpg", lambda _: None))
        pipeline.submit(replace(job("named.jpg", lambda _: None), explicit=True))
        trial = replace(PLAN, destination=Destination.NOWHERE)
        pipeline.submit(replace(job("tried.jpg", lambda _: None), plan=trial))
        wait_for(lambda: pipeline.load() == Load(0, 0), what="all to be done")
    said = {record.getMessage() for record in caplog.records}
    assert said == {f"{quoted(Path('/a', name))}: unchanged: " for name in ("found.jpg", "named.jpg")}


def test_an_outcome_in_words() -> None:
    assert str(JobResult(str(Path("/a")), "failed", "its disk is full")) == "failed: its disk is full"
    shrunk = JobResult(str(Path("/a")), "compressed", before_bytes=2000, after_bytes=1)
    assert str(shrunk) == "compressed, 2,000 bytes to 1 byte (99 % saved)"


class HangsIn(Carries):
    """A carrier that a disk keeps, for pictures of one folder."""

    def __init__(self, root: Path) -> None:
        super().__init__()
        self._root = root

    def stop(self) -> None:
        """What hangs does not hear of the end."""

    def places(self, job: Job) -> list[Path]:
        return [self._root]

    def carry(self, job: Job, slot: Slot) -> JobResult:
        if job.path.is_relative_to(self._root):
            self.go_on.wait(60)
        return JobResult(str(job.path), "unchanged")


@pytest.fixture
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk counts as hanging after a moment."""
    monkeypatch.setattr(pipelines, "SILENT_SECONDS", 0.2)
    monkeypatch.setattr(pipelines, "_LOOK_SECONDS", 0.05)
    monkeypatch.setattr(pipelines, "LAST_SECONDS", 0.2)


@pytest.mark.usefixtures("quickly")
@pytest.mark.parametrize("workers", [1, 2])
def test_a_disk_that_hangs_takes_no_worker_from_other_folders(state: StateThread, workers: int) -> None:
    hung, told = Path("/hung"), list[str]()
    carrier = HangsIn(hung)
    pipeline = Pipeline(state, cast(Carrier, carrier), workers, Limits(), lambda: None)
    there = replace(PLAN, root=hung)
    try:
        for number in range(5):
            pipeline.submit(Job(hung / f"{number}.jpg", there, lambda done: told.append(done.file.name)))
        wait_for(lambda: pipeline.silent(hung), what="the disk to be told")
        pipeline.submit(job("a.jpg", lambda done: told.append(done.file.name)))
        wait_for(lambda: told == ["a.jpg"], what="the picture of another folder")
        assert "has not answered since" in pipeline.silent(hung)
        assert not pipeline.silent(Path("/a"))
        # Each thread has a patience of its own: the second may be found to hang after the first was told.
        wait_for(lambda: state.ask(lambda: pipeline.queue.waiting(hung)) == 5, what="both threads to hang")
        assert pipeline.holds(hung / "0.jpg"), "it must not be queued a second time"
        carrier.go_on.set()
        wait_for(lambda: len(told) == 6, what="what waited for the disk")
        wait_for(lambda: pipeline.load() == Load(0, 0), what="all to be over")
        assert not pipeline.silent(hung)
        wait_for(
            lambda: len(state.ask(pipeline._runners.all)) == workers, what="threads that are too many to end"
        )
    finally:
        carrier.go_on.set()
        assert pipeline.close()


@pytest.mark.usefixtures("quickly")
def test_the_end_does_not_wait_for_a_disk_that_hangs(state: StateThread) -> None:
    carrier = HangsIn(Path("/a"))
    pipeline = Pipeline(state, cast(Carrier, carrier), 1, Limits(), lambda: None)
    pipeline.submit(job("a.jpg", lambda _: None))
    wait_for(lambda: pipeline.silent(Path("/a")), what="the disk to be told")
    try:
        assert not pipeline.close()
    finally:
        carrier.go_on.set()


class Ready(Carries):
    """Notes for which slot a worker was started ahead of work, and which slots got the pictures."""

    def __init__(self) -> None:
        super().__init__()
        self.prepared: list[Slot] = []
        self.used: list[Slot] = []

    def prepare(self, slot: Slot) -> None:
        self.prepared.append(slot)

    def carry(self, job: Job, slot: Slot) -> JobResult:
        self.used.append(slot)
        return super().carry(job, slot)


@pytest.fixture
def ready(state: StateThread, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Pipeline, Ready]]:
    """A pipeline of three slots, each of whose workers counts as running once it was prepared."""
    carrier = Ready()
    monkeypatch.setattr(Slot, "pid", property(lambda self: 1 if self in carrier.prepared else None))
    made = Pipeline(state, cast(Carrier, carrier), 3, Limits(), lambda: None)
    yield made, carrier
    carrier.go_on.set()
    made.close()


def runners(state: StateThread, pipeline: Pipeline) -> list[SlotRunner]:
    return state.ask(pipeline._runners.all)


def test_without_work_there_is_no_thread(state: StateThread, pipeline: Pipeline, carrier: Carries) -> None:
    assert runners(state, pipeline) == []
    carrier.go_on.set()
    pipeline.submit(job("a.jpg", lambda told: None))
    wait_for(lambda: pipeline.load() == Load(0, 0), what="it to be done")
    assert len(runners(state, pipeline)) == 1, "the next picture may come soon"


def test_a_thread_that_is_idle_for_long_ends(
    state: StateThread, carrier: Carries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipelines, "IDLE_SECONDS", 0.05)
    carrier.go_on.set()
    pipeline = Pipeline(state, cast(Carrier, carrier), 1, Limits(), lambda: None)
    told: list[JobResult] = []
    for number in range(3):
        pipeline.submit(job(f"{number}.jpg", told.append))
        wait_for(lambda: not runners(state, pipeline), what="its thread to end")
    assert len(told) == 3
    assert pipeline.close()


def test_when_work_is_expected_one_gets_ready_and_gets_the_work(
    state: StateThread, ready: tuple[Pipeline, Ready]
) -> None:
    pipeline, carrier = ready
    pipeline.submit(job("a.jpg", lambda told: None))
    wait_for(lambda: carrier.used, what="the first picture")
    pipeline.prewarm()
    wait_for(lambda: carrier.prepared, what="a worker to be started")
    pipeline.prewarm()
    assert len(runners(state, pipeline)) == 2, "one that is ready is enough"
    pipeline.submit(job("b.jpg", lambda told: None))
    wait_for(lambda: len(carrier.used) == 2, what="the second picture")
    assert carrier.used[1] is carrier.prepared[0]
    assert len(carrier.prepared) == 1


def test_nobody_gets_ready_while_paused(state: StateThread, ready: tuple[Pipeline, Ready]) -> None:
    pipeline, _ = ready
    state.ask(lambda: pipeline.queue.pause(True))
    pipeline.prewarm()
    assert runners(state, pipeline) == []


def test_a_held_picture_is_tried_when_it_is_time(state: StateThread, ready: tuple[Pipeline, Ready]) -> None:
    pipeline, carrier = ready
    carrier.go_on.set()
    state.ask(lambda: pipeline.queue.suspend(Path("/a"), every=0.1))
    pipeline.submit(job("held.jpg", lambda told: None))
    wait_for(lambda: carrier.used, what="it to be tried")
