"""Watching on Windows: ReadDirectoryChangesW through watchdog; exclusive opening finds writers.

The functions are those of `WatchSystem`.
"""

import ctypes
import os
import queue
import time
from collections.abc import Callable
from functools import cache
from typing import Any

from homepress.base.override import override
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

# winnt.h, fileapi.h, winerror.h
_GENERIC_READ = 0x80000000
_SHARE_READ, _SHARE_DELETE = 0x1, 0x4
_OPEN_EXISTING = 3
_OPEN_REPARSE_POINT = 0x00200000
_INVALID_HANDLE = ctypes.c_void_p(-1).value
_SHARING_VIOLATION, _LOCK_VIOLATION = 32, 33
_DRIVE_REMOTE = 4
_OFFLINE, _RECALL_ON_OPEN, _RECALL_ON_DATA_ACCESS = 0x1000, 0x40000, 0x400000

_LULL = 0.05
_LONGEST_BATCH = 0.5
_NO_WAKING = 3600.0

_Buffer = tuple[bytes, bool]


def observe(root: str, recursive: bool, listener: Listener, ignored: Callable[[bytes], bool]) -> Observation:
    """The system has no way to leave folders out."""
    del ignored
    if shortcoming():
        return public_observation(root, recursive, listener)
    from watchdog.observers.api import BaseObserver
    from watchdog.observers.read_directory_changes import WindowsApiEmitter
    from watchdog.observers.winapi import DirectoryChangeReader

    observations: list[PlainObservation] = []

    def lose() -> None:
        for observation in observations:
            observation.note_loss()

    class QueueEmitter(WindowsApiEmitter):
        """As watchdog's, with a queue that notices lost events."""

        def on_thread_start(self) -> None:
            self._buffers = BufferQueue(lose)
            reader = DirectoryChangeReader(self.watch.path, recursive=self.watch.is_recursive)
            reader._buf_queue = self._buffers
            self._reader = reader
            reader.start()

        def on_thread_stop(self) -> None:
            super().on_thread_stop()
            self._buffers.end()

    observation = PlainObservation(BaseObserver(QueueEmitter), root, recursive, listener, reports_losses=True)
    observations.append(observation)
    return observation


def shortcoming() -> str:
    """Lost events are heard of in the queue of watchdog's reader."""
    try:
        from watchdog.observers.winapi import DirectoryChangeReader

        has = "_buf_queue" in vars(DirectoryChangeReader(".", recursive=False))
    except (ImportError, AttributeError, TypeError) as error:
        return str(error)
    return "" if has else "DirectoryChangeReader has no _buf_queue"


class BufferQueue(queue.Queue[_Buffer]):
    """The queue between watchdog's reader and its emitter, repaired in two ways.

    A result of no bytes means that the system's buffer overflowed (ReadDirectoryChangesW, "Remarks");
    watchdog passes over it. And its emitter hands events on only after a second without any; here a short
    lull will do, while an idle queue wakes nobody.
    """

    def __init__(self, lost: Callable[[], None]) -> None:
        """Call `lost` when events were lost."""
        super().__init__()
        self._lost = lost
        self._started = False
        self._ended = False
        self._in_batch = False
        self._began = 0.0

    @override
    def put(self, item: _Buffer, block: bool = True, timeout: float | None = None) -> None:
        if not item[0] and self._started and not self._ended:
            self._lost()
        # watchdog's reader begins with an empty buffer to say that it runs.
        self._started = True
        super().put(item, block, timeout)

    @override
    def get(self, block: bool = True, timeout: float | None = None) -> _Buffer:
        """The timeout is chosen here."""
        if self._in_batch and time.monotonic() - self._began > _LONGEST_BATCH:
            self._in_batch = False
            raise queue.Empty
        try:
            item = super().get(block, _LULL if self._in_batch or self._ended else _NO_WAKING)
        except queue.Empty:
            self._in_batch = False
            raise
        if not self._in_batch:
            self._in_batch, self._began = True, time.monotonic()
        return item

    def end(self) -> None:
        """Let a `get` that waits return."""
        self._ended = True
        super().put((b"", True))


def openness(fd: int, path: bytes) -> Openness:
    """Open the file such that others may not write, which fails while somebody has it open for writing."""
    del fd
    handle = _kernel().CreateFileW(
        os.fsdecode(path),
        _GENERIC_READ,
        _SHARE_READ | _SHARE_DELETE,
        None,
        _OPEN_EXISTING,
        _OPEN_REPARSE_POINT,
        None,
    )
    if handle != _INVALID_HANDLE:
        _kernel().CloseHandle(handle)
        return Openness.FREE
    busy = _last_error() in (_SHARING_VIOLATION, _LOCK_VIOLATION)
    return Openness.BUSY if busy else Openness.UNKNOWN


def refuses_sharing(path: bytes) -> bool:
    """Python's own error does not tell that from a missing permission."""
    return openness(-1, path) is Openness.BUSY


def is_placeholder(status: os.stat_result) -> bool:
    """OneDrive and other providers set these attributes."""
    attributes = getattr(status, "st_file_attributes", 0)
    return bool(attributes & (_OFFLINE | _RECALL_ON_OPEN | _RECALL_ON_DATA_ACCESS))


def is_remote(path: bytes) -> bool:
    """A share by its name, or a drive letter that means one."""
    text = os.fsdecode(path).replace("/", "\\")
    if text.startswith("\\\\") and not text.startswith("\\\\?\\"):
        return True
    drive = text.removeprefix("\\\\?\\")[:2]
    return bool(_kernel().GetDriveTypeW(f"{drive}\\") == _DRIVE_REMOTE)


def file_system(path: bytes) -> str:
    """A drive that is gone takes its folder along, so none is needed."""
    del path
    return ""


def shortage(directories: int) -> str:
    """There is no such limit."""
    del directories
    return ""


def slept() -> float:
    """The tick count goes on during sleep, the unbiased interrupt time does not."""
    unbiased = ctypes.c_ulonglong()
    _kernel().QueryUnbiasedInterruptTime(ctypes.byref(unbiased))
    return float(_kernel().GetTickCount64() / 1e3 - unbiased.value / 1e7)


@cache
def _kernel() -> Any:
    """kernel32 with the types of what is used of it."""
    library = getattr(ctypes, "WinDLL", ctypes.CDLL)("kernel32", use_last_error=True)
    library.CreateFileW.restype = ctypes.c_void_p
    library.CreateFileW.argtypes = [
        ctypes.c_wchar_p,
        ctypes.c_uint32,
        ctypes.c_uint32,
        ctypes.c_void_p,
        ctypes.c_uint32,
        ctypes.c_uint32,
        ctypes.c_void_p,
    ]
    library.CloseHandle.argtypes = [ctypes.c_void_p]
    library.GetDriveTypeW.argtypes = [ctypes.c_wchar_p]
    library.GetTickCount64.restype = ctypes.c_uint64
    return library


def _last_error() -> int:
    return int(getattr(ctypes, "get_last_error", ctypes.get_errno)())
