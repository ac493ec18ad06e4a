"""A small script that starts the program, for paths that other programs would read wrongly.

The Desktop Entry Specification says how any path is to be quoted, and few read it so: dex and systemd leave
escapes and doubled percent signs as they are. So a command with such characters goes into a shell script at
a plain place, and the entry names that.
"""

import re
import shlex
from collections.abc import Mapping, Sequence

from homepress.desktop.templates import data_home, write

_PLAIN = re.compile(r"[A-Za-z0-9_@+=:,./ -]*")
"""Words of these characters are read alike by all, spaces in double quotes."""

_PROGRAM_KEY = "# Program: "


def is_plain(*words: str) -> bool:
    """Whether every program reads these words as they are meant."""
    return all(_PLAIN.fullmatch(word) for word in words)


class Starter:
    """One such script; `name` tells it apart from others."""

    def __init__(self, name: str) -> None:
        self.file = data_home() / "homepress" / name

    def command(self, command: Sequence[str], environment: Mapping[str, str]) -> Sequence[str]:
        """The command to put into an entry for `command`: itself where it is plain, else the script.

        The script is written when it is needed, and removed when it is not.

        Raises:
            OSError: it cannot be written.
        """
        settings = [f"{name}={value}" for name, value in environment.items()]
        whole = ["env", *settings, *command] if settings else list(command)
        if is_plain(*whole) or not is_plain(str(self.file)):
            self.remove()
            return whole
        line = " ".join(map(shlex.quote, whole))
        text = f'#!/bin/sh\n{_PROGRAM_KEY}{command[0]}\nexec {line} "$@"\n'
        write(self.file, text, mode=0o755)
        return [str(self.file)]

    def remove(self) -> None:
        """Take the script away, if there is one. Raises `OSError`."""
        self.file.unlink(missing_ok=True)

    def program(self) -> str:
        """What the script starts; empty when it is not there."""
        try:
            text = self.file.read_text(encoding="utf-8", errors="surrogateescape")
        except OSError:
            return ""
        noted = (line for line in text.splitlines() if line.startswith(_PROGRAM_KEY))
        return next(noted, "").removeprefix(_PROGRAM_KEY)
