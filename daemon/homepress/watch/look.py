"""The looks at pending files: what each one shows, and what follows from it."""

import contextlib
import os
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path

from homepress.watch.arrival import Arrival, Signature, Skip, Skipped, Waiting
from homepress.watch.examine import Examination, Finding, examine, skip_by_status
from homepress.watch.folder import WatchedFolder
from homepress.watch.interface import Openness
from homepress.watch.ports import Identity, Surroundings
from homepress.watch.settle import NEVER, Pending, Settler
from homepress.watch.told import Told
from homepress.watch.trailer import Wholeness

_BATCH = 256


class Looker:
    """Looks at the files of one folder until each is handed on, passed over or gone.

    Attributes:
        skipped: files passed over since this was last emptied, by reason.
    """

    def __init__(
        self,
        folder: WatchedFolder,
        settler: Settler,
        around: Surroundings,
        heed: Callable[[bytes], None],
    ) -> None:
        self.skipped: Counter[Skip] = Counter()
        self._folder = folder
        self._root = b""
        self._least_quiet = 0.0
        self._settler = settler
        self._heed = heed
        self._known = around.known
        self._sink = around.sink
        self._system = around.system
        self._timing = around.timing
        self._clock = around.clock
        self._early = around.early
        self._told = Told(when_full=True)
        self._aside = Told(when_full=False)

    def begin(self, root: bytes, least_quiet: float) -> None:
        """Look at files of `root` from now on, which need `least_quiet` seconds of quiet at the least."""
        self._root, self._least_quiet = root, least_quiet

    def look_at_due(self) -> None:
        """Look at the files that are due, at most a few hundred of them."""
        folders: defaultdict[bytes, list[Pending]] = defaultdict(list)
        for pending in self._settler.take_due(self._clock(), _BATCH):
            folders[os.path.dirname(pending.path)].append(pending)
        for directory, files in folders.items():
            rows = self._known.known(directory, [os.path.basename(file.path) for file in files])
            for pending in files:
                self._look(pending, rows)

    def _look(self, pending: Pending, rows: Mapping[bytes, Identity]) -> None:
        now = self._clock()
        try:
            status = os.lstat(pending.path)
        except OSError:
            return self._vanished(pending)
        skip = skip_by_status(status, self._system, stays=self._folder.stays)
        if skip is Skip.NOT_A_FILE:
            return self._pass_over(pending, skip)
        signature = Signature.of(status)
        if signature.is_noted(rows.get(os.path.basename(pending.path))):
            return self._settler.drop(pending)
        pending.asked = True
        if skip is Skip.EMPTY:
            return self._await_content(pending, signature, now)
        pending.need = max(pending.need, self._least_quiet)
        if signature != pending.signature:
            return self._settler.restart(pending, signature, now)
        if now - pending.since < pending.need and not self._may_begin(pending, now):
            return self._settler.put_off(pending, self._next_chance(pending), Waiting.QUIET)
        if skip := skip or self._size_skip(signature.size):
            return self._leave(pending, signature, skip, now)
        seen = examine(pending.path, signature, self._system, stays=self._folder.stays)
        return self._judge(pending, signature, seen)

    def _vanished(self, pending: Pending) -> None:
        """It is gone; or the whole folder is, and then it is waited for."""
        if os.path.isdir(self._root):
            self._settler.drop(pending)
        else:
            self._settler.put_off(pending, NEVER, Waiting.MISSING)

    def _judge(self, pending: Pending, signature: Signature, seen: Examination) -> None:
        """Go by what an open file showed."""
        if seen.finding is Finding.GONE:
            return self._settler.drop(pending)
        if seen.finding is Finding.SKIPPED:
            return self._refused(pending, signature, seen.skip or Skip.NOT_A_FILE)
        now = self._clock()
        if seen.finding is Finding.CHANGED:
            return self._settler.restart(pending, signature, now)
        if seen.finding is Finding.UNREAD:
            return self._refuse(pending, now, self._timing.busy, Waiting.UNREAD, seen.refusal)
        if seen.openness is Openness.BUSY:
            return self._refuse(pending, now, self._timing.busy, Waiting.WRITER, "")
        if seen.openness is Openness.UNKNOWN:
            pending.need = max(pending.need, self._timing.no_lease)
        if seen.verdict.wholeness is Wholeness.DOUBTFUL:
            pending.need = max(pending.need, self._timing.doubtful)
        if seen.verdict.wholeness is Wholeness.ENDLESS:
            pending.need = max(pending.need, self._timing.no_lease)
        if seen.verdict.wholeness in (Wholeness.WHOLE, Wholeness.DOUBTFUL, Wholeness.ENDLESS):
            if self._is_quiet(pending, now) or self._may_begin(pending, now):
                return self._hand_on(pending, signature)
            return self._settler.put_off(
                pending, self._next_chance(pending), Waiting.QUIET, seen.verdict.detail
            )
        if not self._is_quiet(pending, now):
            return self._wait(pending, seen.verdict.detail)
        return self._incomplete(pending, signature, seen, now)

    def _incomplete(self, pending: Pending, signature: Signature, seen: Examination, now: float) -> None:
        """It is quiet, and something is missing: say so after a few tries, and go on looking rarely."""
        detail = seen.verdict.detail
        self._refuse(pending, now, self._timing.incomplete, Waiting.WHOLE, detail)
        if pending.tries >= self._timing.tries_until_told and not pending.told:
            pending.told = True
            no_image = seen.verdict.wholeness is Wholeness.NO_IMAGE
            self._tell(pending, signature, Skip.NOT_AN_IMAGE if no_image else Skip.INCOMPLETE, detail)

    def _await_content(self, pending: Pending, signature: Signature, now: float) -> None:
        """Whoever made it will write to it; if nobody does for long, it is left until somebody does."""
        if pending.reason is not Waiting.CONTENT or pending.tries < len(self._timing.empty):
            pending.signature = signature
            return self._refuse(pending, now, self._timing.empty, Waiting.CONTENT, "")
        self._settler.drop(pending)
        return self._tell(pending, signature, Skip.EMPTY, "")

    def _is_quiet(self, pending: Pending, now: float) -> bool:
        return now - pending.since >= pending.need

    def _may_begin(self, pending: Pending, now: float) -> bool:
        """Whether work may start before the quiet time ends."""
        return self._early and now >= self._next_chance(pending)

    def _next_chance(self, pending: Pending) -> float:
        """When a file that stays quiet may be handed on at the earliest."""
        ahead = self._timing.ahead if self._early else 0.0
        return pending.since + max(self._timing.early, pending.need - ahead)

    def _wait(self, pending: Pending, detail: str = "") -> None:
        self._settler.put_off(pending, pending.since + pending.need, Waiting.QUIET, detail)

    def _refuse(
        self, pending: Pending, now: float, waits: tuple[float, ...], reason: Waiting, detail: str
    ) -> None:
        tries = pending.tries if pending.reason is reason else 0
        pending.tries = tries + 1
        self._settler.put_off(pending, now + waits[min(tries, len(waits) - 1)], reason, detail)

    def _size_skip(self, size: int) -> Skip | None:
        if size < self._folder.min_size:
            return Skip.TOO_SMALL
        if self._folder.max_size is not None and size > self._folder.max_size:
            return Skip.TOO_LARGE
        return None

    def _hand_on(self, pending: Pending, signature: Signature) -> None:
        path, root = Path(os.fsdecode(pending.path)), Path(os.fsdecode(self._root))
        self._sink.arrived(Arrival(path, root, signature, pending.fresh, pending.since + pending.need))
        self._settler.drop(pending)  # only now: whoever looks finds it here or there

    def _refused(self, pending: Pending, signature: Signature, skip: Skip) -> None:
        """It was opened, or could not be, and is none to be touched."""
        if skip is Skip.EMPTY:
            return self._await_content(pending, signature, self._clock())
        if skip.may_end:
            return self._leave(pending, signature, skip, self._clock())
        return self._pass_over(pending, skip)

    def _leave(self, pending: Pending, signature: Signature, skip: Skip, now: float) -> None:
        """It is left as it is: say so once it is quiet."""
        if not self._is_quiet(pending, now):
            return self._wait(pending)
        if skip.may_end:
            self._told.add(pending.path, signature)
            self._heed(pending.path)
        self._settler.drop(pending)
        return self._tell(pending, signature, skip, "")

    def fits(self, signature: Signature) -> bool:
        """Whether a file is neither too small nor too large for its folder."""
        return self._size_skip(signature.size) is None

    def was_told(self, path: bytes, signature: Signature) -> bool:
        """Whether the sink heard that a file, as it is now, is passed over for a reason that may end."""
        return self._told.holds(path, signature)

    def set_aside(self, path: bytes) -> None:
        """Whoever took this file in can do nothing with it as it is now. May be called from any thread."""
        with contextlib.suppress(OSError):
            self._aside.add(path, Signature.of(os.lstat(path)))

    def is_aside(self, path: bytes, signature: Signature) -> bool:
        """Whether a file, as it is now, was set aside."""
        return self._aside.holds(path, signature)

    def give_another_try(self) -> None:
        """What stood against the files that were set aside may have ended without a trace in them."""
        self._aside.clear()

    def _tell(self, pending: Pending, signature: Signature, skip: Skip, detail: str) -> None:
        path, root = Path(os.fsdecode(pending.path)), Path(os.fsdecode(self._root))
        self._sink.skipped(Skipped(path, root, signature, skip, detail))

    def _pass_over(self, pending: Pending, skip: Skip) -> None:
        self.skipped[skip] += 1
        self._settler.drop(pending)
