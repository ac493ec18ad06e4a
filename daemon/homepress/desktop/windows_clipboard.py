"""The clipboard of Windows ("Clipboard Formats" and "Using the Clipboard" at Microsoft).

Written from the documentation; the calls were tried under Wine.
"""

import ctypes
import struct
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from homepress.base.formats import SNIFF_BYTES, ImageType, sniff
from homepress.base.override import override
from homepress.desktop.clipboard import MOST_BYTES, Clipboard, ClipboardError, Copied

CF_DIB, CF_HDROP, CF_DIBV5 = 8, 15, 17
"""Numbers of formats that Windows has itself (winuser.h)."""

_NAMED = {ImageType.PNG: "PNG", ImageType.JPEG: "JFIF", ImageType.GIF: "GIF"}
"""Formats that programs have agreed upon, by name; Office, browsers and editors of pictures know them."""

_DROPFILES = struct.Struct("<IiiiI")
"""DROPFILES (shlobj_core.h): where the names begin, a point, a flag, whether the names are wide."""

_BITFIELDS, _ALPHABITFIELDS, _INFO_BYTES = 3, 6, 40
_COPY = struct.pack("<I", 1)
"""DROPEFFECT_COPY: pasting leaves the files where they are."""


class SystemClipboard(Protocol):
    """What Windows offers, a call a thing. Every method raises `OSError`."""

    def get(self, kind: int | str) -> bytes | None:
        """Data of a format, by number or name; None where there is none."""

    def set(self, kinds: Mapping[int | str, bytes]) -> None:
        """Put this in place of what was copied."""


class WindowsClipboard(Clipboard):
    """Pictures as PNG, JPEG, GIF or device-independent bitmaps; files as Explorer has them."""

    def __init__(self, system: SystemClipboard) -> None:
        """Use what `system` offers."""
        self._system = system

    @override
    def read(self) -> Copied:
        try:
            if dropped := self._system.get(CF_HDROP):
                return Copied(files=files_of(dropped))
            for name in _NAMED.values():
                if data := self._system.get(name):
                    return Copied(picture=data)
            for number in (CF_DIBV5, CF_DIB):
                if data := self._system.get(number):
                    return Copied(picture=bitmap_file(data))
        except OSError as error:
            raise ClipboardError(f"the clipboard cannot be read: {error}") from error
        return Copied()

    @override
    def put(self, copied: Copied) -> None:
        kinds: dict[int | str, bytes] = {}
        kind = sniff(copied.picture[:SNIFF_BYTES]) if copied.picture else None
        if kind in _NAMED:
            kinds[_NAMED[kind]] = copied.picture
        if copied.files:
            kinds[CF_HDROP] = dropped(copied.files)
            kinds["Preferred DropEffect"] = _COPY
        try:
            self._system.set(kinds)
        except OSError as error:
            raise ClipboardError(f"the clipboard cannot be written: {error}") from error


def files_of(dropped: bytes) -> tuple[Path, ...]:
    """The paths in the data of `CF_HDROP`."""
    if len(dropped) < _DROPFILES.size:
        return ()
    begin, _, _, _, wide = _DROPFILES.unpack_from(dropped)
    text = dropped[begin:].decode("utf-16-le" if wide else "mbcs", "replace")
    return tuple(Path(name) for name in text.split("\0\0")[0].split("\0") if name)


def dropped(files: Sequence[Path]) -> bytes:
    """Paths as the data of `CF_HDROP`."""
    names = "".join(f"{path}\0" for path in files) + "\0"
    return _DROPFILES.pack(_DROPFILES.size, 0, 0, 0, 1) + names.encode("utf-16-le", "surrogatepass")


def bitmap_file(bitmap: bytes) -> bytes:
    """A device-independent bitmap (BITMAPINFO) as the bytes of a BMP file; empty where it is none."""
    if len(bitmap) < _INFO_BYTES:
        return b""
    size, _, _, _, bits, compression, _, _, _, colours = struct.unpack_from("<IiiHHIIiiI", bitmap)
    masks = {_BITFIELDS: 12, _ALPHABITFIELDS: 16}.get(compression, 0) if size == _INFO_BYTES else 0
    if bits <= 8:
        colours = colours or 1 << bits
    head = 14
    pixels = head + size + masks + 4 * colours
    return struct.pack("<2sIHHI", b"BM", head + len(bitmap), 0, 0, pixels) + bitmap


_TRIES, _PAUSE = 20, 0.05
"""Another program may have the clipboard open for a moment."""

_MOVEABLE = 2


class User32Clipboard(SystemClipboard):
    """The calls of user32 and kernel32."""

    def __init__(self, user32: Any, kernel32: Any) -> None:
        """Say what they take and give."""
        self._user32, self._kernel32 = user32, kernel32
        handle = ctypes.c_void_p
        for call, arguments, result in (
            (user32.OpenClipboard, [handle], ctypes.c_int),
            (user32.GetClipboardData, [ctypes.c_uint], handle),
            (user32.SetClipboardData, [ctypes.c_uint, handle], handle),
            (user32.RegisterClipboardFormatW, [ctypes.c_wchar_p], ctypes.c_uint),
            (kernel32.GlobalAlloc, [ctypes.c_uint, ctypes.c_size_t], handle),
            (kernel32.GlobalLock, [handle], handle),
            (kernel32.GlobalUnlock, [handle], ctypes.c_int),
            (kernel32.GlobalSize, [handle], ctypes.c_size_t),
            (kernel32.GlobalFree, [handle], handle),
        ):
            call.argtypes, call.restype = arguments, result

    @override
    def get(self, kind: int | str) -> bytes | None:
        with self._opened():
            handle = self._user32.GetClipboardData(self._number(kind))
            if not handle:
                return None
            size = self._kernel32.GlobalSize(handle)
            if size > MOST_BYTES:
                raise OSError("what was copied is too large")
            begin = self._kernel32.GlobalLock(handle)
            if not begin:
                raise OSError("Windows does not let it be read")
            try:
                return ctypes.string_at(begin, size)
            finally:
                self._kernel32.GlobalUnlock(handle)

    @override
    def set(self, kinds: Mapping[int | str, bytes]) -> None:
        with self._opened():
            if not self._user32.EmptyClipboard():
                raise OSError("Windows does not let it be emptied")
            for kind, data in kinds.items():
                self._set(self._number(kind), data)

    def _set(self, number: int, data: bytes) -> None:
        handle = self._kernel32.GlobalAlloc(_MOVEABLE, len(data))
        begin = self._kernel32.GlobalLock(handle) if handle else None
        if not begin:
            raise OSError("there is not the memory for it")
        ctypes.memmove(begin, data, len(data))
        self._kernel32.GlobalUnlock(handle)
        if not self._user32.SetClipboardData(number, handle):  # else Windows owns the memory now
            self._kernel32.GlobalFree(handle)
            raise OSError("Windows does not take it")

    def _number(self, kind: int | str) -> int:
        return kind if isinstance(kind, int) else int(self._user32.RegisterClipboardFormatW(kind))

    @contextmanager
    def _opened(self) -> Iterator[None]:
        for _ in range(_TRIES):
            if self._user32.OpenClipboard(None):
                break
            time.sleep(_PAUSE)
        else:
            raise OSError("another program has it open")
        try:
            yield
        finally:
            self._user32.CloseClipboard()


def system_clipboard() -> SystemClipboard:
    """That of this Windows."""
    libraries = ctypes.windll  # type: ignore[attr-defined,unused-ignore]  # only on Windows
    return User32Clipboard(libraries.user32, libraries.kernel32)
