"""Reading a picture once, by descriptor, only when it is ours to touch and nobody is writing to it."""

import errno
import hashlib
import io
import os
import stat
from dataclasses import replace
from pathlib import Path

from homepress.base.files import HARD_LINKED, NOT_A_FILE, READ_ONLY, FileId
from homepress.base.system_errors import printable
from homepress.store.fs.base import CHUNK, FileSystem, leased, opened_file, opened_folder
from homepress.store.model import (
    Busy,
    Changed,
    Refusal,
    Source,
    Vanished,
)

MAX_BYTES = 500_000_000
"""Larger files are refused unread: a worker, which has 2 GiB as a rule, holds source, pixels and result of no
such picture, and one of these alone would be much of a small computer's memory."""


def read(fs: FileSystem, path: Path, *, stays: bool = False) -> Source:
    """The content of a picture with proof of what it was at that moment.

    Args:
        fs: the file system.
        path: absolute, its folder resolved: a link on the way is refused, never followed.
        stays: the picture is only looked at, its result goes elsewhere: it may be read-only, of another user,
            and have more than one name.

    Raises:
        Refusal: not a regular file, more than one name, read-only, of another user, immutable: leave alone.
        Busy: a program has it open for writing.
        Changed: it changed while it was read.
        Vanished: it is not there.
        OSError: the system could not read it.
    """
    try:
        with opened_folder(fs, path.parent) as folder, opened_file(fs, folder, path.name) as fd:
            facts = fs.stat(fd)
            _admit(fs, fd, facts, path, stays)
            with leased(fs, fd) as has_lease:
                data, digest = _content(fs, fd, facts.st_size, has_lease, path)
            identity, now = FileId.of(facts), fs.stat(fd)
            # The descriptor has the same file all the time, whatever number a file system makes up for it.
            if now.st_size != len(data) or replace(FileId.of(now), inode=identity.inode) != identity:
                raise Changed(f"{printable(path)}: it changed while it was read")
            return Source(path, identity, digest, data)
    except (FileNotFoundError, NotADirectoryError):
        raise missing_or_linked(path) from None
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise Refusal(f"{printable(path)}: it is a symbolic link") from None
        if error.errno == errno.ENXIO:
            raise Refusal(f"{printable(path)}: {NOT_A_FILE}") from None
        raise


def missing_or_linked(path: Path) -> Vanished | Refusal:
    """Why a walk to `path` found nothing: it is gone, or a link stands on the way."""
    parent = str(path.parent)
    if os.path.isdir(parent) and os.path.realpath(parent) != parent:
        return Refusal(f"{printable(path)}: its folder is reached through a symbolic link")
    return Vanished(f"{printable(path)}: it is not there any more")


def _admit(fs: FileSystem, fd: int, facts: os.stat_result, path: Path, stays: bool) -> None:
    """Refuse what is no picture, and what must never be replaced unless it `stays`."""
    mode, name = facts.st_mode, printable(path)
    if not stat.S_ISREG(mode):
        raise Refusal(f"{name}: {NOT_A_FILE}")
    if facts.st_nlink == 0:
        raise Vanished(f"{name}: it was removed just now")
    if mode & (stat.S_ISUID | stat.S_ISGID | stat.S_ISVTX):
        raise Refusal(f"{name}: it has special permission bits")
    if facts.st_size > MAX_BYTES:
        raise Refusal(f"{name}: it is larger than {MAX_BYTES // 1_000_000} MB, the most that is compressed")
    if fs.is_locked(fd):
        raise Refusal(f"{name}: it is marked immutable or append-only")
    if not stays:
        _admit_replacing(facts, name)


def _admit_replacing(facts: os.stat_result, name: str) -> None:
    if facts.st_nlink != 1:
        raise Refusal(f"{name}: {HARD_LINKED}")
    if not facts.st_mode & 0o222:
        raise Refusal(f"{name}: {READ_ONLY}")
    if hasattr(os, "geteuid") and os.geteuid() not in (0, facts.st_uid):
        raise Refusal(f"{name}: it belongs to another user")


def _content(fs: FileSystem, fd: int, size: int, has_lease: bool, path: Path) -> tuple[bytes, str]:
    """All bytes and their digest, giving way as soon as a writer waits."""
    digest, data = hashlib.sha256(), io.BytesIO()  # which hands out what it holds without a copy
    while chunk := fs.read(fd, CHUNK):
        digest.update(chunk)
        data.write(chunk)
        if has_lease and not fs.lease_whole(fd):
            raise Busy(f"{printable(path)}: a program is about to write to it")
        if data.tell() > size:
            raise Changed(f"{printable(path)}: it grew while it was read")
    return data.getvalue(), digest.hexdigest()
