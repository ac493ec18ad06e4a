"""One watched folder on a thread of its own: a drive or server that hangs holds up no other folder.

`FolderWatch` is the thread, `FolderLoop` what one of its turns does; nothing in a turn waits. Observers leave
what they saw in the `Inbox`.
"""

import dataclasses
import logging
import math
import os
import threading
import time
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from homepress.base.blocking import silent
from homepress.base.files import FileId
from homepress.base.override import override
from homepress.base.system_errors import Scope, explain, how_to_allow, in_log, printable, quoted, with_name
from homepress.watch.filters import Selection, lies_in
from homepress.watch.model import (
    FolderState,
    Listener,
    PendingFile,
    Skip,
    WatchContext,
    WatchedFolder,
    WatchStatus,
)
from homepress.watch.observer import FolderObserver
from homepress.watch.pending import NEVER, FileInspector, PendingFiles, skip_by_status
from homepress.watch.scanner import FolderListing, Scanner, ScanTotals, in_work_tree, walk

_log = logging.getLogger(__name__)
_BURST = 10
"""Files that one place may bring at once and still look made by a person, and so many more a second:"""
_PER_SECOND = 1.0
_MOST_PLACES = 4096
_SLEPT = 1.0
"""Seconds of suspend after which a folder is scanned."""
_LOOK = 0.05
"""Seconds between two looks whether a thread that is to end hangs."""


class FolderWatch:
    """Watches one folder from `start` until it is asked to stop."""

    def __init__(self, folder: WatchedFolder, ctx: WatchContext, published: Callable[[bool], None]) -> None:
        """Prepare.

        Args:
            folder: what to watch.
            ctx: what is needed for it.
            published: called on the folder's thread when `settled` may have changed; True when `state` did.
        """
        self.folder = folder
        self._ctx = ctx
        self._published = published
        self._loop = FolderLoop(folder, ctx)
        self._state = FolderState(folder.path)
        self._state_due = 0.0
        self._settled_at: int | None = None
        self._busy_since: float | None = None
        self._silence_noted: float | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"watch {folder.path.name}", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def ask_to_stop(self) -> None:
        """End soon; returns at once."""
        self._stopping.set()
        self._loop.inbox.wake()

    def join(self, until: float) -> None:
        """Wait for the end, until a moment of the clock at most; one that hangs is left behind sooner."""
        while self._thread.is_alive():
            now, busy_since = self._ctx.clock(), self._busy_since
            hangs = busy_since is not None and now - busy_since > self._ctx.timing.turn
            if hangs or now >= until:
                return
            self._thread.join(min(_LOOK, until - now))

    def rescan(self) -> None:
        """Scan everything as soon as possible."""
        self._loop.inbox.rescan()

    def look_again(self) -> None:
        """Look at the folder itself as soon as possible: its drive may have come or gone."""
        self._loop.inbox.trouble()

    def hint(self, path: bytes, delay: float) -> None:
        """Look at a file after `delay` seconds."""
        self._loop.inbox.hint(path, self._ctx.clock() + delay)

    def set_aside(self, path: bytes) -> None:
        """Look at a file no more, until it changes."""
        self._loop.inspector.set_aside(path)

    @property
    def root(self) -> bytes:
        """The folder without links; empty before it was first seen."""
        return self._loop.observer.root

    @property
    def settled(self) -> bool:
        """As that of `FolderLoop`; false from the moment on in which a hint comes in."""
        return self._settled_at == self._loop.inbox.received

    def state(self) -> FolderState:
        """What there is to say about the folder."""
        busy_since = self._busy_since
        if busy_since is None or self._ctx.clock() - busy_since < self._ctx.timing.silent:
            return self._state
        since = time.time() - (self._ctx.clock() - busy_since)
        problem = silent(self.folder.path, since)
        if self._silence_noted != busy_since:
            self._silence_noted = busy_since
            _log.warning("%s", printable(problem))
        # A server that does not answer is away, as when a notebook leaves the house.
        status = WatchStatus.AWAY if self._loop.observer.remote else WatchStatus.SILENT
        return dataclasses.replace(self._state, status=status, problem=problem)

    def waiting(self) -> list[PendingFile]:
        """The files that wait."""
        return [
            PendingFile(Path(os.fsdecode(entry.path)), entry.reason, entry.detail, entry.due)
            for entry in self._loop.files.waiting()
        ]

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            try:
                self._turn()
                failures = 0
            except OSError as error:
                failures += 1
                _log.warning("watching %s: %s", quoted(self.folder.path), in_log(error))
                self._failed(
                    f"{with_name(error, _name(error, self.folder.path))}; it tries again by itself", failures
                )
            except Exception:  # noqa: BLE001 - a surprise must not end the watching in silence
                if self._stopping.is_set():
                    break  # whom it hands files to has ended before it
                failures += 1
                _log.exception("watching %s failed; it begins anew", quoted(self.folder.path))
                self._failed(
                    "an error in Homepress, which tries again by itself; its log says more",
                    failures,
                )
        self._loop.observer.close()

    def _turn(self) -> None:
        self._busy_since = begun = self._ctx.clock()
        try:
            due = self._loop.turn()
            due = min(due, self._publish(self._ctx.clock()))
        finally:
            self._busy_since = None
            if self._silence_noted == begun:
                took = self._ctx.clock() - begun
                _log.info("%s answers again, after %d s", printable(str(self.folder.path)), took)
        inbox = self._loop.inbox
        if inbox.wait(max(0.0, due - self._ctx.clock())) and not self._stopping.is_set():
            # What comes in a rush is handled together.
            self._stopping.wait(self._ctx.timing.hint_pause)

    def _publish(self, now: float) -> float:
        """Make the state visible, a few times a second at most; when to try again, infinite if it is done."""
        if now < self._state_due:
            return self._state_due
        state = self._loop.state()
        settled_at = self._loop.inbox.taken if self._loop.settled else None
        if (state, settled_at) != (self._state, self._settled_at):
            changed = state != self._state
            self._state, self._settled_at = state, settled_at
            self._state_due = now + self._ctx.timing.notify
            self._published(changed)
        return float("inf")

    def _failed(self, problem: str, failures: int) -> None:
        self._state = dataclasses.replace(self._state, status=WatchStatus.STOPPED, problem=problem)
        self._published(True)
        self._loop.begin_anew()
        timing = self._ctx.timing
        self._stopping.wait(min(timing.restart * float(1 << min(failures - 1, 20)), timing.restart_most))


def _name(error: OSError, folder: Path) -> str:
    """What an error is about: the ledger or the like, else the folder."""
    return printable(error.filename if explain(error).scope is Scope.ORIGINALS else str(folder))


class FolderLoop:
    """The watching of one folder, one turn at a time.

    All but `inbox`, `files` and `inspector.set_aside` belongs to one thread.
    """

    def __init__(self, folder: WatchedFolder, ctx: WatchContext) -> None:
        self.inbox = Inbox()
        self.observer = FolderObserver(folder, ctx.system, self.inbox, ctx.timing, ctx.away)
        self._ctx = ctx
        self._timing = ctx.timing
        self._clock = ctx.clock
        self._folder = folder
        self._bursts = BurstDetector()
        self._selection = Selection(folder, b"")
        self._health_due = 0.0
        self._unobserved: list[bytes] = []
        self._verify_due = NEVER
        self._last_scan_end = float("-inf")
        self._again_due = NEVER
        self._slept = ctx.system.slept()
        self.files = PendingFiles(ctx.timing, folder.settle_seconds)
        self.inspector = FileInspector(folder, self.files, ctx, self.observer.watch_attributes)
        self._scanner = Scanner(self._walk, self.observer.watches, ctx.timing)

    def turn(self) -> float:
        """Do all that is due now, at most a fraction of a second's work; when the next turn is due."""
        now = self._clock()
        hints = self.inbox.take()
        if hints.rescan:
            self._health_due = 0.0
        self._supervise(now, hints.trouble)
        for path, due in hints.later.items():
            if lies_in(path, self.observer.root):
                self.files.look_at(path, due)
        if self.observer.ready:
            self._look_again(now)
            if hints.rescan:
                self.inspector.give_another_try()
                self._scanner.request(self.observer.root, now)
            self._note_folders(hints.folders, now)
            self._note_files(hints.files, now)
            self.inspector.inspect_due()
            self._scan()
            self._verify(self._clock())
        return self._next_due()

    def begin_anew(self) -> None:
        """Something failed in the middle of a turn: forget plans, keep files, scan at the next turn."""
        self._scanner.cancel()
        self.files.suspend()
        self.inbox.rescan()
        self.files.resume(self._clock())

    @property
    def settled(self) -> bool:
        """Whether a full scan is complete and nothing is in its first quiet time; so is a missing folder."""
        if not self.observer.ready:
            return self.observer.status is not WatchStatus.STARTING
        scanned = self._scanner.last is not None and not self._scanner.busy
        return scanned and self.files.count()[1] == 0

    def state(self) -> FolderState:
        """What there is to say about the folder now."""
        totals = self._scanner.last
        skipped = (
            Counter(totals.skipped) + self.inspector.skipped if totals else Counter(self.inspector.skipped)
        )
        return FolderState(
            path=self._folder.path,
            status=self.observer.status,
            problem=self.observer.problem or _unreadable(totals or ScanTotals()),
            waiting=self.files.count()[0],
            watch="native" if self.observer.native else "poll",
            scanning=self._scanner.scanning,
            scanned=totals is not None,
            directories=totals.directories if totals else 0,
            skipped=dict(skipped),
        )

    def _supervise(self, now: float, trouble: bool) -> None:
        """Look after folder and observer; plan the scans that follow from it."""
        if now < self._health_due and not trouble:
            return
        was_ready, built = self.observer.ready, self.observer.check(now, afresh=trouble)
        interval = self.observer.interval(now)
        # Multiples of the interval, so that the threads of all folders wake up together.
        self._health_due = (math.floor(now / interval) + 1) * interval
        if built:
            self._scan_all(now)
        elif was_ready and not self.observer.ready:
            self._scanner.cancel()
            self.files.suspend()
        self._again_due = now
        slept = self._ctx.system.slept()
        if slept - self._slept > _SLEPT and self.observer.ready:
            self._scanner.request(self.observer.root, now)
        self._slept = slept

    def _look_again(self, now: float) -> None:
        """Let the sink see whether pictures that it keeps waiting still have to."""
        if now >= self._again_due:
            cpu = time.thread_time()
            waits = self._ctx.sink.look_again(Path(os.fsdecode(self.observer.root)))
            pause = self._timing.again_interval(time.thread_time() - cpu)
            self._again_due = now + pause if waits else NEVER

    def _scan_all(self, now: float) -> None:
        """The observer is new, or the folder is: see what was missed."""
        root = self.observer.root
        self._ctx.sink.found(self._folder.path, Path(os.fsdecode(root)))
        self._selection = self.inbox.selection = Selection(self._folder, root)
        self.inspector.begin(root, self._timing.remote if self.observer.remote else 0.0)
        self.files.resume(now)
        self._scanner.cancel()
        self._scanner.request(root, now)
        # Between the look at the root and the start of the observer it may have been replaced.
        self._health_due = now + self._timing.health

    def _note_folders(self, folders: Iterable[bytes], now: float) -> None:
        for path in folders:
            if self._reaches(path):
                self._scanner.note_folder(path, now)

    def _note_files(self, files: Iterable[bytes], now: float) -> None:
        by_folder: defaultdict[bytes, list[bytes]] = defaultdict(list)
        for path in files:
            by_folder[os.path.dirname(path)].append(path)
        for directory, paths in by_folder.items():
            if not os.path.isdir(directory):
                # Most likely it is gone. But an observer that mixed up its folders reports such events too.
                self._scan_soon(now)
            elif self._reaches(directory):
                self._note_files_in(directory, paths, now)

    def _note_files_in(self, directory: bytes, paths: list[bytes], now: float) -> None:
        place = None if self._scanner.is_new(directory) else directory
        for path in paths:
            try:
                status = os.lstat(path)
            except OSError:
                continue
            skip = skip_by_status(status, self._ctx.system, stays=self._folder.stays)
            file_id = FileId.of(status)
            if skip is not Skip.NOT_A_FILE and not (skip and self.inspector.was_reported(path, file_id)):
                is_new, was_empty = path not in self.files, self.files.is_empty(path)
                self.files.notice(path, file_id, now, is_new and self._bursts.take(place, now))
                if (is_new or was_empty) and skip is not Skip.EMPTY and self.inspector.fits(file_id):
                    self._ctx.sink.coming()

    def _reaches(self, directory: bytes) -> bool:
        return self._selection.reaches(directory) and not in_work_tree(directory, self.observer.root)

    def _scan_soon(self, now: float) -> None:
        """Ask for a full scan, though not at every such occasion."""
        totals = self._scanner.last
        pause = max(
            self._timing.rebuild_pause, self._timing.poll_cpu_factor * (totals.cpu if totals else 0.0)
        )
        self._scanner.request(self.observer.root, max(now + self._timing.health, self._last_scan_end + pause))

    def _scan(self) -> None:
        """One slice of scanning, unless it would bring more than the sink can take."""
        if self._scanner.scanning and not self._ctx.sink.room():
            return
        before = self._scanner.last
        for listing, _ in self._scanner.step(self._clock()):
            now = self._clock()
            if not listing.readable and listing.path == self.observer.root:
                self._health_due = 0.0
            for path, file_id in listing.found:
                if not self._is_in_hand(path, file_id):
                    self.files.notice(path, file_id, now, self._bursts.take(None, now))
            for path, file_id in listing.refused:
                if self.inspector.was_reported(path, file_id):
                    self.observer.watch_attributes(path)  # again: the observation may be another one by now
                elif path not in self.files:
                    self.files.notice(path, file_id, now, interactive=False)
        if self._scanner.last is not before:
            self._scan_ended(self._clock())

    def _is_in_hand(self, path: bytes, file_id: FileId) -> bool:
        """Whether a file that a scan found waits already, is being worked on, or was set aside."""
        if path in self.files or self._ctx.known.held(path):
            return True
        return self.inspector.is_set_aside(path, file_id)

    def _scan_ended(self, now: float) -> None:
        """A full scan is complete: plan the next one, and see soon whether every folder is observed."""
        if (totals := self._scanner.last) is None:
            return
        self.inspector.skipped.clear()
        self._last_scan_end = now
        self._unobserved, self._verify_due = totals.unobserved, now + self._timing.health
        self._plan_scan(now)

    def _plan_scan(self, now: float) -> None:
        """The next full scan: rarely where events come, more often where they do not."""
        totals = self._scanner.last or ScanTotals()
        if self.observer.reliable:
            wait = self._timing.scan_interval(totals.cpu)
        else:
            wait = self._timing.poll_interval(totals.cpu, totals.wall)
        self._scanner.request(self.observer.root, now + wait)

    def _verify(self, now: float) -> None:
        """Folders that were unobserved during the scan and still are; most were only just made then."""
        if now < self._verify_due:
            return
        self._verify_due = NEVER
        still = [path for path in self._unobserved if not self.observer.watches(path) and os.path.isdir(path)]
        self._unobserved = []
        if self.observer.verify(still, now):
            self._scan_all(now)
        else:
            self._plan_scan(now)

    def _walk(self, tops: Iterable[bytes]) -> Iterator[FolderListing]:
        return walk(tops, self._selection, self._ctx.known, self._ctx.system)

    def _next_due(self) -> float:
        if not self.observer.ready:
            return self._health_due
        now = self._clock()
        scan = self._scanner.next_due(now)
        if scan <= now and self._scanner.scanning and not self._ctx.sink.room():
            scan = now + self._timing.no_room
        return min(self._health_due, self._again_due, self._verify_due, scan, self.files.next_due())


def _unreadable(totals: ScanTotals) -> str:
    """What a full scan could not look at, and what to do."""
    if totals.too_long:
        number = f"{totals.too_long:,} of its folders and files have paths longer than this system takes"
        return f"{number}; shorten the names of the folders above them"
    if not totals.unreadable:
        return ""
    number = f"{totals.unreadable:,} of its folders may not be read"
    return f"{number} (homepress doctor names them); {how_to_allow()}"


@dataclass
class Hints:
    """What came in since the last time: each path once.

    Attributes:
        files: files to look at.
        folders: folders to scan.
        later: files to look at after a delay, with the monotonic second.
        trouble: whether the observation has something to say.
        rescan: whether everything is to be scanned.
    """

    files: set[bytes] = field(default_factory=set)
    folders: set[bytes] = field(default_factory=set)
    later: dict[bytes, float] = field(default_factory=dict)
    trouble: bool = False
    rescan: bool = False


class Inbox(Listener):
    """The listener of an observation (see `Listener`). What cannot matter is dropped at the door.

    Attributes:
        selection: which files and folders matter; None for all.
        received: how many hints came in so far.
        taken: how many of them had come in when `take` was last called.
    """

    def __init__(self) -> None:
        self.selection: Selection | None = None
        self.received = 0
        self.taken = 0
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._hints = Hints()

    @override
    def file_event(self, path: bytes) -> None:
        directory, name = os.path.split(path)
        if self.selection is None or self.selection.skip_file(directory, name) is None:
            with self._lock:
                self._hints.files.add(path)
                self.received += 1
            self._wake.set()

    @override
    def directory_event(self, path: bytes) -> None:
        directory, name = os.path.split(path)
        if self.selection is None or self.selection.enters(directory, name):
            with self._lock:
                self._hints.folders.add(path)
                self.received += 1
            self._wake.set()

    @override
    def trouble(self) -> None:
        with self._lock:
            self._hints.trouble = True
        self._wake.set()

    def rescan(self) -> None:
        """Scan everything."""
        with self._lock:
            self._hints.rescan = True
            self.received += 1
        self._wake.set()

    def hint(self, path: bytes, due: float) -> None:
        """Look at a file at monotonic second `due`."""
        with self._lock:
            self._hints.later[path] = due
            self.received += 1
        self._wake.set()

    def wake(self) -> None:
        """End a `wait`."""
        self._wake.set()

    def wait(self, timeout: float) -> bool:
        """Wait until something came in; whether it did."""
        woken = self._wake.wait(timeout)
        self._wake.clear()
        return woken

    def take(self) -> Hints:
        """All that came in."""
        with self._lock:
            taken, self._hints = self._hints, Hints()
            self.taken = self.received
        return taken


class BurstDetector:
    """Separates a picture that somebody just made from a file of a large import: a token bucket a place.

    Files that turn up in a folder already known share the bucket of that folder, so that an import elsewhere
    does not hold them back; all that a scan or a new folder brings shares one bucket.
    """

    def __init__(self) -> None:
        self._buckets: OrderedDict[bytes | None, tuple[float, float]] = OrderedDict()

    def take(self, place: bytes | None, now: float) -> bool:
        """Whether one more file at a place is worth being first.

        Args:
            place: the folder it turned up in; None for scans and new folders.
            now: monotonic seconds.
        """
        tokens, last = self._buckets.pop(place, (float(_BURST), now))
        tokens = min(_BURST, tokens + (now - last) * _PER_SECOND)
        interactive = tokens >= 1
        self._buckets[place] = (tokens - 1 if interactive else tokens, now)
        if len(self._buckets) > _MOST_PLACES:
            self._buckets.popitem(last=False)
        return interactive
