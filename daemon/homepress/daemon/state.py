"""The one thread that owns what the daemon decides: queue, plans, holds, pause, problems, notices.

Threads of folders, slots and requests do the work that may wait for a disk, a process or a person, and post
what they found. What is decided is touched on this thread alone, so it needs no locks, and each step is seen
whole or not at all. A step must never wait: no disk, no ledger, no process, no other thread.
"""

import contextlib
import functools
import heapq
import inspect
import itertools
import logging
import queue
import threading
import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

_log = logging.getLogger(__name__)

T = TypeVar("T")


misuses: list[str] = []
"""What was touched on a thread that does not own it; tests look here: the error itself ends in the log."""


class StateClosedError(RuntimeError):
    """The state thread has ended; only threads that a disk kept for too long get to see this."""


class StateThread:
    """Runs what is posted, one call after the other, and timers between them."""

    def __init__(self) -> None:
        """Start the thread."""
        self._calls: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()
        self._timers: list[tuple[float, int, Timer]] = []
        self._numbers = itertools.count()
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="state", daemon=True)
        self._thread.start()

    def post(self, call: Callable[[], object]) -> None:
        """Have a call made soon, after all that was posted before; not at all once the thread has ended."""
        if not self._ended:
            self._calls.put(call)

    def ask(self, call: Callable[[], T]) -> T:
        """Run a call on the state thread and return its result; at once if this is that thread.

        Raises:
            StateClosedError: the thread has ended.
        """
        if threading.current_thread() is self._thread:
            return call()
        question = _Question(call)
        self._calls.put(question)
        if self._ended:  # asked after the put: what came too late for the end is refused here
            self._refuse_what_is_left()
        return question.wait()

    def call_later(self, seconds: float, call: Callable[[], object]) -> "Timer":
        """Have a call made after some time. The clock stands still while the computer is suspended."""
        timer = Timer(call)
        due = time.monotonic() + seconds
        self.post(lambda: heapq.heappush(self._timers, (due, next(self._numbers), timer)))
        return timer

    def close(self) -> None:
        """Make the calls that were posted, then end; timers that run are dropped."""
        self._calls.put(None)
        self._thread.join()

    def _run(self) -> None:
        try:
            self._make_calls()
        finally:  # whatever ended it
            self._ended = True
            self._refuse_what_is_left()

    def _refuse_what_is_left(self) -> None:
        """Let nobody wait for an answer that will not come."""
        with contextlib.suppress(queue.Empty):
            while True:
                if isinstance(call := self._calls.get_nowait(), _Question):
                    call.refuse()

    def _make_calls(self) -> None:
        while True:
            try:
                call = self._calls.get(timeout=self._until_next_timer())
            except queue.Empty:
                call = heapq.heappop(self._timers)[2].fire
            if call is None:
                return
            try:
                call()
            except Exception:  # noqa: BLE001 - the boundary: one step that fails must not end all others
                _log.exception("a step of the daemon failed")

    def _until_next_timer(self) -> float | None:
        while self._timers and self._timers[0][2].cancelled:
            heapq.heappop(self._timers)
        if not self._timers:
            return None
        return min(max(0.0, self._timers[0][0] - time.monotonic()), threading.TIMEOUT_MAX)


class Timer:
    """A call that is made later. One that is cancelled on the state thread is never made."""

    def __init__(self, call: Callable[[], object]) -> None:
        self._call = call
        self.cancelled = False

    def cancel(self) -> None:
        """Drop the call."""
        self.cancelled = True

    def fire(self) -> None:
        """Make the call."""
        if not self.cancelled:
            self._call()


class _Question(Generic[T]):
    """A call on the state thread for which another thread waits."""

    def __init__(self, call: Callable[[], T]) -> None:
        self._call = call
        self._answer: queue.SimpleQueue[tuple[T, None] | tuple[None, BaseException]] = queue.SimpleQueue()

    def __call__(self) -> None:
        """Make the call."""
        try:
            self._answer.put((self._call(), None))
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
            self._answer.put((None, error))

    def refuse(self) -> None:
        """The thread has ended; the call is not made."""
        self._answer.put((None, StateClosedError()))

    def wait(self) -> T:
        """The result of the call, or its exception raised again."""
        value, error = self._answer.get()
        if error is not None:
            raise error
        return value  # type: ignore[return-value]  # what the call gave, of whatever type


def confined(cls: type[T]) -> type[T]:
    """Hold all calls of a class's public methods to one thread: the one of the first call.

    What several threads would touch without locks shows as an `AssertionError`, in each test and in each run.
    """
    for name, member in list(vars(cls).items()):
        if name == "__len__" or not name.startswith("_"):
            if inspect.isfunction(member):
                setattr(cls, name, _checked(member))
            elif isinstance(member, property) and member.fget is not None:
                setattr(cls, name, property(_checked(member.fget), member.fset, doc=member.__doc__))
    return cls


def _checked(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def check(self: Any, *args: Any, **named: Any) -> Any:
        me = threading.get_ident()
        owner = self.__dict__.setdefault("_confined_to", me)
        if owner != me:
            misuses.append(f"{type(self).__name__}.{method.__name__} is called on two threads")
            raise AssertionError(misuses[-1])
        return method(self, *args, **named)

    return check
