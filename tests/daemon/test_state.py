"""The thread that owns what is decided."""

import queue
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from homepress.daemon.state import StateClosedError, StateThread, confined, misuses
from support import wait_for


@pytest.fixture
def state() -> Iterator[StateThread]:
    made = StateThread()
    yield made
    made.close()


def test_calls_are_made_one_after_the_other_in_the_order_in_which_they_came(state: StateThread) -> None:
    made: list[int] = []
    threads = set()
    for number in range(100):
        state.post(lambda number=number: (made.append(number), threads.add(threading.get_ident())))
    assert state.ask(lambda: list(made)) == list(range(100))
    assert threads == {state._thread.ident}


def test_whoever_asks_gets_the_answer_or_the_error(state: StateThread) -> None:
    def fail() -> int:
        raise KeyError("nothing there")

    assert state.ask(lambda: 7) == 7
    with pytest.raises(KeyError, match="nothing there"):
        state.ask(fail)
    assert state.ask(lambda: state.ask(lambda: 8)) == 8, "on the thread itself it is made at once"


def test_a_step_that_fails_ends_no_other(state: StateThread, caplog: pytest.LogCaptureFixture) -> None:
    state.post(lambda: 1 // 0)
    assert state.ask(lambda: 7) == 7
    assert "ZeroDivisionError" in caplog.text


def test_timers_ring_in_their_order_unless_they_are_cancelled(state: StateThread) -> None:
    rang: list[str] = []
    state.call_later(0.05, lambda: rang.append("second"))
    state.call_later(0.0, lambda: rang.append("first"))
    cancelled = state.call_later(0.01, lambda: rang.append("cancelled"))
    state.ask(cancelled.cancel)
    state.call_later(1e9, lambda: rang.append("much later"))
    wait_for(lambda: len(rang) == 2, what="both")
    assert rang == ["first", "second"]


def test_after_the_end_nothing_is_done_and_nobody_waits_for_it() -> None:
    state = StateThread()
    made: list[int] = []
    state.post(lambda: time.sleep(0.05))
    state.post(lambda: made.append(1))
    state.close()
    assert made == [1], "what was posted before is done"
    state.post(lambda: made.append(2))
    with pytest.raises(StateClosedError):
        state.ask(lambda: made.append(3))
    state.close()
    assert made == [1]


def test_who_asks_while_the_thread_ends_gets_an_answer_or_hears_of_the_end() -> None:
    """The race is between the end and a question that was put just after it; often, so that it is met."""
    before = sys.getswitchinterval()
    for _ in range(200):
        state, heard, begun = StateThread(), queue.SimpleQueue[str](), threading.Barrier(5)
        askers = [
            threading.Thread(target=_ask_until_refused, args=(state, heard, begun), daemon=True)
            for _ in range(4)
        ]
        for asker in askers:
            asker.start()
        begun.wait(20)  # not before: a tracer that measures coverage may fail where threads begin at once
        sys.setswitchinterval(1e-6)
        try:
            state.close()
            for asker in askers:
                asker.join(20)
        finally:
            sys.setswitchinterval(before)
        assert not any(asker.is_alive() for asker in askers), "a question was never answered"
        assert [heard.get_nowait() for _ in askers] == ["refused"] * len(askers)


def _ask_until_refused(state: StateThread, heard: "queue.SimpleQueue[str]", begun: threading.Barrier) -> None:
    begun.wait(20)
    try:
        while True:
            state.ask(lambda: 7)
    except StateClosedError:
        heard.put("refused")


@confined
class Owned:
    """State that belongs to one thread."""

    def __init__(self) -> None:
        self.count = 0

    def __len__(self) -> int:
        return self.count

    @property
    def empty(self) -> bool:
        """Whether there is none."""
        return self.count == 0

    def add(self) -> None:
        """One more."""
        self.count += 1


def test_state_that_is_touched_on_two_threads_says_so(state: StateThread) -> None:
    owned = Owned()
    state.ask(owned.add)
    assert state.ask(lambda: (len(owned), owned.empty)) == (1, False)
    for touch in (owned.add, lambda: len(owned), lambda: owned.empty):
        with pytest.raises(AssertionError, match="is called on two threads"):
            touch()
    assert owned.count == 1
    assert len(misuses) == 3, "each test looks here in the end"
    misuses.clear()
