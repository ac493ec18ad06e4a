"""What stands against work in a folder, and when it is over."""

from pathlib import Path

import pytest

from homepress.app import troubles
from homepress.app.troubles import Troubles
from homepress.compress.model import Recipe
from homepress.pipeline import Destination, FairQueue, Job, Plan, Told

ROOT = Path("/pictures")


def job(name: str) -> Job:
    plan = Plan(Recipe(), "balanced", Destination.REPLACE, root=ROOT)
    return Job(ROOT / name, plan, tell=lambda told: None)


def given_back(
    name: str,
    *,
    whole_folder: bool,
    problem: str = "no space",
    after: float = 60.0,
    place: Path | None = None,
) -> Told:
    return Told(
        ROOT / name,
        "waiting",
        problem,
        retry_after=after,
        problem=problem,
        whole_folder=whole_folder,
        place=place,
    )


@pytest.fixture
def queue() -> FairQueue:
    made = FairQueue()
    for number in range(3):
        made.put(job(f"{number}.jpg"))
    return made


def test_a_full_disk_holds_its_folder_until_one_picture_gets_through(queue: FairQueue) -> None:
    standing = Troubles(queue)
    assert not standing.told(ROOT, given_back("a.jpg", whole_folder=True))
    assert standing.text(ROOT) == "no space"
    assert queue.get(timeout=0) is None
    assert standing.try_again()
    assert queue.get(timeout=0) is not None, "one of them tries"
    assert queue.get(timeout=0) is None
    assert standing.told(ROOT, Told(ROOT / "0.jpg", "compressed"))
    assert standing.text(ROOT) == ""
    assert queue.get(timeout=0) is not None


def test_a_picture_that_tells_nothing_about_the_disk_lets_the_next_one_try(queue: FairQueue) -> None:
    standing = Troubles(queue)
    standing.told(ROOT, given_back("a.jpg", whole_folder=True))
    standing.told(ROOT, Told(ROOT / "0.jpg", "unchanged", "nothing to gain"))
    assert standing.text(ROOT) == "no space"
    assert queue.get(timeout=0) is not None
    assert queue.get(timeout=0) is None


def test_trouble_with_one_picture_holds_no_other_and_ends_with_it(queue: FairQueue) -> None:
    standing = Troubles(queue)
    standing.told(ROOT, given_back("a.jpg", whole_folder=False, problem="may not be read"))
    assert queue.get(timeout=0) is not None
    standing.told(ROOT, Told(ROOT / "b.jpg", "unchanged", "nothing to gain"))
    assert standing.text(ROOT) == "may not be read"
    standing.told(ROOT, Told(ROOT / "a.jpg", "failed", "it is not there any more"))
    assert standing.text(ROOT) == ""


def test_trouble_that_nobody_runs_into_any_more_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(troubles, "_LINGER", 0.0)
    queue = FairQueue()
    standing = Troubles(queue)
    standing.told(ROOT, given_back("a.jpg", whole_folder=True, after=-1.0))
    assert standing.text(ROOT) == ""
    assert queue.held(ROOT) is None


def test_new_settings_drop_what_waited_under_the_old_ones(queue: FairQueue) -> None:
    standing = Troubles(queue)
    standing.told(ROOT, given_back("a.jpg", whole_folder=True))
    assert standing.forget([ROOT])
    assert (standing.text(ROOT), len(queue), queue.held(ROOT)) == ("", 0, None)
    assert not standing.forget([ROOT])


class Clock:
    """Monotonic seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_day_with_a_full_disk_is_a_few_dozen_tries() -> None:
    clock = Clock()
    queue = FairQueue(clock)
    standing = Troubles(queue, clock=clock)
    for number in range(200):
        queue.put(job(f"{number}.jpg"))
    tries = 0
    while clock.now < 86_400:
        while (tried := queue.get(timeout=0)) is not None:
            tries += 1
            standing.told(ROOT, given_back(tried.path.name, whole_folder=True))
            queue.done(tried)
            queue.put(tried)
        clock.now += 1
    assert 20 < tries < 40
    assert standing.text(ROOT) == "no space"


def test_a_folder_inside_holds_its_own_pictures_alone(queue: FairQueue) -> None:
    inside = ROOT / "read-only"
    queue.put(job("read-only/b.jpg"))
    standing = Troubles(queue)
    standing.told(ROOT, given_back("read-only/a.jpg", whole_folder=False, place=inside, problem="no writing"))
    queue.put(job("read-only/c.jpg"))
    got = [queue.get(timeout=0) for _ in range(4)]
    assert [each and each.path.parent for each in got] == [ROOT, ROOT, ROOT, None]
    assert standing.text(ROOT) == "no writing"
    assert not standing.told(ROOT, Told(ROOT / "0.jpg", "compressed"))
    assert standing.told(ROOT, Told(inside / "b.jpg", "compressed"))
    assert queue.get(timeout=0) is not None
    assert standing.text(ROOT) == ""


def test_many_folders_are_told_in_a_few_words(queue: FairQueue) -> None:
    standing = Troubles(queue)
    for number in range(50):
        place = ROOT / str(number)
        told = given_back(f"{number}/a.jpg", whole_folder=False, place=place, problem=f"{place}: no writing")
        standing.told(ROOT, told)
    assert standing.text(ROOT).count("no writing") == 3
    assert "47 more folders" in standing.text(ROOT)


def test_a_pause_ends_when_what_stood_against_a_picture_changed() -> None:
    conditions = {"mode": 0o555}
    queue = FairQueue()
    standing = Troubles(queue, lambda _: (conditions["mode"],))
    queue.put(job("0.jpg"))
    assert standing.look_again(ROOT) == (False, [])
    standing.told(ROOT, given_back("a.jpg", whole_folder=True))
    assert standing.look_again(ROOT) == (True, [])
    assert queue.get(timeout=0) is None
    conditions["mode"] = 0o755
    assert standing.look_again(ROOT) == (True, [ROOT / "a.jpg"])
    assert queue.get(timeout=0) is not None
    assert standing.look_again(ROOT) == (True, [])
