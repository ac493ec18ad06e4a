"""Volumes on macOS: statfs(2) for what is mounted where, getattrlist(2) for the UUID of the volume.

Its functions are those of `VolumeSystem`.
"""

import ctypes
import os
import struct
import uuid
from pathlib import Path
from typing import Any

from homepress.base.volumes.interface import Changes, PlainChanges, Volume

# struct statfs with 64-bit inodes, sys/mount.h: f_fstypename, f_mntonname, f_mntfromname.
_STATFS_BYTES = 2168
_KIND_AT, _POINT_AT, _SOURCE_AT = 72, 88, 1112
_KIND_BYTES, _NAME_BYTES = 16, 1024
_MNT_NOWAIT = 2

# sys/attr.h
ATTR_BIT_MAP_COUNT = 5
_ATTR_VOL_INFO = 0x80000000
_ATTR_VOL_UUID = 0x00040000

_NAMED_BY_SOURCE = frozenset(("nfs", "smbfs", "afpfs", "webdav"))


class AttrList(ctypes.Structure):
    """`struct attrlist` of getattrlist(2)."""

    _fields_ = (
        ("bitmapcount", ctypes.c_ushort),
        ("reserved", ctypes.c_uint16),
        ("commonattr", ctypes.c_uint32),
        ("volattr", ctypes.c_uint32),
        ("dirattr", ctypes.c_uint32),
        ("fileattr", ctypes.c_uint32),
        ("forkattr", ctypes.c_uint32),
    )


def volume_of(path: Path, library: Any = None) -> Volume | None:
    """`library` stands for the C library in tests."""
    libc = library or ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(_STATFS_BYTES)
    statfs = getattr(libc, "statfs$INODE64", libc.statfs)  # on Intel the plain name is an older call
    for name in (path, *path.parents):  # what is not there yet will lie where the folder above it does
        if statfs(os.fsencode(name), buffer) == 0:
            return _volume(buffer.raw, libc)
    return None


def mounts_inside(path: Path, library: Any = None) -> tuple[Volume, ...]:
    libc = library or ctypes.CDLL(None, use_errno=True)
    getfsstat = getattr(libc, "getfsstat$INODE64", libc.getfsstat)  # as for statfs
    count = getfsstat(None, 0, _MNT_NOWAIT)
    if count <= 0:
        return ()
    buffer = ctypes.create_string_buffer(_STATFS_BYTES * count)
    count = min(count, max(0, getfsstat(buffer, len(buffer), _MNT_NOWAIT)))
    found = (_volume(buffer.raw[at * _STATFS_BYTES :][:_STATFS_BYTES], libc) for at in range(count))
    return tuple(each for each in found if each.point != path and each.point.is_relative_to(path))


def configured_mounts() -> tuple[Path, ...]:
    """Nobody configures mount points here: volumes come and go under /Volumes."""
    return ()


_VOLUMES = Path("/Volumes")


def removable_point(path: Path) -> Path | None:
    return _VOLUMES / path.relative_to(_VOLUMES).parts[0] if _VOLUMES in path.parents else None


def is_mount_point(path: Path) -> bool:
    found = volume_of(path)
    return found is not None and found.point == path


def changes() -> Changes:
    return PlainChanges()


def _volume(data: bytes, libc: Any) -> Volume:
    kind, point, source = (
        _text(data, _KIND_AT, _KIND_BYTES),
        _text(data, _POINT_AT, _NAME_BYTES),
        _text(data, _SOURCE_AT, _NAME_BYTES),
    )
    if kind in _NAMED_BY_SOURCE:
        ids, label = {f"source:{source}"}, source
    else:
        ids, label = _uuid(point, libc), os.path.basename(point)
    return Volume(Path(point or "/"), ids=frozenset(ids), label=label, instance=f"{kind} {source}")


def _text(data: bytes, at: int, size: int) -> str:
    return os.fsdecode(data[at : at + size].split(b"\0")[0])


def _uuid(point: str, libc: Any) -> set[str]:
    wanted = AttrList(bitmapcount=ATTR_BIT_MAP_COUNT, volattr=_ATTR_VOL_INFO | _ATTR_VOL_UUID)
    answer = ctypes.create_string_buffer(4 + 16)
    size = ctypes.c_size_t(len(answer))
    if libc.getattrlist(os.fsencode(point), ctypes.byref(wanted), answer, size, 0) != 0:
        return set()
    (length,) = struct.unpack_from("=I", answer.raw)
    raw = answer.raw[4:20]
    return {f"uuid:{uuid.UUID(bytes=raw)}"} if length >= 20 and any(raw) else set()
