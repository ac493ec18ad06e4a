"""Presets: named sets of folder settings that fill in what a folder's own table does not say.

Some are shipped in `config/presets/`; users put their own into `presets/` beside their settings file, where
one of the same name wins. A preset is a TOML file of folder keys, with an optional `description`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from homepress.resources import shipped
from homepress.settings.model import DAEMON_FIELDS, FOLDER_FIELDS
from homepress.settings.problem import Problem, SettingsError, did_you_mean, quoted
from homepress.settings.tables import TableReader
from homepress.settings.toml import parse_toml, read_text

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
        name: its name.
        user_dir: the folder of the user's own presets, which need not exist.

    Raises:
        LookupError: there is no such preset; the text says which there are.
        SettingsError: its file cannot be used.
    """
    files = _files(user_dir)
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
