"""The values of watching, and what the room needs from outside.

The values: the folder and its state, files that wait, arrive or are passed over, all times. From outside:
`Sink` and `KnownFiles` of the program around the room, `WatchSystem` of the operating system; `linux`,
`macos` and `windows` are each one.
"""

import enum
import os
import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from homepress.base import files
from homepress.base.files import FileId, Mark

WatchMode = Literal["auto", "native", "poll"]
"""How changes are noticed: by what fits the file system, by events, or by looking again and again."""


@dataclass(frozen=True)
class WatchedFolder:
    """One folder to watch: what matters here of its settings, so that a change of others does not disturb it.

    Attributes:
        path: the folder; `~` expanded, links allowed.
        recursive: whether folders inside it count.
        include: patterns of the files to take (see `filters.Selection`).
        exclude: patterns of files and folders to leave out.
        min_size: smallest file to take, bytes.
        max_size: largest file to take, bytes; None for no limit.
        settle_seconds: how long a file must stay unchanged.
        watch: how changes are noticed.
        excluded: absolute folders inside it, links resolved, that are never entered (output folders, stored
            originals).
        stays: its files are only read, so that read-only ones and further names of a file count as well.
    """

    path: Path
    recursive: bool = True
    include: tuple[str, ...] = ("*",)
    exclude: tuple[str, ...] = ()
    min_size: int = 0
    max_size: int | None = None
    settle_seconds: float = 2.0
    watch: WatchMode = "auto"
    excluded: tuple[Path, ...] = ()
    stays: bool = False


class WatchStatus(enum.StrEnum):
    """The state of a watched folder, in one word or two."""

    STARTING = "starting"
    WATCHING = "watching"
    PARTLY = "partly watched"
    MISSING = "missing"
    AWAY = "away"
    UNREADABLE = "unreadable"
    SILENT = "not answering"
    STOPPED = "stopped"


class Waiting(enum.StrEnum):
    """What a seen file is waiting for."""

    QUIET = "waiting until it stays unchanged"
    WRITER = "a program has it open for writing"
    WHOLE = "it is not complete yet"
    CONTENT = "it is empty: not yet written"
    UNREAD = "the system cannot read it at present"
    MISSING = "its folder is not there"
    RETRY = "it is tried again later"


class Skip(enum.StrEnum):
    """Why a file is passed over."""

    NAME = "its name is not an image's"
    TEMPORARY = "its name is that of a temporary or hidden file"
    EXCLUDED = "the folder's patterns leave it out"
    DIRECTORY = "it lies in a folder that is never touched (hidden, an application's own, or left out)"
    WORK_TREE = "it lies in a git work tree"
    NOT_A_FILE = files.NOT_A_FILE
    EMPTY = "it is empty, and nothing was written to it for a while"
    LINKED = files.HARD_LINKED
    READ_ONLY = files.READ_ONLY
    PLACEHOLDER = "it is a placeholder whose content is not on this computer"
    UNREADABLE = "it may not be read"
    TOO_SMALL = "it is smaller than this folder's minimum size (min_size)"
    TOO_LARGE = "it is larger than the largest size of this folder (max_size)"
    NOT_AN_IMAGE = "its content is no known image"
    INCOMPLETE = "it stayed incomplete"

    @property
    def may_end(self) -> bool:
        """Whether it may end without a trace in size and time, so that no memory can know the file."""
        return self in (Skip.LINKED, Skip.READ_ONLY, Skip.PLACEHOLDER, Skip.UNREADABLE)


@dataclass(frozen=True)
class FolderState:
    """What there is to say about a watched folder.

    Attributes:
        path: the folder as it was configured.
        status: its state.
        problem: what is wrong and how to fix it, for a person; empty when all is well.
        waiting: seen files that are not at rest yet.
        watch: "native" when events come, "poll" when only scans find changes.
        scanning: whether a full scan is in progress.
        scanned: whether at least one full scan has been completed.
        directories: folders in it at the last full scan, itself included.
        skipped: how many files the last full scan passed over, by reason.
    """

    path: Path
    status: WatchStatus = WatchStatus.STARTING
    problem: str = ""
    waiting: int = 0
    watch: Literal["native", "poll"] = "native"
    scanning: bool = False
    scanned: bool = False
    directories: int = 0
    skipped: Mapping[Skip, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PendingFile:
    """A file that was seen and is not at rest yet; people hear of it as a `base.results.WaitingFile`.

    Attributes:
        path: absolute path, root resolved.
        reason: what it is waiting for.
        detail: more about it, in words; may be empty.
        next_try: monotonic second of the next look; infinite while its folder is missing.
    """

    path: Path
    reason: Waiting
    detail: str
    next_try: float


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file that is quiet, closed and whole, and that the ledger does not know.

    Attributes:
        path: absolute path, root resolved; may hold surrogates where the name is not UTF-8.
        root: the watched folder it was found in, as resolved.
        file_id: the file as it was throughout the settle time.
        interactive: seen through an event or a small scan, not in a large import; queued first.
        ready_at: monotonic second at which its quiet time is over. Work may start at once; the file may be
            replaced only from then on, and only if its `file_id` is still the same. Never in the future
            unless the watch was asked for early arrivals.
    """

    path: Path
    root: Path
    file_id: FileId
    interactive: bool = True
    ready_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Skipped:
    """A quiet file that is left as it is: for its size or content, or because it must not be touched.

    Attributes:
        path: absolute path, root resolved.
        root: the watched folder it was found in, as resolved.
        file_id: what it looked like.
        reason: why it is passed over.
        detail: what was missing or wrong, in words; may be empty.
    """

    path: Path
    root: Path
    file_id: FileId
    reason: Skip
    detail: str = ""


@dataclass(frozen=True)
class Timing:
    """Seconds, unless a name says otherwise.

    Attributes:
        early: the least quiet time before a file is opened at all.
        ahead: how long before the end of the quiet time work may start, where early arrivals are asked for.
        no_lease: quiet time where the system cannot say whether a file is open for writing, and of a file
            whose format does not say where it ends.
        remote: quiet time on network and FUSE file systems.
        doubtful: quiet time of a file with long runs of zeros.
        busy: waits while a program has a file open for writing; the last one repeats.
        incomplete: waits while a quiet file is not whole; the last one repeats.
        empty: waits while a file is empty; after the last one it is passed over until something is written.
        tries_until_reported: failed looks at an incomplete file until the sink hears of it.
        health: between looks at the root and at the observer where the observer cannot report trouble.
        health_notified: the same where it can; also how soon waking from suspend is noticed.
        health_remote: the same for polled folders, such as those on network and FUSE file systems.
        health_missing: the longest time between looks for a root that has been away for long.
        again: the least time between two calls of `Sink.look_again` while that says that pictures wait.
        rebuild_pause: the least time between two rebuilds of an observer that keeps losing watches.
        directory_looks: after an event of a directory, when to scan it; the second look catches what came
            between the first one and the moment its watch was set.
        scan: the least time between full scans of a natively watched folder.
        scan_factor: and at least this many times the CPU time of the last scan.
        poll: the least time between scans of a polled folder.
        poll_cpu_factor: and at least this many times the CPU time of the last scan.
        poll_wall_factor: and at least this many times its duration, which is the load on a server.
        poll_most: the longest time between two scans of a polled folder.
        slice: how long a scan may go on before due files are looked at.
        no_room: how long a scan rests when the sink has no room.
        hint_pause: events that come within this time are handled together.
        turn: how long a folder's thread may be at work when it is to end, until it is taken to hang.
        silent: how long a folder's thread may hang in the system until its state says so.
        restart: the pause before a folder begins anew after an error; each further one in a row doubles it.
        restart_most: the longest such pause.
        join: how long `stop` waits for threads that hang.
        notify: the least time between two calls of `Sink.changed`.
    """

    early: float = 0.2
    ahead: float = 3.0
    no_lease: float = 10.0
    remote: float = 30.0
    doubtful: float = 60.0
    busy: tuple[float, ...] = (1, 2, 4, 8, 16, 32, 60, 120, 240, 480, 960, 1800, 3600)
    incomplete: tuple[float, ...] = (10, 30, 120, 600, 3600)
    empty: tuple[float, ...] = (10, 50, 240, 300)
    tries_until_reported: int = 2
    health: float = 1.5
    health_notified: float = 30.0
    health_remote: float = 10.0
    health_missing: float = 10.0
    again: float = 5.0
    rebuild_pause: float = 10.0
    directory_looks: tuple[float, ...] = (0.3, 3.0)
    scan: float = 300.0
    scan_factor: float = 2000.0
    poll: float = 10.0
    poll_cpu_factor: float = 200.0
    poll_wall_factor: float = 30.0
    poll_most: float = 3600.0
    slice: float = 0.05
    no_room: float = 1.0
    hint_pause: float = 0.02
    turn: float = 0.5
    silent: float = 10.0
    restart: float = 10.0
    restart_most: float = 3600.0
    join: float = 5.0
    notify: float = 0.2

    def missing_interval(self, gone: float) -> float:
        """Seconds until the next look for a root that has been away for `gone` seconds."""
        return min(self.health_missing, max(self.health, gone / 20))

    def again_interval(self, cpu: float) -> float:
        """Seconds until `Sink.look_again` is called again, from the CPU seconds of the last call."""
        return max(self.again, self.scan_factor * cpu)

    def scan_interval(self, cpu: float) -> float:
        """Seconds until the next full scan of a natively watched folder, from the CPU seconds of the last."""
        return max(self.scan, self.scan_factor * cpu)

    def poll_interval(self, cpu: float, wall: float) -> float:
        """Seconds until the next scan of a polled folder, from CPU time and duration of the last."""
        wanted = max(self.poll, self.poll_cpu_factor * cpu, self.poll_wall_factor * wall)
        return min(wanted, self.poll_most)


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

    def refuses_sharing(self, path: bytes) -> bool:
        """Whether a file that may not be opened is held by a program that shares it with nobody."""

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
