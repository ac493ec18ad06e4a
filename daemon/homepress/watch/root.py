"""The state of a watched folder itself: there, readable, still the same one."""

import enum
import errno
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from homepress.base.system_errors import with_name
from homepress.watch.interface import System


class RootStatus(enum.Enum):
    """Whether a root can be watched."""

    READY = "ready"
    MISSING = "missing"
    AWAY = "away"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class RootLook:
    """What one look at a root found.

    Attributes:
        status: whether it can be watched.
        problem: why not and what to do, for a person; empty when it can.
        real: the path without links, empty unless ready.
        identity: device and inode; another pair is another folder.
    """

    status: RootStatus
    problem: str = ""
    real: bytes = b""
    identity: tuple[int, int] = (0, 0)


class Root:
    """Looks at the folder that a configured path leads to. A look costs one `stat` while nothing changes."""

    def __init__(self, path: Path, system: System, away: Callable[[Path], str]) -> None:
        """`away` says of a path without links why its drive is away; empty when it is not."""
        self._path = path
        self._system = system
        self._away = away
        self._last = RootLook(RootStatus.MISSING)
        self._file_system = ""

    def look(self, *, afresh: bool = False) -> RootLook:
        """The state now; `afresh` trusts nothing of the last look: drives may have come or gone since."""
        try:
            status = os.stat(self._path)
        except OSError as error:
            return self._failed(error)
        identity = (status.st_dev, status.st_ino)
        if not stat.S_ISDIR(status.st_mode):
            return RootLook(RootStatus.UNREADABLE, f"{self._path} is a file; give a folder")
        if not os.access(self._path, os.R_OK | os.X_OK):
            return RootLook(
                RootStatus.UNREADABLE,
                f"{self._path} may not be read; to allow it: chmod u+rwx '{self._path}'",
            )
        if identity == self._last.identity and not afresh:
            return self._last
        return self._new(identity)

    def _new(self, identity: tuple[int, int]) -> RootLook:
        """Another folder than at the last look, or the first one."""
        try:
            real = os.path.realpath(os.fsencode(self._path), strict=True)
            if why := self._away(Path(os.fsdecode(real))):
                return self._is_away(why)
            if self._is_bare_mount_point(real):
                return self._missing("the drive that held it is not connected")
        except OSError as error:
            return self._failed(error)
        self._file_system = self._system.file_system(real)
        self._last = RootLook(RootStatus.READY, real=real, identity=identity)
        return self._last

    def _is_bare_mount_point(self, real: bytes) -> bool:
        """Whether the folder is the empty place at which a drive used to be mounted."""
        if not self._file_system or self._system.file_system(real) == self._file_system:
            return False
        with os.scandir(real) as entries:
            return next(entries, None) is None

    def _failed(self, error: OSError) -> RootLook:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            if why := self._away(Path(os.path.realpath(self._path))):
                return self._is_away(why)
            return self._missing("it is not there")
        if error.errno in (errno.EACCES, errno.EPERM):
            fix = "allow reading it and the folders above it"
            return RootLook(RootStatus.UNREADABLE, f"{self._path} may not be read; {fix} (chmod u+rx)")
        return RootLook(RootStatus.UNREADABLE, with_name(error, str(self._path)))

    def _is_away(self, why: str) -> RootLook:
        self._last = RootLook(RootStatus.MISSING)
        return RootLook(RootStatus.AWAY, f"{why}; watching goes on by itself when it is back")

    def _missing(self, why: str) -> RootLook:
        self._last = RootLook(RootStatus.MISSING)
        return RootLook(
            RootStatus.MISSING,
            f"{self._path}: {why}; watching goes on by itself when it is back, or: "
            f"homepress folder remove '{self._path}'",
        )
