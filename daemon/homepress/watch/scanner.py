"""Finding what nobody has dealt with yet: walks of a tree, and when to make them."""

import errno
import os
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from homepress.base.files import FileId, Mark, entry_status
from homepress.watch.filters import Selection
from homepress.watch.model import KnownFiles, Skip, Timing, WatchedFolder, WatchSystem, this_system
from homepress.watch.pending import NEVER, skip_by_status

_WORK_TREE = b".git"
_SEPARATOR = os.fsencode(os.sep)
_MOST_UNOBSERVED = 10_000


@dataclass(slots=True)
class FolderListing:
    """What one folder held.

    Attributes:
        path: the folder.
        readable: False when it could not be listed; then nothing is known of what it holds.
        too_long: how many paths in it, its own included, are longer than this system takes.
        found: candidates that the ledger does not know as they are now.
        refused: those that are passed over for a reason that people hear of.
        skipped: how many files are passed over, by reason.
        folders: folders in it that are entered.
    """

    path: bytes
    readable: bool = True
    too_long: int = 0
    found: list[tuple[bytes, FileId]] = field(default_factory=list)
    refused: list[tuple[bytes, FileId]] = field(default_factory=list)
    skipped: Counter[Skip] = field(default_factory=Counter)
    folders: list[bytes] = field(default_factory=list)


Walk = Callable[[Iterable[bytes]], Iterator[FolderListing]]
"""Lists some folders and all that is entered below them."""


@dataclass
class ScanTotals:
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
        """Scan with `walk`; `observed` says whether events of a folder are noticed."""
        self.last: ScanTotals | None = None
        self._walk = walk
        self._observed = observed
        self._timing = timing
        self._root = b""
        self._full_due = NEVER
        self._full: Iterator[FolderListing] | None = None
        self._totals = ScanTotals()
        self._folder_looks: dict[bytes, list[float]] = {}
        self._partial: Iterator[FolderListing] | None = None

    @property
    def scanning(self) -> bool:
        """Whether a full scan is in progress."""
        return self._full is not None

    @property
    def busy(self) -> bool:
        """Whether any scan is in progress or new folders wait for theirs."""
        return self._full is not None or self._partial is not None or bool(self._folder_looks)

    def request(self, root: bytes, due: float) -> None:
        """Scan all of `root` at `due`, or earlier if that is planned; one in progress starts over then."""
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

    def step(self, now: float) -> Iterator[tuple[FolderListing, bool]]:
        """List folders for one slice of time; the flag marks those of full scans."""
        self._begin_due(now)
        until = time.monotonic() + self._timing.slice
        while (listed := self._next()) is not None:
            yield listed
            if time.monotonic() > until:
                return

    def _begin_due(self, now: float) -> None:
        if now >= self._full_due:
            self._full_due = NEVER
            self._totals = ScanTotals()
            self._full = self._walk([self._root])
        if self._partial is None and self._folder_looks:
            self._partial = self._walk(self._take_folders(now))

    def _next(self) -> tuple[FolderListing, bool] | None:
        """The next listing: new folders first."""
        if self._partial is not None:
            if (listing := next(self._partial, None)) is not None:
                return listing, False
            self._partial = None
        if self._full is None:
            return None
        wall, cpu = time.monotonic(), time.thread_time()
        listing = next(self._full, None)
        self._totals.cpu += time.thread_time() - cpu
        self._totals.wall += time.monotonic() - wall
        if listing is None:
            self._full, self.last = None, self._totals
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

    def _count(self, listing: FolderListing) -> None:
        totals = self._totals
        totals.directories += 1
        totals.unreadable += not (listing.readable or listing.too_long)
        totals.too_long += listing.too_long
        totals.skipped += listing.skipped
        if (
            listing.readable
            and not self._observed(listing.path)
            and len(totals.unobserved) < _MOST_UNOBSERVED
        ):
            totals.unobserved.append(listing.path)


def walk(
    tops: Iterable[bytes], selection: Selection, known: KnownFiles, system: WatchSystem
) -> Iterator[FolderListing]:
    """List folders and all that is entered below them, one folder a step. Links are never followed."""
    waiting = list(tops)
    while waiting:
        listing = list_folder(waiting.pop(), selection, known, system)
        waiting.extend(reversed(listing.folders))
        yield listing


def list_folder(
    directory: bytes, selection: Selection, known: KnownFiles, system: WatchSystem
) -> FolderListing:
    """List one folder: one `scandir`, one question to the ledger, one `lstat` an image."""
    listing = FolderListing(directory)
    candidates: list[os.DirEntry[bytes]] = []
    try:
        with os.scandir(directory) as entries:
            for entry in entries:
                if entry.name == _WORK_TREE:
                    return FolderListing(directory, skipped=Counter({Skip.WORK_TREE: 1}))
                if entry.is_dir(follow_symlinks=False):
                    if selection.enters(directory, entry.name):
                        listing.folders.append(entry.path)
                elif skip := selection.skip_file(directory, entry.name):
                    listing.skipped[skip] += 1
                else:
                    candidates.append(entry)
    except OSError as error:
        listing.readable = False
        listing.too_long += error.errno == errno.ENAMETOOLONG
    if candidates:
        _compare(listing, candidates, known, system, selection.stays)
    return listing


def _compare(
    listing: FolderListing,
    candidates: list[os.DirEntry[bytes]],
    known: KnownFiles,
    system: WatchSystem,
    stays: bool,
) -> None:
    """Sort a folder's candidates into those that are done with, passed over, and found."""
    rows = known.known(listing.path)
    for entry in candidates:
        try:
            status = entry_status(entry)
        except OSError as error:
            listing.too_long += error.errno == errno.ENAMETOOLONG
            continue
        file_id = FileId.of(status)
        if file_id.matches(rows.get(entry.name)):
            continue
        if skip := skip_by_status(status, system, stays=stays):
            listing.skipped[skip] += 1
        if skip is None:
            listing.found.append((entry.path, file_id))
        elif skip is not Skip.NOT_A_FILE:
            listing.refused.append((entry.path, file_id))


def in_work_tree(directory: bytes, root: bytes) -> bool:
    """Whether a folder at or below `root` lies in a git work tree that begins at or below `root`."""
    while True:
        if os.path.lexists(os.path.join(directory, _WORK_TREE)):
            return True
        if len(directory) <= len(root):
            return False
        directory = os.path.dirname(directory)


def survey(folder: WatchedFolder, *, system: WatchSystem | None = None) -> Iterator[tuple[bytes, int]]:
    """The files that the watch would take in, whether they were dealt with before or not.

    By name, place, directory entry and size: nothing is changed or opened. Each is a plain pair, its absolute
    path with the root resolved and its size in bytes, since there may be hundreds of thousands.

    Raises:
        OSError: the folder is not there or cannot be listed.
    """
    root = os.path.realpath(os.fsencode(folder.path), strict=True)
    with os.scandir(root):
        pass
    selection = Selection(folder, root)
    for listing in walk([root], selection, _NothingKnown(), system or this_system()):
        for path, file_id in listing.found:
            large = folder.max_size is not None and file_id.size > folder.max_size
            if file_id.size >= folder.min_size and not large:
                yield path, file_id.size


class _NothingKnown:
    """A memory of nothing."""

    def known(self, directory: bytes, names: Collection[bytes] | None = None) -> Mapping[bytes, Mark]:
        del directory, names
        return {}

    def held(self, path: bytes) -> bool:
        del path
        return False
