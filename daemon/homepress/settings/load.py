"""From the text of `settings.toml` to the typed settings, or to the list of all that is wrong in it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from homepress.settings.model import DAEMON_FIELDS, FOLDER_FIELDS, DaemonSettings, FolderSettings, Settings
from homepress.settings.presets import load_preset
from homepress.settings.problem import SettingsError, did_you_mean
from homepress.settings.rules import conflicts
from homepress.settings.tables import TableReader
from homepress.settings.toml import KeyPath, parse_toml, read_text
from homepress.settings.values import path_key

_BELONGS_IN_FOLDER = dict.fromkeys(FOLDER_FIELDS, "belongs in a [[folder]] table")
_BELONGS_IN_DAEMON = dict.fromkeys(DAEMON_FIELDS, "belongs in the [daemon] table")
_PLACEHOLDER = Path("/")


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
