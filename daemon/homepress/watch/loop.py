"""What is done on a folder's thread, one turn at a time; nothing here waits."""

import math
import os
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from homepress.watch.arrival import Signature, Skip
from homepress.watch.examine import skip_by_status
from homepress.watch.folder import FolderState, FolderStatus, WatchedFolder
from homepress.watch.freshness import Freshness
from homepress.watch.guard import Guard
from homepress.watch.inbox import Inbox
from homepress.watch.look import Looker
from homepress.watch.names import Selection, lies_in
from homepress.watch.ports import Surroundings
from homepress.watch.scan import Listing, in_work_tree, walk
from homepress.watch.scanner import Scanner, Tally
from homepress.watch.settle import NEVER, Settler

_SLEPT = 1.0


class FolderLoop:
    """The watching of one folder. All but `inbox`, `settler` and `looker.set_aside` belongs to one thread."""

    def __init__(self, folder: WatchedFolder, around: Surroundings) -> None:
        self.inbox = Inbox()
        self.guard = Guard(folder, around.system, self.inbox, around.timing, around.away)
        self._around = around
        self._timing = around.timing
        self._clock = around.clock
        self._folder = folder
        self._fresh = Freshness()
        self._selection = Selection(folder, b"")
        self._health_due = 0.0
        self._unobserved: list[bytes] = []
        self._verify_due = NEVER
        self._last_scan_end = float("-inf")
        self._again_due = NEVER
        self._slept = around.system.slept()
        self.settler = Settler(around.timing, folder.settle_seconds)
        self.looker = Looker(folder, self.settler, around, self.guard.heed)
        self._scanner = Scanner(self._walk, self.guard.watches, around.timing)

    def turn(self) -> float:
        """Do all that is due now, at most a fraction of a second's work; when the next turn is due."""
        now = self._clock()
        hints = self.inbox.take()
        if hints.rescan:
            self._health_due = 0.0
        self._supervise(now, hints.trouble)
        for path, due in hints.later.items():
            if lies_in(path, self.guard.root):
                self.settler.look_at(path, due)
        if self.guard.ready:
            self._look_again(now)
            if hints.rescan:
                self.looker.give_another_try()
                self._scanner.request(self.guard.root, now)
            self._note_folders(hints.folders, now)
            self._note_files(hints.files, now)
            self.looker.look_at_due()
            self._scan()
            self._verify(self._clock())
        return self._next_due()

    def begin_anew(self) -> None:
        """Something failed in the middle of a turn: forget plans, keep files, scan at the next turn."""
        self._scanner.cancel()
        self.settler.suspend()
        self.inbox.rescan()
        self.settler.resume(self._clock())

    @property
    def settled(self) -> bool:
        """Whether a full scan is complete and nothing is in its first quiet time; so is a missing folder."""
        if not self.guard.ready:
            return self.guard.status is not FolderStatus.STARTING
        scanned = self._scanner.last is not None and not self._scanner.busy
        return scanned and self.settler.count()[1] == 0

    def state(self) -> FolderState:
        """What there is to say about the folder now."""
        tally = self._scanner.last
        skipped = Counter(tally.skipped) + self.looker.skipped if tally else Counter(self.looker.skipped)
        return FolderState(
            path=self._folder.path,
            status=self.guard.status,
            problem=self.guard.problem or _unreadable(tally or Tally()),
            waiting=self.settler.count()[0],
            watch="native" if self.guard.native else "poll",
            scanning=self._scanner.scanning,
            scanned=tally is not None,
            directories=tally.directories if tally else 0,
            skipped=dict(skipped),
        )

    def _supervise(self, now: float, trouble: bool) -> None:
        """Look after folder and observer; plan the scans that follow from it."""
        if now < self._health_due and not trouble:
            return
        was_ready, built = self.guard.ready, self.guard.check(now, afresh=trouble)
        interval = self.guard.interval(now)
        # Multiples of the interval, so that the threads of all folders wake up together.
        self._health_due = (math.floor(now / interval) + 1) * interval
        if built:
            self._scan_all(now)
        elif was_ready and not self.guard.ready:
            self._scanner.cancel()
            self.settler.suspend()
        self._again_due = now
        slept = self._around.system.slept()
        if slept - self._slept > _SLEPT and self.guard.ready:
            self._scanner.request(self.guard.root, now)
        self._slept = slept

    def _look_again(self, now: float) -> None:
        """Let whoever keeps pictures waiting see whether they still have to."""
        if now >= self._again_due:
            cpu = time.thread_time()
            waits = self._around.sink.look_again(Path(os.fsdecode(self.guard.root)))
            pause = self._timing.again_interval(time.thread_time() - cpu)
            self._again_due = now + pause if waits else NEVER

    def _scan_all(self, now: float) -> None:
        """The observer is new, or the folder is: see what was missed."""
        root = self.guard.root
        self._around.sink.found(self._folder.path, Path(os.fsdecode(root)))
        self._selection = self.inbox.selection = Selection(self._folder, root)
        self.looker.begin(root, self._timing.remote if self.guard.remote else 0.0)
        self.settler.resume(now)
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
            skip = skip_by_status(status, self._around.system, stays=self._folder.stays)
            signature = Signature.of(status)
            if skip is not Skip.NOT_A_FILE and not (skip and self.looker.was_told(path, signature)):
                is_new, was_empty = path not in self.settler, self.settler.is_empty(path)
                self.settler.notice(path, signature, now, is_new and self._fresh.take(place, now))
                if (is_new or was_empty) and skip is not Skip.EMPTY and self.looker.fits(signature):
                    self._around.sink.coming()

    def _reaches(self, directory: bytes) -> bool:
        return self._selection.reaches(directory) and not in_work_tree(directory, self.guard.root)

    def _scan_soon(self, now: float) -> None:
        """Ask for a full scan, though not at every such occasion."""
        tally = self._scanner.last
        pause = max(self._timing.rebuild_pause, self._timing.poll_cpu_factor * (tally.cpu if tally else 0.0))
        self._scanner.request(self.guard.root, max(now + self._timing.health, self._last_scan_end + pause))

    def _scan(self) -> None:
        """One slice of scanning, unless it would bring more than the sink can take."""
        if self._scanner.scanning and not self._around.sink.room():
            return
        before = self._scanner.last
        for listing, _ in self._scanner.step(self._clock()):
            now = self._clock()
            if not listing.readable and listing.path == self.guard.root:
                self._health_due = 0.0
            for path, signature in listing.found:
                if not self._is_in_hand(path, signature):
                    self.settler.notice(path, signature, now, self._fresh.take(None, now))
            for path, signature in listing.refused:
                if self.looker.was_told(path, signature):
                    self.guard.heed(path)  # again: the observation may be another one by now
                elif path not in self.settler:
                    self.settler.notice(path, signature, now, fresh=False)
        if self._scanner.last is not before:
            self._scan_ended(self._clock())

    def _is_in_hand(self, path: bytes, signature: Signature) -> bool:
        """Whether a file that a scan found waits already, is being worked on, or was set aside."""
        if path in self.settler or self._around.known.held(path):
            return True
        return self.looker.is_aside(path, signature)

    def _scan_ended(self, now: float) -> None:
        """A full scan is complete: plan the next one, and see soon whether every folder is observed."""
        if (tally := self._scanner.last) is None:
            return
        self.looker.skipped.clear()
        self._last_scan_end = now
        self._unobserved, self._verify_due = tally.unobserved, now + self._timing.health
        self._plan_scan(now)

    def _plan_scan(self, now: float) -> None:
        """The next full scan: rarely where events come, more often where they do not."""
        tally = self._scanner.last or Tally()
        if self.guard.native and self.guard.status is FolderStatus.WATCHING:
            wait = self._timing.scan_interval(tally.cpu)
        else:
            wait = self._timing.poll_interval(tally.cpu, tally.wall)
        self._scanner.request(self.guard.root, now + wait)

    def _verify(self, now: float) -> None:
        """Folders that were unobserved during the scan and still are; most were only just made then."""
        if now < self._verify_due:
            return
        self._verify_due = NEVER
        still = [path for path in self._unobserved if not self.guard.watches(path) and os.path.isdir(path)]
        self._unobserved = []
        if self.guard.verify(still, now):
            self._scan_all(now)
        else:
            self._plan_scan(now)

    def _walk(self, tops: Iterable[bytes]) -> Iterator[Listing]:
        return walk(tops, self._selection, self._around.known, self._around.system)

    def _next_due(self) -> float:
        if not self.guard.ready:
            return self._health_due
        now = self._clock()
        scan = self._scanner.next_due(now)
        if scan <= now and self._scanner.scanning and not self._around.sink.room():
            scan = now + self._timing.no_room
        return min(self._health_due, self._again_due, self._verify_due, scan, self.settler.next_due())


def _unreadable(tally: Tally) -> str:
    """What a full scan could not look at, and what to do."""
    if tally.too_long:
        number = f"{tally.too_long:,} of its folders and files have paths longer than this system takes"
        return f"{number}; shorten the names of the folders above them"
    if not tally.unreadable:
        return ""
    number = f"{tally.unreadable:,} of its folders may not be read"
    return f"{number} (homepress doctor names them); to allow it: chmod u+rwx"
