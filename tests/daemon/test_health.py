"""What stands against work in a folder, which files wait, and when that is over."""

import dataclasses
import time
from pathlib import Path

import msgspec
import pytest

from hands import Hands
from homepress.base.formats import ImageType
from homepress.compress import Recipe
from homepress.daemon.health import MOST_IN_A_ROW, MOST_UNDELIVERED, Delivery, FolderHealth
from homepress.daemon.pipeline.job import Destination, Job, JobResult, Plan
from homepress.daemon.pipeline.queue import FairQueue
from homepress.daemon.places import Away
from homepress.store.model import RecoveryNote

ROOT, OTHER = Path("/pictures"), Path("/elsewhere")
PATH = ROOT / "a.jpg"
UNVERIFIED = JobResult(
    str(ROOT / "a.jpg"), "waiting", "read back differently", retry_after=60, unverified=True
)
UNLIKE = JobResult(
    str(ROOT / "a.jpg"), "waiting", "does not look like the picture", retry_after=10, unlike=True
)
GOOD = JobResult(str(PATH), "compressed")


def job(name: str, root: Path = ROOT) -> Job:
    plan = Plan(Recipe(), "balanced", Destination.REPLACE, root=root)
    return Job(root / name, plan, on_result=lambda told: None)


def given_back(
    name: str,
    *,
    whole_folder: bool,
    problem: str = "no space",
    after: float = 60.0,
    place: Path | None = None,
) -> JobResult:
    return JobResult(
        str(ROOT / name),
        "waiting",
        problem,
        retry_after=after,
        problem=problem,
        whole_folder=whole_folder,
        place=place,
    )


class Clock:
    """Monotonic seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def queue() -> FairQueue:
    made = FairQueue()
    for number in range(3):
        made.put(job(f"{number}.jpg"))
    return made


# -- the circuit breaker


def test_failed_verifications_in_a_row_hold_their_folder_and_no_other() -> None:
    queue = FairQueue()
    for root in (ROOT, OTHER):
        queue.put(job("x.jpg", root))
    health = FolderHealth(queue)
    for _ in range(MOST_IN_A_ROW - 1):
        health.record(ROOT, UNVERIFIED)
    assert health.text(ROOT) == ""
    health.record(ROOT, UNVERIFIED)
    assert "read back from the disk" in health.text(ROOT) and "homepress resume" in health.text(ROOT)
    assert health.text(OTHER) == ""
    first = queue.take()
    assert first is not None
    assert first.path == OTHER / "x.jpg"
    assert queue.take() is None
    health.trust_all()
    assert health.text(ROOT) == ""
    assert queue.take() is not None


@pytest.mark.parametrize("bad", [UNVERIFIED, UNLIKE])
def test_a_good_result_begins_the_count_anew(queue: FairQueue, bad: JobResult) -> None:
    health = FolderHealth(queue)
    for told in [bad] * (MOST_IN_A_ROW - 1) + [GOOD] + [bad] * (MOST_IN_A_ROW - 1):
        health.record(ROOT, told)
    assert health.text(ROOT) == ""


def test_results_unlike_their_pictures_hold_their_folder(queue: FairQueue) -> None:
    health = FolderHealth(queue)
    for _ in range(MOST_IN_A_ROW):
        health.record(ROOT, UNLIKE)
    assert "did not look like their pictures" in health.text(ROOT)
    assert "homepress resume" in health.text(ROOT)


def test_a_folder_in_which_replacing_stopped_goes_on_for_nothing_else(queue: FairQueue) -> None:
    """Neither a drive that comes back, nor trouble that is over, nor new settings end it."""
    health = FolderHealth(queue)
    health.record(ROOT, given_back("b.jpg", whole_folder=True))
    assert health.stop(ROOT, "Nobody knows why.")
    assert not health.stop(ROOT, "Once more."), "it was stopped before"
    away, there = Away(roots=frozenset({ROOT})), Away()
    health.drives_changed(there, away, [ROOT])
    assert health.drives_changed(away, there, [ROOT]) == {ROOT}
    health.record(ROOT, GOOD)
    assert queue.take() is None
    health.forget_problems([ROOT])
    queue.put(job("new.jpg"))
    assert (queue.take(), health.text(ROOT)) == (None, "Replacing has stopped. Nobody knows why.")
    health.trust_all()
    assert queue.take() is not None


def test_a_drive_that_is_away_holds_its_folder(queue: FairQueue) -> None:
    health = FolderHealth(queue)
    away, there = Away(roots=frozenset({ROOT})), Away()
    health.drives_changed(there, away, [ROOT, OTHER])
    assert (queue.take(), queue.held(ROOT), queue.held(OTHER)) == (None, 3, None)
    assert health.drives_changed(away, there, [ROOT, OTHER]) == {ROOT}
    assert queue.take() is not None


# -- trouble with disks and permissions


def test_a_full_disk_holds_its_folder_until_one_picture_gets_through(queue: FairQueue) -> None:
    health = FolderHealth(queue)
    assert not health.record(ROOT, given_back("a.jpg", whole_folder=True))
    assert health.text(ROOT) == "no space"
    assert queue.take() is None
    assert health.try_again()
    assert queue.take() is not None, "one of them tries"
    assert queue.take() is None
    assert health.record(ROOT, JobResult(str(ROOT / "0.jpg"), "compressed"))
    assert health.text(ROOT) == ""
    assert queue.take() is not None


def test_a_picture_that_tells_nothing_about_the_disk_lets_the_next_one_try(queue: FairQueue) -> None:
    health = FolderHealth(queue)
    health.record(ROOT, given_back("a.jpg", whole_folder=True))
    health.record(ROOT, JobResult(str(ROOT / "0.jpg"), "unchanged", "nothing to gain"))
    assert health.text(ROOT) == "no space"
    assert queue.take() is not None
    assert queue.take() is None


def test_trouble_with_one_picture_holds_no_other_and_ends_with_it(queue: FairQueue) -> None:
    health = FolderHealth(queue)
    health.record(ROOT, given_back("a.jpg", whole_folder=False, problem="may not be read"))
    assert queue.take() is not None
    health.record(ROOT, JobResult(str(ROOT / "b.jpg"), "unchanged", "nothing to gain"))
    assert health.text(ROOT) == "may not be read"
    health.record(ROOT, JobResult(str(PATH), "failed", "it is not there any more"))
    assert health.text(ROOT) == ""


def test_trouble_that_nobody_runs_into_any_more_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("homepress.daemon.health._LINGER", 0.0)
    queue = FairQueue()
    health = FolderHealth(queue)
    health.record(ROOT, given_back("a.jpg", whole_folder=True, after=-1.0))
    assert health.text(ROOT) == ""
    assert queue.held(ROOT) is None


def test_new_settings_drop_what_waited_under_the_old_ones(queue: FairQueue) -> None:
    health = FolderHealth(queue)
    health.record(ROOT, given_back("a.jpg", whole_folder=True))
    assert health.forget_problems([ROOT])
    assert (health.text(ROOT), len(queue), queue.held(ROOT)) == ("", 0, None)
    assert not health.forget_problems([ROOT])


def test_a_day_with_a_full_disk_is_a_few_dozen_tries() -> None:
    clock = Clock()
    queue = FairQueue(clock)
    health = FolderHealth(queue, clock)
    for number in range(200):
        queue.put(job(f"{number}.jpg"))
    tries = 0
    while clock.now < 86_400:
        while (tried := queue.take()) is not None:
            tries += 1
            health.record(ROOT, given_back(tried.path.name, whole_folder=True))
            queue.done(tried)
            queue.put(tried)
        clock.now += 1
    assert 20 < tries < 40
    assert health.text(ROOT) == "no space"


def test_a_folder_inside_holds_its_own_pictures_alone(queue: FairQueue) -> None:
    inside = ROOT / "read-only"
    queue.put(job("read-only/b.jpg"))
    health = FolderHealth(queue)
    health.record(ROOT, given_back("read-only/a.jpg", whole_folder=False, place=inside, problem="no writing"))
    queue.put(job("read-only/c.jpg"))
    got = [queue.take() for _ in range(4)]
    assert [each and each.path.parent for each in got] == [ROOT, ROOT, ROOT, None]
    assert health.text(ROOT) == "no writing"
    assert not health.record(ROOT, JobResult(str(ROOT / "0.jpg"), "compressed"))
    assert health.record(ROOT, JobResult(str(inside / "b.jpg"), "compressed"))
    assert queue.take() is not None
    assert health.text(ROOT) == ""


def test_nothing_gets_out_of_a_folder_inside_while_replacing_has_stopped(queue: FairQueue) -> None:
    """Whatever else stands against pictures, and whatever is done about it: first somebody has to look."""
    health = FolderHealth(queue)
    inside = ROOT / "sub"
    health.record(ROOT, given_back("sub/a.jpg", whole_folder=False, place=inside))
    queue.put(job("sub/b.jpg"))
    health.stop(ROOT, "Five results in a row were undone.")
    assert health.conditions_changed(health.problems(ROOT)[0], (1,))
    assert queue.take() is None
    health.try_again()
    assert queue.take() is None
    health.trust_all()
    health.try_again()
    taken = queue.take()
    assert taken is not None
    assert taken.path == inside / "b.jpg"  # held by its own folder alone again, and let out to try


def test_room_on_its_disk_does_not_begin_what_has_stopped(queue: FairQueue) -> None:
    health = FolderHealth(queue)
    health.record(ROOT, given_back("a.jpg", whole_folder=True))
    queue.put(job("b.jpg"))
    health.stop(ROOT, "Five results in a row were undone.")
    health.try_again()
    assert queue.take() is None
    health.trust_all()
    assert queue.take() is not None


def test_many_folders_are_told_in_a_few_words(queue: FairQueue) -> None:
    health = FolderHealth(queue)
    for number in range(50):
        place = ROOT / str(number)
        told = given_back(f"{number}/a.jpg", whole_folder=False, place=place, problem=f"{place}: no writing")
        health.record(ROOT, told)
    assert health.text(ROOT).count("no writing") == 3
    assert "47 more folders" in health.text(ROOT)


def test_a_pause_ends_when_what_stood_against_a_picture_changed() -> None:
    queue = FairQueue()
    health = FolderHealth(queue)
    queue.put(job("0.jpg"))
    assert health.problems(ROOT) == []
    health.record(ROOT, given_back("a.jpg", whole_folder=True), (0o555,))
    (problem,) = health.problems(ROOT)
    assert (problem.path, problem.conditions, queue.take()) == (PATH, (0o555,), None)
    assert health.conditions_changed(problem, (0o755,))
    assert queue.take() is not None
    assert [each.conditions for each in health.problems(ROOT)] == [(0o755,)]
    assert not health.conditions_changed(problem, (0o700,)), "it is another problem by now"


# -- files that wait


def test_a_file_that_is_tried_again_soon_is_worth_waiting_for() -> None:
    health = FolderHealth(FairQueue())
    health.set_waiting(JobResult(str(PATH), "waiting", "somebody writes to it", retry_after=1.0))
    assert health.any_soon(60.0)
    assert [file.reason for file in health.waiting([])] == ["somebody writes to it"]
    health.set_waiting(JobResult(str(PATH), "compressed"))
    assert not health.any_soon(60.0)
    assert health.waiting([]) == []


def test_a_full_disk_is_not_waited_for_though_its_picture_still_waits() -> None:
    health = FolderHealth(FairQueue())
    full = JobResult(str(PATH), "waiting", "the disk is full", retry_after=30.0, problem="the disk is full")
    health.set_waiting(full)
    assert not health.any_soon(60.0)
    assert [file.path for file in health.waiting([])] == [str(PATH)]
    health.set_waiting(JobResult(str(PATH), "waiting", "it changed again", retry_after=1.0))
    assert health.any_soon(60.0)


def test_files_that_are_tried_at_once_do_not_wait_any_more() -> None:
    health = FolderHealth(FairQueue())
    health.set_waiting(JobResult(str(PATH), "waiting", "no room", retry_after=600.0, problem="no room"))
    assert health.try_now() == [PATH]
    assert health.waiting([]) == []


def test_files_of_folders_that_were_let_go_are_forgotten() -> None:
    health = FolderHealth(FairQueue())
    health.set_waiting(JobResult(str(PATH), "waiting", "no room", retry_after=600.0))
    health.keep_within([PATH.parent], [])
    assert [file.path for file in health.waiting([])] == [str(PATH)]
    health.keep_within([OTHER], [ROOT])
    assert health.waiting([]) == []


def test_a_file_whose_time_has_just_come_is_worth_waiting_for_whoever_looks() -> None:
    """`run --once` would end otherwise, because somebody asked for the status at that moment."""
    clock = Clock()
    health = FolderHealth(FairQueue(), clock)
    health.set_waiting(JobResult(str(PATH), "waiting", "somebody writes to it", retry_after=1.0))
    clock.now += 1.5
    assert health.waiting([]) == []
    assert health.any_soon(60.0)


@pytest.mark.parametrize("jump", [-400 * 86_400.0, 400 * 86_400.0])
def test_a_clock_that_is_set_neither_ends_a_wait_nor_makes_it_longer(
    monkeypatch: pytest.MonkeyPatch, jump: float
) -> None:
    health, now = FolderHealth(FairQueue()), time.time()
    health.set_waiting(JobResult(str(PATH), "waiting", "somebody writes to it", retry_after=30.0))
    monkeypatch.setattr(time, "time", lambda: now + jump)
    assert health.any_soon(60.0)
    assert not health.any_soon(1.0)
    (file,) = health.waiting([])
    assert file.next_try == pytest.approx(now + jump + 30, abs=10)


# -- notes


def test_a_note_stands_for_a_day_that_passed_whatever_the_clock_says() -> None:
    hands = Hands()
    health = FolderHealth(FairQueue(), boot_clock=hands.clock())
    health.add_notice(RecoveryNote("a.jpg", "an edit came late"))
    for jump in (400 * 86_400, -800 * 86_400, -1):
        hands.jump(jump)
        assert health.notices() == ["a.jpg: an edit came late"]
    hands.let_pass(86_000)
    assert health.notices() == ["a.jpg: an edit came late"]
    hands.let_pass(900)
    assert health.notices() == []


# -- an outbox that delivers nothing

OUTBOX = Plan(Recipe(), "share", Destination.OUTPUT, output=Path("/out"), root=ROOT)
CONVERTS = Plan(
    Recipe(), "balanced", Destination.REPLACE, convert={ImageType.HEIC: ImageType.JPEG}, root=ROOT
)


def refused(number: int, reason: str = "it is animated", cause: str = "cannot_convert") -> JobResult:
    return JobResult(str(ROOT / f"{number}.heic"), "unchanged", reason, 9, 9, missed=True, cause=cause)


@pytest.fixture
def outbox() -> FolderHealth:
    health = FolderHealth(FairQueue())
    health.expect(ROOT, OUTBOX)
    return health


def deliver(health: FolderHealth, *results: JobResult) -> str:
    for result in results:
        health.count_delivery(ROOT, result)
    return health.text(ROOT)


def test_an_outbox_that_delivers_nothing_is_a_problem(outbox: FolderHealth) -> None:
    assert deliver(outbox, *map(refused, range(MOST_UNDELIVERED - 1))) == ""
    failed = JobResult(str(ROOT / "9.jpg"), "failed", "the compressor crashed on it", 9)
    text = deliver(outbox, failed)
    assert text.startswith(
        f"None of the last 3 pictures came out in {Path('/out')} as you asked. "
        "The reason for 2 of them: it is animated."
    )
    assert "see drop in the folder's settings" in text
    assert text.endswith(f"See each of them with: homepress history {ROOT}")
    assert "None of the last 4 pictures" in deliver(outbox, refused(7))


def test_one_that_comes_out_ends_the_problem(outbox: FolderHealth) -> None:
    deliver(outbox, *map(refused, range(5)))
    assert (
        deliver(outbox, JobResult(str(PATH), "unchanged", "saves too little", 9, 9, output="/out/a.jpg"))
        == ""
    )
    assert deliver(outbox, *map(refused, range(2))) == ""
    assert deliver(outbox, refused(2))
    assert deliver(outbox, GOOD) == ""


def test_other_settings_end_the_problem_and_the_same_do_not(outbox: FolderHealth) -> None:
    assert deliver(outbox, *map(refused, range(5)))
    outbox.expect(ROOT, OUTBOX)
    assert outbox.text(ROOT)
    outbox.expect(ROOT, dataclasses.replace(OUTBOX, settings="share, at most 2048 pixels"))
    assert outbox.text(ROOT) == ""


def test_what_was_so_before_a_restart_is_so_after_it() -> None:
    health = FolderHealth(FairQueue())
    before = [Delivery(f"/pictures/{n}.jpg", delivered=n == 0, reason="it is animated") for n in range(4)]
    health.expect(ROOT, OUTBOX, before)
    assert "None of the last 3 pictures" in health.text(ROOT)


@pytest.mark.parametrize(
    "result",
    [
        JobResult(str(PATH), "waiting", "a program has it open", retry_after=1.0),
        JobResult(str(PATH), "failed", "it is not there any more", gone=True),
        JobResult(str(PATH), "unchanged", "known already (kept)", 9, 9),
    ],
)
def test_what_says_nothing_about_the_outbox_is_not_counted(outbox: FolderHealth, result: JobResult) -> None:
    assert deliver(outbox, *(msgspec.structs.replace(result, path=f"/pictures/{n}") for n in range(9))) == ""
    assert deliver(outbox, *map(refused, range(3)))
    assert deliver(outbox, result)


def test_the_same_picture_counts_once(outbox: FolderHealth) -> None:
    assert deliver(outbox, *[refused(1)] * 9) == ""


def test_a_conversion_that_never_happens_is_a_problem_and_a_folder_without_one_has_none() -> None:
    health = FolderHealth(FairQueue())
    health.expect(ROOT, CONVERTS)
    assert deliver(health, *map(refused, range(3))).startswith(
        "None of the last 3 pictures came out as you asked."
    )
    health.keep_within([], [ROOT])
    assert health.text(ROOT) == ""
    health.expect(ROOT, dataclasses.replace(CONVERTS, convert={}))
    assert deliver(health, *map(refused, range(9))) == ""
