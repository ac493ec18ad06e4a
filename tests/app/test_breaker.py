"""The circuit breaker: results that cannot be trusted stop replacing in their folder until someone looks."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from homepress.app.breaker import MOST_IN_A_ROW, Breaker
from homepress.compress.model import Recipe
from homepress.pipeline import Destination, FairQueue, Job, Plan, Told
from homepress.store.store import Store

ROOT, OTHER = Path("/pictures"), Path("/elsewhere")
UNVERIFIED = Told(ROOT / "a.jpg", "waiting", "read back differently", retry_after=60, unverified=True)
GOOD = Told(ROOT / "a.jpg", "compressed")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(tmp_path / "ledger.sqlite3", tmp_path / "originals")
    yield opened
    opened.close()


@pytest.fixture
def queue() -> FairQueue:
    made = FairQueue()
    for root in (ROOT, OTHER):
        plan = Plan(Recipe(), "balanced", Destination.REPLACE, root=root)
        made.put(Job(root / "x.jpg", plan, tell=lambda told: None))
    return made


def test_failed_verifications_in_a_row_hold_their_folder_and_no_other(store: Store, queue: FairQueue) -> None:
    said: list[str] = []
    breaker = Breaker(store, queue, lambda root, why: said.append(f"{root}: {why}"))
    for _ in range(MOST_IN_A_ROW - 1):
        breaker.told(ROOT, UNVERIFIED)
    assert breaker.text(ROOT) == ""
    breaker.told(ROOT, UNVERIFIED)
    assert "homepress resume" in breaker.text(ROOT)
    assert said == [f"{ROOT}: {breaker.text(ROOT)}"]
    assert breaker.text(OTHER) == ""
    first = queue.get(timeout=0)
    assert first is not None
    assert first.path == OTHER / "x.jpg"
    assert queue.get(timeout=0) is None
    breaker.close_all([ROOT, OTHER])
    assert breaker.text(ROOT) == ""
    assert queue.get(timeout=0) is not None


def test_results_unlike_their_pictures_hold_their_folder(store: Store, queue: FairQueue) -> None:
    breaker = Breaker(store, queue, lambda root, why: None)
    unlike = Told(ROOT / "a.jpg", "waiting", "does not look like the picture", retry_after=10, unlike=True)
    for told in [unlike] * (MOST_IN_A_ROW - 1) + [GOOD] + [unlike] * (MOST_IN_A_ROW - 1):
        breaker.told(ROOT, told)
    assert breaker.text(ROOT) == ""
    breaker.told(ROOT, unlike)
    assert "did not look like their pictures" in breaker.text(ROOT)
    assert "homepress resume" in breaker.text(ROOT)


def test_a_good_result_begins_the_count_anew(store: Store, queue: FairQueue) -> None:
    breaker = Breaker(store, queue, lambda root, why: None)
    for told in [UNVERIFIED] * (MOST_IN_A_ROW - 1) + [GOOD] + [UNVERIFIED] * (MOST_IN_A_ROW - 1):
        breaker.told(ROOT, told)
    assert breaker.text(ROOT) == ""


def test_a_restart_is_no_look(store: Store, queue: FairQueue) -> None:
    breaker = Breaker(store, queue, lambda root, why: None)
    for _ in range(MOST_IN_A_ROW):
        breaker.told(ROOT, UNVERIFIED)
    anew = Breaker(store, FairQueue(), lambda root, why: None)
    anew.count_undone([ROOT, OTHER])
    assert (anew.text(ROOT), anew.text(OTHER)) == (breaker.text(ROOT), "")
    anew.close_all([ROOT, OTHER])
    again = Breaker(store, FairQueue(), lambda root, why: None)
    again.count_undone([ROOT, OTHER])
    assert again.text(ROOT) == ""


def test_nothing_stays_held_that_was_let_go_at_the_same_moment(
    store: Store, queue: FairQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaker = Breaker(store, queue, lambda root, why: None)
    looking = threading.Thread(target=breaker.close_all, args=[[ROOT]])
    hold = queue.hold

    def while_the_user_looks(root: Path) -> None:
        looking.start()
        looking.join(0.5)  # it has to wait; if it does not, it is over by now
        hold(root)

    monkeypatch.setattr(queue, "hold", while_the_user_looks)
    for _ in range(MOST_IN_A_ROW):
        breaker.told(ROOT, UNVERIFIED)
    looking.join(60)
    assert (breaker.text(ROOT), queue.held(ROOT)) == ("", None)
