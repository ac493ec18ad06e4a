"""Which volume (drive, partition, network share) a path lies on, and what always tells it from any other.

Device numbers do not last: after the next start, or when another stick was plugged in first, a disk has
another one. What lasts are the identifiers that a file system carries with it and the names of network
shares. A volume may have several of them, and on some file systems none.
"""

import contextlib
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from homepress.base.volumes.interface import Changes, Presence, Volume, VolumeSystem, presence

__all__ = [
    "Changes",
    "Presence",
    "Volume",
    "changes",
    "missing_mount",
    "missing_removable",
    "mounts_inside",
    "presence",
    "volume_of",
]


def volume_of(path: Path) -> Volume | None:
    """The volume that a path lies on now; None when the system does not say.

    Looking it up may take long where a disk or server hangs: not for threads that answer people.

    Args:
        path: absolute, links resolved; it need not exist.
    """
    return _system.volume_of(path)


def mounts_inside(path: Path) -> tuple[Volume, ...]:
    """The volumes mounted under a folder, at whatever depth; empty where the system does not say.

    Args:
        path: absolute, links resolved.
    """
    return _system.mounts_inside(path)


def missing_mount(path: Path, ours: Path) -> Path | None:
    """The mount point at or above a path at which the system is configured to mount something, and has not.

    Args:
        path: absolute, links resolved.
        ours: where the ledger is: a mount point above that one is evidently none any more.
    """
    expected: Iterable[Path] = _system.configured_mounts()
    mounted = _system.is_mount_point
    above = (p for p in expected if path.is_relative_to(p) and p != Path(p.anchor))
    return next((p for p in above if not ours.is_relative_to(p) and not mounted(p)), None)


def missing_removable(path: Path) -> Path | None:
    """The place of a drive or share that comes and goes, if a path lies in such a place and it is empty.

    For folders of which nothing is known, as after a move to another computer: what is not there may be on a
    drive that was not connected yet.

    Args:
        path: absolute, links resolved; not there.
    """
    point = _system.removable_point(path)
    if point is None:
        return None
    inside = (each for each in (path, *path.parents) if each.is_relative_to(point))
    return None if any(map(_system.is_mount_point, inside)) or _has_entries(point) else point


def _has_entries(folder: Path) -> bool:
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        return next(entries, None) is not None
    return False


def changes() -> Changes:
    """Something to wait with until drives come or go; the caller closes it."""
    return _system.changes()


def _this_system() -> VolumeSystem:
    if sys.platform == "win32":
        from homepress.base.volumes import windows

        return windows
    if sys.platform == "darwin":
        from homepress.base.volumes import macos

        return macos
    from homepress.base.volumes import linux

    return linux


_system = _this_system()
