"""What every operation of the store works with, handed on as one value."""

import contextlib
import os
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from homepress.base import blocking
from homepress.base.image_data import FileContent, image_digest
from homepress.base.system_errors import printable
from homepress.store.drives import FolderDrives
from homepress.store.fs.base import FileSystem, Folder, look, move_away, opened_file, rename_noreplace
from homepress.store.ledger.ledger import Ledger
from homepress.store.model import JobPlan, RecoveryNote
from homepress.store.names import recovered_names
from homepress.store.originals import OriginalsStore

T = TypeVar("T")


def in_time(call: Callable[[], T], within: float, *places: Path) -> T:
    """What a call gives or raises, unless a disk hangs that it is about: then what is on others comes first.

    Args:
        call: what is done.
        within: seconds that it may take where the disks answer at first.
        places: folders on those disks, the one first that it is most about.

    Raises:
        NotAnsweringError: one hangs. If the call had begun, it ends when the disk answers.
    """
    for place in places:
        blocking.ask(place, partial(os.path.lexists, place))
    return blocking.ask(places[0], call, within)


class Notes:
    """Collects what was repaired until somebody asks. Usable from any thread: a deque needs no lock."""

    def __init__(self) -> None:
        self._notes: deque[RecoveryNote] = deque()

    def add(self, path: Path | bytes, message: str, *, routine: bool = False) -> None:
        """Add what was found and done at a path; `routine` if it is of no interest to the user."""
        self._notes.append(RecoveryNote(printable(path), message, routine))

    def take(self) -> list[RecoveryNote]:
        """All since the last call."""
        notes: list[RecoveryNote] = []
        with contextlib.suppress(IndexError):
            while True:
                notes.append(self._notes.popleft())
        return notes


@dataclass(frozen=True, slots=True)
class StoreContext:
    """The tools: system, ledger, originals, drives, notes, and the ids of the jobs in progress here."""

    fs: FileSystem
    ledger: Ledger
    originals: OriginalsStore
    drives: FolderDrives
    notes: Notes = field(default_factory=Notes)
    jobs: set[str] = field(default_factory=set)

    @contextlib.contextmanager
    def in_progress(self, job: str) -> Iterator[None]:
        """Mark a job as in progress in this process, so that recovery leaves it alone."""
        self.jobs.add(job)
        try:
            yield
        finally:
            self.jobs.discard(job)


def digest_of_image(fs: FileSystem, folder: Folder, name: str) -> str:
    """The digest of the coded image in a file; empty where it cannot be read."""
    try:
        with opened_file(fs, folder, name) as fd:
            return image_digest(FileContent(fd, fs.stat(fd).st_size))
    except (OSError, EOFError):
        return ""


def fill_emptied(fs: FileSystem, folder: Folder, plan: JobPlan, name: str, sha256: str) -> None:
    """Give a name that was emptied on the way what it should have: never nothing.

    Args:
        fs: the file system.
        folder: in which it is.
        plan: of the job.
        name: nothing happens unless it is free.
        sha256: hex digest of what was to get it, staged under `temp_name`. What left the name and is not our
            result was saved at that very instant, and returns instead.
    """
    if look(fs, folder, name) is not None:
        return
    old, new = look(fs, folder, plan.old_name), look(fs, folder, plan.temp_name)
    theirs = old is not None and old.sha256 != plan.result_sha256
    if new is not None and new.sha256 == sha256 and not theirs:
        rename_noreplace(fs, folder, plan.temp_name, name)
    elif old is not None:
        rename_noreplace(fs, folder, plan.old_name, name)


def quarantine(context: StoreContext, folder: Folder, name: str, picture: str) -> None:
    """Give a file that the store does not know a name that its owner will see."""
    for candidate in recovered_names(picture):
        with contextlib.suppress(FileExistsError):
            rename_noreplace(context.fs, folder, name, candidate)
            context.fs.sync_folder(folder)
            context.notes.add(folder.path / candidate, "content that Homepress did not make was kept here")
            return


def remove_ours(context: StoreContext, folder: Folder, name: str, aside: str, sha256: str) -> None:
    """Delete a file of ours under a name that others use, and nothing that somebody saves there meanwhile.

    Args:
        context: the tools.
        folder: in which it is.
        name: of the file; nothing happens when it is gone.
        aside: a temp name that nothing has: the file leaves its name first, then it is looked at.
        sha256: hex digest of what may be deleted. Anything else gets its name back, or one that says so.
    """
    fs = context.fs
    try:
        move_away(fs, folder, name, aside)
    except FileNotFoundError:
        return
    out = look(fs, folder, aside)
    if out is not None and out.sha256 == sha256:
        fs.unlink(folder, aside)
    elif out is not None:
        try:
            rename_noreplace(fs, folder, aside, name)
        except FileExistsError:
            quarantine(context, folder, aside, name)
    fs.sync_folder(folder)
