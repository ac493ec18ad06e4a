"""The files that were seen and are not at rest yet: when each is looked at, and what follows from it."""

import contextlib
import enum
import errno
import heapq
import itertools
import os
import stat
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from homepress.base.files import FileId, Mark
from homepress.base.system_errors import in_words
from homepress.base.units import size
from homepress.watch.completeness import UNREAD, Completeness, Verdict, judge
from homepress.watch.model import (
    Arrival,
    Openness,
    Skip,
    Skipped,
    Timing,
    Waiting,
    WatchContext,
    WatchedFolder,
    WatchSystem,
)

NEVER = float("inf")
_MOST_SEEN = 50_000
# Never wait for a FIFO's other end, never follow a link, never hand the descriptor to a child.
_FLAGS = os.O_RDONLY
for _name in ("O_NONBLOCK", "O_NOFOLLOW", "O_CLOEXEC", "O_NOCTTY", "O_BINARY", "O_NOINHERIT"):
    _FLAGS |= getattr(os, _name, 0)
_ANY_WRITE_BIT = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH
_BATCH = 256
"""Files that are looked at in one turn."""


@dataclass(slots=True, eq=False)
class PendingEntry:
    """One file that is not at rest yet. Times are monotonic seconds.

    Attributes:
        path: absolute path as bytes.
        file_id: what it looked like at the last look; None before the first one.
        since: when it was first seen like that.
        need: seconds of quiet that it needs.
        due: when to look again.
        interactive: see `Arrival.interactive`.
        reason: what it is waiting for.
        detail: more about that, in words.
        tries: looks in a row that found the same obstacle.
        checked: whether the ledger was asked about it; until then it may be one of our own results.
        reported: whether the sink heard that it stays incomplete.
        ticket: number of its one valid place in the queue.
    """

    path: bytes
    file_id: FileId | None
    since: float
    need: float
    due: float
    interactive: bool
    reason: Waiting = Waiting.QUIET
    detail: str = ""
    tries: int = 0
    checked: bool = False
    reported: bool = False
    ticket: int = -1


class PendingFiles:
    """All pending files of one folder, in the order in which they are due. It asks no disk.

    The thread of the folder alone changes them; `waiting` and `count`, asked from others, look at a copy.
    """

    def __init__(self, timing: Timing, need: float) -> None:
        """Keep files that need `need` seconds of quiet, unless something about them asks for more."""
        self._timing = timing
        self._need = need
        self._pending: dict[bytes, PendingEntry] = {}
        self._queue: list[tuple[float, int, PendingEntry]] = []
        self._order = itertools.count()

    def __len__(self) -> int:
        return len(self._pending)

    def __contains__(self, path: bytes) -> bool:
        return path in self._pending

    def is_empty(self, path: bytes) -> bool:
        """Whether a file waits that was empty at the last look."""
        pending = self._pending.get(path)
        return pending is not None and pending.file_id is not None and not pending.file_id.size

    def notice(self, path: bytes, file_id: FileId, now: float, interactive: bool) -> None:
        """Take in a file that an event or a scan named, or look sooner at one that waits."""
        pending = self._pending.get(path)
        if pending is None:
            entry = PendingEntry(path, file_id, now, self._need, now + self._timing.early, interactive)
            self._pending[path] = entry
            self._push(entry)
        elif pending.file_id != file_id:
            self.restart(pending, file_id, now)
        elif pending.reason in (Waiting.WRITER, Waiting.WHOLE):
            pending.tries = 0
            self.put_off(pending, min(pending.due, now + self._timing.early), pending.reason, pending.detail)

    def look_at(self, path: bytes, due: float) -> None:
        """Look at a file at `due`, whatever it looks like by then, and not before."""
        entry = PendingEntry(path, None, due, self._need, due, interactive=True, reason=Waiting.RETRY)
        self._pending[path] = entry
        self._push(entry)

    def restart(self, pending: PendingEntry, file_id: FileId, now: float) -> None:
        """It changed: its quiet time begins again."""
        pending.file_id, pending.since = file_id, now
        pending.need, pending.tries, pending.reported = self._need, 0, False
        self.put_off(pending, now + self._timing.early, Waiting.QUIET)

    def put_off(self, pending: PendingEntry, due: float, reason: Waiting, detail: str = "") -> None:
        """Look again at `due`; until then it waits for `reason`."""
        pending.due, pending.reason, pending.detail = due, reason, detail
        self._push(pending)

    def drop(self, pending: PendingEntry) -> None:
        """Forget a file."""
        if self._pending.get(pending.path) is pending:
            del self._pending[pending.path]

    def take_due(self, now: float, most: int) -> list[PendingEntry]:
        """Up to `most` files to look at now; each has to be put off, restarted or dropped."""
        taken: list[PendingEntry] = []
        while self._queue and len(taken) < most and self._queue[0][0] <= now:
            _, ticket, pending = heapq.heappop(self._queue)
            if self._is_current(ticket, pending):
                pending.ticket = -1
                taken.append(pending)
        return taken

    def next_due(self) -> float:
        """When the next look is due; infinite when none is."""
        while self._queue and not self._is_current(*self._queue[0][1:]):
            heapq.heappop(self._queue)
        return self._queue[0][0] if self._queue else NEVER

    def suspend(self) -> None:
        """Their folder is gone: keep them, look at none."""
        self._queue.clear()
        for pending in self._pending.values():
            pending.due, pending.reason, pending.detail = NEVER, Waiting.MISSING, ""

    def resume(self, now: float) -> None:
        """Their folder is back: look at all that `suspend` put by."""
        for pending in list(self._pending.values()):
            if pending.reason is Waiting.MISSING:
                pending.file_id = None
                self.put_off(pending, now, Waiting.QUIET)

    def waiting(self) -> Iterator[PendingEntry]:
        """The files that a person would count as waiting: all that the ledger was asked about."""
        entries = self._pending.copy().values()
        return (entry for entry in entries if entry.checked or entry.reason is not Waiting.QUIET)

    def count(self) -> tuple[int, int]:
        """How many files wait for a person to see, and how many are in their first quiet time."""
        entries = self._pending.copy().values()
        return (
            sum(e.checked or e.reason is not Waiting.QUIET for e in entries),
            sum(e.reason is Waiting.QUIET for e in entries),
        )

    def _push(self, pending: PendingEntry) -> None:
        pending.ticket = next(self._order)
        heapq.heappush(self._queue, (pending.due, pending.ticket, pending))
        if len(self._queue) > 2 * len(self._pending) + 1024:
            self._queue = [entry for entry in self._queue if self._is_current(*entry[1:])]
            heapq.heapify(self._queue)

    def _is_current(self, ticket: int, pending: PendingEntry) -> bool:
        return pending.ticket == ticket and self._pending.get(pending.path) is pending


class ExamOutcome(enum.Enum):
    """How an examination ended."""

    DONE = "examined"
    GONE = "gone"
    CHANGED = "changed"
    SKIPPED = "passed over"
    UNREAD = "the system refused to read it"
    """Its disk or the computer is in trouble, or a sector is broken: that says nothing about the file."""


@dataclass(frozen=True, slots=True)
class Examination:
    """The outcome of opening a file.

    Attributes:
        outcome: whether it could be examined; the rest counts only if it could.
        openness: whether somebody has it open for writing.
        verdict: whether it is whole; nothing is read while somebody writes.
        skip: why it is passed over, for `ExamOutcome.SKIPPED`.
        refusal: what the system refused and what to do, for `ExamOutcome.UNREAD`.
    """

    outcome: ExamOutcome
    openness: Openness = Openness.UNKNOWN
    verdict: Verdict = UNREAD
    skip: Skip | None = None
    refusal: str = ""


class FileInspector:
    """Looks at the files of one folder until each is handed on, passed over or gone.

    Attributes:
        skipped: files passed over since this was last emptied, by reason.
    """

    def __init__(
        self,
        folder: WatchedFolder,
        files: PendingFiles,
        ctx: WatchContext,
        watch_attributes: Callable[[bytes], None],
    ) -> None:
        self.skipped: Counter[Skip] = Counter()
        self._folder = folder
        self._root = b""
        self._least_quiet = 0.0
        self._files = files
        self._watch_attributes = watch_attributes
        self._known = ctx.known
        self._sink = ctx.sink
        self._system = ctx.system
        self._timing = ctx.timing
        self._clock = ctx.clock
        self._early = ctx.early
        self._reported = SeenFiles(when_full=True)
        self._set_aside = SeenFiles(when_full=False)

    def begin(self, root: bytes, least_quiet: float) -> None:
        """Look at files of `root` from now on, which need `least_quiet` seconds of quiet at the least."""
        self._root, self._least_quiet = root, least_quiet

    def inspect_due(self) -> None:
        """Look at the files that are due, at most a few hundred of them."""
        folders: defaultdict[bytes, list[PendingEntry]] = defaultdict(list)
        for pending in self._files.take_due(self._clock(), _BATCH):
            folders[os.path.dirname(pending.path)].append(pending)
        for directory, files in folders.items():
            rows = self._known.known(directory, [os.path.basename(file.path) for file in files])
            for pending in files:
                self._inspect(pending, rows)

    def _inspect(self, pending: PendingEntry, rows: Mapping[bytes, Mark]) -> None:
        now = self._clock()
        try:
            status = os.lstat(pending.path)
        except OSError:
            return self._vanished(pending)
        skip = skip_by_status(status, self._system, stays=self._folder.stays)
        if skip is Skip.NOT_A_FILE:
            return self._pass_over(pending, skip)
        file_id = FileId.of(status)
        if file_id.matches(rows.get(os.path.basename(pending.path))):
            return self._files.drop(pending)
        pending.checked = True
        if skip is Skip.EMPTY:
            return self._await_content(pending, file_id, now)
        pending.need = max(pending.need, self._least_quiet)
        if file_id != pending.file_id:
            return self._files.restart(pending, file_id, now)
        if now - pending.since < pending.need and not self._may_begin(pending, now):
            return self._files.put_off(pending, self._next_chance(pending), Waiting.QUIET)
        if skip := skip or self._size_skip(file_id.size):
            return self._leave(pending, file_id, skip, now)
        seen = examine(pending.path, file_id, self._system, stays=self._folder.stays)
        return self._judge(pending, file_id, seen)

    def _vanished(self, pending: PendingEntry) -> None:
        """It is gone; or the whole folder is, and then it is waited for."""
        if os.path.isdir(self._root):
            self._files.drop(pending)
        else:
            self._files.put_off(pending, NEVER, Waiting.MISSING)

    def _judge(self, pending: PendingEntry, file_id: FileId, seen: Examination) -> None:
        """Go by what an open file showed."""
        if seen.outcome is ExamOutcome.GONE:
            return self._files.drop(pending)
        if seen.outcome is ExamOutcome.SKIPPED:
            return self._refused(pending, file_id, seen.skip or Skip.NOT_A_FILE)
        now = self._clock()
        if seen.outcome is ExamOutcome.CHANGED:
            return self._files.restart(pending, file_id, now)
        if seen.outcome is ExamOutcome.UNREAD:
            return self._refuse(pending, now, self._timing.busy, Waiting.UNREAD, seen.refusal)
        if seen.openness is Openness.BUSY:
            return self._refuse(pending, now, self._timing.busy, Waiting.WRITER, "")
        if seen.openness is Openness.UNKNOWN:
            pending.need = max(pending.need, self._timing.no_lease)
        if seen.verdict.completeness is Completeness.DOUBTFUL:
            pending.need = max(pending.need, self._timing.doubtful)
        if seen.verdict.completeness is Completeness.ENDLESS:
            pending.need = max(pending.need, self._timing.no_lease)
        if seen.verdict.completeness in (Completeness.WHOLE, Completeness.DOUBTFUL, Completeness.ENDLESS):
            if self._is_quiet(pending, now) or self._may_begin(pending, now):
                return self._hand_on(pending, file_id)
            return self._files.put_off(
                pending, self._next_chance(pending), Waiting.QUIET, seen.verdict.detail
            )
        if not self._is_quiet(pending, now):
            return self._wait(pending, seen.verdict.detail)
        return self._incomplete(pending, file_id, seen, now)

    def _incomplete(self, pending: PendingEntry, file_id: FileId, seen: Examination, now: float) -> None:
        """It is quiet, and something is missing: say so after a few tries, and go on looking rarely."""
        detail = seen.verdict.detail
        self._refuse(pending, now, self._timing.incomplete, Waiting.WHOLE, detail)
        if pending.tries >= self._timing.tries_until_reported and not pending.reported:
            pending.reported = True
            no_image = seen.verdict.completeness is Completeness.NO_IMAGE
            self._report(pending, file_id, Skip.NOT_AN_IMAGE if no_image else Skip.INCOMPLETE, detail)

    def _await_content(self, pending: PendingEntry, file_id: FileId, now: float) -> None:
        """Its maker will write to it; if nothing comes for long, it is left until something does."""
        if pending.reason is not Waiting.CONTENT or pending.tries < len(self._timing.empty):
            pending.file_id = file_id
            return self._refuse(pending, now, self._timing.empty, Waiting.CONTENT, "")
        self._files.drop(pending)
        return self._report(pending, file_id, Skip.EMPTY, "")

    def _is_quiet(self, pending: PendingEntry, now: float) -> bool:
        return now - pending.since >= pending.need

    def _may_begin(self, pending: PendingEntry, now: float) -> bool:
        """Whether work may start before the quiet time ends."""
        return self._early and now >= self._next_chance(pending)

    def _next_chance(self, pending: PendingEntry) -> float:
        """When a file that stays quiet may be handed on at the earliest."""
        ahead = self._timing.ahead if self._early else 0.0
        return pending.since + max(self._timing.early, pending.need - ahead)

    def _wait(self, pending: PendingEntry, detail: str = "") -> None:
        self._files.put_off(pending, pending.since + pending.need, Waiting.QUIET, detail)

    def _refuse(
        self, pending: PendingEntry, now: float, waits: tuple[float, ...], reason: Waiting, detail: str
    ) -> None:
        tries = pending.tries if pending.reason is reason else 0
        pending.tries = tries + 1
        self._files.put_off(pending, now + waits[min(tries, len(waits) - 1)], reason, detail)

    def _size_skip(self, length: int) -> Skip | None:
        if length < self._folder.min_size:
            return Skip.TOO_SMALL
        if self._folder.max_size is not None and length > self._folder.max_size:
            return Skip.TOO_LARGE
        return None

    def _limit_in_words(self, skip: Skip) -> str:
        """The limit that a file is beyond: it may come from a preset; empty for any other reason."""
        limits = {Skip.TOO_SMALL: self._folder.min_size, Skip.TOO_LARGE: self._folder.max_size}
        limit = limits.get(skip)
        return "" if limit is None else size(limit)

    def _hand_on(self, pending: PendingEntry, file_id: FileId) -> None:
        path, root = Path(os.fsdecode(pending.path)), Path(os.fsdecode(self._root))
        self._sink.arrived(Arrival(path, root, file_id, pending.interactive, pending.since + pending.need))
        self._files.drop(pending)  # only now: so it is always found, here or there

    def _refused(self, pending: PendingEntry, file_id: FileId, skip: Skip) -> None:
        """It was opened, or could not be, and is none to be touched."""
        if skip is Skip.EMPTY:
            return self._await_content(pending, file_id, self._clock())
        if skip.may_end:
            return self._leave(pending, file_id, skip, self._clock())
        return self._pass_over(pending, skip)

    def _leave(self, pending: PendingEntry, file_id: FileId, skip: Skip, now: float) -> None:
        """It is left as it is: say so once it is quiet."""
        if not self._is_quiet(pending, now):
            return self._wait(pending)
        if skip.may_end:
            self._reported.add(pending.path, file_id)
            self._watch_attributes(pending.path)
        self._files.drop(pending)
        return self._report(pending, file_id, skip, self._limit_in_words(skip))

    def fits(self, file_id: FileId) -> bool:
        """Whether a file is neither too small nor too large for its folder."""
        return self._size_skip(file_id.size) is None

    def was_reported(self, path: bytes, file_id: FileId) -> bool:
        """Whether the sink heard that a file, as it is now, is passed over for a reason that may end."""
        return self._reported.holds(path, file_id)

    def set_aside(self, path: bytes) -> None:
        """Nothing can be done with this file as it is now. May be called from any thread."""
        with contextlib.suppress(OSError):
            self._set_aside.add(path, FileId.of(os.lstat(path)))

    def is_set_aside(self, path: bytes, file_id: FileId) -> bool:
        """Whether a file, as it is now, was set aside."""
        return self._set_aside.holds(path, file_id)

    def give_another_try(self) -> None:
        """What stood against the files that were set aside may have ended without a trace in them."""
        self._set_aside.clear()

    def _report(self, pending: PendingEntry, file_id: FileId, skip: Skip, detail: str) -> None:
        path, root = Path(os.fsdecode(pending.path)), Path(os.fsdecode(self._root))
        self._sink.skipped(Skipped(path, root, file_id, skip, detail))

    def _pass_over(self, pending: PendingEntry, skip: Skip) -> None:
        self.skipped[skip] += 1
        self._files.drop(pending)


class SeenFiles:
    """Files, as they are now, that no ledger can know as done: hashes of path and `FileId`, only so many.

    May be used from several threads.
    """

    def __init__(self, most: int = _MOST_SEEN, *, when_full: bool) -> None:
        """Remember nothing yet; with `most` files remembered, all others count as such if `when_full`."""
        self._most = most
        self._when_full = when_full
        self._hashes: set[int] = set()

    def add(self, path: bytes, file_id: FileId) -> None:
        """Remember a file as it is now; any change, of its permissions too, makes it another."""
        if len(self._hashes) < self._most:
            self._hashes.add(hash((path, file_id)))

    def holds(self, path: bytes, file_id: FileId) -> bool:
        """Whether a file was added as it is now."""
        if hash((path, file_id)) in self._hashes:
            return True
        return self._when_full and len(self._hashes) >= self._most

    def clear(self) -> None:
        """Remember nothing any more."""
        self._hashes.clear()


def skip_by_status(status: os.stat_result, system: WatchSystem, *, stays: bool = False) -> Skip | None:
    """Why a file is passed over, by its directory entry (`lstat`); None when it is a candidate.

    Args:
        status: what `lstat` gave.
        system: knows placeholders.
        stays: it is only read, never replaced.
    """
    if not stat.S_ISREG(status.st_mode):
        return Skip.NOT_A_FILE
    if status.st_size == 0:
        return Skip.EMPTY
    if status.st_nlink > 1 and not stays:
        return Skip.LINKED
    if not status.st_mode & _ANY_WRITE_BIT and not stays:
        return Skip.READ_ONLY
    return Skip.PLACEHOLDER if system.is_placeholder(status) else None


def examine(path: bytes, file_id: FileId, system: WatchSystem, *, stays: bool = False) -> Examination:
    """Open a file that looked like `file_id` and judge it, as one that `stays` or is to be replaced.

    Raises nothing that a file can cause.
    """
    try:
        fd = os.open(path, _FLAGS)
    except OSError as error:
        return _unopened(error, path, system)
    try:
        status = os.fstat(fd)
        if skip := skip_by_status(status, system, stays=stays):
            return Examination(ExamOutcome.SKIPPED, skip=skip)
        if not FileId.of(status).same_state(file_id):
            return Examination(ExamOutcome.CHANGED)
        openness = system.openness(fd, path)
        if openness is Openness.BUSY:
            return Examination(ExamOutcome.DONE, openness)
        return Examination(ExamOutcome.DONE, openness, judge(fd, status.st_size))
    except OSError as error:
        return Examination(ExamOutcome.UNREAD, refusal=in_words(error))
    finally:
        os.close(fd)


def _unopened(error: OSError, path: bytes, system: WatchSystem) -> Examination:
    match error.errno:
        case errno.ENOENT | errno.ENOTDIR:
            return Examination(ExamOutcome.GONE)
        case errno.EWOULDBLOCK | errno.EBUSY | errno.ETXTBSY:
            return Examination(ExamOutcome.DONE, Openness.BUSY)
        case errno.EACCES | errno.EPERM if system.refuses_sharing(path):
            return Examination(ExamOutcome.DONE, Openness.BUSY)
        case errno.EACCES | errno.EPERM:
            return Examination(ExamOutcome.SKIPPED, skip=Skip.UNREADABLE)
        case errno.ELOOP | errno.EMLINK:
            return Examination(ExamOutcome.SKIPPED, skip=Skip.NOT_A_FILE)
    return Examination(ExamOutcome.UNREAD, refusal=in_words(error))
