"""Volumes on Windows: the mount point of a path, and the serial number of the volume or the share's name.

Its functions are those of `VolumeSystem`.
"""

import ctypes
import os
from pathlib import Path, PureWindowsPath
from typing import Any

from homepress.base.volumes.interface import Changes, PlainChanges, Volume

_DRIVE_REMOTE = 4
_LONGEST = 32_768


def volume_of(path: Path, api: Any = None) -> Volume | None:
    """`api` stands for the system's calls in tests."""
    api = api or WindowsApi()
    point = api.mount_point(str(path))
    if not point:
        return None
    if point.startswith("\\\\") or api.drive_type(point) == _DRIVE_REMOTE:
        share = api.share(point).rstrip("\\").lower()
        ids = {f"source:{share}"} if share else set()
        return Volume(Path(point), ids=frozenset(ids), label=share, instance=share)
    found = api.information(point)
    if found is None:
        return None  # there is no such drive: what is asked of it fails, and says so
    label, serial = found
    ids = {f"serial:{serial:08x}"} if serial else set()
    return Volume(Path(point), ids=frozenset(ids), label=label, instance=f"{serial:08x}")


def mounts_inside(path: Path) -> tuple[Volume, ...]:
    """Volumes mounted in folders are links here, which are never followed."""
    del path
    return ()


def configured_mounts() -> tuple[Path, ...]:
    """A drive that is not there has no letter."""
    return ()


def removable_point(path: Path) -> Path | None:
    """The drive letter or share itself: while it is away there is none."""
    return Path(path.anchor) if path.anchor else None


def is_mount_point(path: Path) -> bool:
    found = volume_of(path)
    return found is not None and PureWindowsPath(found.point) == PureWindowsPath(path)


def changes() -> Changes:
    return PlainChanges()


class WindowsApi:
    """The real calls; only on Windows do these names exist."""

    def __init__(self) -> None:
        self._kernel32: Any = getattr(ctypes, "WinDLL")("kernel32", use_last_error=True)  # noqa: B009

    def mount_point(self, path: str) -> str:
        """Where the volume of a path is mounted, ending in a separator; empty when it cannot be told."""
        buffer = ctypes.create_unicode_buffer(_LONGEST)
        return buffer.value if self._kernel32.GetVolumePathNameW(path, buffer, _LONGEST) else ""

    def drive_type(self, point: str) -> int:
        """See GetDriveTypeW."""
        return int(self._kernel32.GetDriveTypeW(point))

    def share(self, point: str) -> str:
        """The share behind a mount point, "\\\\server\\share"."""
        if point.startswith("\\\\"):
            return point
        mpr: Any = getattr(ctypes, "WinDLL")("mpr")  # noqa: B009
        buffer = ctypes.create_unicode_buffer(_LONGEST)
        size = ctypes.c_ulong(_LONGEST)
        drive = os.path.splitdrive(point)[0]
        return "" if mpr.WNetGetConnectionW(drive, buffer, ctypes.byref(size)) else buffer.value

    def information(self, point: str) -> tuple[str, int] | None:
        """Label and serial number of a volume; None when there is none."""
        label, serial = ctypes.create_unicode_buffer(261), ctypes.c_ulong()
        done = self._kernel32.GetVolumeInformationW(
            point, label, len(label), ctypes.byref(serial), None, None, None, 0
        )
        return (label.value, serial.value) if done else None
