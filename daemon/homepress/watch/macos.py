"""Watching on macOS: FSEvents through watchdog; no leases, so files need a longer quiet time.

The functions are those of `WatchSystem`.
"""

import ctypes
import fcntl
import os
import struct
import time
from collections.abc import Callable

from homepress.watch.model import Listener, Observation, Openness
from homepress.watch.plain import PlainObservation, public_observation

__all__ = [
    "file_system",
    "is_placeholder",
    "is_remote",
    "observe",
    "openness",
    "refuses_sharing",
    "shortage",
    "shortcoming",
    "slept",
]

# FSEvents.h: the system or we were too slow, and whole trees may have changed.
_MUST_SCAN_SUBDIRS, _USER_DROPPED, _KERNEL_DROPPED = 1, 2, 4
_DROPPED = _MUST_SCAN_SUBDIRS | _USER_DROPPED | _KERNEL_DROPPED

# sys/stat.h: the content is in a cloud; sys/fcntl.h: path of a descriptor; sys/mount.h: a local file system.
_SF_DATALESS = 0x40000000
_F_GETPATH = 50
_MNT_LOCAL = 0x00001000

# struct statfs with 64-bit inodes, sys/mount.h: f_flags, f_fstypename, f_mntonname.
_STATFS_BYTES = 2168
_FLAGS_AT, _KIND_AT, _POINT_AT = 64, 72, 88
_KIND_BYTES, _POINT_BYTES = 16, 1024


def observe(root: str, recursive: bool, listener: Listener, ignored: Callable[[bytes], bool]) -> Observation:
    """FSEvents has no way to leave folders out."""
    del ignored
    if shortcoming():
        return public_observation(root, recursive, listener)
    from watchdog.observers.api import BaseObserver
    from watchdog.observers.fsevents import FSEventsEmitter

    observations: list[PlainObservation] = []

    class LossNoticingEmitter(FSEventsEmitter):
        """As watchdog's, which does not look at the flags of dropped events."""

        def events_callback(
            self, paths: list[bytes], inodes: list[int], flags: list[int], ids: list[int]
        ) -> None:
            if any(flag & _DROPPED for flag in flags):
                for observation in observations:
                    observation.note_loss()
            super().events_callback(paths, inodes, flags, ids)

    observation = PlainObservation(
        BaseObserver(LossNoticingEmitter),
        root,
        recursive,
        listener,
        reported=_name_on_disk(root),
        reports_losses=True,
    )
    observations.append(observation)
    return observation


def shortcoming() -> str:
    """Dropped events are heard of in the callback of watchdog's emitter."""
    try:
        from watchdog.observers.fsevents import FSEventsEmitter
    except ImportError as error:
        return str(error)
    has = hasattr(FSEventsEmitter, "events_callback")
    return "" if has else "FSEventsEmitter has no events_callback"


def openness(fd: int, path: bytes) -> Openness:
    """macOS has no way to learn who has a file open without asking every process."""
    del fd, path
    return Openness.UNKNOWN


def refuses_sharing(path: bytes) -> bool:
    """Nothing of the kind here: who may read a file can open it at any time."""
    del path
    return False


def is_placeholder(status: os.stat_result) -> bool:
    """Those of iCloud Drive and file providers have SF_DATALESS."""
    return bool(getattr(status, "st_flags", 0) & _SF_DATALESS)


def is_remote(path: bytes) -> bool:
    """The file system lacks the flag MNT_LOCAL, or is macFUSE's."""
    found = _statfs(path)
    if found is None:
        return False
    flags, kind, _ = found
    return not flags & _MNT_LOCAL or "fuse" in kind


def file_system(path: bytes) -> str:
    found = _statfs(path)
    return f"{found[1]} {found[2]}" if found else ""


def shortage(directories: int) -> str:
    """There is no such limit."""
    del directories
    return ""


def slept() -> float:
    """CLOCK_MONOTONIC goes on during sleep here, CLOCK_UPTIME_RAW does not."""
    uptime: int = getattr(time, "CLOCK_UPTIME_RAW", time.CLOCK_MONOTONIC)
    return time.clock_gettime(time.CLOCK_MONOTONIC) - time.clock_gettime(uptime)


def _name_on_disk(path: str) -> str:
    """A path as the disk spells it, which is how FSEvents reports it: case and Unicode form may differ."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return path
    try:
        return os.fsdecode(fcntl.fcntl(fd, _F_GETPATH, bytes(_POINT_BYTES)).split(b"\0")[0]) or path
    except OSError:
        return path
    finally:
        os.close(fd)


def _statfs(path: bytes) -> tuple[int, str, str] | None:
    """Flags, kind and mount point of the file system of a path; None when the system does not say."""
    buffer = ctypes.create_string_buffer(_STATFS_BYTES)
    libc = ctypes.CDLL(None, use_errno=True)
    # On Intel the plain name is the older call, whose structure is another.
    if getattr(libc, "statfs$INODE64", libc.statfs)(path, buffer) != 0:
        return None
    return _parse_statfs(buffer.raw)


def _parse_statfs(data: bytes) -> tuple[int, str, str]:
    (flags,) = struct.unpack_from("=I", data, _FLAGS_AT)
    kind = data[_KIND_AT : _KIND_AT + _KIND_BYTES].split(b"\0")[0]
    point = data[_POINT_AT : _POINT_AT + _POINT_BYTES].split(b"\0")[0]
    return flags, kind.decode("ascii", "replace"), os.fsdecode(point)
