"""A TOML document as a list of blocks: each a table with the comments that belong to it."""

import os
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import tomlkit
from tomlkit.items import Item

from homepress.base.files import write_atomically
from homepress.base.locking import FolderInUse, folder_locked
from homepress.base.paths import make_folder, shipped
from homepress.settings.check import Problem, SettingsError
from homepress.settings.load import parse
from homepress.settings.model import Settings, TomlValue
from homepress.settings.toml import HeaderTracker, KeyPath, Statement, parse_toml, read_text, statements
from homepress.settings.values import full_path, path_key


@dataclass(slots=True)
class Block:
    """A table with what stands around it; the three texts joined give the block.

    Attributes:
        table: which table it is; () for what stands before the first header.
        lead: comment lines right above the header, with no empty line between.
        body: the header and all lines to the last key.
        tail: comments and empty lines below.
    """

    table: KeyPath
    lead: str
    body: str
    tail: str

    @property
    def is_empty(self) -> bool:
        """Whether it has no text at all."""
        return not (self.lead or self.body or self.tail)


def split(text: str) -> list[Block]:
    """The blocks of a valid document with "\\n" line ends; the first is what stands before any header."""
    if text and not text.endswith("\n"):
        text += "\n"
    tracker = HeaderTracker()
    blocks: list[Block] = []
    table: KeyPath = ()
    lead: list[Statement] = []
    held: list[Statement] = []
    for statement in statements(text):
        if statement.is_header:
            above = _right_above(held)
            blocks.append(_block(table, lead, held[: len(held) - above]))
            table, lead, held = tracker.open(statement), held[len(held) - above :], []
        held.append(statement)
    blocks.append(_block(table, lead, held))
    return blocks


def join(blocks: Sequence[Block]) -> str:
    """The document again."""
    return "".join(block.lead + block.body + block.tail for block in blocks)


def drop(blocks: list[Block], table: KeyPath) -> None:
    """Take a table out, and the tables within it. Comments below it that stand apart stay."""
    for at in range(len(blocks) - 1, 0, -1):
        if blocks[at].table[: len(table)] == table:
            gone = blocks.pop(at)
            if "#" in gone.tail:
                blocks[at - 1].tail += gone.tail
            elif at == len(blocks) and (blocks[-1].tail == "\n" or blocks[-1].tail.endswith("\n\n")):
                blocks[-1].tail = blocks[-1].tail[:-1]  # the empty line that stood between them


def _right_above(held: Sequence[Statement]) -> int:
    """How many of the last statements are comments with nothing between them."""
    count = 0
    while count < len(held) and held[-1 - count].is_comment:
        count += 1
    return count


def _block(table: KeyPath, lead: Sequence[Statement], held: Sequence[Statement]) -> Block:
    end = len(held)
    while end and (held[end - 1].is_comment or held[end - 1].is_blank):
        end -= 1
    return Block(table, _text(lead), _text(held[:end]), _text(held[end:]))


def _text(parts: Sequence[Statement]) -> str:
    return "".join(part.text for part in parts)


# Changing the user's settings file without touching what the user wrote around it.
#
# The file is cut into blocks, one a table, so that every comment and empty line outside the changed table
# stays byte for byte where it is; tomlkit then changes the one table and keeps its comments. Each change is
# checked before it is written: the new text has to be valid settings and to differ from the old in that one
# thing.
#
# Not imported by the package itself: only what edits needs tomlkit.

_Data: TypeAlias = dict[str, Any]
_TRIES = 5
_WAIT_SECONDS = 5.0
"""So long a change waits for those of other processes."""
_ELSEWHERE = "is being changed by another program; try again"


def add_folder(file: Path, path: str, values: Mapping[str, TomlValue] | None = None) -> Settings:
    """Append a `[[folder]]`.

    Args:
        file: the settings file; made from `config/default.toml` when it is not there.
        path: the folder, as it shall stand in the file.
        values: its other keys, in the order in which they shall stand.

    Returns:
        The settings as they now are.

    Raises:
        SettingsError: the file would not be valid, or cannot be read or written; nothing was changed.
    """
    return _edit(file, "folder.path", _adding(path, values or {}))


def preview_folder(file: Path, path: str, values: Mapping[str, TomlValue]) -> Settings:
    """What `add_folder` would make of the settings; nothing is written.

    Raises:
        SettingsError: as `add_folder`.
    """
    return _preview(file, "folder.path", _adding(path, values))


def _adding(path: str, values: Mapping[str, TomlValue]) -> Callable[[list[Block], _Data], None]:
    table: dict[str, TomlValue] = {"path": path, **values}

    def change(blocks: list[Block], data: _Data) -> None:
        data.setdefault("folder", []).append(table)
        _append(blocks, "[[folder]]", table)

    return change


def remove_folder(file: Path, path: str) -> Settings:
    """Take a `[[folder]]` out, with the comment lines right above it.

    Args:
        file: the settings file.
        path: the folder; `~` and doubled slashes make no difference.

    Returns:
        The settings as they now are.

    Raises:
        SettingsError: there is no such folder; or as with `add_folder`.
    """

    def change(blocks: list[Block], data: _Data) -> None:
        at = _position(file, data, path)
        del data["folder"][at]
        if not data["folder"]:
            del data["folder"]
        drop(blocks, ("folder", at))

    return _edit(file, "folder.path", change)


def set_daemon_values(file: Path, values: Mapping[str, TomlValue | None]) -> Settings:
    """Set keys of `[daemon]` at once; None takes a key out, so that its default holds.

    Returns:
        The settings as they now are.

    Raises:
        SettingsError: as with `add_folder`.
    """

    def change(blocks: list[Block], data: _Data) -> None:
        block = _find(blocks, ("daemon",))
        for key, value in values.items():
            _change_key(data.setdefault("daemon", {}), key, value)
            if block is not None:
                block.body = _with_key(block.body, ("daemon",), key, value)
        if block is None:
            said = {key: value for key, value in values.items() if value is not None}
            _append(blocks, "[daemon]", said)

    return _edit(file, f"daemon.{next(iter(values), '')}", change)


def set_folder_value(file: Path, path: str, key: str, value: TomlValue | None) -> Settings:
    """Set one key of a `[[folder]]`; None takes the key out, so that its preset's or default value holds.

    Returns:
        The settings as they now are.

    Raises:
        SettingsError: there is no such folder; or as with `add_folder`.
    """
    return set_folder_values(file, path, {key: value})


def set_folder_values(file: Path, path: str, values: Mapping[str, TomlValue | None]) -> Settings:
    """Set several keys of a `[[folder]]` at once, for keys that are valid only together (mode and output).

    Returns:
        The settings as they now are.

    Raises:
        SettingsError: as with `set_folder_value`.
    """
    return _edit(file, f"folder.{next(iter(values), 'path')}", _setting_values(file, path, values))


def preview_folder_values(file: Path, path: str, values: Mapping[str, TomlValue | None]) -> Settings:
    """What `set_folder_values` would make of the settings; nothing is written.

    Raises:
        SettingsError: as with `set_folder_value`.
    """
    return _preview(file, f"folder.{next(iter(values), 'path')}", _setting_values(file, path, values))


def _setting_values(
    file: Path, path: str, values: Mapping[str, TomlValue | None]
) -> Callable[[list[Block], _Data], None]:
    def change(blocks: list[Block], data: _Data) -> None:
        at = _position(file, data, path)
        for key, value in values.items():
            _change_key(data["folder"][at], key, value)
            _change_folder_block(blocks, at, key, value)

    return change


def _change_folder_block(blocks: list[Block], at: int, key: str, value: TomlValue | None) -> None:
    # A table may stand under a header of its own, such as [folder.convert].
    own = _find(blocks, ("folder", at, key))
    if own and isinstance(value, dict):
        for entry in {**tomllib.loads(own.body)["folder"][key], **value}:
            own.body = _with_key(own.body, ("folder", key), entry, value.get(entry))
        return
    drop(blocks, ("folder", at, key))
    if block := _find(blocks, ("folder", at)):
        block.body = _with_key(block.body, ("folder", 0), key, value)


def _preview(file: Path, key: str, change: Callable[[list[Block], _Data], None]) -> Settings:
    """The settings after a change that is not written."""
    old = _read(file)
    return _changed(_default_text() if old is None else old, file, key, change)[1]


def _edit(file: Path, key: str, change: Callable[[list[Block], _Data], None]) -> Settings:
    """Apply a change to the blocks and, in the same way, to the plain data; write if the two agree.

    Daemon, window and command line change the file too: each starts from what the others have written.
    """
    folder = Path(os.path.realpath(file)).parent
    try:
        make_folder(folder)
        with folder_locked(folder, _WAIT_SECONDS):
            return _edit_alone(file, key, change)
    except FolderInUse as error:
        raise SettingsError([Problem(file, None, "", _ELSEWHERE)]) from error
    except OSError as error:
        raise _cannot_write(file, error) from error


def _edit_alone(file: Path, key: str, change: Callable[[list[Block], _Data], None]) -> Settings:
    for _ in range(_TRIES):
        old = _read(file)
        text = _default_text() if old is None else old
        new, settings = _changed(text, file, key, change)
        # Somebody may have saved the file in an editor meanwhile: then start again from what is there now.
        if _read(file) == old:
            _write(file, new.replace("\n", "\r\n") if "\r\n" in text else new)
            return settings
    raise SettingsError([Problem(file, None, "", _ELSEWHERE)])


def _changed(
    text: str, file: Path, key: str, change: Callable[[list[Block], _Data], None]
) -> tuple[str, Settings]:
    """The text after a change, and the settings in it. Raises `SettingsError` where the two disagree."""
    data = parse_toml(text, file)
    blocks = split(text.replace("\r\n", "\n"))
    change(blocks, data)
    new = join(blocks)
    try:
        agrees = tomllib.loads(new) == data
    except ValueError:
        agrees = False
    if not agrees:
        message = "is written in a form that only you can change; open the file in an editor"
        raise SettingsError([Problem(file, None, key, message)])
    return new, parse(new, file)


def _read(file: Path) -> str | None:
    try:
        return read_text(file)
    except FileNotFoundError:
        return None


def _default_text() -> str:
    return read_text(shipped("config/default.toml"))


def _write(file: Path, text: str) -> None:
    try:
        write_atomically(Path(os.path.realpath(file)), text.encode("utf-8"))  # a link stays a link
    except UnicodeEncodeError:
        message = "cannot hold a name that is no valid text; rename the folder"
        raise SettingsError([Problem(file, None, "folder.path", message)]) from None


def _cannot_write(file: Path, error: OSError) -> SettingsError:
    message = f"cannot be written: {error.strerror or error}; nothing was changed"
    return SettingsError([Problem(file, None, "", message)])


def _position(file: Path, data: _Data, path: str) -> int:
    """Which of the folders has a path."""
    tables = data.get("folder", [])
    wanted = _same(path)
    for at, table in enumerate(tables if isinstance(tables, list) else []):
        if isinstance(table, dict) and _same(table.get("path")) == wanted:
            return at
    raise SettingsError([Problem(file, None, "folder.path", f'there is no [[folder]] with path = "{path}"')])


def _same(path: object) -> object:
    """What is equal for two spellings of a path; what is no path is only equal to itself."""
    try:
        return path_key(full_path(path)) if isinstance(path, str) else path
    except ValueError:
        return path


def _change_key(table: _Data, key: str, value: TomlValue | None) -> None:
    if value is None:
        table.pop(key, None)
    else:
        table[key] = value


def _find(blocks: list[Block], table: KeyPath) -> Block | None:
    return next((block for block in blocks if block.table == table), None)


def _append(blocks: list[Block], header: str, values: Mapping[str, TomlValue]) -> None:
    """Add a table at the end, with an empty line before it."""
    lines = tomlkit.document()
    for key, value in values.items():
        lines[key] = _item(value)
    last = blocks[-1]
    if not last.tail.endswith("\n\n") and not (last.tail == "\n" or last.is_empty):
        last.tail += "\n"
    blocks.append(Block((), "", f"{header}\n{lines.as_string()}", ""))


def _with_key(body: str, table: KeyPath, key: str, value: TomlValue | None) -> str:
    """The text of one table with a key set or taken out."""
    document = tomlkit.parse(body)
    container: Any = document
    for step in table:
        container = container[step]
    if value is None:
        container.pop(key, None)
    else:
        container[key] = _item(value)
    return document.as_string()


def _item(value: TomlValue) -> Item:
    if isinstance(value, dict):
        inline = tomlkit.inline_table()
        inline.update(value)
        return inline
    return tomlkit.item(value)
