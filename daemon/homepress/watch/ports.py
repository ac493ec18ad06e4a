"""What the room asks of the program around it."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from homepress.watch.arrival import Arrival, Skipped
from homepress.watch.interface import System
from homepress.watch.timing import Timing

Identity = tuple[int, int, int]
"""Size in bytes, mtime_ns and inode of a file."""


class Known(Protocol):
    """The memory of what was done. Asked from several threads."""

    def known(self, directory: bytes, names: Collection[bytes] | None = None) -> Mapping[bytes, Identity]:
        """The files of a folder that are done with, whatever came of them, by name.

        A file that still has the identity given here is not opened again. One query a folder has to do.

        Args:
            directory: absolute path, links resolved.
            names: only these are asked for; None for all. More than was asked for may be given.
        """

    def held(self, path: bytes) -> bool:
        """Whether a file was taken in and is still queued or being worked on; scans pass over it."""


class Sink(Protocol):
    """Who takes what comes to rest. Called on the threads of the watch; has to return quickly."""

    def found(self, folder: Path, root: Path) -> None:
        """A folder is there, for the first time or again, and is scanned next.

        Args:
            folder: its path as it was given.
            root: the same without links, which may lead elsewhere than last time.
        """

    def coming(self) -> None:
        """A file turned up that may be ready soon: what takes a while to start can be started now."""

    def arrived(self, arrival: Arrival) -> None:
        """A file is ready. The same path may come again when the file changes."""

    def skipped(self, skipped: Skipped) -> None:
        """A quiet file is left as it is.

        It has to be `Known` from now on, else each scan brings it again; but not if its reason `may_end`: of
        such files the watch itself remembers which it told of.
        """

    def changed(self) -> None:
        """`Watch.states` or `Watch.waiting` have news; called a few times a second at most."""

    def look_again(self, root: Path) -> bool:
        """Called now and then on the thread of a folder that is there; may take as long as its disk does.

        Whoever keeps pictures of it waiting can look whether what they wait for has come.

        Returns:
            Whether any wait, so that the next call should come soon.
        """

    def room(self) -> bool:
        """Whether more files of a large import are welcome. While they are not, scans rest; events do not."""


@dataclass(frozen=True)
class Surroundings:
    """What the watching of a folder needs from outside.

    Attributes:
        known: what was done already.
        sink: who takes what is ready.
        system: the operating system.
        timing: all times.
        clock: monotonic seconds.
        early: whether to hand on files before their quiet time ends (see `Arrival.ready_at`).
        away: says of a path without links why its drive is away; empty when it is not.
    """

    known: Known
    sink: Sink
    system: System
    timing: Timing
    clock: Callable[[], float]
    early: bool = False
    away: Callable[[Path], str] = lambda _: ""
