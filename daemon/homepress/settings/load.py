"""From the text of settings.toml to `Settings`: tables, presets, rules, and reading it again."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from homepress.base.paths import shipped
from homepress.settings.check import InvalidValueError, Problem, SettingsError, decode, did_you_mean, quoted
from homepress.settings.model import (
    DAEMON_FIELDS,
    FOLDER_FIELDS,
    DaemonSettings,
    Field,
    FolderSettings,
    Settings,
)
from homepress.settings.toml import KeyPath, key_lines, parse_toml, read_text
from homepress.settings.values import path_key

# What single keys cannot tell: settings of one folder that do not fit each other.


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two keys that do not fit each other.

    Attributes:
        key: the one to change.
        other: the one it does not fit.
        message: why, and what to do.
    """

    key: str
    other: str
    message: str


def conflicts(folder: FolderSettings) -> Iterator[Conflict]:
    """The conflicts within one folder."""
    if folder.mode == "output" and folder.output is None:
        yield Conflict("mode", "output", 'mode = "output" also needs output, the folder that results go to')
    if folder.mode != "output" and folder.output is not None:
        yield Conflict(
            "output", "mode", 'has a meaning only with mode = "output"; add that line or remove this one'
        )
    if folder.output is not None and path_key(folder.output) == path_key(folder.path):
        yield Conflict("output", "path", "is the watched folder itself; expected another folder")
    if folder.max_size and folder.min_size.bytes > folder.max_size.bytes:
        message = (
            f'nothing is both above min_size = "{folder.min_size}" and below max_size = "{folder.max_size}"'
        )
        yield Conflict("max_size", "min_size", message)
    if folder.fit_under and folder.quality.floor is None:
        message = (
            'lossless pictures cannot be made to fit under a size; set another quality, such as "balanced"'
        )
        yield Conflict("fit_under", "quality", message)


# Reading tables of a settings or preset file, collecting everything that is wrong on the way.


class TableReader:
    """Decodes the tables of one file.

    Attributes:
        problems: what was found so far.
    """

    def __init__(self, file: Path, text: str) -> None:
        self.problems: list[Problem] = []
        self._file = file
        self._text = text

    def read(
        self,
        table: Mapping[str, object],
        path: KeyPath,
        fields: Mapping[str, Field],
        elsewhere: Mapping[str, str],
    ) -> dict[str, Any]:
        """The typed values of a table; keys that cannot be used are left out and complained about.

        Args:
            table: its values, as TOML has them.
            path: where it is in the file.
            fields: the keys it may have.
            elsewhere: keys of other tables, with what to say when they are here.
        """
        values: dict[str, Any] = {}
        for key, value in table.items():
            if (field := fields.get(key)) is None:
                self.complain((*path, key), _unknown(key, fields, elsewhere))
                continue
            try:
                values[key] = decode(field, value)
            except InvalidValueError as invalid:
                for entry, message in invalid.faults:
                    self.complain((*path, key, entry) if entry else (*path, key), message)
        return values

    def complain(self, path: KeyPath, message: str) -> None:
        """Note a problem with what is at `path`."""
        key = ".".join(str(part) for part in path if isinstance(part, str))
        self.problems.append(Problem(self._file, self.line_of(path), key, message))

    def line_of(self, path: KeyPath) -> int | None:
        """The line of a key, or of the nearest table around it that the file has."""
        for end in range(len(path), 0, -1):
            if path[:end] in self._lines:
                return self._lines[path[:end]]
        return None

    def finish(self) -> None:
        """Raise what was found, once each, in the order of the file; presets' problems after its own.

        Raises:
            SettingsError: something was found.
        """
        if self.problems:
            once = dict.fromkeys(self.problems)
            raise SettingsError(sorted(once, key=lambda found: (found.file != self._file, found.line or 0)))

    @cached_property
    def _lines(self) -> dict[KeyPath, int]:
        return key_lines(self._text)


def _unknown(key: str, fields: Iterable[str], elsewhere: Mapping[str, str]) -> str:
    if key in elsewhere:
        return elsewhere[key]
    near = did_you_mean(key, fields)
    return f"unknown key{near}" if near else f"unknown key; expected {quoted(fields)}"


# Presets: named sets of folder settings that fill in what a folder's own table does not say.
#
# Some are shipped in `config/presets/`; users put their own into `presets/` beside their settings file,
# where one of the same name wins. A preset is a TOML file of folder keys, with an optional `description`.

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_NOT_IN_PRESETS = ("path", "mode", "output", "preset")
_FIELDS = {key: field for key, field in FOLDER_FIELDS.items() if key not in _NOT_IN_PRESETS}
_ELSEWHERE = {
    **dict.fromkeys(_NOT_IN_PRESETS, "cannot be in a preset; each folder says it for itself"),
    **dict.fromkeys(DAEMON_FIELDS, "cannot be in a preset; it belongs in [daemon] of the settings file"),
}


@dataclass(frozen=True, slots=True)
class Preset:
    """A preset.

    Attributes:
        name: the word for `preset = "…"`, which is the file's name without its suffix.
        description: one line on what it is for; may be empty.
        values: what it sets, as the model holds it, by key.
        file: where it was read from.
    """

    name: str
    description: str
    values: Mapping[str, Any]
    file: Path


def preset_names(user_dir: Path) -> tuple[str, ...]:
    """The names of all presets, the user's and the shipped ones, sorted."""
    return tuple(sorted(_files(user_dir)))


def load_preset(name: str, user_dir: Path) -> Preset:
    """Read a preset.

    Args:
        name: its name; "document" finds `documents`, as people type it.
        user_dir: the folder of the user's own presets, which need not exist.

    Raises:
        LookupError: there is no such preset; the text says which there are.
        SettingsError: its file cannot be used.
    """
    files = _files(user_dir)
    if name not in files and f"{name}s" in files:
        name = f"{name}s"
    if name not in files:
        near = did_you_mean(name, files)
        raise LookupError(
            f'there is no preset "{name}"{near}' if near else f"expected {quoted(sorted(files))}"
        )
    file = files[name]
    try:
        text = read_text(file)
    except FileNotFoundError:
        raise SettingsError([Problem(file, None, "", "is gone")]) from None
    table = parse_toml(text, file)
    reader = TableReader(file, text)
    description = table.pop("description", "")
    if not isinstance(description, str):
        reader.complain(("description",), "expected one line of text in quotes")
    values = reader.read(table, (), _FIELDS, _ELSEWHERE)
    reader.finish()
    return Preset(name, str(description), values, file)


def _files(user_dir: Path) -> dict[str, Path]:
    """The file of every preset by name; the user's own come last, so that they win."""
    return {
        file.stem: file
        for folder in (shipped("config/presets"), user_dir)
        if folder.is_dir()
        for file in folder.glob("*.toml")
        if _NAME.fullmatch(file.stem)
    }


# From the text of `settings.toml` to the typed settings, or to the list of all that is wrong in it.

_BELONGS_IN_FOLDER = dict.fromkeys(FOLDER_FIELDS, "belongs in a [[folder]] table")
_BELONGS_IN_DAEMON = dict.fromkeys(DAEMON_FIELDS, "belongs in the [daemon] table")
_PLACEHOLDER = Path("/")
_LEAST_MEMORY = 500_000_000
"""Bytes: a worker that has loaded its codecs takes a third of it."""


def load(path: Path) -> Settings:
    """The settings in a file; the defaults, with no folder, where there is no such file.

    Raises:
        SettingsError: with everything that is wrong in it.
    """
    try:
        text = read_text(path)
    except FileNotFoundError:
        return Settings()
    return parse(text, path)


def parse(text: str, file: Path) -> Settings:
    """The settings in a text.

    Args:
        text: a TOML document.
        file: where it is from, for messages; the user's own presets are in `presets` beside it.

    Raises:
        SettingsError: with everything that is wrong in it.
    """
    document = parse_toml(text, file)
    loader = _Loader(TableReader(file, text), file.parent / "presets")
    settings = loader.settings(document)
    loader.reader.finish()
    return settings


class _Loader:
    """Loads one document; what is wrong ends up in the reader."""

    def __init__(self, reader: TableReader, presets_dir: Path) -> None:
        self.reader = reader
        self._presets_dir = presets_dir

    def settings(self, document: Mapping[str, Any]) -> Settings:
        for key in document:
            if key not in ("daemon", "folder"):
                belongs = (_BELONGS_IN_DAEMON | _BELONGS_IN_FOLDER).get(key)
                valid = ("daemon", "folder", *DAEMON_FIELDS, *FOLDER_FIELDS)
                near = did_you_mean(key, valid) or "; expected [daemon] or [[folder]]"
                self.reader.complain((key,), belongs or f"unknown key{near}")
        daemon = self._daemon(document.get("daemon", {}))
        tables = self._folder_tables(document.get("folder", []))
        folders = [self._folder(table, path) for path, table in tables]
        self._refuse_duplicates([path for path, _ in tables], folders)
        return Settings(daemon=daemon, folders=tuple(folders))

    def _daemon(self, table: object) -> DaemonSettings:
        if not isinstance(table, dict):
            self.reader.complain(("daemon",), "expected one table, [daemon], with single brackets")
            return DaemonSettings()
        values = self.reader.read(table, ("daemon",), DAEMON_FIELDS, _BELONGS_IN_FOLDER)
        daemon = DaemonSettings(**values)
        if not daemon.originals_max:
            self.reader.complain(
                ("daemon", "originals_max"),
                'expected a size above 0, such as "10 GB": originals are always kept',
            )
        if 0 < daemon.worker_memory.bytes < _LEAST_MEMORY:
            self.reader.complain(
                ("daemon", "worker_memory"),
                'expected at least "500 MB", or "" for half of the computer\'s memory: '
                "with less not even a small picture can be worked on",
            )
        return daemon

    def _folder_tables(self, value: object) -> list[tuple[KeyPath, dict[str, object]]]:
        """The tables of all folders, each with its place."""
        if isinstance(value, list) and all(isinstance(table, dict) for table in value):
            return [(("folder", at), table) for at, table in enumerate(value)]
        self.reader.complain(("folder",), "expected [[folder]], with two brackets: there may be several")
        return [(("folder",), value)] if isinstance(value, dict) else []

    def _folder(self, table: Mapping[str, object], path: KeyPath) -> FolderSettings:
        own = self.reader.read(table, path, FOLDER_FIELDS, _BELONGS_IN_DAEMON)
        values = {**self._preset(own.get("preset", ""), path), **own}
        if "path" not in table:
            self.reader.complain(
                (*path, "path"), 'missing; expected a full path, such as path = "~/Pictures/Inbox"'
            )
        folder = FolderSettings(**{"path": _PLACEHOLDER, **values})
        refused = table.keys() - own.keys()
        for conflict in conflicts(folder):
            # A key that was refused stands at its default here, which conflicts with nothing the user wrote.
            if not {conflict.key, conflict.other} & refused:
                there = conflict.key if conflict.key in table else conflict.other
                self.reader.complain((*path, there), conflict.message)
        return folder

    def _preset(self, name: str, path: KeyPath) -> Mapping[str, Any]:
        if not name:
            return {}
        try:
            return load_preset(name, self._presets_dir).values
        except LookupError as error:
            self.reader.complain((*path, "preset"), str(error))
        except SettingsError as error:
            self.reader.problems += error.problems
        return {}

    def _refuse_duplicates(self, places: list[KeyPath], folders: list[FolderSettings]) -> None:
        seen: dict[str, KeyPath] = {}
        for place, folder in zip(places, folders, strict=True):
            if folder.path is _PLACEHOLDER:
                continue
            first = seen.setdefault(path_key(folder.path), place)
            if first is not place:
                line = self.reader.line_of((*first, "path"))
                self.reader.complain(
                    (*place, "path"), f"this folder is already in line {line}; remove one of them"
                )


# The settings of a running program: read again on demand, the last good ones kept.


class LiveSettings:
    """Holds the last good settings of a file and what is wrong with it now.

    Attributes:
        current: the last settings that could be used; the defaults, with no folder, if none ever could.
        error: what is wrong with the file as it stands; None when `current` is what it says.
    """

    def __init__(self, file: Path) -> None:
        self.current = Settings()
        self.error: SettingsError | None = None
        self._file = file
        self.reload()

    def reload(self) -> bool:
        """Read the file again; whether `current` or `error` is now another."""
        before = (self.current, str(self.error))
        try:
            self.current, self.error = load(self._file), None
        except SettingsError as error:
            self.error = error
        return before != (self.current, str(self.error))
