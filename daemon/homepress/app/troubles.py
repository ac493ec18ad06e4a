"""What stands against work in the folders: a full disk, no room for originals, a file that may not be read.

Trouble that concerns a whole folder holds its pictures back in the queue, and one of them is let out now and
then to try, after pauses that double: nothing is compressed a hundred times for a disk that stays full. Looks
at what writing depends on cost next to nothing, and end a pause as soon as something there changes.
"""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from homepress.pipeline import Backoff, FairQueue, Told
from homepress.store.health import Conditions

_LINGER = 30.0
"""Seconds after the time of the next try, after which trouble that nobody ran into again is over."""

_MOST_SHOWN = 3
"""So many folders of a watched one are named; of more, the number."""

_MOST_LOOKED_AT = 200
"""So many places are looked at for a change; pictures in others are tried when their pauses end."""


@dataclass(frozen=True, slots=True)
class _Trouble:
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


class Troubles:
    """Trouble by the folders that it stands against, as pictures run into it. Usable from any thread."""

    def __init__(
        self,
        queue: FairQueue,
        conditions: Callable[[Path], Conditions] = lambda _: (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing stands against anything yet.

        Args:
            queue: holds pictures back.
            conditions: what storing a picture depends on now; may take as long as its disk does.
            clock: monotonic seconds.
        """
        self._queue = queue
        self._conditions = conditions
        self._clock = clock
        self._lock = threading.Lock()
        self._standing: dict[Path, _Trouble] = {}

    def text(self, root: Path) -> str:
        """What is wrong in a folder, in whole sentences; empty when nothing is."""
        self._let_old_ones_go(root)
        with self._lock:
            there = [trouble for trouble in self._standing.values() if trouble.root == root]
        wide = [trouble for trouble in there if trouble.wide] or there[-1:]
        if whole := next((trouble for trouble in wide if trouble.place == root), None):
            return whole.text
        texts = list(dict.fromkeys(trouble.text for trouble in wide))
        more = len(texts) - _MOST_SHOWN
        return ". ".join(texts[:_MOST_SHOWN] + ([f"The same of {more} more folders"] if more > 0 else []))

    def _let_old_ones_go(self, root: Path) -> None:
        """Whoever ran into it is gone, and nothing waits any more."""
        now = self._clock()
        with self._lock:
            over = [
                trouble
                for trouble in self._standing.values()
                if trouble.root == root
                and now > trouble.until + _LINGER
                and not self._queue.held(trouble.place)
            ]
            for trouble in over:
                self._standing.pop(trouble.place)
        for trouble in over:
            if trouble.wide:
                self._queue.release(trouble.place)

    def told(self, root: Path, told: Told) -> bool:
        """A picture is done or given back; whether pictures are free again, so that a look is worthwhile."""
        if told.problem:
            self._stand(root, told)
            if not (told.whole_folder or told.place):
                self._let_the_next_one_try(root, told.path)
            return False
        places = dict.fromkeys((root, told.path.parent, told.path))
        with self._lock:
            standing = [self._standing[place] for place in places if place in self._standing]
            over = [t for t in standing if told.outcome == "compressed" or t.place == told.path]
            for trouble in over:
                self._standing.pop(trouble.place)
        if not over:
            self._let_the_next_one_try(root, told.path)
        released = [self._queue.release(trouble.place) for trouble in over if trouble.wide]
        return any(released)

    def _let_the_next_one_try(self, root: Path, path: Path) -> None:
        """This one says nothing about what holds its folder."""
        with self._lock:
            places = [place for place in (root, path.parent) if place in self._standing]
        for place in places:
            self._queue.try_now(place)

    def _stand(self, root: Path, told: Told) -> None:
        conditions = self._conditions(told.path)
        place = root if told.whole_folder else told.place or told.path
        wide = place != told.path
        first = Backoff(told.retry_after or 0.0)
        with self._lock:
            before = self._standing.get(place)
            backoff = before.backoff.again() if before is not None and wide else first
            until = self._clock() + backoff.pause
            self._standing[place] = _Trouble(
                root, place, told.path, told.problem, wide, backoff, until, conditions
            )
        if wide:
            self._queue.hold(place, backoff.pause)

    def look_again(self, root: Path) -> tuple[bool, list[Path]]:
        """See whether what stands against pictures of a folder is another than when it was met.

        Returns:
            Whether anything stands there, and the pictures to be tried now, apart from those in the queue.
        """
        with self._lock:
            standing = [trouble for trouble in self._standing.values() if trouble.root == root]
        to_try = []
        for trouble in standing[:_MOST_LOOKED_AT]:
            now = self._conditions(trouble.path)
            if now == trouble.conditions:
                continue
            with self._lock:
                if self._standing.get(trouble.place) is not trouble:
                    continue
                self._standing[trouble.place] = replace(trouble, conditions=now)
            if trouble.wide:
                self._queue.try_now(trouble.place)
            to_try.append(trouble.path)
        return bool(standing), to_try

    def try_again(self) -> bool:
        """Something was done about it (room made, settings changed): whether there is anything to try."""
        with self._lock:
            for place, trouble in self._standing.items():
                first = Backoff(trouble.backoff.first)
                self._standing[place] = replace(trouble, backoff=first)
            places = [trouble.place for trouble in self._standing.values() if trouble.wide]
            any_there = bool(self._standing)
        for place in places:
            self._queue.try_now(place)
        return any_there

    def forget(self, roots: Iterable[Path]) -> bool:
        """The plans of folders are new: what waited there is dropped, to be found again; whether any did."""
        gone = set(roots)
        with self._lock:
            known = [trouble for trouble in self._standing.values() if trouble.root in gone]
            for trouble in known:
                self._standing.pop(trouble.place)
        for root in {trouble.root for trouble in known}:
            self._queue.drop(root)
        return bool(known)
