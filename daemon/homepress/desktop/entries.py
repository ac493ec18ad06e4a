"""Files that tell other programs how to start ours: made from templates, each command quoted as needed."""

import os
import re
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from homepress.base.files import write_atomically
from homepress.base.paths import shipped

# Quoting a command, for any path.

_RESERVED = set(" \t\n\"'\\><~|&;$*?#()`")
"""Characters that make quotes necessary (Desktop Entry Specification, "The Exec key")."""


def desktop_exec(command: Sequence[str]) -> str:
    """A command as the value of a desktop entry's Exec key, field codes such as %F left as they are.

    Raises:
        ValueError: it has a control character, which no such file can hold.
    """
    return " ".join(_desktop_word(word) for word in command)


def _desktop_word(word: str) -> str:
    if word in ("%f", "%F", "%u", "%U"):
        return word
    _refuse_control(word)
    word = word.replace("%", "%%")
    if word and not _RESERVED & set(word):
        return word
    for character in '\\"`$':
        word = word.replace(character, "\\" + character)
    # The value is a string first, whose own escapes are undone before the quotes are looked at.
    return '"{}"'.format(word.replace("\\", "\\\\"))


def split_desktop_exec(value: str) -> list[str]:
    """The words of an Exec value: the reverse of `desktop_exec`. An unclosed quote ends with the value."""
    value = value.replace("\\\\", "\\")
    words: list[str] = []
    word, quoted, begun = "", False, False
    characters = iter(value)
    for character in characters:
        if quoted and character == "\\":
            word += next(characters, "")
        elif character == '"':
            quoted, begun = not quoted, True
        elif character in " \t" and not quoted:
            if begun:
                words.append(word)
            word, begun = "", False
        else:
            word, begun = word + character, True
    if begun:
        words.append(word)
    return [part.replace("%%", "%") for part in words]


def systemd_exec(command: Sequence[str]) -> str:
    """A command as the value of ExecStart (systemd.service(5), "COMMAND LINES").

    A program with a dollar sign in its path is started through env(1): systemd replaces variables in
    arguments, where the sign can be doubled, and leaves the program's own path alone.
    """
    words = ["/usr/bin/env", *command] if "$" in command[0] else list(command)
    return " ".join([_systemd_word(words[0], dollar="$"), *(_systemd_word(word) for word in words[1:])])


def systemd_assignment(name: str, value: str) -> str:
    """A variable as the value of Environment (systemd.exec(5)), where dollar signs mean nothing."""
    return _systemd_word(f"{name}={value}", dollar="$", always=True)


def _systemd_word(word: str, dollar: str = "$$", *, always: bool = False) -> str:
    _refuse_control(word)
    quoted = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", dollar)
    plain = word and not set(word) & set(" \t\"'\\;")
    return quoted if plain and not always else f'"{quoted}"'


def windows_command(command: Sequence[str]) -> str:
    """A command line for the Run key: the program always in quotes, the rest where needed."""
    program, *arguments = command
    return " ".join([f'"{program}"', *([subprocess.list2cmdline(arguments)] if arguments else [])])


def _refuse_control(word: str) -> None:
    if any(ord(character) < 32 or ord(character) == 127 for character in word):
        raise ValueError(f"{word!a} has a control character in it; move Homepress to a plain path")


# Filling in the files of `service-files/`: `@NAME@` is replaced by a value that is already quoted.

_HOLE = re.compile(r"@([A-Z_]+)@")


def filled(template: str, values: Mapping[str, str]) -> str:
    """The text of a template with every hole filled. Raises `KeyError` for a hole without value."""
    text = shipped(f"service-files/{template}").read_text(encoding="utf-8")
    return _HOLE.sub(lambda hole: values[hole[1]], text)


def config_home() -> Path:
    """The user's folder of settings (XDG Base Directory Specification)."""
    return _xdg("XDG_CONFIG_HOME", ".config")


def data_home() -> Path:
    """The user's folder of data (XDG Base Directory Specification)."""
    return _xdg("XDG_DATA_HOME", ".local/share")


def _xdg(variable: str, default: str) -> Path:
    # A relative path is to be ignored, says the specification.
    value = os.environ.get(variable, "")
    return Path(value) if os.path.isabs(value) else Path.home() / default


def write_entry(file: Path, text: str, *, mode: int = 0o644) -> None:
    """Write a small file of ours so that it is the old or the new one at every instant."""
    file.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(file, text.encode("utf-8", "surrogateescape"), mode=mode)


# A small script that starts the program, for paths that other programs would read wrongly.
#
# The Desktop Entry Specification says how any path is to be quoted, and few read it so: dex and systemd
# leave escapes and doubled percent signs as they are. So a command with such characters goes into a shell
# script at a plain place, and the entry names that.

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
        write_entry(self.file, text, mode=0o755)
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
