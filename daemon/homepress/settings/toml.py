"""Reading TOML 1.0 with the line of every key, and errors in plain words.

`tomllib` gives the values; it knows no lines. Since a valid document can be cut into its statements by
looking at quotes, brackets and line ends alone, each statement is parsed once more by itself to learn which
keys stand on which line. That happens only when there is something to complain about.
"""

import os
import re
import stat
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from homepress.settings.check import Problem, SettingsError

KeyPath: TypeAlias = tuple[str | int, ...]
"""Where a value is: names of tables and keys, and positions in arrays of tables."""

_LARGEST_FILE = 1_000_000
_DEEPEST = 4  # folder, its position, convert, a format
_TOKEN = re.compile(
    r'''"""(?:\\.|[^\\])*?(?:"{3,5}|\Z)'''  # a multi-line text may end in two quotes of its own
    r"""|'''.*?(?:'{3,5}|\Z)"""
    r'''|"(?:\\.|[^"\\\n])*"'''
    r"""|'[^'\n]*'|\#[^\n]*|[^"'\#\[\]{}\n]+|.""",
    re.DOTALL,
)
_POSITION = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")

# What tomllib says, and what that means to somebody who has never heard of TOML.
_PLAIN_WORDS = (
    ("Cannot overwrite a value", "this key is written twice"),
    ("Cannot declare", "this table is written twice; a list of folders needs two brackets: [[folder]]"),
    ("Cannot mutate immutable namespace", "this table was already written in another form"),
    ("Duplicate inline table key", "this key is written twice"),
    ("Expected '=' after a key", 'expected key = value, such as quality = "balanced"'),
    (
        "Expected newline or end of document",
        "expected nothing more on this line; is a quote or a comma missing?",
    ),
    ("Unclosed array", "a list is opened with [ and never closed with ]"),
    ("Unclosed inline table", "a table is opened with { and not closed with } on the same line"),
    ("Unterminated string", "a text is opened with a quote and never closed"),
    ("Illegal character '\\n'", "a text is opened with a quote and not closed on the same line"),
    (
        "Invalid value",
        'expected a value; texts need quotes, such as "balanced", and switches are true or false',
    ),
    (
        "Unescaped '\\",
        "a backslash in double quotes; write such paths in single quotes: 'C:\\Users'",
    ),
    ("Invalid hex value", "a backslash in double quotes; write such paths in single quotes: 'C:\\Users'"),
    ("Invalid initial character for a key part", "expected a key; a table in { } has to stand on one line"),
    ("Invalid statement", "expected key = value, or a table such as [daemon] or [[folder]]"),
    ("Expected ']' at the end of a table declaration", "expected ] at the end of the table's name"),
    ("Expected ']]' at the end of an array declaration", "expected ]] at the end of the table's name"),
)
_STARTS_EARLIER = ("Unclosed array", "Unterminated string")
"""Errors that tomllib notices lines after the place where they have to be fixed."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A table header, a key with its value, a comment or an empty line, with its line end.

    Attributes:
        text: all of it.
        line: its first line, counted from 1.
    """

    text: str
    line: int

    @property
    def is_header(self) -> bool:
        """Whether it opens a table."""
        return self.text.lstrip(" \t").startswith("[")

    @property
    def is_comment(self) -> bool:
        """Whether it is nothing but a comment."""
        return self.text.lstrip(" \t").startswith("#")

    @property
    def is_blank(self) -> bool:
        """Whether it is an empty line."""
        return not self.text.strip()


def read_text(path: Path) -> str:
    """The text of a settings file, line ends as they are, a byte order mark left out.

    Raises:
        FileNotFoundError: there is no such file.
        SettingsError: it cannot be read, or is no text in UTF-8.
    """
    try:
        # Looked at before it is opened: opening a pipe would wait for ever.
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise _refuse(path, "is no file; move away what is here, then the settings can be written")
        if status.st_size > _LARGEST_FILE:
            raise _refuse(path, f"is {status.st_size:,} bytes long; expected at most {_LARGEST_FILE:,}")
        data = path.read_bytes()
    except FileNotFoundError:
        if path.is_symlink():
            raise _refuse(path, f"is a link to {os.readlink(path)}, which is not there") from None
        raise
    except OSError as error:
        raise _refuse(path, f"cannot be read: {error.strerror or error}") from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _refuse(path, "is no text in UTF-8; save it in that encoding", line) from None


def parse_toml(text: str, file: Path) -> dict[str, Any]:
    """The values of a TOML document.

    Raises:
        SettingsError: it is no valid TOML.
    """
    text = _ended(text)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message, line = _explain(str(error), text)
        raise _refuse(file, message, line) from None
    except RecursionError:
        raise _refuse(file, "values are nested too deeply") from None
    except ValueError:
        raise _refuse(file, "a number has too many digits") from None


def _ended(text: str) -> str:
    """With an end of its last line.

    Without, tomllib gives "end of document" for what is wrong there, and takes no carriage return.
    """
    return text if text.endswith("\n") else text + "\n"


def statements(text: str) -> Iterator[Statement]:
    """Cut a document into its statements; joined again they give the document."""
    start, line, depth = 0, 1, 0
    for token in _TOKEN.finditer(text):
        match token.group():
            case "[" | "{":
                depth += 1
            case "]" | "}":
                depth -= 1
            case "\n" if depth <= 0:
                yield Statement(text[start : token.end()], line)
                line += text.count("\n", start, token.end())
                start, depth = token.end(), 0
    if start < len(text):
        yield Statement(text[start:], line)


def header_path(statement: Statement) -> tuple[tuple[str, ...], bool]:
    """The names in a table header, and whether it is one of an array of tables (`[[…]]`)."""
    tree: Any = tomllib.loads(statement.text)
    names: list[str] = []
    while isinstance(tree, dict) and tree:
        name, tree = next(iter(tree.items()))
        names.append(name)
    return tuple(names), isinstance(tree, list)


class HeaderTracker:
    """Follows the headers of a document and tells which table each one opens."""

    def __init__(self) -> None:
        self._last: dict[KeyPath, int] = {}

    def open(self, statement: Statement) -> KeyPath:
        """The table that a header opens, with the positions of the arrays it is in."""
        names, is_array = header_path(statement)
        path: KeyPath = ()
        for at, name in enumerate(names):
            path += (name,)
            if is_array and at == len(names) - 1:
                self._last[path] = self._last.get(path, -1) + 1
            if path in self._last:
                path += (self._last[path],)
        return path


def key_lines(text: str) -> dict[KeyPath, int]:
    """The first line of every table and key of a valid document."""
    lines: dict[KeyPath, int] = {}
    tracker = HeaderTracker()
    table: KeyPath = ()
    for statement in statements(_ended(text)):
        if statement.is_header:
            table = tracker.open(statement)
            for end in range(1, len(table) + 1):
                lines.setdefault(table[:end], statement.line)
        elif not (statement.is_blank or statement.is_comment):
            _note(tomllib.loads(statement.text), table, statement.line, lines)
    return lines


def _note(value: object, path: KeyPath, line: int, lines: dict[KeyPath, int]) -> None:
    """Give a line to a value and to what is inside it, as deep as anything of ours ever is."""
    lines.setdefault(path, line)
    if len(path) > _DEEPEST:
        return
    if isinstance(value, dict):
        for key, item in value.items():
            _note(item, (*path, key), line, lines)
    elif isinstance(value, list):
        for at, item in enumerate(value):
            _note(item, (*path, at), line, lines)


def _explain(error: str, text: str) -> tuple[str, int]:
    """The plain words for a message of tomllib, and its line."""
    position = _POSITION.search(error)
    message = error[: position.start()] if position else error
    line = int(position[1]) if position and position[1] else text.count("\n")
    if message.startswith(_STARTS_EARLIER):
        line = max((part.line for part in statements(text) if part.line <= line), default=line)
    for said, meant in _PLAIN_WORDS:
        if message.startswith(said):
            return meant, line
    return message, line


def _refuse(file: Path, message: str, line: int | None = None) -> SettingsError:
    return SettingsError([Problem(file, line, "", message)])
