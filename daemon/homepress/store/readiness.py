"""Whether writing can succeed, asked before any work is done; and on what that depends, to see it change."""

import errno
import os
import shutil
import stat
from pathlib import Path

from homepress.base.system_errors import Explanation, Retry, Scope, explain_as
from homepress.store.errors import StoreError, shown
from homepress.store.workshop import Workshop

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
        raise explain_as(error, _NO_WRITING, shown(folder))
    room = _free_bytes(folder)
    if room is not None and room < size:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))


def nearest_existing(folder: Path) -> Path:
    """The folder itself, or the lowest one above it that is there: where missing ones would be made."""
    while not folder.is_dir() and folder.parent != folder:
        folder = folder.parent
    return folder


def conditions(workshop: Workshop, folder: Path) -> Conditions:
    """What writing into a folder, into the originals and into the ledger depends on now.

    Args:
        workshop: the tools.
        folder: where results go.
    """
    try:
        workshop.ledger.check_writable()
        ledger = 0
    except OSError as error:
        ledger = error.errno or -1
    except StoreError:
        ledger = -1
    return (_of_folder(nearest_existing(folder)), _of_folder(workshop.originals.main.path), ledger)


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
