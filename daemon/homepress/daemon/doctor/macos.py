"""What the doctor looks at on macOS; the functions are those of `System`."""

from collections.abc import Iterator, Sequence

from homepress.daemon.doctor.finding import Finding, good
from homepress.settings import FolderSettings

_FORMULAS = {"gifsicle": "gifsicle"}


def file_system(path: bytes) -> str:
    """Not told without a program of the system."""
    del path
    return ""


def room_to_watch(folders: Sequence[FolderSettings]) -> Iterator[Finding]:
    """FSEvents has no limit that matters."""
    del folders
    yield from ()


def desktop(old_tray: bool) -> Iterator[Finding]:
    """The menu bar is always there."""
    del old_tray
    yield good("tray", "the menu bar takes the icon")


def getting(thing: str) -> str:
    formula = _FORMULAS.get(thing)
    return f"brew install {formula}" if formula else ""
