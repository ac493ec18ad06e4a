"""Watching on Linux: inotify through watchdog, leases, mountinfo.

The functions are those of `WatchSystem`.
"""

import errno
import fcntl
import logging
import os
import signal
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

from homepress.base.volumes.linux import Mount, mount_of, parse_mountinfo
from homepress.watch.model import LimitReachedError, Listener, Observation, Openness, is_remote_kind

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

_log = logging.getLogger(__name__)

_MOUNTINFO = Path("/proc/self/mountinfo")
_WATCHES = Path("/proc/sys/fs/inotify/max_user_watches")
_INSTANCES = Path("/proc/sys/fs/inotify/max_user_instances")
_USUAL_WATCHES = 524_288
_USUAL_INSTANCES = 1024


class _Observers:
    """Which observer serves: ours on watchdog's inner classes or, where they have changed, its own."""

    def __init__(self) -> None:
        self._misfit = ""

    def observe(
        self, root: str, recursive: bool, listener: Listener, ignored: Callable[[bytes], bool]
    ) -> Observation:
        if not self.misfit():
            from homepress.watch.inotify import InotifyObservation

            try:
                return InotifyObservation(root, recursive, listener, ignored, self._note)
            except (AttributeError, TypeError) as error:
                self._note(error)
        from homepress.watch.plain import public_observation

        return public_observation(root, recursive, listener, closes=True)

    def misfit(self) -> str:
        """What about watchdog's inner classes is not as expected; empty when all is."""
        if not self._misfit:
            try:
                _check_inotify()
            except (ImportError, AttributeError, TypeError) as error:
                self._note(error)
        return self._misfit

    def _note(self, error: Exception) -> None:
        self._misfit = str(error)
        _log.warning("watchdog is not as expected (%s); folders are scanned more often", error)


_OBSERVERS = _Observers()


@cache
def _check_inotify() -> None:
    from homepress.watch import inotify

    inotify.check()


def observe(root: str, recursive: bool, listener: Listener, ignored: Callable[[bytes], bool]) -> Observation:
    try:
        return _OBSERVERS.observe(root, recursive, listener, ignored)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise LimitReachedError(error.errno, shortage(1)) from error
        if error.errno == errno.EMFILE:
            now, wanted = _limit(_INSTANCES), _USUAL_INSTANCES
            command = _sysctl("fs.inotify.max_user_instances", max(wanted, 4 * now))
            raise LimitReachedError(
                error.errno, f"the system grants no further observer; {command}"
            ) from error
        raise


def shortcoming() -> str:
    return _OBSERVERS.misfit()


def openness(fd: int, path: bytes) -> Openness:
    """Ask for a read lease, which the kernel grants only while nobody has the file open for writing.

    It is given back at once. Should somebody open the file for writing in between, he waits for those few
    microseconds, and we are sent SIGURG, which is ignored by default; the usual SIGIO would end the process.

    See fcntl(2), "Leases". Network and most FUSE file systems have none; foreign files need CAP_LEASE.
    """
    del path
    try:
        fcntl.fcntl(fd, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except OSError as error:
        return Openness.BUSY if error.errno == errno.EAGAIN else Openness.UNKNOWN
    fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    return Openness.FREE


def refuses_sharing(path: bytes) -> bool:
    """Nothing of the kind here: who may read a file can open it at any time."""
    del path
    return False


def is_placeholder(status: os.stat_result) -> bool:
    """No cloud client on Linux marks placeholders in what `stat` says."""
    del status
    return False


def is_remote(path: bytes) -> bool:
    """From the kind of the mount, which is not touched."""
    mount = _mount(path)
    return mount is not None and is_remote_kind(mount.kind)


def file_system(path: bytes) -> str:
    mount = _mount(path)
    return f"{mount.device} {os.fsdecode(mount.point)}" if mount else ""


def shortage(directories: int) -> str:
    now = _limit(_WATCHES)
    return (
        f"the system allows {now:,} watched folders in all; "
        f"{_sysctl('fs.inotify.max_user_watches', max(_USUAL_WATCHES, 2 * now, 4 * directories))}"
    )


def slept() -> float:
    """Boot time goes on during suspend, monotonic time does not."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) - time.clock_gettime(time.CLOCK_MONOTONIC)


def _mount(path: bytes) -> Mount | None:
    try:
        return mount_of(path, parse_mountinfo(_MOUNTINFO.read_bytes()))
    except OSError:
        return None


def _limit(file: Path) -> int:
    try:
        return int(file.read_text("ascii"))
    except (OSError, ValueError):
        return 0


def _sysctl(name: str, value: int) -> str:
    return (
        f"to raise the limit now: sudo sysctl {name}={value} - "
        f"to keep it: echo {name}={value} | sudo tee /etc/sysctl.d/60-homepress.conf"
    )
