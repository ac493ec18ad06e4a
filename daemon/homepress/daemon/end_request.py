"""The request to end: by Ctrl-C, a service manager, a terminal that closes, or the `stop` command.

The main thread waits for it all day. Two things can go wrong in such a wait, and either leaves a daemon that
no longer ends:

- A handler runs on the main thread in the middle of whatever that is doing, often of the wait itself.
  `threading.Event` holds the very lock then that its `set` needs.
- The kernel may hand a signal to any thread. One that is just being started takes it now and then; Python
  runs handlers on the main thread alone, and that sleeps on (signal(7); library reference, "signal").

So the main thread waits at a pipe, into which Python writes as soon as a signal comes, on whichever thread
(the self-pipe trick; library reference, `signal.set_wakeup_fd`).
"""

import contextlib
import os
import queue
import select
import signal
import sys
import threading
from typing import Protocol

from homepress.base.override import override

_NAMES = ("SIGTERM", "SIGINT", "SIGHUP", "SIGBREAK")
_LONGEST_SLEEP = 1.0
"""Seconds, where nothing interrupts a wait."""


class EndRequest(threading.Event):
    """Set when the daemon is to end, by any thread or a signal handler; it stays set."""

    def __init__(self) -> None:
        super().__init__()
        self._wakeup: _Wakeup = _PolledWakeup() if sys.platform == "win32" else _PipeWakeup()
        self._is_set = False

    def handle_signals(self) -> None:
        """Have signals set it, however often they come; SIGHUP not under `nohup`. On the main thread."""
        for name in _NAMES:
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, lambda *_: self.set())
        self._wakeup.handle_signals()

    @override
    def set(self) -> None:
        self._is_set = True
        self._wakeup.wake()

    @override
    def is_set(self) -> bool:
        return self._is_set

    @override
    def wait(self, timeout: float | None = None) -> bool:
        self._is_set = (
            self._wakeup.wait(timeout) or self._is_set
        )  # the pipe is written before the handler runs
        return self._is_set


class _Wakeup(Protocol):
    def wake(self) -> None:
        """End all waits, present and future; may be called from within one."""

    def wait(self, timeout: float | None) -> bool:
        """Whether `wake` was called; returns once it was, or after `timeout` seconds."""

    def handle_signals(self) -> None:
        """Have every signal that is handled from now on end waits too."""


class _PipeWakeup:
    """A pipe that has something to read once `wake` was called. It is never emptied."""

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._writer, False)

    def wake(self) -> None:
        with contextlib.suppress(BlockingIOError):  # full, so there is something to read already
            os.write(self._writer, b"\0")

    def wait(self, timeout: float | None) -> bool:
        poll = select.poll()  # unlike select(), for descriptors above 1,023 as well
        poll.register(self._reader, select.POLLIN)
        return bool(poll.poll(None if timeout is None else timeout * 1000))

    def handle_signals(self) -> None:
        signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)

    def __del__(self) -> None:
        os.close(self._reader)
        os.close(self._writer)


class _PolledWakeup:
    """For Windows: nothing interrupts a wait there, and handlers run between two.

    `SimpleQueue.put` waits for nothing, so it may be called from within a wait (library reference, "queue").
    """

    def __init__(self) -> None:
        self._woken: queue.SimpleQueue[None] = queue.SimpleQueue()

    def wake(self) -> None:
        self._woken.put(None)

    def wait(self, timeout: float | None) -> bool:
        left = timeout
        while left is None or left >= 0:
            try:
                self._woken.get(timeout=_LONGEST_SLEEP if left is None else min(left, _LONGEST_SLEEP))
            except queue.Empty:
                left = None if left is None else left - _LONGEST_SLEEP
            else:
                self._woken.put(None)  # for the next one who waits
                return True
        return False

    def handle_signals(self) -> None:
        """Nothing to do: whoever waits looks every second."""
