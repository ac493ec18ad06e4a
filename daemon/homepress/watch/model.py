"""The values of watching: the folder and its state, files that wait, arrive or are passed over, all times."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from homepress.base import files
from homepress.base.files import FileId

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
    TOO_SMALL = "it is smaller than the folder's min_size"
    TOO_LARGE = "it is larger than the folder's max_size"
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
        scanning: whether a full scan is under way.
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
