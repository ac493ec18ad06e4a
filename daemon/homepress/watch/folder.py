"""The folder that is watched, and what a person may see of it."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from homepress.watch.arrival import Skip, Waiting

WatchMode = Literal["auto", "native", "poll"]
"""How changes are noticed: by what fits the file system, by events, or by looking again and again."""


@dataclass(frozen=True)
class WatchedFolder:
    """One folder to watch.

    Attributes:
        path: the folder; `~` expanded, links allowed.
        recursive: whether folders inside it count.
        include: patterns of the files to take (see `names.Selection`).
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


class FolderStatus(enum.StrEnum):
    """The state of a watched folder, in one word or two."""

    STARTING = "starting"
    WATCHING = "watching"
    PARTLY = "partly watched"
    MISSING = "missing"
    AWAY = "away"
    UNREADABLE = "unreadable"
    SILENT = "not answering"
    STOPPED = "stopped"


@dataclass(frozen=True)
class FolderState:
    """What there is to say about a watched folder.

    Attributes:
        path: the folder as it was configured.
        status: its state.
        problem: what is wrong and how to mend it, for a person; empty when all is well.
        waiting: seen files that are not at rest yet.
        watch: "native" when events come, "poll" when only scans find changes.
        scanning: whether a full scan is under way.
        scanned: whether at least one full scan has been completed.
        directories: folders in it at the last full scan, itself included.
        skipped: how many files the last full scan passed over, by reason.
    """

    path: Path
    status: FolderStatus = FolderStatus.STARTING
    problem: str = ""
    waiting: int = 0
    watch: Literal["native", "poll"] = "native"
    scanning: bool = False
    scanned: bool = False
    directories: int = 0
    skipped: Mapping[Skip, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WaitingFile:
    """A file that was seen and is not at rest yet.

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
