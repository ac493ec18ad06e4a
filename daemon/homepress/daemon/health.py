"""How the folders are: what stands against work in them, which files wait, and what the user should know of.

Four things can be wrong with a folder. Three of them stop work in it. Results that cannot be trusted stop
replacing until someone looks (the circuit breaker). Trouble with a disk or with permissions holds pictures
back in the queue, and one of them is let out now and then to try, after pauses that double: nothing is
compressed a hundred times for a disk that stays full. A drive that is away holds its folder until it is back.
The fourth stops nothing: an output folder, or a conversion, for which no picture comes out any more. All of
it belongs to the state thread.
"""

import math
import time
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from homepress.base import results
from homepress.base.clock import Clock, system_clock
from homepress.base.system_errors import printable, shell_word
from homepress.compress import Reason
from homepress.daemon.pipeline.job import Destination, JobResult, Plan
from homepress.daemon.pipeline.queue import FairQueue
from homepress.daemon.pipeline.retry import Backoff
from homepress.daemon.places import Away
from homepress.daemon.state import confined
from homepress.store.health import Conditions
from homepress.store.model import RecoveryNote
from homepress.store.store import Store
from homepress.watch import PendingFile

MOST_IN_A_ROW = 5
"""So many failed verifications, results unlike their pictures, or fresh results undone in a row are no
accident."""

HOW_TO_GO_ON = "Look at a few pictures there, then go on with: homepress resume"

MOST_LOOKED_AT = 200
"""So many places are looked at for a change; pictures in others are tried when their pauses end."""

MOST_UNDELIVERED = 3
"""So many pictures in a row of which none came out as was asked are no accident: one or two may be odd."""

_MOST_COUNTED = 1000
"""Pictures without a result that are told apart; of more, the number stays."""

_READ_BACK = (
    f"{MOST_IN_A_ROW} results in a row were read back from the disk other than written. "
    "The disk may be failing."
)
_UNLIKE = (
    f"{MOST_IN_A_ROW} results in a row did not look like their pictures, which were left as they are. "
    "A codec may be broken, or a picture may have attacked it: see homepress doctor."
)

_LINGER = 30.0
"""Seconds after the time of the next try, after which trouble that nobody ran into again is over."""

_MOST_SHOWN = 3
"""So many folders of a watched one are named; of more, the number."""

_LOOKING = 2.0
"""Seconds that watching takes at most to hand on a file whose time has come."""

_NOTICES_KEPT = 86_400.0
"""Seconds that a note stands."""

_MOST_NOTICES = 20


@dataclass(frozen=True, slots=True)
class FolderProblem:
    """What stands against pictures.

    Attributes:
        root: the watched folder.
        place: the folder whose pictures wait: `root`, one inside it, or the path of a single picture.
        path: the picture that ran into it last.
        text: for a person.
        wide: whether pictures are held back in the queue.
        backoff: the pause until the next try.
        until: monotonic second of the next try.
        conditions: what storing depended on when it failed.
    """

    root: Path
    place: Path
    path: Path
    text: str
    wide: bool
    backoff: Backoff
    until: float
    conditions: Conditions


@dataclass(frozen=True, slots=True)
class _GivenBack:
    reason: str
    next_try: float
    """Monotonic seconds, as watching has them; for showing they are turned into those of the wall clock."""
    stuck: bool = False
    """Whether a problem stands against it, so that trying again changes nothing by itself."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a picture whose result was to go elsewhere, or to get another format.

    Attributes:
        path: of the picture.
        delivered: whether it came out as was asked.
        reason: why not.
        cause: the kind of reason; empty where no compressor had a say.
    """

    path: str
    delivered: bool
    reason: str = ""
    cause: str = ""


_DROP = "What cannot come along can be left out: see drop in the folder's settings"
_NEXT_STEP = {
    Reason.CANNOT_CONVERT: _DROP,
    Reason.CANNOT_KEEP_WHOLE: _DROP,
    Reason.CANNOT_FIT: "Allow more in the folder's settings: fit_under, quality or drop",
    Reason.FORMAT_LEFT_ALONE: "Say in the folder's settings what this format is to become: convert",
    Reason.MISNAMED: "Give such pictures the right name",
}
"""What helps against the commonest reason, by its kind."""


def delivery(result: JobResult) -> Delivery | None:
    """Whether a picture came out as was asked; None where nothing is decided, or nothing was asked of it."""
    if result.outcome == "waiting" or result.away or result.gone:
        return None
    if result.outcome == "compressed" or (result.output and not result.missed):
        return Delivery(result.path, delivered=True)
    if result.outcome == "failed" or result.refused or result.missed:
        return Delivery(result.path, delivered=False, reason=result.reason, cause=result.cause)
    return None


def deliveries_before(store: Store, root: Path, plan: Plan) -> list[Delivery]:
    """What the ledger knows of a folder's newest pictures under its plan, back to one that came out.

    Raises:
        OSError: the ledger cannot be read.
    """
    if not Undelivered.watches(plan):
        return []
    found = []
    for entry in store.folders.newest(root, plan.settings, _MOST_COUNTED):
        if entry.outcome == "failed" or (entry.missed and entry.outcome == "unchanged"):
            found.append(Delivery(entry.path, delivered=False, reason=entry.reason, cause=entry.cause))
        elif entry.outcome == "compressed" or (entry.cause and plan.destination is Destination.OUTPUT):
            break
    return found[::-1]


class Undelivered:
    """The newest pictures of one folder of which none came out as was asked.

    Attributes:
        plan: what the folder wants.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._output = plan.output if plan.destination is Destination.OUTPUT else None
        self._left: dict[str, Delivery] = {}

    @staticmethod
    def watches(plan: Plan) -> bool:
        """Whether a folder wants its results elsewhere or in another format."""
        return plan.destination is Destination.OUTPUT or bool(plan.convert)

    def add(self, found: Delivery) -> None:
        """One more picture is done; the same one again counts once."""
        if found.delivered:
            self._left.clear()
        elif found.path in self._left or len(self._left) < _MOST_COUNTED:
            self._left[found.path] = found

    def text(self, root: Path) -> str:
        """The problem in whole sentences, with the commonest reason and the next step; empty for none."""
        if len(self._left) < MOST_UNDELIVERED:
            return ""
        kinds = Counter(each.cause or each.reason for each in self._left.values())
        kind, times = kinds.most_common(1)[0]
        reason = next(
            each.reason for each in reversed(self._left.values()) if kind in (each.cause, each.reason)
        )
        number = f"{len(self._left):,}{' or more' if len(self._left) == _MOST_COUNTED else ''}"
        into = f" in {printable(self._output)}" if self._output else ""
        most = f"{times:,} of them" if times < len(self._left) else "all of them"
        step = _NEXT_STEP.get(Reason[kind.upper()]) if kind.upper() in Reason.__members__ else None
        see = f"See each of them with: homepress history {shell_word(printable(root))}"
        said = (
            f"None of the last {number} pictures came out{into} as you asked. The reason for {most}: {reason}"
        )
        return ". ".join(filter(None, (said, step, see)))


@confined
class FolderHealth:
    """The health of all folders, as results of pictures, drives and people change it."""

    def __init__(
        self,
        queue: FairQueue,
        clock: Callable[[], float] = time.monotonic,
        boot_clock: Clock | None = None,
    ) -> None:
        """All folders are well.

        Args:
            queue: holds pictures back.
            clock: monotonic seconds.
            boot_clock: tells how long a note has been standing.
        """
        self._queue = queue
        self._clock = clock
        self._boot_clock = boot_clock or system_clock()
        self._failed: Counter[tuple[Path, str]] = Counter()
        self._stopped: dict[Path, str] = {}
        self._problems: dict[Path, FolderProblem] = {}
        self._away: frozenset[Path] = frozenset()
        self._undelivered: dict[Path, Undelivered] = {}
        self._given_back: dict[Path, _GivenBack] = {}
        self._notices: deque[tuple[float, str]] = deque(maxlen=_MOST_NOTICES)

    # -- what becomes of pictures

    def record(self, root: Path, result: JobResult, conditions: Conditions = ()) -> bool:
        """A picture of a watched folder is done, or has to wait.

        Args:
            root: the folder.
            result: what became of it.
            conditions: what storing its result depends on now, where it was given back for a problem.

        Returns:
            Whether pictures are free again that were held, so that a look through the folders is worthwhile.
        """
        self.set_waiting(result)
        self._count(root, result)
        if result.away or root in self._stopped:
            return False
        if result.problem:
            self._begin_problem(root, result, conditions)
            return False
        places = dict.fromkeys((root, result.file.parent, result.file))
        standing = [self._problems[place] for place in places if place in self._problems]
        over = [each for each in standing if result.outcome == "compressed" or each.place == result.file]
        for problem in over:
            del self._problems[problem.place]
        if not over:
            self._let_the_next_one_try(root, result.file)
        free = [self._release(problem.place) for problem in over if problem.wide]
        return any(free)

    def _begin_problem(self, root: Path, result: JobResult, conditions: Conditions) -> None:
        place = root if result.whole_folder else result.place or result.file
        wide = place != result.file
        before = self._problems.get(place)
        again = before is not None and wide
        backoff = before.backoff.again() if before and again else Backoff(result.retry_after or 0.0)
        until = self._clock() + backoff.pause
        self._problems[place] = FolderProblem(
            root, place, result.file, result.problem, wide, backoff, until, conditions
        )
        if wide:
            self._queue.suspend(place, backoff.pause)
        else:
            self._let_the_next_one_try(root, result.file)

    def _let_the_next_one_try(self, root: Path, path: Path) -> None:
        """This one says nothing about what holds its folder."""
        for place in (root, path.parent):
            if place in self._problems:
                self._queue.try_now(place)

    # -- the circuit breaker

    def _count(self, root: Path, result: JobResult) -> None:
        for why, failed in ((_READ_BACK, result.unverified), (_UNLIKE, result.unlike)):
            if result.outcome == "compressed":
                self._failed.pop((root, why), None)
            elif failed:
                self._failed[root, why] += 1
                if self._failed[root, why] >= MOST_IN_A_ROW:
                    self.stop(root, f"{why} {HOW_TO_GO_ON}")

    def stop(self, root: Path, why: str) -> bool:
        """Replace nothing more in a folder until somebody has looked; whether that is new."""
        if root in self._stopped:
            return False
        self._stopped[root] = why
        self._queue.suspend(root)
        return True

    def why_stopped(self, root: Path) -> str:
        """Why nothing may be replaced in a folder at present; empty when it may."""
        return self._stopped.get(root, "")

    def trust_all(self) -> None:
        """The user has looked: go on everywhere."""
        self._failed.clear()
        for root in list(self._stopped):
            self._trust(root)

    def _trust(self, root: Path) -> None:
        for why in (_READ_BACK, _UNLIKE):
            self._failed.pop((root, why), None)
        if self._stopped.pop(root, None) is not None:
            self._release(root)

    def _release(self, place: Path) -> bool:
        """Let pictures of a folder go on, unless something else stands against them; whether any was held."""
        if place in self._stopped or place in self._away:
            self._queue.suspend(place)
            return False
        return self._queue.release(place)

    # -- what stands against work

    def text(self, root: Path) -> str:
        """What is wrong in a folder, in whole sentences; empty when nothing is."""
        if root in self._stopped:
            return f"Replacing has stopped. {self._stopped[root]}"
        self._end_forgotten_problems(root)
        there = [problem for problem in self._problems.values() if problem.root == root]
        wide = [problem for problem in there if problem.wide] or there[-1:]
        if whole := next((problem for problem in wide if problem.place == root), None):
            return whole.text
        texts = list(dict.fromkeys(problem.text for problem in wide))
        if not texts:
            return self._undelivered[root].text(root) if root in self._undelivered else ""
        more = len(texts) - _MOST_SHOWN
        return ". ".join(texts[:_MOST_SHOWN] + ([f"The same of {more} more folders"] if more > 0 else []))

    # -- pictures that did not come out as was asked

    def expect(self, root: Path, plan: Plan, before: Iterable[Delivery] = ()) -> None:
        """A folder has a plan, from now on or still.

        Args:
            root: the folder.
            plan: what it wants.
            before: what became of its newest pictures under the same settings, the oldest first.
        """
        known = self._undelivered.get(root)
        if known is not None and known.plan == plan:
            return
        self._undelivered.pop(root, None)
        if Undelivered.watches(plan):
            found = self._undelivered[root] = Undelivered(plan)
            for each in before:
                found.add(each)

    def count_delivery(self, root: Path, result: JobResult) -> None:
        """A picture is done, as far as it can be now."""
        if root in self._undelivered and (found := delivery(result)) is not None:
            self._undelivered[root].add(found)

    def _end_forgotten_problems(self, root: Path) -> None:
        """Its caller is gone, and nothing waits any more."""
        now = self._clock()
        for problem in list(self._problems.values()):
            late = problem.root == root and now > problem.until + _LINGER
            if late and not self._queue.held(problem.place):
                del self._problems[problem.place]
                if problem.wide:
                    self._release(problem.place)

    def problems(self, root: Path) -> list[FolderProblem]:
        """What stands against pictures of a folder."""
        return [problem for problem in self._problems.values() if problem.root == root]

    def conditions_changed(self, problem: FolderProblem, now: Conditions) -> bool:
        """What storing depends on changed since a problem was met: try; False if it is over by now."""
        if self._problems.get(problem.place) is not problem:
            return False
        self._problems[problem.place] = replace(problem, conditions=now)
        if problem.wide:
            self._queue.try_now(problem.place)
        return True

    def try_again(self) -> bool:
        """Something was done about it (room made, settings changed): whether there is anything to try."""
        for place, problem in self._problems.items():
            self._problems[place] = replace(problem, backoff=Backoff(problem.backoff.first))
            if problem.wide:
                self._queue.try_now(place)
        return bool(self._problems)

    def forget_problems(self, roots: Iterable[Path]) -> bool:
        """The plans of folders are new: what waited there is dropped, to be found again; whether any did."""
        gone = set(roots)
        known = [problem for problem in self._problems.values() if problem.root in gone]
        for problem in known:
            del self._problems[problem.place]
        for root in {problem.root for problem in known}:
            self._queue.drop(root)
            if root in self._stopped or root in self._away:
                self._queue.suspend(root)
        return bool(known)

    def keep_within(self, roots: Collection[Path], gone: Iterable[Path]) -> None:
        """Folders are not watched any more: nothing of theirs waits, or stands against anything."""
        for root in gone:
            self._queue.drop(root)
            self._trust(root)
            self._undelivered.pop(root, None)
        for path in [path for path in self._given_back if not any(map(path.is_relative_to, roots))]:
            del self._given_back[path]

    def drives_changed(self, before: Away, now: Away, roots: Iterable[Path]) -> set[Path]:
        """Drives have come or gone: what cannot be stored is held, and goes on when it can.

        Args:
            before: what was away.
            now: what is away.
            roots: all watched folders.

        Returns:
            The folders that go on.
        """
        self._away = now.roots
        for root in now.roots - before.roots:
            self._queue.suspend(root)
        back = set(before.roots - now.roots)
        if before.originals and not now.originals:
            back |= set(roots) - now.roots
        for root in back:
            self._release(root)
        return back

    # -- files that wait

    def set_waiting(self, result: JobResult) -> None:
        """A picture is done, or has to wait."""
        self._given_back.pop(result.file, None)
        if result.retry_after is not None:
            next_try = self._clock() + result.retry_after
            self._given_back[result.file] = _GivenBack(result.reason, next_try, bool(result.problem))

    def try_now(self) -> list[Path]:
        """The files that were given back; the caller has them looked at now, before their time."""
        now = self._clock()
        self._given_back = {path: replace(file, next_try=now) for path, file in self._given_back.items()}
        return list(self._given_back)

    def any_soon(self, within: float) -> bool:
        """Whether a file is tried again within that many seconds, or is just being looked at for that.

        Files that a full disk or the like stands against do not count: trying again changes nothing there.
        """
        now = self._clock()
        tries = (file.next_try for file in self._given_back.values() if not file.stuck)
        return any(now - _LOOKING < next_try < now + within for next_try in tries)

    def waiting(self, settling: Iterable[PendingFile]) -> list[results.WaitingFile]:
        """Files that settle, and files that were given back; each once."""
        now = self._clock()
        shown = time.time() - now
        # Only now: until watching has looked, `any_soon` counts those whose time has come.
        for path in [path for path, file in self._given_back.items() if file.next_try <= now - _LOOKING]:
            del self._given_back[path]
        files = {path: file for path, file in self._given_back.items() if file.next_try > now}
        for file in settling:
            known = files.get(file.path)
            reason = known.reason if known else ": ".join(filter(None, (str(file.reason), file.detail)))
            files[file.path] = _GivenBack(reason, file.next_try)
        return [
            results.WaitingFile(
                path=str(path),
                reason=file.reason,
                next_try=None if math.isinf(file.next_try) else shown + file.next_try,
            )
            for path, file in files.items()
        ]

    # -- what the user should know of, though nothing is to be done about it

    def add_notice(self, note: RecoveryNote) -> None:
        """Remember a note of the store, unless it is routine; one that stands already is not repeated."""
        if not note.routine and str(note) not in (text for _, text in self._notices):
            self._notices.append((self._boot_clock.since_boot(), str(note)))

    def notices(self) -> list[str]:
        """Those of the last day, newest first."""
        since = self._boot_clock.since_boot() - _NOTICES_KEPT
        return [text for at, text in reversed(self._notices) if at >= since]
