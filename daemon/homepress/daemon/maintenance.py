"""What is done now and then, or when there is nothing else to do.

`Maintenance` is for what the store wants: late writers looked for, old originals let go, backups made.
`Fingerprinting` reads the pictures that are left alone, in the background.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path

from homepress.base.image_data import FileContent, image_digest
from homepress.base.system_errors import in_log, quoted
from homepress.base.units import counted
from homepress.daemon.state import StateThread, Timer
from homepress.store.model import RecoveryNote, StoreError
from homepress.store.store import Store
from homepress.watch import this_system

_log = logging.getLogger(__name__)

_AFTER_WORK = 6.0
"""Seconds after a replacement: a program that had the old file open may still be writing to it."""

_WHILE_IDLE = 3600.0
"""Seconds between two looks while nothing happens; originals are kept for days."""

_COUNT = 300.0
"""Seconds between two looks at the clock, in memory alone: only time that is looked at counts."""

_LAST_SECONDS = 5.0
"""So long the end of the program waits for a look."""


class Maintenance:
    """Looks after the store on a thread that lives as long as a look; the state thread says when."""

    def __init__(
        self,
        state: StateThread,
        store: Store,
        tell: Callable[[RecoveryNote], None],
        glance: Callable[[], object] = lambda: None,
        bring_in: Callable[[], int] = lambda: 0,
    ) -> None:
        """Do nothing yet.

        Args:
            state: says when.
            store: what is looked after.
            tell: gets each note about something that was found, such as an edit that came late.
            glance: called every few minutes too, on the state thread.
            bring_in: likewise, and on the thread of a look: brings in what commands did on ledgers apart; how
                many of those there were.
        """
        self._state = state
        self._store = store
        self._tell = tell
        self._glance = glance
        self._bring_in = bring_in
        self._timer: Timer | None = None
        self._thread: threading.Thread | None = None
        self._expected = False
        self._worked = False
        self._counted = 0.0
        self._stopped = False

    def start(self) -> None:
        """Begin; the first look comes at once."""
        self._state.post(self._look)

    def worked(self) -> None:
        """A picture was replaced just now. To be called on the state thread."""
        if self._expected:
            self._worked = True  # a program may have begun to write since the look that is in progress began
        else:
            self._expected = True
            self._later(_AFTER_WORK, self._look)

    def stop(self) -> None:
        """End, after the look that is in progress; one that waits for a disk is left behind."""
        self._state.ask(self._stop)
        if self._thread is not None:
            self._thread.join(_LAST_SECONDS)

    # -- on the state thread

    def _look(self) -> None:
        if not self._stopped:
            self._expected = True
            self._thread = threading.Thread(target=self._run, name="maintenance", daemon=True)
            self._thread.start()

    def _over(self) -> None:
        self._expected, self._worked = self._worked, False
        self._counted = 0.0
        if self._expected:
            self._later(_AFTER_WORK, self._look)
        else:
            self._later(_COUNT, self._count)

    def _count(self) -> None:
        self._store.elapsed_seconds()
        self._glance()
        self._counted += _COUNT
        if self._counted >= _WHILE_IDLE:
            self._look()
        else:
            self._thread = threading.Thread(target=self._run_between, name="maintenance", daemon=True)
            self._thread.start()
            self._later(_COUNT, self._count)

    def _later(self, seconds: float, call: Callable[[], None]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if not self._stopped:
            self._timer = self._state.call_later(seconds, call)

    def _stop(self) -> None:
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()

    # -- on its own thread

    def _run(self) -> None:
        try:
            self._tend()
        finally:
            self._state.post(self._over)

    def _run_between(self) -> None:
        if self._joined():
            self._state.post(self.worked)  # a look settles what was left open there

    def _joined(self) -> bool:
        """Bring in what commands did on ledgers apart; whether there was anything."""
        try:
            return self._bring_in() > 0
        except Exception:  # noqa: BLE001 - the boundary: the originals are looked after all the same
            _log.exception("what was done apart could not be brought into the ledger")
            return False

    def _tend(self) -> None:
        self._joined()
        try:
            for note in self._store.maintain():
                self._tell(note)
        except (OSError, StoreError) as error:
            _log.warning("originals could not be looked after: %s", in_log(error))
        except Exception:  # noqa: BLE001 - the boundary: whatever it was, the next look comes
            _log.exception("originals could not be looked after")


_SLICE = 0.02
"""Seconds of processor time between two rests."""
_REST_IDLE = 1.0
"""Rest after a slice, as a multiple of it, while the computer has nothing else to do ..."""
_REST_BUSY = 9.0
"""... and while it is busy. The daemon's threads take turns: one of a lower priority that is not given the
processor would keep the others waiting. Only reading has a lower one."""
_LOOK = 1.0
"""Seconds between two looks whether the computer is busy, or whether it is time to work again."""
_MEASURE = 0.5
"""Seconds after which enough was read to tell how fast it goes."""
_PATIENCE = 5.0
"""Seconds that the end of the daemon waits for a thread that reads from a disk which does not answer."""


class _Stopping(Exception):  # noqa: N818 - no error: how the daemon's end leaves a file half read
    """The daemon ends."""


class Fingerprinting:
    """A thread a folder, while something in it is to be fingerprinted; what was done is kept."""

    def __init__(
        self,
        state: StateThread,
        store: Store,
        roots: Callable[[], Collection[Path]],
        rests: Callable[[], bool],
        changed: Callable[[], None],
    ) -> None:
        """Begin nothing yet.

        Args:
            state: owns which folders are worked on.
            store: whose ledger says what is missing.
            roots: the watched folders, links followed; work in one that is let go ends.
            rests: whether there is better to do now: pictures to compress, or a pause.
            changed: called when people see something else now.
        """
        self._store = store
        self._roots = roots
        self._rests = rests
        self._changed = changed
        self._state = state
        self._left: dict[Path, int] = {}
        self._wanted: set[Path] = set()
        self._threads: dict[Path, threading.Thread] = {}
        self._stopping = threading.Event()

    def look(self, root: Path) -> None:
        """A folder is there, for the first time or again: do what is missing in it."""
        self._state.ask(partial(self._want, root))

    def _want(self, root: Path) -> None:
        """On the state thread."""
        self._wanted.add(root)
        if root not in self._threads and not self._stopping.is_set():
            thread = threading.Thread(target=self._run, args=(root,), name="fingerprints", daemon=True)
            self._threads[root] = thread
            thread.start()

    def stop(self) -> None:
        """End, within the piece of a file that is being read; a disk that hangs is not waited for."""
        self._stopping.set()
        threads = self._state.ask(lambda: tuple(self._threads.values()))
        end = time.monotonic() + _PATIENCE
        for thread in threads:
            thread.join(max(0.0, end - time.monotonic()))

    def left(self, root: Path) -> int:
        """How many pictures of a folder are being fingerprinted or wait for it."""
        return self._left.get(root, 0)

    def _run(self, root: Path) -> None:
        while self._state.ask(partial(self._is_wanted, root)):
            try:
                self._fingerprint(root)
            except _Stopping:
                pass
            except Exception:  # noqa: BLE001 - the boundary: the folder is looked at again when it comes back
                _log.exception("%s: what is left alone could not be fingerprinted", quoted(root))

    def _is_wanted(self, root: Path) -> bool:
        """On the state thread."""
        if root in self._wanted and not self._stopping.is_set():
            self._wanted.discard(root)
            return True
        del self._threads[root]
        return False

    def _fingerprint(self, root: Path) -> None:
        self._left[root] = self._store.folders.pending(root)
        begin, done, pace = time.monotonic(), 0, _Pace(self._stopping, self._rests)
        made = self._store.folders.fingerprints(root, skip=this_system().is_placeholder, on_read=pace.step)
        try:
            for good in made:
                done += good
                self._left[root] = max(0, self._left[root] - 1)
                pace.step(0)
                if root not in self._roots():
                    break
        finally:
            made.close()
            self._left[root] = 0
            if done:
                self._changed()
                seconds = time.monotonic() - begin
                _log.info("%s: %s fingerprinted in %.0f s", quoted(root), counted(done, "picture"), seconds)


class _Pace:
    """Rests between slices of work, and for as long as there is better to do."""

    def __init__(self, stopping: threading.Event, rests: Callable[[], bool]) -> None:
        self._stopping = stopping
        self._rests = rests
        self._used = 0.0
        self._looked = 0.0
        self._rest = _REST_IDLE

    def step(self, _: int) -> None:
        """A piece was read.

        Raises:
            _Stopping: the daemon ends.
        """
        if self._stopping.is_set():
            raise _Stopping
        used, now = time.thread_time(), time.monotonic()
        if now - self._looked > _LOOK:
            self._looked, self._rest = now, _REST_BUSY if _is_busy() else _REST_IDLE
            while self._rests():
                self._sleep(_LOOK)
        if used - self._used > _SLICE:
            self._sleep(self._rest * (used - self._used))
            self._used = time.thread_time()

    def _sleep(self, seconds: float) -> None:
        if self._stopping.wait(seconds):
            raise _Stopping


def _is_busy() -> bool:
    """Whether more wants to run than there are processors; not told by every system."""
    load = getattr(os, "getloadavg", None)
    return load is not None and bool(load()[0] > (os.cpu_count() or 1))


def fingerprint_seconds(pictures: Collection[Path]) -> float:
    """How long one picture takes in the background, in the mean; measured for half a second at most."""
    begin, tried = time.monotonic(), 0
    for picture in pictures:
        try:
            with picture.open("rb", buffering=0) as file:
                image_digest(FileContent(file.fileno(), os.fstat(file.fileno()).st_size))
        except (OSError, EOFError):
            continue
        tried += 1
        if time.monotonic() - begin > _MEASURE:
            break
    return (1 + _REST_IDLE) * (time.monotonic() - begin) / tried if tried else 0.0
