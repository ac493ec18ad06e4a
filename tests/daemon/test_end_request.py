"""The request to end: made at any instant, by any thread or signal, it is heard."""

import signal
import subprocess
import sys
import threading
from types import FrameType
from typing import Any

import pytest

from homepress.daemon.end_request import EndRequest


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


_STARTS_THREADS = """
import os, signal, threading
from homepress.daemon.end_request import EndRequest

def start_threads():
    while True:
        thread = threading.Thread(target=int)
        thread.start()
        thread.join()

request = EndRequest()
request.handle_signals()
for _ in range(2):
    threading.Thread(target=start_threads, daemon=True).start()
print("waiting", flush=True)
os._exit(0 if request.wait() else 1)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="a program cannot be sent signals")
def test_a_signal_that_another_thread_takes_is_heard() -> None:
    """A thread that is being started takes a signal of the whole process now and then: here, one in four."""
    for _ in range(20):
        command = [sys.executable, "-c", _STARTS_THREADS]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as waiting:
            assert waiting.stdout is not None
            assert waiting.stdout.readline() == "waiting\n"
            waiting.send_signal(signal.SIGTERM)
            try:
                assert waiting.wait(30) == 0
            finally:
                waiting.kill()
