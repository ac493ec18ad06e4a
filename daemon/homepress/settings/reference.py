"""What is generated from the model of the settings: their page of the docs, and their JSON schema.

`python -m homepress.settings.reference` prints the page, with the argument `schema` the schema.

Editors that know JSON Schema (2020-12) complete and check the file with it. The keywords that begin with
`x-` are ours: the control that fits, the unit of a number, and whether most people never need the key.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from typing import Any

import tomlkit

from homepress.base.paths import shipped
from homepress.settings.check import expected
from homepress.settings.load import load_preset, preset_names
from homepress.settings.model import DAEMON_FIELDS, FOLDER_FIELDS, Field, TomlValue, to_toml


def schema() -> dict[str, Any]:
    """The schema as plain data."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Homepress settings",
        "description": "What settings.toml may hold.",
        "type": "object",
        "properties": {
            "daemon": _table("What holds for the whole program.", DAEMON_FIELDS.values()),
            "folder": {
                "title": "Folders",
                "description": "The watched folders, one [[folder]] each.",
                "type": "array",
                "items": _table("One watched folder.", FOLDER_FIELDS.values()) | _OUTPUT_RULE,
                "default": [],
            },
        },
        "additionalProperties": False,
    }


def schema_text() -> str:
    """The schema as the file `config/settings.schema.json` has it."""
    return json.dumps(schema(), indent=2) + "\n"


# The one rule between keys that an editor can show while somebody types.
_OUTPUT_RULE = {
    "if": {"properties": {"mode": {"const": "output"}}, "required": ["mode"]},
    "then": {"properties": {"output": {"minLength": 1}}, "required": ["output"]},
    "else": {"properties": {"output": {"maxLength": 0}}},
}


def _table(description: str, fields: Iterable[Field]) -> dict[str, Any]:
    table: dict[str, Any] = {
        "description": description,
        "type": "object",
        "properties": {field.key: field.schema for field in fields},
        "additionalProperties": False,
    }
    if required := [field.key for field in fields if field.required]:
        table["required"] = required
    return table


_HEAD = """\
# Settings

<!-- Made by `python -m homepress.settings.reference` from the model; change the model, not this page. -->

Everything is in one file, `settings.toml`; `homepress settings path` says where it is. It is
[TOML](https://toml.io/en/v1.0.0): `key = value`, texts in quotes, `#` before a comment. A key that is not
there has its default. A running daemon notices a saved change by itself. When something is wrong, it keeps
the last good settings and says file, line, key and what was expected; `homepress settings check` says the
same. `homepress settings set KEY=VALUE` changes a key of `[daemon]`, `homepress folder set FOLDER KEY=VALUE`
one of a folder; what the program itself changes leaves your comments alone.

Sizes are texts with a unit: `"500 KB"`, `"1.5 MB"`, `"10 GB"` (KB = 1,000 bytes, KiB = 1,024 bytes). Paths
are full paths; `~` is your home folder.
"""
_DAEMON = """
## `[daemon]`: the whole program
"""
_FOLDER = """
## `[[folder]]`: one for each watched folder

A folder has a table of its own, with two brackets. Only `path` has to be there.
"""
_RULES = """
What does not fit together is refused: `mode = "output"` without `output` or the reverse, one folder twice,
`min_size` above `max_size`, `fit_under` with lossless quality.
"""
_PRESETS = """
## Presets

`preset = "web"` fills in what the folder's own table does not say; what the table says wins. Your own
presets are files `presets/NAME.toml` beside `settings.toml`, with any of the folder's keys but `path`,
`mode`, `output` and `preset`, and a line `description = "…"`. One with the name of a shipped preset takes
its place.
"""


def reference_text() -> str:
    """The page, in Markdown."""
    parts = [
        _HEAD,
        _DAEMON,
        *_key_table(DAEMON_FIELDS.values()),
        _FOLDER,
        *_key_table(FOLDER_FIELDS.values()),
    ]
    return "\n".join([*parts, _RULES, _PRESETS, *_preset_table()]).replace("\n\n\n", "\n\n") + "\n"


def _key_table(fields: Iterable[Field]) -> Iterator[str]:
    yield "| key | default | may be | what it does |"
    yield "|---|---|---|---|"
    for field in fields:
        default = "must be given" if field.default is None else _code(field.default)
        unit = f" {field.unit}" if field.unit else ""
        yield f"| `{field.key}` | {default} | {_cell(expected(field))}{unit} | {_cell(field.help)} |"


def _preset_table() -> Iterator[str]:
    yield "| preset | for | sets |"
    yield "|---|---|---|"
    folder = shipped("config/presets")
    for name in preset_names(folder):
        preset = load_preset(name, folder)
        keys = "<br>".join(f"`{key} = {_toml(to_toml(value))}`" for key, value in preset.values.items())
        yield f"| `{name}` | {_cell(preset.description)} | {keys} |"


def _code(value: TomlValue) -> str:
    return f"`{_toml(value)}`"


def _toml(value: TomlValue) -> str:
    """A value in one line, as it may stand behind `key =`."""
    if isinstance(value, dict):
        pairs = ", ".join(f"{key} = {_toml(item)}" for key, item in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    return tomlkit.item(value).as_string()


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("~", "\\~").replace("*", "\\*")


if __name__ == "__main__":
    sys.stdout.write(schema_text() if sys.argv[1:] == ["schema"] else reference_text())
