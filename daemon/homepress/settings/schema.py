"""The JSON schema of `settings.toml`, made from the model: `python -m homepress.settings.schema`.

Editors that know JSON Schema (2020-12) complete and check the file with it. The keywords that begin with `x-`
are ours: the control that fits, the unit of a number, and whether most people never need the key.
"""

import json
import sys
from collections.abc import Iterable
from typing import Any

from homepress.settings.model import DAEMON_FIELDS, FOLDER_FIELDS, Field


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


if __name__ == "__main__":
    sys.stdout.write(schema_text())
