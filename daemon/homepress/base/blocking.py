"""Calls that a disk may never return from, made so that the caller goes on after a deadline.

A system call on a hung network or FUSE mount cannot be interrupted and gives no error. So it is made on a
thread of its own, which is left behind when the deadline is over; as long as it stays away, nobody else asks
the same place. A thread that is left behind costs one that sleeps in the kernel, and ends when the disk
answers.
"""

import errno
import os
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar

T = TypeVar("T")

ANSWER_SECONDS = 0.8
"""How long a person's question may wait for a disk."""

_MOST_LEFT_BEHIND = 64
"""Threads left behind at a time; with so many, no further place is asked until one of them is back."""


class NotAnsweringError(OSError):
    """A disk did not answer in time; the call may still be in progress.

    Attributes:
        since: when it was asked, seconds since 1970.
    """

    def __init__(self, place: Path, since: float) -> None:
        super().__init__(
            errno.ETIMEDOUT, f"no answer since {clock_time(since)}; its drive or server may hang", str(place)
        )
        self.since = since


def clock_time(moment: float) -> str:
    """A moment (seconds since 1970) as people say it, with the day where it is not today's."""
    then, now = time.localtime(moment), time.localtime()
    return time.strftime("%H:%M" if then[:3] == now[:3] else "%Y-%m-%d %H:%M", then)


def silent(place: Path | str, since: float) -> str:
    """What is told of a place that does not answer, in whole sentences."""
    return (
        f"{place} has not answered since {clock_time(since)}; its drive or server may hang. "
        "Work there goes on by itself when it answers"
    )


def refused(place: Path | str, since: float) -> str:
    """The same to a person who asked for something there, which is not done later by itself."""
    return (
        f"{place} has not answered since {clock_time(since)}; its drive or server may hang. "
        "Try again when it answers"
    )


class _Call(Generic[T]):
    """One call, on its own thread."""

    def __init__(
        self, place: Path, call: Callable[[], T], within: float, over: Callable[["_Call[T]"], None]
    ) -> None:
        self.place = place
        self.since = time.time()
        self.until = time.monotonic() + within
        self._call = call
        self._over = over
        self._done = threading.Event()
        self._given_up = False
        self._value: T | None = None
        self._error: BaseException | None = None

    def start(self) -> None:
        """Make the call."""
        self._thread = threading.Thread(target=self._run, name=f"ask {self.place.name!a}", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._value = self._call()
        except BaseException as error:  # noqa: BLE001 - handed to the one who asked
            self._error = error
        finally:
            self._done.set()
            self._over(self)

    @property
    def late(self) -> bool:
        """Whether its time is over. Who waited for it knows: the clock of Windows goes in steps of 16 ms."""
        return self._given_up or self.until < time.monotonic()

    def value(self) -> T:
        """What the call gave or raised; `NotAnsweringError` when its time is over first."""
        if not self._done.wait(max(0.0, self.until - time.monotonic())):
            self._given_up = True
            raise NotAnsweringError(self.place, self.since)
        self._thread.join(1.0)  # its last steps: the caller may lock itself in next, and has to be alone
        if self._error is not None:
            raise self._error
        return self._value  # type: ignore[return-value]  # what the call gave, of whatever type


class Disks:
    """Asks places on disks, and remembers which of them do not answer. Usable from any thread."""

    def __init__(self, most: int = _MOST_LEFT_BEHIND) -> None:
        """`most` threads are left behind at a time."""
        self._most = most
        self._lock = threading.Lock()
        self._under_way: set[_Call[Any]] = set()

    def ask(self, place: Path, call: Callable[[], T], within: float = ANSWER_SECONDS) -> T:
        """What a call about a place gives or raises, if it comes back in time.

        Args:
            place: a folder; calls about it, or about what is in it, wait for the same disk.
            call: made on another thread. It should be one that does no harm when it ends late.
            within: seconds.

        Raises:
            NotAnsweringError: it did not come back, or an earlier one about the same place has not yet.
        """
        return self._begin(place, call, within).value()

    def ask_all(
        self, calls: Mapping[Path, Callable[[], T]], within: float = ANSWER_SECONDS
    ) -> dict[Path, T | NotAnsweringError]:
        """Ask several places at a time: what each gave, or that it does not answer.

        Raises:
            Exception: what the first call raised that raised something.
        """
        begun: dict[Path, _Call[T]] = {}
        outcomes: dict[Path, T | NotAnsweringError] = {}
        for place, call in calls.items():
            try:
                begun[place] = self._begin(place, call, within)
            except NotAnsweringError as error:
                outcomes[place] = error
        for place, asked in begun.items():
            try:
                outcomes[place] = asked.value()
            except NotAnsweringError as error:
                outcomes[place] = error
        return outcomes

    def answers(self, place: Path, within: float = ANSWER_SECONDS) -> bool:
        """Whether the disk of a place answers at all; that the place is not there is an answer."""
        try:
            self.ask(place, lambda: os.path.lexists(place), within)
        except NotAnsweringError:
            return False
        return True

    def _begin(self, place: Path, call: Callable[[], T], within: float) -> _Call[T]:
        with self._lock:
            late = [each for each in self._under_way if each.late]
            same = [each for each in late if each.place == place]
            if same or len(late) >= self._most:
                earliest = min(same or late, key=lambda each: each.until)
                raise NotAnsweringError(place, earliest.since)
            begun = _Call(place, call, within, self._over)
            self._under_way.add(begun)
        begun.start()
        return begun

    def _over(self, call: _Call[Any]) -> None:
        with self._lock:
            self._under_way.discard(call)


def resolved(path: Path) -> Path:
    """A path without links; as it is written where its disk does not answer."""
    try:
        return ask(path, path.resolve)
    except NotAnsweringError:
        return path


disks = Disks()
"""Those of this process."""

ask, ask_all, answers = disks.ask, disks.ask_all, disks.answers
