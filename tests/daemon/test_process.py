"""The process of the daemon: told to end at any instant, it ends."""

import sys
import threading
from types import FrameType
from typing import Any

import pytest

from homepress.daemon.process import EndRequest


@pytest.mark.parametrize("timeout", [None, 60.0])
def test_a_signal_in_the_middle_of_waiting_ends_it(timeout: float | None) -> None:
    """A handler runs between any two steps of the thread it interrupts: here, between all lines of `wait`."""
    request = EndRequest()
    seen: list[bool] = []

    def interrupt(frame: FrameType, event: str, argument: Any) -> Any:
        if frame.f_code.co_name == "wait" and event == "line":
            request.set()
        return interrupt

    def wait() -> None:
        sys.settrace(interrupt)
        seen.append(request.wait(timeout))

    waiting = threading.Thread(target=wait, daemon=True)
    waiting.start()
    waiting.join(30)
    assert seen == [True]
    assert request.is_set()


def test_all_who_wait_are_told_and_nobody_before_it_is_asked() -> None:
    request = EndRequest()
    assert not request.wait(0.01)
    assert not request.is_set()
    seen: list[bool] = []
    waiting = [threading.Thread(target=lambda: seen.append(request.wait(60))) for _ in range(3)]
    for thread in waiting:
        thread.start()
    request.set()
    for thread in waiting:
        thread.join(30)
    assert seen == [True, True, True]
