"""Thunar's custom actions: all of a user's are in one file, of which the entries of Homepress are a part.

Everything else in it stays as it is, byte for byte. Until there is such a file, Thunar takes the system's.
"""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from homepress.desktop.entries import config_home, write_entry

_OURS = "homepress-"
"""How the unique ids of our actions begin."""

_ACTION = re.compile(r"[ \t]*<action>.*?</action>[ \t]*\n?", re.DOTALL)
_END = "</actions>"
_EMPTY = f'<?xml version="1.0" encoding="UTF-8"?>\n<actions>\n{_END}\n'


@dataclass(frozen=True, slots=True)
class ThunarAction:
    """One entry of the menu of pictures.

    Attributes:
        name: tells it apart from our others.
        label: the words in the menu.
        command: for a shell, with %F for the chosen files.
    """

    name: str
    label: str
    command: str

    def __str__(self) -> str:
        """It as the file has it."""
        return (
            "<action>\n"
            "\t<icon>homepress</icon>\n"
            f"\t<name>{escape(self.label)}</name>\n"
            f"\t<unique-id>{_OURS}{self.name}</unique-id>\n"
            f"\t<command>{escape(self.command)}</command>\n"
            "\t<description></description>\n"
            "\t<patterns>*</patterns>\n"
            "\t<image-files/>\n"
            "</action>\n"
        )


def actions_file() -> Path:
    """Where a user's own actions are."""
    return config_home() / "Thunar" / "uca.xml"


def add(actions: Iterable[ThunarAction]) -> None:
    """Put our actions at the end of the file, in place of those of an earlier time.

    Raises:
        OSError: it cannot be read or written.
        ValueError: it is not what Thunar writes.
    """
    text = _text()
    before, end, rest = _without_ours(text).rpartition(_END)
    if not end:
        raise ValueError(f"{actions_file()} does not end as Thunar's files do; its actions stay as they are")
    write_entry(actions_file(), f"{before}{''.join(map(str, actions))}{end}{rest}")


def remove() -> list[Path]:
    """Take our actions out; the file, if any were in it.

    Raises:
        OSError: it cannot be read or written.
    """
    file = actions_file()
    try:
        text = _read(file)
    except FileNotFoundError:
        return []
    left = _without_ours(text)
    if left == text:
        return []
    if left in (_EMPTY, *map(_read, filter(Path.exists, _of_system()))):
        file.unlink()  # it was made for ours: the system's holds again
    else:
        write_entry(file, left)
    return [file]


def _text() -> str:
    """The user's file, else the system's, else an empty one."""
    for file in (actions_file(), *_of_system()):
        if file.exists():
            return _read(file)
    return _EMPTY


def _read(file: Path) -> str:
    return file.read_bytes().decode("utf-8", "surrogateescape")


def _of_system() -> list[Path]:
    folders = os.environ.get("XDG_CONFIG_DIRS") or "/etc/xdg"
    return [Path(folder, "Thunar", "uca.xml") for folder in folders.split(":") if os.path.isabs(folder)]


def _without_ours(text: str) -> str:
    return _ACTION.sub(lambda action: "" if f"<unique-id>{_OURS}" in action[0] else action[0], text)
