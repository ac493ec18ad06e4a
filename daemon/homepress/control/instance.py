"""The one daemon of a user: its lock, who it is, how it is ended, and whether the last one ended as told.

The lock is on a file, and the kernel frees it however its holder ends.

The daemon that runs, of any version, is known by what it answers (the part of `wire` that never changes),
by which process listens on its socket (the system knows), and by the lock that it holds. One that does not
understand us gets the signal that means the same, if it is certain which process that is. Nothing here
depends on the version of the conversation.
"""

import contextlib
import errno
import os
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import homepress
from homepress.base.locking import try_lock
from homepress.control import wire
from homepress.control.service import ServiceError, Status
from homepress.control.transport import ChannelError, UnsafeAddressError

DAEMON = "run"
"""The work of a daemon, in its lock file."""

_POLL_SECONDS = 0.05
_PID_BYTES = 20
"""The process id stands in so many bytes, filled up with spaces; programs of every version read it there."""
_READABLE = 200

_LOCKS = Path("/proc/locks")

_NOTHING_TO_WRITE = (errno.EROFS, errno.EACCES, errno.EPERM)


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that holds a lock.

    Attributes:
        pid: its id.
        work: what it does, such as "run" or "homepress compress"; empty where an earlier version wrote it.
    """

    pid: int
    work: str = ""

    @property
    def is_daemon(self) -> bool:
        """Whether it is the daemon, as far as is known."""
        return self.work == DAEMON

    def __str__(self) -> str:
        name = "the daemon" if self.is_daemon else self.work or "homepress"
        return f"{name} (process {self.pid})"


class LockHeldError(Exception):
    """Another process holds the lock.

    Attributes:
        path: the lock file.
        pid: the holder's process id, None where it could not be read.
    """

    def __init__(self, path: Path, pid: int | None) -> None:
        super().__init__(f"{path} is held by process {pid if pid is not None else '(unknown)'}")
        self.path = path
        self.pid = pid


class InstanceLock:
    """An exclusive lock on a file that is made when missing and never deleted.

    The file holds the process id of the last holder, and what it is doing. What cannot be written, on
    a disk that is full or read-only, can be locked all the same. Not for use by several threads at once.
    """

    def __init__(self, path: Path, work: str = "") -> None:
        """Name the file.

        Args:
            path: of the file.
            work: what the holder does, for those who find it locked: `DAEMON`, or the name of a command.
        """
        self._path = path
        self._work = work
        self._descriptor: int | None = None
        self._stands_in = False

    @property
    def held(self) -> bool:
        """Whether this object holds the lock."""
        return self._descriptor is not None

    def acquire(self, wait: float = 0.0) -> bool:
        """Take the lock, trying again for at most `wait` seconds; whether it is held now.

        Raises:
            OSError: the file cannot be made or opened.
        """
        deadline = time.monotonic() + wait
        while not self.held:
            self._descriptor = self._attempt()
            if not self.held and time.monotonic() >= deadline:
                return False
            if not self.held:
                time.sleep(_POLL_SECONDS)
        return True

    def confirm(self) -> bool:
        """Lock the file itself if only its folder could be locked when it could not be made; False: lost.

        To be called before anything is done that needed the folder to be writable.
        """
        if self._descriptor is None or not self._stands_in:
            return self._descriptor is not None
        try:
            descriptor = self._attempt(stand_in=False)
        except OSError:
            return True  # still as it was
        if descriptor is None:
            return False
        os.close(self._descriptor)
        self._descriptor, self._stands_in = descriptor, False
        return True

    def release(self) -> None:
        """Give the lock back; nothing happens when it is not held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor, self._stands_in = None, False

    def holder(self) -> int | None:
        """The process id in the file: the holder's after a failed `acquire`, else merely the last one's."""
        noted = _noted(self._path)
        return noted.pid if noted else None

    def __enter__(self) -> "InstanceLock":
        """Take the lock at once.

        Raises:
            LockHeldError: somebody else holds it.
        """
        if not self.acquire():
            raise LockHeldError(self._path, self.holder())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def _attempt(self, *, stand_in: bool = True) -> int | None:
        """A locked descriptor of the file with our process id in it, or None while it is taken."""
        descriptor, is_file = self._opened(stand_in)
        try:
            if try_lock(descriptor) and self._is_still_there(descriptor, is_file):
                self._stands_in = not is_file
                if is_file:
                    self._sign(descriptor)
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        return None

    def _sign(self, descriptor: int) -> None:
        """Write who we are. Where that cannot be written, no number serves better than somebody else's."""
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, 0)
            os.lseek(descriptor, 0, os.SEEK_SET)
            text = f"{os.getpid():<{_PID_BYTES - 1}}\n{self._work}\n"
            os.write(descriptor, text.encode("utf-8", "replace"))

    def _opened(self, stand_in: bool) -> tuple[int, bool]:
        """A descriptor to lock, and whether it is the file's; else its folder's, on a read-only disk."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)
        try:
            return os.open(self._path, flags | os.O_RDWR | os.O_CREAT, 0o600), True
        except OSError as error:
            if error.errno not in _NOTHING_TO_WRITE:
                raise
            if self._path.exists():
                return os.open(self._path, flags | os.O_RDONLY), True
            if not stand_in or error.errno != errno.EROFS or not hasattr(os, "O_DIRECTORY"):
                raise
            return os.open(self._path.parent, flags | os.O_RDONLY | os.O_DIRECTORY), False

    def _is_still_there(self, descriptor: int, is_file: bool) -> bool:
        """Whether the path still names the locked file: it may have been deleted before we had the lock."""
        with contextlib.suppress(OSError):
            return os.path.samestat(
                os.fstat(descriptor), os.stat(self._path if is_file else self._path.parent)
            )
        return False


def holder_of(path: Path) -> Holder | None:
    """The process that holds a lock at this moment, as far as that can be known; None when nobody does.

    The process was found in the file, and the kernel says that it holds the lock (Linux), or the file
    is locked by somebody.
    """
    noted = _noted(path)
    if noted is None or noted.pid == os.getpid():
        return None
    confirmed = _holds(noted.pid, path)
    if confirmed is None:
        lock = InstanceLock(path)
        with contextlib.suppress(OSError):
            confirmed = not lock.acquire()
            lock.release()
    return noted if confirmed else None


def _noted(path: Path) -> Holder | None:
    """What the file says of its last holder."""
    try:
        with path.open("rb") as file:
            text = file.read(_READABLE)
        return Holder(int(text[:_PID_BYTES]), text[_PID_BYTES:].decode("utf-8", "replace").strip())
    except (OSError, ValueError):
        return None


def _holds(pid: int, path: Path) -> bool | None:
    """Whether a process has locked a file by flock(2); None where the system keeps no list of locks.

    Linux keeps one. Devices are not compared: on some file systems (btrfs, overlayfs) stat(2) gives another.
    """
    try:
        inode = os.stat(path).st_ino
        lines = _LOCKS.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return None
    for line in lines:
        fields = line.split()
        # "1: FLOCK  ADVISORY  WRITE 4711 00:2a:815 0 EOF"; who waits for a lock has "->" in the second place
        if len(fields) < 6 or fields[1] != "FLOCK" or fields[4] != str(pid):
            continue
        if fields[5].rsplit(":", 1)[-1] == str(inode):
            return True
    return False


_NOT_RUNNING = "Homepress is not running in the background"
_NO_DAEMON = 3
_UNSAFE = 4
_MARK = "unfinished"
"""A file that is there from a daemon's start until it is asked to end: one that was killed leaves it."""


@dataclass(frozen=True, slots=True)
class RunningDaemon:
    """A daemon.

    Attributes:
        pid: its process id, None where that is not known.
        program: its version of Homepress, empty where it does not say.
        answers: whether it answers on its socket.
    """

    pid: int | None
    program: str
    answers: bool


def running_daemon(socket: Path, lock: Path) -> RunningDaemon | None:
    """The daemon, of any version; None when none runs.

    Raises:
        ServiceError: the process that listens on the socket is not ours.
    """
    with _safe():
        about, understood = _ask(socket, wire.ABOUT)
        if about is not None:
            return RunningDaemon(
                about.pid or _daemon(lock, listens=True), about.program, understood or bool(about.program)
            )
        pid = _daemon(lock, listens=False)
        return None if pid is None else RunningDaemon(pid, "", False)


def other_version(status: Status) -> str:
    """What to say of a daemon that talks to us and is of another version; empty when it is of ours."""
    if status.version == homepress.__version__:
        return ""
    return (
        f"version {status.version} of Homepress runs in the background, and this is {homepress.__version__}; "
        "restart it: homepress stop && homepress run"
    )


def stop_daemon(socket: Path, lock: Path) -> int | None:
    """Have the daemon end, of any version; returns when it has been asked, not when it has ended.

    Returns:
        Its process id, None where that is not known.

    Raises:
        ServiceError: none runs (exit code 3), or it cannot be asked.
    """
    with _safe():
        about, understood = _ask(socket, wire.STOP)
    if about is not None and understood:
        return about.pid
    pid = (
        about.pid if about is not None and about.pid is not None else _daemon(lock, listens=about is not None)
    )
    if pid is None:
        if about is not None:
            raise ServiceError(_BEYOND_US, _NO_DAEMON)
        holder = holder_of(lock)
        what = f"{holder} is at work, and ends by itself" if holder else "there is nothing to stop"
        raise ServiceError(f"{_NOT_RUNNING}; {what}", _NO_DAEMON)
    _signal(pid)
    return pid


def mark_started(state: Path) -> None:
    """The daemon of this state folder begins."""
    with contextlib.suppress(OSError):  # a full disk: then its end goes untold, which is no reason not to run
        (state / _MARK).touch(mode=0o600)


def mark_stopped(state: Path) -> None:
    """The daemon was asked to end."""
    with contextlib.suppress(OSError):
        (state / _MARK).unlink(missing_ok=True)


def was_cut_short(state: Path) -> bool:
    """Whether the last daemon, which is known not to answer, ended without having been told to.

    No process id is looked at: the mark is written after the socket was bound.
    """
    return (state / _MARK).exists()


_BEYOND_US = "Homepress runs in the background and cannot be asked to end; log out, or end its process"


def _ask(socket: Path, what: str) -> tuple[wire.About | None, bool]:
    try:
        return wire.ask_any_version(socket, what)
    except ChannelError:
        return None, False  # a socket without an ear: the lock tells whether somebody lives


def _daemon(lock: Path, *, listens: bool) -> int | None:
    """The process that holds the instance lock as a daemon.

    Args:
        lock: the file.
        listens: whether some daemon listens, so that a holder of an earlier version, which did not say what
            it is at, must be that one.
    """
    holder = holder_of(lock)
    return holder.pid if holder is not None and (holder.is_daemon or (listens and not holder.work)) else None


def _signal(pid: int) -> None:
    if sys.platform == "win32":
        raise ServiceError(f"{_BEYOND_US} (number {pid}) in the Task Manager")
    try:
        os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:
        return
    except PermissionError as error:
        raise ServiceError(
            f"process {pid} is another user's; end it with: sudo kill {pid}", _UNSAFE
        ) from error


@contextlib.contextmanager
def _safe() -> Iterator[None]:
    try:
        yield
    except UnsafeAddressError as error:
        raise ServiceError(str(error), _UNSAFE) from error
