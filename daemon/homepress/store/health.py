"""How well a folder and the ledger fit the store: looked at without changing anything that is there."""

import contextlib
import os
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from homepress.store.errors import Busy, Unsupported
from homepress.store.kernel import Folder, Kernel, opened_file, opened_folder
from homepress.store.names import new_job, temp_name
from homepress.store.schema import APPLICATION_ID, MIGRATIONS
from homepress.store.system import system_kernel


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


def abilities(path: Path, kernel: Kernel | None = None) -> Abilities:
    """Try what a folder's file system can do, with two hidden files of our own, which are removed again.

    Args:
        path: the folder, absolute and resolved.
        kernel: the system, another one for tests.

    Raises:
        OSError: the folder is not there, or nothing can be written into it.
    """
    system = kernel or system_kernel()
    one, other = temp_name(new_job()), temp_name(new_job())
    with opened_folder(system, path) as folder:
        try:
            system.close(system.create_file(folder, one))
            lease = _can_lease(system, folder, one)
            if link := _can(lambda: system.link(folder, one, folder, other)):
                system.unlink(folder, other)
            system.close(system.create_file(folder, other))
            return Abilities(_can(lambda: system.exchange(folder, one, other)), link, lease)
        finally:
            for name in (one, other):
                with contextlib.suppress(FileNotFoundError):
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


def _can_lease(system: Kernel, folder: Folder, name: str) -> bool:
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
