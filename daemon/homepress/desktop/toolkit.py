"""Whether there is what a window needs: Qt (the extra `window`), the system's libraries for it, a display."""

import contextlib
import ctypes
import importlib.util
import os
import shutil
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PACKAGE = "PySide6"
_INSTALL_PACKAGE = (
    "pipx inject homepress PySide6-Essentials     (or: python -m pip install PySide6-Essentials)"
)
_ELSE = "Everything can be done on the command line too; see: homepress --help"

# What the wheels of PySide6 leave to the system, by package manager.
DEBIAN_LIBRARIES = (
    "libdbus-1-3 libegl1 libfontconfig1 libgl1 libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 "
    "libxcb-randr0 libxcb-render-util0 libxcb-shape0 libxcb-xkb1 libxkbcommon-x11-0 libxkbcommon0"
)
_LIBRARIES = {
    "apt-get install": DEBIAN_LIBRARIES,
    "dnf install": "dbus-libs fontconfig libglvnd-egl libglvnd-glx libxkbcommon libxkbcommon-x11 "
    "xcb-util-cursor xcb-util-image xcb-util-keysyms xcb-util-renderutil xcb-util-wm",
    "pacman -S": "dbus fontconfig libglvnd libxkbcommon libxkbcommon-x11 xcb-util-cursor xcb-util-image "
    "xcb-util-keysyms xcb-util-renderutil xcb-util-wm",
    "zypper install": "libdbus-1-3 fontconfig libglvnd libxcb-cursor0 libxcb-icccm4 libxcb-image0 "
    "libxcb-keysyms1 libxcb-render-util0 libxkbcommon-x11-0 libxkbcommon0",
}


class DisplayError(Exception):
    """There is no display to open a window on; the text says what was tried."""


@dataclass(frozen=True, slots=True)
class Lacking:
    """What is not there.

    Attributes:
        what: the Python package, or the file of a library of the system.
        command: what to type to get it.
    """

    what: str
    command: str

    @property
    def words(self) -> str:
        """All of it in a sentence or two, for people."""
        return f"The window needs {self.what}, which is not installed. To install it: {self.command}\n{_ELSE}"


def is_installed() -> bool:
    """Whether this Python has Qt; nothing is loaded."""
    return importlib.util.find_spec(_PACKAGE) is not None


def version() -> str:
    """The version of Qt's package; empty if there is none."""
    from importlib import metadata  # which is half as much to load as all else of a command

    try:
        return metadata.version("PySide6-Essentials")
    except metadata.PackageNotFoundError:
        return ""


def has_display() -> bool:
    """Whether this session names a display; whether it answers is another question."""
    if not sys.platform.startswith("linux"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def lacking() -> Lacking | None:
    """What has to be installed before a window can be opened; None if nothing. It loads Qt's libraries."""
    if (spec := importlib.util.find_spec(_PACKAGE)) is None or spec.origin is None:
        return Lacking("PySide6", _INSTALL_PACKAGE)
    if not sys.platform.startswith("linux"):
        return None
    displays = {"xcb": "DISPLAY", "wayland": "WAYLAND_DISPLAY"}
    wanted = [name for name, variable in displays.items() if os.environ.get(variable)] or ["xcb"]
    missing = [_missing_library(Path(spec.origin).parent, name) for name in wanted]
    return Lacking(missing[0], _install_libraries()) if missing[0] and all(missing) else None


@contextlib.contextmanager
def display() -> Iterator[None]:
    """Make sure that there is a display while Qt's application is made, which would end this process else.

    Where the session has Wayland, Qt is set to use it, else X11, unless QT_QPA_PLATFORM says otherwise.

    Raises:
        DisplayError: there is none, or it does not answer.
    """
    if not sys.platform.startswith("linux") or os.environ.get("QT_QPA_PLATFORM"):
        yield
        return
    with _x11() as has_x11:  # held meanwhile: a server that loses its last client may start anew
        found = (("wayland", _wayland_answers()), ("xcb", has_x11))
        platforms = [name for name, answers in found if answers]
        if not platforms:
            named = os.environ.get("WAYLAND_DISPLAY") or os.environ.get("DISPLAY")
            raise DisplayError(f'the display "{named}" does not answer' if named else "there is no display")
        os.environ["QT_QPA_PLATFORM"] = ";".join(platforms)
        yield


def _missing_library(package: Path, platform: str) -> str | None:
    """The file of the library that a plugin of Qt for a display cannot find."""
    for folder in (package / "Qt" / "plugins", package / "plugins"):
        for plugin in sorted(folder.glob(f"platforms/libq{platform}*.so")):
            try:
                ctypes.CDLL(str(plugin))
            except OSError as error:  # "libxcb-cursor.so.0: cannot open shared object file: …"
                return str(error).partition(":")[0]
            return None
    return None


def keep_constants() -> None:
    """Have Python never free `None` and its like, before Qt is used.

    PySide6 6.12 gives them back without counting that, as is right from Python 3.12 on, where they are never
    freed; an earlier Python would end the process after some ten thousand calls.
    """
    if sys.version_info < (3, 12) and sys.implementation.name == "cpython":
        for constant in (None, True, False, NotImplemented, Ellipsis):
            ctypes.c_ssize_t.from_address(id(constant)).value += _ENOUGH


_ENOUGH = 1 << (40 if sys.maxsize > 1 << 32 else 29)
"""References: more than are lost while a window is open."""


def _install_libraries() -> str:
    manager = next((words for words in _LIBRARIES if shutil.which(words.split()[0])), None)
    if manager is None:
        return f"install {DEBIAN_LIBRARIES} with the system's package manager"
    return f"sudo {manager} {_LIBRARIES[manager]}"


def _wayland_answers() -> bool:
    if not (name := os.environ.get("WAYLAND_DISPLAY")):
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as trial:
        try:
            trial.connect(os.path.join(os.environ.get("XDG_RUNTIME_DIR", ""), name))
        except OSError:
            return False
    return True


@contextlib.contextmanager
def _x11() -> Iterator[bool]:
    """A connection to the X server, by libxcb, which Qt uses too (xcb_connect(3)); whether there is one."""
    try:
        xcb = ctypes.CDLL("libxcb.so.1") if os.environ.get("DISPLAY") else None
    except OSError:
        xcb = None
    if xcb is None:
        yield False
        return
    xcb.xcb_connect.restype = ctypes.c_void_p
    connection = ctypes.c_void_p(xcb.xcb_connect(None, None))
    try:
        yield bool(xcb.xcb_connection_has_error(connection) == 0)
    finally:
        xcb.xcb_disconnect(connection)
