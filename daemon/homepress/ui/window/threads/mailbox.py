"""How threads reach the window: letters that the window's own thread opens."""

import queue
import time
from collections.abc import Callable

_LONGEST_DRAIN = 0.012
"""Seconds spent on letters in one go, so that the window goes on painting."""


class Mailbox:
    """Functions to be called in the window's thread, in the order they were put."""

    def __init__(self) -> None:
        self._letters: queue.SimpleQueue[Callable[[], object]] = queue.SimpleQueue()

    def put(self, letter: Callable[[], object]) -> None:
        """Have a function called soon; from any thread."""
        self._letters.put(letter)

    def drain(self) -> bool:
        """Call what has come; whether some are left. Only for the window's thread."""
        end = time.monotonic() + _LONGEST_DRAIN
        while time.monotonic() < end:
            try:
                letter = self._letters.get_nowait()
            except queue.Empty:
                return False
            letter()
        return True
