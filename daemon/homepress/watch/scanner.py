"""When to scan what, in slices: the whole folder now and then, new folders at once."""

import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from homepress.watch.arrival import Skip
from homepress.watch.scan import Listing
from homepress.watch.settle import NEVER
from homepress.watch.timing import Timing

_SEPARATOR = os.fsencode(os.sep)
_MOST_UNOBSERVED = 10_000

Walk = Callable[[Iterable[bytes]], Iterator[Listing]]


@dataclass
class Tally:
    """What a full scan came to.

    Attributes:
        directories: folders that were listed.
        unreadable: folders that could not be.
        too_long: folders and files whose paths are longer than the system takes.
        skipped: files passed over, by reason.
        unobserved: folders whose events are not noticed (the first ten thousand).
        cpu: CPU seconds it took.
        wall: seconds it took, pauses left out.
    """

    directories: int = 0
    unreadable: int = 0
    too_long: int = 0
    skipped: Counter[Skip] = field(default_factory=Counter)
    unobserved: list[bytes] = field(default_factory=list)
    cpu: float = 0.0
    wall: float = 0.0


class Scanner:
    """Scans of one folder, one slice at a time. Times are monotonic seconds.

    Attributes:
        last: the tally of the last full scan; None before it.
    """

    def __init__(self, walk: Walk, observed: Callable[[bytes], bool], timing: Timing) -> None:
        """Scan with `walk`; `observed` tells whether events of a folder are noticed."""
        self.last: Tally | None = None
        self._walk = walk
        self._observed = observed
        self._timing = timing
        self._root = b""
        self._full_due = NEVER
        self._full: Iterator[Listing] | None = None
        self._tally = Tally()
        self._folder_looks: dict[bytes, list[float]] = {}
        self._partial: Iterator[Listing] | None = None

    @property
    def scanning(self) -> bool:
        """Whether a full scan is under way."""
        return self._full is not None

    @property
    def busy(self) -> bool:
        """Whether any scan is under way or new folders wait for theirs."""
        return self._full is not None or self._partial is not None or bool(self._folder_looks)

    def request(self, root: bytes, due: float) -> None:
        """Scan all of `root` at `due`, or earlier if that is planned; one under way starts over then."""
        self._root = root
        self._full_due = min(self._full_due, due)

    def cancel(self) -> None:
        """The folder is gone: plan nothing."""
        self._full, self._partial, self._full_due = None, None, NEVER
        self._folder_looks.clear()

    def note_folder(self, directory: bytes, now: float) -> None:
        """A folder is new: scan it soon, and once more a little later."""
        self._folder_looks[directory] = [now + wait for wait in self._timing.directory_looks]

    def is_new(self, directory: bytes) -> bool:
        """Whether a folder appeared within the last few seconds."""
        return directory in self._folder_looks

    def next_due(self, now: float) -> float:
        """When there is something to do."""
        if self._full is not None or self._partial is not None:
            return now
        return min(self._full_due, min((looks[0] for looks in self._folder_looks.values()), default=NEVER))

    def step(self, now: float) -> Iterator[tuple[Listing, bool]]:
        """List folders for one slice of time; the flag tells those of full scans."""
        self._begin_due(now)
        until = time.monotonic() + self._timing.slice
        while (listed := self._next()) is not None:
            yield listed
            if time.monotonic() > until:
                return

    def _begin_due(self, now: float) -> None:
        if now >= self._full_due:
            self._full_due = NEVER
            self._tally = Tally()
            self._full = self._walk([self._root])
        if self._partial is None and self._folder_looks:
            self._partial = self._walk(self._take_folders(now))

    def _next(self) -> tuple[Listing, bool] | None:
        """The next listing: new folders first."""
        if self._partial is not None:
            if (listing := next(self._partial, None)) is not None:
                return listing, False
            self._partial = None
        if self._full is None:
            return None
        wall, cpu = time.monotonic(), time.thread_time()
        listing = next(self._full, None)
        self._tally.cpu += time.thread_time() - cpu
        self._tally.wall += time.monotonic() - wall
        if listing is None:
            self._full, self.last = None, self._tally
            return None
        self._count(listing)
        return listing, True

    def _take_folders(self, now: float) -> list[bytes]:
        """The new folders that are due; one inside another is scanned with it."""
        due = sorted(path for path, looks in self._folder_looks.items() if looks[0] <= now)
        tops: list[bytes] = []
        for path in due:
            looks = self._folder_looks.pop(path)
            if later := [look for look in looks[1:] if look > now]:
                self._folder_looks[path] = later
            if not tops or not path.startswith(tops[-1] + _SEPARATOR):
                tops.append(path)
        return tops

    def _count(self, listing: Listing) -> None:
        tally = self._tally
        tally.directories += 1
        tally.unreadable += not (listing.readable or listing.too_long)
        tally.too_long += listing.too_long
        tally.skipped += listing.skipped
        if listing.readable and not self._observed(listing.path) and len(tally.unobserved) < _MOST_UNOBSERVED:
            tally.unobserved.append(listing.path)
