"""What stands against work in a folder, and when it is over."""

from pathlib import Path

import pytest

from homepress.app import troubles
from homepress.app.troubles import Troubles
from homepress.compress.recipe import Recipe
from homepress.pipeline import Destination, FairQueue, Job, Plan, Told

ROOT = Path("/pictures")


def job(name: str) -> Job:
    plan = Plan(Recipe(), "balanced", Destination.REPLACE, root=ROOT)
    return Job(ROOT / name, plan, tell=lambda told: None)


def given_back(name: str, *, whole_folder: bool, problem: str = "no space", after: float = 60.0) -> Told:
    return Told(
        ROOT / name, "waiting", problem, retry_after=after, problem=problem, whole_folder=whole_folder
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
