"""Where originals are kept: a private folder in our data, and one at the top of every other disk in use.

Each original has a sidecar that describes it without the ledger.
"""

import contextlib
import enum
import errno
import hashlib
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from homepress.base import blocking
from homepress.base.system_errors import of_originals, printable
from homepress.base.units import size as size_in_words
from homepress.store import staging
from homepress.store.drives import FolderDrives
from homepress.store.fs.base import (
    CHUNK,
    FileState,
    FileSystem,
    Folder,
    exists,
    look,
    move_away,
    opened_file,
    read_whole,
    sha256_of,
    write_whole,
)
from homepress.store.ledger.ledger import Ledger
from homepress.store.ledger.schema import MAIN
from homepress.store.model import (
    JobPlan,
    OriginalsAway,
    OriginalsLimit,
    StoreFull,
    UntrustedOriginalsDir,
    VerifyFailed,
    decode,
    encode_sidecar,
)

SIDECAR = ".json"


_PART = ".part"


_README = b"""Originals of pictures that Homepress made smaller, kept for some days.

Do not delete single files: use `homepress originals list`, `homepress undo` and `homepress originals accept`.
Each file NAME is an original as it was, byte for byte; NAME.json says where it belongs.
"""


MARKERS = {
    # bford.info/cachedir: backup programs leave such a folder out.
    "CACHEDIR.TAG": b"Signature: 8a477f597d28d172789f06886806bc55\n"
    b"# Originals kept for some days by Homepress, see README.txt.\n",
    ".nobackup": b"",
    ".nomedia": b"",
    ".metadata_never_index": b"",
    ".trackerignore": b"",
    "README.txt": _README,
}
"""Files of our own in every vault, beside the originals."""


class Stored(enum.Enum):
    """What a vault has of an original."""

    WHOLE = "whole"
    CHANGED = "changed"
    """Somebody wrote to it after it was stored, or the disk fails: not ours to delete."""
    MISSING = "missing"


class OriginalsDir:
    """A folder of originals, `<sha256>-<job>` beside `<sha256>-<job>.json`; private to its owner."""

    def __init__(self, fs: FileSystem, path: Path, *, private_parent: bool = False) -> None:
        """Name it; `prepare` makes it.

        Args:
            fs: the file system.
            path: of the folder.
            private_parent: the folder above has to be as private: it is in a place that others can reach.
        """
        self.path = path
        self._fs = fs
        self._private_parent = private_parent

    def prepare(self) -> None:
        """Make the folder and its markers where they are missing.

        Raises:
            UntrustedOriginalsDir: it is a link, another user's, or open to others.
        """
        if not self.path.exists():
            self._make_parent()
            with contextlib.suppress(FileExistsError):
                self._fs.make_private_folder(self.path)
        with self.opened() as folder:
            for name, content in MARKERS.items():
                if not exists(self._fs, folder, name):
                    self._write(folder, name, content)
            self._fs.sync_folder(folder)

    def _make_parent(self) -> None:
        """The folder above; where a file system keeps nothing private, none is left behind."""
        parent = self.path.parent
        ours = not parent.exists()
        parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._private_parent:
            try:
                _check_private(parent.lstat(), parent)
            except UntrustedOriginalsDir:
                if ours:
                    with contextlib.suppress(OSError):
                        parent.rmdir()
                raise

    @contextlib.contextmanager
    def opened(self) -> Iterator[Folder]:
        """The folder, after a look at whose it is.

        Raises:
            UntrustedOriginalsDir: as `prepare`.
        """
        try:
            folder = self._fs.open_folder(self.path)
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENOTDIR):
                raise UntrustedOriginalsDir(
                    f"{printable(self.path)}: originals are not kept behind a link; make it a real folder"
                ) from None
            of_originals(error, printable(self.path))
            raise
        try:
            if self._private_parent:
                _check_private(self.path.parent.lstat(), self.path.parent)
            if folder.fd >= 0:
                _check_private(self._fs.stat(folder.fd), self.path)
            yield folder
        except OSError as error:
            of_originals(error, printable(self.path))
            raise
        finally:
            self._fs.close_folder(folder)

    def write_sidecar(self, plan: JobPlan) -> None:
        """Describe an original durably, before it can be anywhere but under its own name."""
        with self.opened() as folder:
            self._write(folder, plan.stored_name + SIDECAR, encode_sidecar(plan))
            self._fs.sync_folder(folder)

    def copy_in(self, fd: int, plan: JobPlan) -> None:
        """Copy an original from its descriptor: for vaults on another file system.

        Raises:
            VerifyFailed: the copy reads back differently.
            OSError: above all, no space.
        """
        with self.opened() as folder:
            self._copy(fd, folder, plan)
            self._fs.sync_folder(folder)

    def take(self, source: Folder, name: str, plan: JobPlan) -> None:
        """Move the original from `source` into the vault, durably; again is harmless."""
        fs = self._fs
        with self.opened() as folder:
            there = look(fs, folder, plan.stored_name)
            if there is None or there.sha256 != plan.source_sha256:
                try:
                    move_away(fs, source, name, plan.stored_name, folder)
                except OSError as error:
                    if error.errno != errno.EXDEV:
                        raise
                    with opened_file(fs, source, name) as fd:
                        self._copy(fd, folder, plan)
            fs.sync_folder(folder)
            with contextlib.suppress(FileNotFoundError):
                fs.unlink(source, name)
            fs.sync_folder(source)

    def look(self, stored_name: str) -> FileState | None:
        """What it has under the name of an original; None when that, or the folder, is not there.

        Raises:
            UntrustedOriginalsDir: it can no longer be trusted.
        """
        with contextlib.suppress(FileNotFoundError), self.opened() as folder:
            return look(self._fs, folder, stored_name)
        return None

    def condition(self, plan: JobPlan) -> Stored:
        """Whether the original is here, and whole.

        Raises:
            UntrustedOriginalsDir: it can no longer be trusted.
        """
        found = self.look(plan.stored_name)
        if found is None:
            return Stored.MISSING
        return Stored.WHOLE if found.sha256 == plan.source_sha256 else Stored.CHANGED

    def remove(self, stored_name: str) -> None:
        """Delete an original and its sidecar, in that order, durably; a missing one is no error."""
        with self.opened() as folder:
            for name in (stored_name, stored_name + SIDECAR, stored_name + _PART):
                with contextlib.suppress(FileNotFoundError):
                    self._fs.unlink(folder, name)
            self._fs.sync_folder(folder)

    def remove_parts(self) -> None:
        """Remove what a crash left half written."""
        with self.opened() as folder:
            for name in self._fs.list_folder(folder):
                if name.endswith(_PART):
                    self._fs.unlink(folder, name)

    def stored(self) -> set[str]:
        """Names of the originals in it."""
        with self.opened() as folder:
            return {name for name in self._fs.list_folder(folder) if _is_stored_name(name)}

    def sidecars(self) -> set[str]:
        """Names of the originals that have a sidecar, there or not."""
        with self.opened() as folder:
            names = self._fs.list_folder(folder)
        found = {name.removesuffix(SIDECAR) for name in names if name.endswith(SIDECAR)}
        return {name for name in found if _is_stored_name(name)}

    def plan(self, stored_name: str) -> JobPlan:
        """What a sidecar says.

        Raises:
            ValueError: it does not describe the file of its name.
        """
        with self.opened() as folder, opened_file(self._fs, folder, stored_name + SIDECAR) as fd:
            plan = decode(read_whole(self._fs, fd))
        if plan.stored_name != stored_name:
            raise ValueError(f"{printable(self.path / stored_name)}: its sidecar describes another file")
        return plan

    def _copy(self, fd: int, folder: Folder, plan: JobPlan) -> None:
        fs, part = self._fs, plan.stored_name + _PART
        with contextlib.suppress(FileNotFoundError):
            fs.unlink(folder, part)
        copy = fs.create_file(folder, part)
        try:
            fs.rewind(fd)
            while chunk := fs.read(fd, CHUNK):
                write_whole(fs, copy, chunk)
            staging.apply_what_fits(fs, copy, plan.metadata)
            fs.sync(copy)
            if sha256_of(fs, copy) != plan.source_sha256:
                raise VerifyFailed(f"{plan}: its copy in {printable(self.path)} reads back differently")
        finally:
            fs.close(copy)
        fs.overwrite(folder, part, folder, plan.stored_name)

    def _write(self, folder: Folder, name: str, content: bytes) -> None:
        """A small file, complete or not there at all."""
        fs, part = self._fs, name + _PART
        with contextlib.suppress(FileNotFoundError):
            fs.unlink(folder, part)
        fd = fs.create_file(folder, part)
        try:
            write_whole(fs, fd, content)
            fs.sync(fd)
        finally:
            fs.close(fd)
        fs.overwrite(folder, part, folder, name)


def _check_private(facts: os.stat_result, path: Path) -> None:
    if hasattr(os, "geteuid") and facts.st_uid != os.geteuid():
        raise UntrustedOriginalsDir(f"{printable(path)}: originals are not kept in a folder of another user")
    if not stat.S_ISDIR(facts.st_mode) or stat.S_IMODE(facts.st_mode) & 0o077:
        raise UntrustedOriginalsDir(
            f"{printable(path)}: it is no folder of ours alone; `chmod 700` it so that originals stay private"
        )


def _is_stored_name(name: str) -> bool:
    digest, dash, job = name.partition("-")
    return len(digest) == 64 and dash == "-" and len(job) == 16


@dataclass(frozen=True, slots=True)
class OriginalPlace:
    """Where one original will be kept.

    Attributes:
        vault: the folder.
        near: whether a rename gets it there; otherwise it has to be copied.
    """

    vault: OriginalsDir
    same_filesystem: bool


class OriginalsStore:
    """The main vault in the application's data, and one at the top of every other file system in use."""

    def __init__(
        self, fs: FileSystem, ledger: Ledger, main: Path, limit: OriginalsLimit, drives: FolderDrives
    ) -> None:
        """Make the main vault where it is missing, unless its drive is away.

        Raises:
            UntrustedOriginalsDir: it is a link, another user's, or open to others.
        """
        self._fs = fs
        self._ledger = ledger
        # The way to it may lead through links (a home folder on another disk); the folder itself is none.
        self.main = OriginalsDir(fs, main.parent.resolve() / main.name)
        self._drives = drives
        if drives.absence(self.main.path) is None:
            self.main.prepare()
            drives.remember(self.main.path)
        ledger.set_meta("originals", os.fsencode(self.main.path))
        self.limit = limit
        self.roots: tuple[Path, ...] = ()
        self.synced: Callable[[Path], bool] = lambda _: False
        self._reserved: dict[Path, int] = {}

    def vault(self, path: bytes) -> OriginalsDir:
        """The vault that the ledger or a plan names, as `name_of` gave it."""
        if path == MAIN:
            return self.main
        return OriginalsDir(self._fs, Path(os.fsdecode(path)), private_parent=True)

    def name_of(self, vault: OriginalsDir) -> bytes:
        """How the ledger and plans name a vault: its path, except for the main one, which may be moved."""
        return MAIN if vault.path == self.main.path else os.fsencode(vault.path)

    def known_vaults(self) -> list[OriginalsDir]:
        """All vaults that ever kept something, the main one first."""
        paths = [bytes(row[0]) for row in self._ledger.query("SELECT path FROM vault ORDER BY path")]
        return [self.main, *(self.vault(path) for path in paths if path != MAIN)]

    def reachable_vaults(self) -> list[OriginalsDir]:
        """Those that answer now, also the ones on the roots' disks that a lost ledger does not name."""
        asked = blocking.ask_all({root: partial(_top_of_folder, root) for root in self.roots})
        found = {vault.path: vault for vault in self.known_vaults()}
        for top in sorted(top for top in asked.values() if isinstance(top, Path)):
            vault = self._vault_at(top)
            found.setdefault(vault.path, vault)
        there = blocking.ask_all({path: path.is_dir for path in found})
        return [vault for path, vault in found.items() if there[path] is True]

    def place_for(self, folder: Folder, root: Path | None = None) -> OriginalPlace:
        """Where an original out of `folder` is kept: by rename where one can, else by copying.

        Args:
            folder: of the picture.
            root: the folder that a command named, as if it were watched.

        Raises:
            OriginalsAway: the main folder of originals is away.
        """
        if problem := self.problem():
            raise OriginalsAway(problem)
        with self.main.opened() as main:
            if self._fs.same_mount(folder, main):
                return OriginalPlace(self.main, same_filesystem=True)
        self._drives.remember_mount(folder.path)
        top = self._mount_vault(folder, root)
        return (
            OriginalPlace(top, same_filesystem=True)
            if top is not None
            else OriginalPlace(self.main, same_filesystem=False)
        )

    def problem(self) -> str:
        """Why no originals can be kept at present, in a whole sentence; empty when they can.

        A folder that went away while we run is not made anew: it may come back. The next start makes it.
        """
        if (absence := self._drives.absence(self.main.path)) is not None:
            why = str(absence)
        elif self.main.path.is_dir():
            return ""
        else:
            why = "it was moved or removed"
        return (
            f"the folder of originals is away: {printable(self.main.path)}: {why}; nothing is replaced until "
            "it is back, and then it goes on by itself"
        )

    def used_bytes(self, vault: OriginalsDir | None = None) -> int:
        """Bytes of originals in one vault or in all, by the ledger."""
        if vault is None:
            sql, values = "SELECT sum(before_bytes) FROM history WHERE original = 'kept'", ()
            return int(self._ledger.query(sql, values)[0][0] or 0)
        sql = "SELECT sum(before_bytes) FROM history WHERE original = 'kept' AND vault = ?"
        return int(self._ledger.query(sql, (self.name_of(vault),))[0][0] or 0)

    @contextlib.contextmanager
    def room_for(self, size: int, vault: OriginalsDir) -> Iterator[None]:
        """Hold room for an original of `size` bytes during a `with` block.

        Raises:
            StoreFull: the limit would be exceeded; nothing is ever deleted early to make room.
        """
        disk = shutil.disk_usage(vault.path).total  # before the lock: a disk that hangs holds up only its own
        with self._ledger.lock:
            self._check_room(size, vault, disk)
            self._reserved[vault.path] = self._reserved.get(vault.path, 0) + size
        try:
            yield
        finally:
            with self._ledger.lock:
                self._reserved[vault.path] -= size

    def _check_room(self, size: int, vault: OriginalsDir, disk_bytes: int) -> None:
        everywhere = self.used_bytes() + sum(self._reserved.values()) + size
        here = self.used_bytes(vault) + self._reserved.get(vault.path, 0) + size
        disk = int(disk_bytes * self.limit.disk_fraction)
        for used, limit, what in (
            (everywhere, self.limit.max_bytes, "originals_max in the settings"),
            (here, disk, f"{self.limit.disk_fraction:.0%} of its disk"),
        ):
            if used > limit:
                raise StoreFull(
                    f"{printable(vault.path)}: with one more original, {size_in_words(used)} would be kept; "
                    f"the limit is {size_in_words(limit)} ({what}). Nothing is replaced until there is room: "
                    "delete some with: homepress originals accept, raise originals_max, or use an output "
                    "folder"
                )

    def _mount_vault(self, folder: Folder, root: Path | None) -> OriginalsDir | None:
        """A vault of our own at the top of the folder's file system, where that is possible and proper."""
        top = _mount_top(folder.path)
        watched_folders = [*self.roots, *([root] if root else [])]
        # At the top of the system it would be in everybody's way, in a watched folder it would be watched,
        # and a client that synchronises the folder would send the originals away.
        if top == Path(top.anchor) or any(top.is_relative_to(watched) for watched in watched_folders):
            return None
        if self.synced(top):
            return None
        vault = self._vault_at(top)
        try:
            vault.prepare()
            with vault.opened() as opened:
                return vault if self._fs.same_mount(folder, opened) else None
        except (OSError, UntrustedOriginalsDir):
            return None

    def _vault_at(self, top: Path) -> OriginalsDir:
        """Our vault on the file system whose highest folder is `top`: one for each user and each home."""
        user = os.geteuid() if hasattr(os, "geteuid") else "user"
        home = hashlib.sha256(os.fsencode(self.main.path)).hexdigest()[:8]
        return OriginalsDir(self._fs, top / f".homepress-{user}" / home, private_parent=True)


def _top_of_folder(root: Path) -> Path | None:
    """The highest folder of a watched folder's file system; None when it is not there."""
    return _mount_top(root) if root.is_dir() else None


def _mount_top(path: Path) -> Path:
    """The highest folder above `path` on the same file system."""
    device = path.stat().st_dev
    while path.parent != path and path.parent.stat().st_dev == device:
        path = path.parent
    return path


def remove_originals_dir(path: Path) -> list[str]:
    """Remove a vault that holds nothing but our own markers, and the folder above that was made for it.

    Args:
        path: the folder, as `Store.originals_folders` gives it.

    Returns:
        Names of what else is in it: then it stays, with everything in it. Empty when it is gone.

    Raises:
        OSError: the system refused.
    """
    try:
        others = sorted(set(os.listdir(path)) - MARKERS.keys())
    except FileNotFoundError:
        return []
    if others:
        return others
    for name in MARKERS:
        with contextlib.suppress(FileNotFoundError):
            (path / name).unlink()
    path.rmdir()
    # `.homepress-UID` at the top of a disk, or the folder of our data: unless something else is in it.
    if "homepress" in path.parent.name:
        with contextlib.suppress(OSError):
            path.parent.rmdir()
    return []
