"""What one key of the settings is to a person: title, help, unit, and how a window would show it.

Everything is taken from the model's annotations, so that a new key needs no code elsewhere: errors, JSON
schema, reference and window all read it from here.
"""

import enum
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from homepress.settings.values import (
    HIGHEST_QUALITY,
    LOWEST_QUALITY,
    QUALITY_WORDS,
    SIZE_PATTERN,
    Quality,
    Size,
)

TomlValue: TypeAlias = str | int | float | bool | list[str] | dict[str, str]
"""A value as the file holds it."""


class Widget(enum.StrEnum):
    """The control that fits a key."""

    FOLDER = "folder"
    CHOICE = "choice"
    CHOICE_OR_NUMBER = "choice-or-number"
    SWITCH = "switch"
    NUMBER = "number"
    SIZE = "size"
    PRESET = "preset"
    PATTERNS = "patterns"
    CONVERSIONS = "conversions"


def about(title: str, help: str, widget: Widget, *, unit: str = "", advanced: bool = False) -> msgspec.Meta:
    """The annotation of a key; `help` is one plain line, `unit` what a number counts."""
    extra: dict[str, object] = {"x-widget": widget.value, "x-advanced": advanced}
    if unit:
        extra["x-unit"] = unit
    return msgspec.Meta(title=title, description=help, extra_json_schema=extra)


@dataclass(frozen=True)
class Field:
    """One key of a table of the settings file.

    Attributes:
        table: "daemon" or "folder".
        key: the name in the file.
        type: the annotated type of the model.
        default: the value, as the file would hold it, when the key is not there; None when it has to be.
    """

    table: str
    key: str
    type: Any
    default: TomlValue | None

    @cached_property
    def schema(self) -> dict[str, Any]:
        """The JSON schema (2020-12) of the value as it stands in the file."""
        schema = msgspec.json.schema(self.type, schema_hook=_schema_of)
        # TOML has no null: what may be None in the model is the empty text in the file.
        branches = [branch for branch in schema.pop("anyOf", []) if branch != {"type": "null"}]
        schema |= branches[0] if len(branches) == 1 else {"anyOf": branches} if branches else {}
        # msgspec sorts words by letter; ours are written in a sensible order. It names the words of keys
        # from 0.23 on.
        for part in (schema, *branches, schema.get("propertyNames", {})):
            if "enum" in part:
                part["enum"] = sorted(part["enum"], key=_words(self.type).index)
        return schema if self.default is None else schema | {"default": self.default}

    @property
    def required(self) -> bool:
        """Whether the file has to say it."""
        return self.default is None

    @property
    def title(self) -> str:
        """A short name to show."""
        return str(self.schema["title"])

    @property
    def help(self) -> str:
        """One line that explains it."""
        return str(self.schema["description"])

    @property
    def widget(self) -> Widget:
        """The control that fits."""
        return Widget(self.schema["x-widget"])

    @property
    def unit(self) -> str:
        """What a number counts; empty for all else."""
        return str(self.schema.get("x-unit", ""))

    @property
    def advanced(self) -> bool:
        """Whether most people never need it."""
        return bool(self.schema["x-advanced"])

    @property
    def choices(self) -> tuple[str, ...]:
        """The words that may be chosen, in a sensible order; empty where there are none."""
        return tuple(self._branch("enum").get("enum", ()))

    @property
    def least(self) -> float | None:
        """The smallest number allowed."""
        return self._branch("minimum").get("minimum")

    @property
    def most(self) -> float | None:
        """The largest number allowed."""
        return self._branch("maximum").get("maximum")

    @property
    def whole(self) -> bool:
        """Whether the number has to be a whole one."""
        return self._branch("minimum").get("type") == "integer"

    def _branch(self, keyword: str) -> dict[str, Any]:
        """The part of the schema, itself or one of its alternatives, that has a keyword."""
        parts = (self.schema, *self.schema.get("anyOf", ()))
        return next((part for part in parts if keyword in part), {})


def fields_of(table: str, struct: type[msgspec.Struct]) -> dict[str, Field]:
    """The keys of one table, in the order of the model."""
    return {
        field.encode_name: Field(table, field.encode_name, field.type, _default(field))
        for field in msgspec.structs.fields(struct)
    }


def to_toml(value: object) -> TomlValue:
    """A value of the model as the file holds it."""
    match value:
        case None:
            return ""
        case Quality():
            number = value.value
            return int(number) if isinstance(number, float) and number.is_integer() else number
        case Size() | Path():
            return str(value)
        case bool() | int() | float() | str():
            return value
        case tuple() | list():
            return [str(item) for item in value]
        case dict():
            return {str(key): str(item) for key, item in value.items()}
    raise TypeError(f"no setting holds a {type(value).__name__}")


def _default(field: msgspec.structs.FieldInfo) -> TomlValue | None:
    if field.default_factory is not msgspec.NODEFAULT:
        return to_toml(field.default_factory())
    return None if field.required else to_toml(field.default)


def _words(kind: Any) -> tuple[str, ...]:
    """The words of a type, in the order they were written."""
    found: list[str] = []
    for argument in getattr(kind, "__args__", ()):
        found += [argument] if isinstance(argument, str) else _words(argument)
    return tuple(found) or (tuple(QUALITY_WORDS) if kind is Quality else ())


def _schema_of(kind: type) -> dict[str, Any]:
    """The schema of the types that are our own."""
    if kind is Size:
        return {"type": "string", "pattern": SIZE_PATTERN}
    if kind is Quality:
        number = {"type": "number", "minimum": LOWEST_QUALITY, "maximum": HIGHEST_QUALITY}
        return {"anyOf": [{"enum": list(QUALITY_WORDS)}, number]}
    if kind is Path:
        return {"type": "string"}
    raise NotImplementedError(kind)
