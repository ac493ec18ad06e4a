"""What folders and the ledger are good for, whether writing will succeed, and on what that depends."""

import contextlib
import errno
import os
import shutil
import sqlite3
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from homepress.base.system_errors import Explanation, Retry, Scope, explain_as, printable
from homepress.store.context import StoreContext
from homepress.store.fs import system_file_system
from homepress.store.fs.base import FileSystem, Folder, opened_file, opened_folder
from homepress.store.ledger.schema import APPLICATION_ID, MIGRATIONS
from homepress.store.model import PROBE_NAME, Busy, StoreError, Unsupported, probe_name


@dataclass(frozen=True, slots=True)
class Abilities:
    """What the file system of a folder can do.

    Attributes:
        exchange: swap two files in one step.
        link: give a file a second name, the next best way to replace it safely.
        lease: tell whether a program has a file open for writing.
    """

    exchange: bool
    link: bool
    lease: bool


def abilities(path: Path, fs: FileSystem | None = None) -> Abilities:
    """Try what a folder's file system can do, with two hidden files of our own, which are removed again.

    Those that a process left behind that was killed here before go as well.

    Args:
        path: the folder, absolute and resolved.
        fs: the file system, another one for tests.

    Raises:
        OSError: the folder is not there, or nothing can be written into it.
    """
    system = fs or system_file_system()
    one, other = probe_name(), probe_name()
    with opened_folder(system, path) as folder:
        try:
            system.close(system.create_file(folder, one))
            _remove_forgotten(system, folder, system.stat_name(folder, one).st_mtime_ns)
            lease = _can_lease(system, folder, one)
            if link := _can(lambda: system.link(folder, one, folder, other)):
                system.unlink(folder, other)
            system.close(system.create_file(folder, other))
            return Abilities(_can(lambda: system.exchange(folder, one, other)), link, lease)
        finally:
            for name in (one, other):
                with contextlib.suppress(FileNotFoundError):
                    system.unlink(folder, name)


_FORGOTTEN_NS = 10 * 10**9
"""Age from which nobody needs such a file any more; another computer may be trying the same folder."""


def _remove_forgotten(system: FileSystem, folder: Folder, now_ns: int) -> None:
    """Remove empty files that showed what the file system can do, by the clock of the file system itself."""
    for name in system.list_folder(folder):
        if not PROBE_NAME.fullmatch(name):
            continue
        with contextlib.suppress(OSError):
            facts = system.stat_name(folder, name)
            old = now_ns - facts.st_mtime_ns > _FORGOTTEN_NS
            if stat.S_ISREG(facts.st_mode) and not facts.st_size and old:
                system.unlink(folder, name)


def is_read_only(folder: Path) -> bool:
    """Whether nothing can be written into a folder, by what its file system says and its permissions.

    Raises:
        OSError: it cannot be looked at.
    """
    if hasattr(os, "statvfs") and os.statvfs(folder).f_flag & os.ST_RDONLY:
        return True
    return not os.access(folder, os.W_OK | os.X_OK)


def ledger_fault(ledger: Path) -> str:
    """What is wrong with the ledger, by SQLite's own check and ours; empty when it is good or not there yet.

    Raises:
        OSError: it cannot be read.
    """
    if not ledger.exists() or ledger.stat().st_size == 0:
        return ""
    try:
        uri = f"file:{quote(os.fsencode(ledger))}?mode=ro"
        with contextlib.closing(sqlite3.connect(uri, uri=True, timeout=10)) as connection:
            verdict = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
            version = int(connection.execute("PRAGMA user_version").fetchone()[0])
            mark = int(connection.execute("PRAGMA application_id").fetchone()[0])
    except sqlite3.DatabaseError as error:
        return str(error)
    if verdict != "ok":
        return " ".join(verdict.split())
    if version > len(MIGRATIONS):
        return "made by a newer version of Homepress"
    return "not a Homepress ledger" if version and mark != APPLICATION_ID else ""


def _can_lease(system: FileSystem, folder: Folder, name: str) -> bool:
    with opened_file(system, folder, name) as fd:
        try:
            if not system.take_lease(fd):
                return False
        except Busy:
            return True  # it knew that somebody writes
        system.drop_lease(fd)
        return True


def _can(attempt: Callable[[], None]) -> bool:
    try:
        attempt()
    except Unsupported:
        return False
    return True


Conditions = tuple[object, ...]
"""What writing depends on, as far as it can be seen. Equal values: nothing was done about it meanwhile."""


_NO_WRITING = Explanation(
    "EACCES",
    Scope.FOLDER,
    "nothing may be written into this folder",
    "to allow it: chmod u+rwX; work goes on by itself then",
    Retry.LATER,
)


_MB = 1 << 20


def check_writable(folder: Path, size: int) -> None:
    """See whether a file of `size` bytes can be made in a folder. A few look-ups; nothing is written.

    Raises:
        OSError: it cannot: permissions, a read-only disk, no room. Whether it can is only certain afterwards.
    """
    if hasattr(os, "statvfs") and os.statvfs(folder).f_flag & os.ST_RDONLY:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(folder))
    if not _may_write(folder):
        error = OSError(errno.EACCES, os.strerror(errno.EACCES), str(folder))
        raise explain_as(error, _NO_WRITING, printable(folder))
    room = _free_bytes(folder)
    if room is not None and room < size:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))


def nearest_existing(folder: Path) -> Path:
    """The folder itself, or the lowest one above it that is there: where missing ones would be made."""
    while not folder.is_dir() and folder.parent != folder:
        folder = folder.parent
    return folder


def conditions(context: StoreContext, folder: Path) -> Conditions:
    """What writing into a folder, into the originals and into the ledger depends on now.

    Args:
        context: the tools.
        folder: where results go.
    """
    try:
        context.ledger.check_writable()
        ledger = 0
    except OSError as error:
        ledger = error.errno or -1
    except StoreError:
        ledger = -1
    return (_of_folder(nearest_existing(folder)), _of_folder(context.originals.main.path), ledger)


def _of_folder(folder: Path) -> Conditions:
    """Permissions, disk, how it is mounted and its room by powers of two; not what changes with each file."""
    try:
        facts = os.stat(folder)
        flags = os.statvfs(folder).f_flag if hasattr(os, "statvfs") else 0
        room = (_free_bytes(folder) or 0) // _MB
    except OSError as error:
        return (error.errno,)
    mode = stat.S_IMODE(facts.st_mode)
    return (mode, facts.st_uid, facts.st_gid, facts.st_dev, flags, _may_write(folder), room.bit_length())


def _may_write(folder: Path) -> bool:
    """By the rights that count for this process. Windows has no such bits for folders."""
    if os.name == "nt":
        return True
    effective = os.access in os.supports_effective_ids
    return os.access(folder, os.W_OK | os.X_OK, effective_ids=effective)


def _free_bytes(folder: Path) -> int | None:
    """Room for this process; None where the file system does not say."""
    if not hasattr(os, "statvfs"):
        return shutil.disk_usage(folder).free
    facts = os.statvfs(folder)
    if not facts.f_blocks:
        return None
    return facts.f_frsize * (facts.f_bavail if os.geteuid() else facts.f_bfree)
