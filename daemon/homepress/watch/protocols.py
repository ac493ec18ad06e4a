"""What the room needs from outside: of the program around it (`Sink`, `KnownFiles`) and of the system.

`linux`, `macos` and `windows` are each a `WatchSystem`.
"""

import enum
import os
import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from homepress.base.files import Mark
from homepress.watch.model import Arrival, Skipped, Timing

_REMOTE = frozenset(
    """9p acfs afpfs afs beegfs ceph cifs coda davfs drvfs fuse glusterfs gpfs lustre ncpfs nfs nfs4 ocfs2
    orangefs prl_fs pvfs2 smb2 smb3 smbfs vboxsf virtiofs vmhgfs webdav""".split()  # noqa: SIM905 - a table
)


class Sink(Protocol):
    """Takes what comes to rest. Called on the threads of the watch; has to return quickly."""

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

        It has to be among the `KnownFiles` from now on, else each scan brings it again; but not if its reason
        `may_end`: the watcher itself remembers which of these it reported.
        """

    def changed(self) -> None:
        """`Watcher.states` or `Watcher.waiting` have news; called a few times a second at most."""

    def look_again(self, root: Path) -> bool:
        """Called now and then on the thread of a folder that is there; may take as long as its disk does.

        There a sink that keeps pictures waiting can look whether what they wait for has come.

        Returns:
            Whether any wait, so that the next call should come soon.
        """

    def room(self) -> bool:
        """Whether more files of a large import are welcome. While they are not, scans rest; events do not."""


class KnownFiles(Protocol):
    """The memory of what was done. Asked from several threads."""

    def known(self, directory: bytes, names: Collection[bytes] | None = None) -> Mapping[bytes, Mark]:
        """The files of a folder that are done with, whatever came of them, by name.

        A file that still has the identity given here is not opened again. One query a folder has to do.

        Args:
            directory: absolute path, links resolved.
            names: only these are asked for; None for all. More than was asked for may be given.
        """

    def held(self, path: bytes) -> bool:
        """Whether a file was taken in and is still queued or being worked on; scans pass over it."""


class Openness(enum.Enum):
    """Whether a program holds a file open for writing."""

    FREE = "nobody writes"
    BUSY = "somebody writes"
    UNKNOWN = "the system does not say"


class Listener(Protocol):
    """What hears of events. The methods are called on threads of the observer and must return at once."""

    def file_event(self, path: bytes) -> None:
        """A file appeared, was closed after writing, or was moved to `path`."""

    def directory_event(self, path: bytes) -> None:
        """A folder appeared at `path`, or was moved there."""

    def trouble(self) -> None:
        """`Observation.trouble` has something to say."""


class Observation(Protocol):
    """One running observer of one folder. It is never repaired: in trouble, a new one takes its place."""

    def trouble(self) -> str:
        """Why events may be missing from now on; empty while all is well."""

    def refused(self) -> bool:
        """Whether the system refused to watch some of the folders, for want of room."""

    def reports_losses(self) -> bool:
        """Whether it says by `trouble` when it loses events. If not, scans have to come more often."""

    def watches(self, directory: bytes) -> bool:
        """Whether events of files that lie directly in `directory` are noticed."""

    def watch_ancestors(self, path: bytes) -> bool:
        """Notify the listener of trouble as soon as `path` no longer leads where it does now.

        Args:
            path: absolute path of the observed folder as people name it; links allowed.

        Returns:
            Whether it can. If not, the folder has to be looked at again and again.
        """

    def watch_attributes(self, path: bytes) -> None:
        """Notify the listener of a file event once when permissions or further names of a file change.

        As far as the system says so by itself; scans see the rest.
        """

    def close(self) -> None:
        """Stop it and wait until its threads have ended."""


class LimitReachedError(OSError):
    """The system grants no more observers; the text says what to do."""


class WatchSystem(Protocol):
    """The differences between the operating systems, as far as watching is concerned."""

    def observe(
        self, root: str, recursive: bool, listener: Listener, ignored: Callable[[bytes], bool]
    ) -> Observation:
        """Start to observe a folder.

        Args:
            root: absolute path, resolved.
            recursive: whether folders inside it count.
            listener: what hears of events.
            ignored: whether what lies in a folder of this name is of no interest.

        Raises:
            LimitReachedError: the system has no room for another observer.
            OSError: the folder cannot be observed.
        """

    def openness(self, fd: int, path: bytes) -> Openness:
        """Whether anybody has the file open for writing that is open for reading as `fd`."""

    def is_placeholder(self, status: os.stat_result) -> bool:
        """Whether a file's content is in a cloud, so that to open it would fetch it."""

    def is_remote(self, path: bytes) -> bool:
        """Whether a path lies on a file system that does not report the changes which others make."""

    def file_system(self, path: bytes) -> str:
        """A name for the file system of a path; another one mounted there has another; may be empty."""

    def shortage(self, directories: int) -> str:
        """What to do when only some of so many folders can be observed; a sentence for a person."""

    def shortcoming(self) -> str:
        """What the observers lack here, so that scans come more often; for a person, empty when nothing."""

    def slept(self) -> float:
        """Seconds that the computer has been suspended since some fixed moment."""


@dataclass(frozen=True)
class WatchContext:
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

    known: KnownFiles
    sink: Sink
    system: WatchSystem
    timing: Timing
    clock: Callable[[], float]
    early: bool = False
    away: Callable[[Path], str] = lambda _: ""


def is_remote_kind(kind: str) -> bool:
    """Whether others can change such a file system without this kernel noticing: networks, shares, FUSE.

    A FUSE file system on a local disk (`fuseblk`: ntfs-3g, exfat) is changed by this kernel alone.
    """
    return kind in _REMOTE or kind.startswith("fuse.")


def this_system() -> WatchSystem:
    """The one we run on."""
    if sys.platform == "win32":
        from homepress.watch import windows

        return windows
    if sys.platform == "darwin":
        from homepress.watch import macos

        return macos
    from homepress.watch import linux

    return linux
