"""Commands as the files of the systems want them written, for any path."""

import subprocess
from collections.abc import Sequence

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
