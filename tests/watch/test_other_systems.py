"""macOS and Windows: watchdog's own code for them, fed with recorded sequences, and our system calls."""

import ctypes
import ctypes.wintypes
import errno
import importlib
import os
import queue
import struct
import sys
import threading
import time
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest

from homepress.watch import macos, windows
from homepress.watch.model import Observation, Openness, WatchSystem
from support import wait_for


def never(name: bytes) -> bool:
    return False


class Heard:
    """A listener that remembers."""

    def __init__(self) -> None:
        self.files: list[str] = []
        self.folders: list[str] = []
        self.troubles = 0

    def file_event(self, path: bytes) -> None:
        self.files.append(os.fsdecode(path))

    def directory_event(self, path: bytes) -> None:
        self.folders.append(os.fsdecode(path))

    def trouble(self) -> None:
        self.troubles += 1


def test_all_systems_offer_the_same() -> None:
    chosen: list[WatchSystem] = [macos, windows]
    for system in chosen:
        assert set(system.__all__) == set(macos.__all__)  # type: ignore[attr-defined]


# ---- macOS

CREATED, REMOVED, RENAMED, MODIFIED = 0x100, 0x200, 0x800, 0x1000
ROOT_CHANGED, IS_FILE, IS_DIR = 0x20, 0x10000, 0x20000
MUST_SCAN, KERNEL_DROPPED = 0x1, 0x4


class NativeEvent:
    """FSEventStreamEventFlags as properties, as the C extension of watchdog has them.

    The numbers are those of FSEvents.h (CoreServices, "FSEventStreamEventFlags").
    """

    def __init__(self, path: str, inode: int, flags: int, event_id: int) -> None:
        self.path, self.inode, self.flags, self.event_id = path, inode, flags, event_id
        self.is_created = bool(flags & CREATED)
        self.is_removed = bool(flags & REMOVED)
        self.is_renamed = bool(flags & RENAMED)
        self.is_modified = bool(flags & MODIFIED)
        self.is_directory = bool(flags & IS_DIR)
        self.is_root_changed = bool(flags & ROOT_CHANGED)
        self.is_inode_meta_mod = self.is_xattr_mod = self.is_owner_change = False


class Stream:
    """The stream of the C extension: runs until it is stopped, and passes on what is played."""

    last: "Stream"

    def __init__(self, paths: list[str], latency: float) -> None:
        self.ended = threading.Event()
        Stream.last = self

    def run(self, callback: Callable[..., None], started: Callable[[], None]) -> None:
        self.callback = callback
        started()
        self.ended.wait()

    def stop(self) -> None:
        self.ended.set()

    def play(self, *events: tuple[str | Path, int]) -> None:
        paths = [str(path) for path, _ in events]
        inodes = [os.lstat(path).st_ino if os.path.lexists(path) else 1 for path in paths]
        flags = [flag for _, flag in events]
        self.callback(paths, inodes, flags, list(range(len(events))))


@pytest.fixture
def fsevents(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """watchdog's observer for macOS on a stream of our own."""
    native = types.ModuleType("_watchdog_fsevents")
    native.Stream = Stream  # type: ignore[attr-defined]
    native.NativeEvent = NativeEvent  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "_watchdog_fsevents", native)
    monkeypatch.delitem(sys.modules, "watchdog.observers.fsevents", raising=False)
    yield
    sys.modules.pop("watchdog.observers.fsevents", None)


@pytest.fixture
def on_macos(fsevents: None, tmp_path: Path) -> Iterator[tuple[Observation, Heard]]:
    heard = Heard()
    observation = macos.observe(str(tmp_path), True, heard, never)
    yield observation, heard
    observation.close()


def test_macos_files_that_are_made_changed_and_moved_are_told(
    on_macos: tuple[Observation, Heard], tmp_path: Path
) -> None:
    observation, heard = on_macos
    (tmp_path / "sub").mkdir()
    for name in ("a.jpg", "b.jpg", "sub/c.jpg"):
        (tmp_path / name).touch()
    Stream.last.play((tmp_path / "a.jpg", CREATED | MODIFIED | IS_FILE))
    # `b.jpg` was moved in from elsewhere: a rename without its other half.
    Stream.last.play((tmp_path / "b.jpg", RENAMED | IS_FILE), (tmp_path / "sub", CREATED | IS_DIR))
    Stream.last.play((tmp_path / "sub" / "c.jpg", MODIFIED | IS_FILE))
    wait_for(lambda: {Path(file).name for file in heard.files} == {"a.jpg", "b.jpg", "c.jpg"})
    assert heard.folders == [str(tmp_path / "sub")]
    assert observation.trouble() == ""
    assert observation.watches(os.fsencode(tmp_path / "sub"))
    assert not observation.refused()


@pytest.mark.parametrize("flag", [MUST_SCAN, MUST_SCAN | KERNEL_DROPPED])
def test_macos_dropped_events_are_trouble(
    on_macos: tuple[Observation, Heard], tmp_path: Path, flag: int
) -> None:
    observation, heard = on_macos
    Stream.last.play((tmp_path, flag | IS_DIR))
    assert observation.trouble() == "events were lost"
    assert heard.troubles == 1


def test_macos_a_moved_root_is_trouble(on_macos: tuple[Observation, Heard], tmp_path: Path) -> None:
    observation, _ = on_macos
    Stream.last.play((tmp_path, ROOT_CHANGED | IS_DIR))
    wait_for(lambda: observation.trouble() == "the observer stopped")


def test_macos_events_come_under_the_configured_name(
    fsevents: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A disk that does not tell upper from lower case reports the folder as it is spelt on the disk.
    on_disk = tmp_path / "Pictures"
    on_disk.mkdir()
    (on_disk / "a.jpg").touch()
    import fcntl

    monkeypatch.setattr(fcntl, "fcntl", lambda fd, command, space: os.fsencode(on_disk) + b"\0\0")
    heard = Heard()
    configured = str(tmp_path / "pictures")
    Path(configured).mkdir()
    observation = macos.observe(configured, True, heard, never)
    try:
        Stream.last.play((on_disk / "a.jpg", CREATED | IS_FILE))
        wait_for(lambda: heard.files == [f"{configured}/a.jpg"])
    finally:
        observation.close()


def test_macos_facts(monkeypatch: pytest.MonkeyPatch) -> None:
    assert macos.openness(0, b"/x") is Openness.UNKNOWN
    assert macos.is_placeholder(types.SimpleNamespace(st_flags=0x40000020))  # type: ignore[arg-type]
    assert not macos.is_placeholder(types.SimpleNamespace(st_flags=0x20))  # type: ignore[arg-type]
    times = {getattr(time, "CLOCK_MONOTONIC"): 500.0, 8: 320.0}  # noqa: B009 - not on every system
    monkeypatch.setattr(time, "CLOCK_UPTIME_RAW", 8, raising=False)
    monkeypatch.setattr(time, "clock_gettime", times.__getitem__)
    assert macos.slept() == 180.0


@pytest.mark.parametrize(
    ("flags", "kind", "remote"),
    [(0x1000, b"apfs", False), (0, b"smbfs", True), (0x1000, b"macfuse", True), (0x1000, b"exfat", False)],
)
def test_macos_statfs(monkeypatch: pytest.MonkeyPatch, flags: int, kind: bytes, remote: bool) -> None:
    # struct statfs of sys/mount.h with 64-bit inodes.
    record = struct.pack("=IiQQQQQ8sIIII", 4096, 1 << 20, 1, 1, 1, 1, 1, b"", 501, 26, flags, 0)
    record += kind.ljust(16, b"\0") + b"/Volumes/Photos".ljust(1024, b"\0") + b"disk4s1".ljust(1024, b"\0")
    assert macos._parse_statfs(record.ljust(2168, b"\0")) == (flags, kind.decode(), "/Volumes/Photos")
    monkeypatch.setattr(macos, "_statfs", lambda path: macos._parse_statfs(record))
    assert macos.is_remote(b"/Volumes/Photos/x") is remote
    assert "/Volumes/Photos" in macos.file_system(b"/Volumes/Photos/x")


# ---- Windows

ADDED, GONE, CHANGED, OLD_NAME, NEW_NAME = 1, 2, 3, 4, 5


def record(*changes: tuple[int, str]) -> bytes:
    """A chain of FILE_NOTIFY_INFORMATION (winnt.h)."""
    parts = []
    for place, (action, name) in enumerate(changes):
        text = name.encode("utf-16-le")
        body = struct.pack("<II", action, len(text)) + text
        body += bytes(-len(body) % 4)
        parts.append(struct.pack("<I", 4 + len(body) if place + 1 < len(changes) else 0) + body)
    return b"".join(parts)


class Recording:
    """ReadDirectoryChangesW, which blocks until something is played."""

    def __init__(self) -> None:
        self.results: queue.Queue[bytes | OSError] = queue.Queue()

    def read(
        self, handle: object, buffer: Any, size: int, subtree: bool, flags: int, filled: Any, *rest: object
    ) -> int:
        result = self.results.get()
        if isinstance(result, OSError):
            raise result
        ctypes.memmove(buffer, result, len(result))
        filled._obj.value = len(result)
        return 1

    def cancel(self, handle: object, overlapped: object) -> None:
        aborted = OSError(errno.EIO, "aborted")
        aborted.winerror = 995  # type: ignore[attr-defined]
        self.results.put(aborted)


@pytest.fixture
def on_windows(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[tuple[Observation, Heard, Recording]]:
    """watchdog's observer for Windows on calls of our own."""
    names = ("watchdog.observers.winapi", "watchdog.observers.read_directory_changes")
    for name in names:
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setattr(ctypes, "WinDLL", MagicMock(), raising=False)
    # A long has 32 bits on Windows, whatever it has here.
    monkeypatch.setattr(ctypes.wintypes, "DWORD", ctypes.c_uint32)
    api, recording = importlib.import_module(names[0]), Recording()
    monkeypatch.setattr(api, "ReadDirectoryChangesExW", None)
    monkeypatch.setattr(api, "ReadDirectoryChangesW", recording.read)
    monkeypatch.setattr(api, "CancelIoEx", recording.cancel)
    heard = Heard()
    observation = windows.observe(str(tmp_path), True, heard, never)
    yield observation, heard, recording
    observation.close()
    for name in names:
        sys.modules.pop(name, None)


def test_windows_files_that_are_made_changed_and_moved_are_told(
    on_windows: tuple[Observation, Heard, Recording], tmp_path: Path
) -> None:
    observation, heard, recording = on_windows
    (tmp_path / "sub").mkdir()
    recording.results.put(record((ADDED, "a.jpg"), (CHANGED, "a.jpg"), (ADDED, "sub")))
    recording.results.put(record((OLD_NAME, "b.jpg.crdownload"), (NEW_NAME, "b.jpg"), (GONE, "c.jpg")))
    wait_for(lambda: {Path(file).name for file in heard.files} == {"a.jpg", "b.jpg"})
    assert heard.folders == [str(tmp_path / "sub")]
    assert observation.trouble() == ""
    assert observation.watches(b"any")


def test_windows_an_overflow_is_trouble(on_windows: tuple[Observation, Heard, Recording]) -> None:
    observation, heard, recording = on_windows
    recording.results.put(b"")
    wait_for(lambda: observation.trouble() == "events were lost")
    assert heard.troubles == 1


@pytest.mark.slow
def test_windows_steady_events_are_not_held_back(on_windows: tuple[Observation, Heard, Recording]) -> None:
    _, heard, recording = on_windows

    def heard_meanwhile() -> bool:
        # watchdog's own queue would wait for a second without events, and there is none.
        recording.results.put(record((ADDED, "first.jpg")))
        return bool(heard.files)

    wait_for(heard_meanwhile)


def test_windows_a_deleted_root_is_trouble(on_windows: tuple[Observation, Heard, Recording]) -> None:
    observation, _, recording = on_windows
    gone = OSError(errno.EACCES, "access denied")
    gone.winerror = 5  # type: ignore[attr-defined]
    recording.results.put(gone)
    wait_for(lambda: observation.trouble() == "the observer stopped")


class Kernel:
    """kernel32, as far as it is used; keeps what it was called with."""

    def __init__(self, error: int = 0, drive: int = 3) -> None:
        self.error, self.drive = error, drive
        self.opened: list[tuple[Any, ...]] = []
        self.closed: list[int] = []

    def CreateFileW(self, *arguments: Any) -> int | None:  # noqa: N802
        self.opened.append(arguments)
        return ctypes.c_void_p(-1).value if self.error else 77

    def CloseHandle(self, handle: int) -> None:  # noqa: N802
        self.closed.append(handle)

    def GetDriveTypeW(self, drive: str) -> int:  # noqa: N802
        self.asked = drive
        return self.drive

    def GetTickCount64(self) -> int:  # noqa: N802
        return 500_000

    def QueryUnbiasedInterruptTime(self, result: Any) -> None:  # noqa: N802
        result._obj.value = 320 * 10_000_000


@pytest.mark.parametrize(
    ("error", "expected"),
    [(0, Openness.FREE), (32, Openness.BUSY), (33, Openness.BUSY), (5, Openness.UNKNOWN)],
)
def test_windows_exclusive_opening(monkeypatch: pytest.MonkeyPatch, error: int, expected: Openness) -> None:
    kernel = Kernel(error)
    monkeypatch.setattr(windows, "_kernel", lambda: kernel)
    monkeypatch.setattr(windows, "_last_error", lambda: error)
    assert windows.openness(3, b"C:\\Pictures\\a.jpg") is expected
    # GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_DELETE, OPEN_EXISTING, FILE_FLAG_OPEN_REPARSE_POINT
    assert kernel.opened == [("C:\\Pictures\\a.jpg", 0x80000000, 5, None, 3, 0x200000, None)]
    assert kernel.closed == ([] if error else [77])
    assert windows.refuses_sharing(b"C:\\Pictures\\a.jpg") is (expected is Openness.BUSY)


def test_windows_facts(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = Kernel(drive=4)
    monkeypatch.setattr(windows, "_kernel", lambda: kernel)
    assert windows.is_remote(b"Z:\\Photos")
    assert kernel.asked == "Z:\\"
    kernel.drive = 3
    assert not windows.is_remote(b"\\\\?\\C:\\Photos")
    assert kernel.asked == "C:\\"
    assert windows.is_remote(b"\\\\server\\share\\Photos")
    assert windows.is_remote(b"//server/share")
    assert windows.slept() == 180.0
    for attributes, expected in [(0x400000, True), (0x40000, True), (0x1000, True), (0x20, False)]:
        status = types.SimpleNamespace(st_file_attributes=attributes)
        assert windows.is_placeholder(status) is expected  # type: ignore[arg-type]
