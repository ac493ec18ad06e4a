"""One daemon a user: a lock on a file that the kernel frees, however its holder ends."""

import contextlib
import os
import sys
import time
from pathlib import Path
from types import TracebackType

if sys.platform == "win32":
    from homepress.control.lock.windows import try_lock
else:
    from homepress.control.lock.posix import try_lock

__all__ = ["InstanceLock", "LockHeldError"]

_POLL_SECONDS = 0.05


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

    The file holds the process id of whoever took the lock last. Not for use by several threads at once.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

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

    def release(self) -> None:
        """Give the lock back; nothing happens when it is not held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def holder(self) -> int | None:
        """The process id in the file: the holder's after a failed `acquire`, else merely the last one's."""
        try:
            return int(self._path.read_bytes()[:20])
        except (OSError, ValueError):
            return None

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

    def _attempt(self) -> int | None:
        """A locked descriptor of the file with our process id in it, or None while it is taken."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)
        descriptor = os.open(self._path, flags, 0o600)
        try:
            if try_lock(descriptor) and self._is_still_there(descriptor):
                os.ftruncate(descriptor, 0)
                os.lseek(descriptor, 0, os.SEEK_SET)
                os.write(descriptor, f"{os.getpid()}\n".encode())
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        return None

    def _is_still_there(self, descriptor: int) -> bool:
        """Whether the path still names the locked file: it may have been deleted before we had the lock."""
        with contextlib.suppress(OSError):
            return os.path.samestat(os.fstat(descriptor), os.stat(self._path))
        return False
