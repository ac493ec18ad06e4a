"""What every operation of the store works with, handed on as one value."""

import contextlib
import stat
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from homepress.store.fs.base import Folder, Kernel, move_away, opened_file, place_new, sha256_of
from homepress.store.ledger.known_files import Mark
from homepress.store.ledger.ledger import Ledger
from homepress.store.model import RecoveryNote, shown
from homepress.store.names import recovered_names
from homepress.store.originals import Originals
from homepress.store.places import Places


class Notes:
    """Collects what was mended until somebody asks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._notes: list[RecoveryNote] = []

    def tell(self, path: Path | bytes, message: str, *, routine: bool = False) -> None:
        """Add one."""
        with self._lock:
            self._notes.append(RecoveryNote(shown(path), message, routine))

    def take(self) -> list[RecoveryNote]:
        """All since the last call."""
        with self._lock:
            notes, self._notes = self._notes, []
        return notes


@dataclass(frozen=True, slots=True)
class Workshop:
    """The tools: system, ledger, vaults, drives, a place for notes, and the jobs under way here."""

    kernel: Kernel
    ledger: Ledger
    originals: Originals
    places: Places
    notes: Notes = field(default_factory=Notes)
    under_way: set[str] = field(default_factory=set)

    @contextlib.contextmanager
    def live(self, job: str) -> Iterator[None]:
        """Mark a job as under way in this process, so that recovery leaves it alone."""
        self.under_way.add(job)
        try:
            yield
        finally:
            self.under_way.discard(job)


@dataclass(frozen=True, slots=True)
class Found:
    """What is under a name.

    Attributes:
        sha256: of the content, empty for what is no regular file.
        inode: its number.
        mark: as the ledger remembers a file.
    """

    sha256: str
    inode: int
    mark: Mark


def look(kernel: Kernel, folder: Folder, name: str) -> Found | None:
    """What is under a name now, None when nothing is. Links are not followed."""
    try:
        facts = kernel.stat_name(folder, name)
        if not stat.S_ISREG(facts.st_mode):
            return Found("", facts.st_ino, (facts.st_size, facts.st_mtime_ns, facts.st_ino))
        with opened_file(kernel, folder, name) as fd:
            facts = kernel.stat(fd)
            digest = sha256_of(kernel, fd) if stat.S_ISREG(facts.st_mode) else ""
            return Found(digest, facts.st_ino, (facts.st_size, facts.st_mtime_ns, facts.st_ino))
    except FileNotFoundError:
        return None


def keep_unknown(workshop: Workshop, folder: Folder, name: str, picture: str) -> None:
    """Give a file that the store does not know a name that its owner will see."""
    for candidate in recovered_names(picture):
        with contextlib.suppress(FileExistsError):
            place_new(workshop.kernel, folder, name, candidate)
            workshop.kernel.sync_folder(folder)
            workshop.notes.tell(folder.path / candidate, "content that Homepress did not make was kept here")
            return


def remove_ours(workshop: Workshop, folder: Folder, name: str, aside: str, sha256: str) -> None:
    """Delete a file of ours under a name that others use, and nothing that somebody saves there meanwhile.

    Args:
        workshop: the tools.
        folder: in which it is.
        name: of the file; nothing happens when it is gone.
        aside: a temp name that nothing has: the file leaves its name first, then it is looked at.
        sha256: hex digest of what may be deleted. Anything else gets its name back, or one that says so.
    """
    kernel = workshop.kernel
    try:
        move_away(kernel, folder, name, aside)
    except FileNotFoundError:
        return
    out = look(kernel, folder, aside)
    if out is not None and out.sha256 == sha256:
        kernel.unlink(folder, aside)
    elif out is not None:
        try:
            place_new(kernel, folder, aside, name)
        except FileExistsError:
            keep_unknown(workshop, folder, aside, name)
    kernel.sync_folder(folder)
