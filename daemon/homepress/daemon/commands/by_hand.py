"""Pictures that are dropped into the window: several at a time, at normal priority. Nothing is kept of them.

As with standard input and the clipboard, a locked worker makes each result and another process looks at it;
this process decodes nothing.
"""

import contextlib
import os
import queue
from pathlib import Path

import msgspec

from homepress.base.paths import Paths
from homepress.base.results import FileOutcome, HandMade, ProbedProcess
from homepress.base.system_errors import with_name
from homepress.base.units import size
from homepress.control.service import CompressRequest
from homepress.daemon.commands.in_memory import MOST_BYTES, InMemoryCompressor
from homepress.settings import usable_cores
from homepress.workers import MemoryBudget


class HandCompressor:
    """As many compressors as there are cores but one; each starts its processes with its first picture.

    Usable from any thread: who finds all of them at work waits for one.

    Attributes:
        jobs: how many pictures are worked on at a time.
    """

    def __init__(self, paths: Paths, jobs: int = 0) -> None:
        """Start nothing yet.

        Args:
            paths: where presets, the ledger and what is known of the codecs are.
            jobs: how many at a time; 0 for all cores but one.
        """
        self.jobs = jobs or max(1, usable_cores() - 1)
        self._paths = paths
        self._memory = MemoryBudget()
        self._working: set[InMemoryCompressor] = set()
        # The one that was used last comes first: its worker is there already.
        self._free: queue.LifoQueue[InMemoryCompressor] = queue.LifoQueue()
        for _ in range(self.jobs):
            self._free.put(self._new())

    def prepare(self) -> None:
        """Start the worker of the next picture now; returns when it is there, or none is free."""
        with contextlib.suppress(queue.Empty):
            one = self._free.get_nowait()
            try:
                one.prepare()
            finally:
                self._free.put(one)

    def compress(self, file: Path, request: CompressRequest) -> HandMade:
        """Compress the picture in a file, which stays as it is.

        Args:
            file: where it is.
            request: what is asked; its paths do not count.

        Raises:
            ServiceError: a word of the request is not understood; exit code 2.
        """
        try:
            with file.open("rb") as stream:
                if os.fstat(stream.fileno()).st_size > MOST_BYTES:
                    return _failed(file, f"it has more than {size(MOST_BYTES)}, the most that is read")
                source = stream.read()
        except OSError as error:
            return _failed(file, with_name(error))
        one = self._free.get()
        self._working.add(one)
        try:
            return _made(one, source, msgspec.structs.replace(request, paths=[str(file)]))
        finally:
            try:
                self._working.remove(one)
            except KeyError:  # `stop` has taken it
                one = self._new()
            self._free.put(one)

    def stop(self) -> None:
        """End what is being worked on; those pictures fail. Others can be compressed at once."""
        with contextlib.suppress(KeyError):
            while True:
                self._working.pop().close()

    def probe(self, other: int = 0) -> list[ProbedProcess]:
        """Have the workers that have nothing to do try every way out; nothing is sent."""
        found = []
        for one in self._idle():
            found += one.probe(other)
            self._free.put(one)
        return found

    def rest(self) -> None:
        """Give the memory of processes back that have nothing to do."""
        for one in self._idle():
            one.rest()
            self._free.put(one)

    def close(self) -> None:
        """End all processes."""
        self.stop()
        for one in self._idle():
            one.close()

    def _idle(self) -> list[InMemoryCompressor]:
        """All that have nothing to do, taken out of the line."""
        found = []
        with contextlib.suppress(queue.Empty):
            while True:
                found.append(self._free.get_nowait())
        return found

    def _new(self) -> InMemoryCompressor:
        return InMemoryCompressor(self._paths, self._memory)


def _made(one: InMemoryCompressor, source: bytes, request: CompressRequest) -> HandMade:
    before = len(one.digests)
    outcome, result = one.compress(source, request)
    told = bool(result) and one.tells_place(source)
    return HandMade(
        outcome=outcome,
        data=result,
        digests=one.digests[before:],
        told_place=told,
        tells_place=told and one.tells_place(result),
    )


def _failed(file: Path, reason: str) -> HandMade:
    return HandMade(outcome=FileOutcome(str(file), "failed", reason, missed=True))
