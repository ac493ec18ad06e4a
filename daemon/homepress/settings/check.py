"""What is wrong with a settings file: where, what was expected, and the nearest valid name."""

import difflib
import json
import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, time
from pathlib import Path
from typing import Any, get_args

import msgspec

from homepress.base.system_errors import UserError
from homepress.settings.model import DAEMON_FIELDS, FOLDER_FIELDS, Field, TomlValue, Widget
from homepress.settings.values import Quality, Size, SourceFormat, TargetFormat, full_path

# What is wrong in a settings file, said so that a person can fix it.


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        file: the file it is in.
        line: the line, counted from 1; None when it is about the file as a whole.
        key: the key with its table, such as "folder.quality"; empty when it is about no key.
        message: what is wrong, what was expected, and the nearest valid name where there is one.
    """

    file: Path
    line: int | None
    key: str
    message: str

    def __str__(self) -> str:
        # A name that is no UTF-8 would break the terminal or log it is written to.
        name = os.fsencode(self.file).decode("utf-8", "replace")
        place = name if self.line is None else f"{name}:{self.line}"
        return ": ".join(part for part in (place, self.key, self.message) if part)


class SettingsError(UserError):
    """A settings file that cannot be used as it is; its text has one line a problem.

    Attributes:
        problems: all that was found, in the order of the file; never empty.
    """

    exit_code = 2

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


def did_you_mean(name: str, valid: Iterable[str]) -> str:
    """`; did you mean "x"?` for the nearest valid name, else nothing."""
    near = difflib.get_close_matches(name.lower(), list(valid), n=1, cutoff=0.6)
    return f'; did you mean "{near[0]}"?' if near else ""


def quoted(names: Iterable[str]) -> str:
    """`"a", "b" or "c"`."""
    words = [f'"{name}"' for name in names]
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


# Checking single values: what a key may hold, and what to say when it holds something else.
#
# The same function checks what the file says and what is typed into a window, so both say the same.

_LONGEST_QUOTE = 60


class InvalidValueError(ValueError):
    """A value that its key cannot hold.

    Attributes:
        faults: pairs of an entry's name (empty for the value as a whole) and what is wrong with it.
    """

    def __init__(self, faults: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{entry}: {message}" if entry else message for entry, message in faults))
        self.faults = faults


def decode(field: Field, value: object) -> Any:
    """The typed value of a key from what the file says.

    Raises:
        InvalidValueError: the key cannot hold it.
    """
    if field.widget is Widget.FOLDER and value == "" and not field.required:
        return None
    if field.widget is Widget.CONVERSIONS and isinstance(value, dict):
        _check_conversions(value)
    try:
        return msgspec.convert(value, field.type, dec_hook=_decode_own)
    except (msgspec.ValidationError, OverflowError):
        near = did_you_mean(value, field.choices) if isinstance(value, str) else ""
        raise InvalidValueError([("", f"expected {expected(field)}, got {_shown(value)}{near}")]) from None


def expected(field: Field) -> str:
    """What a key may hold, to follow "expected"."""
    match field.widget:
        case Widget.SWITCH:
            return "true or false"
        case Widget.CHOICE:
            return quoted(field.choices)
        case Widget.CHOICE_OR_NUMBER:
            return f"{', '.join(quoted([word]) for word in field.choices)} or {_number(field)}"
        case Widget.NUMBER:
            return _number(field)
        case Widget.SIZE:
            return 'a size such as "500 KB" or "1.5 GB"'
        case Widget.FOLDER:
            return 'a full path such as "~/Pictures/Inbox"'
        case Widget.PRESET:
            return 'the name of a preset such as "photos"'
        case Widget.PATTERNS:
            if words := field.schema["items"].get("enum"):
                return f"a list of {quoted(words)}"
            least = "at least one pattern" if "minItems" in field.schema else "patterns"
            return f'a list of {least} such as ["*.jpg", "*.png"]'
        case Widget.CONVERSIONS:
            return 'formats and what they become such as { heic = "jpeg" }'


def field_named(key: str) -> Field:
    """The description of a key, named as in the messages ("folder.quality") or by itself ("quality").

    By itself is enough, since no key is in both tables.

    Raises:
        KeyError: there is no such key.
    """
    table, _, name = key.rpartition(".")
    field = DAEMON_FIELDS.get(name) or FOLDER_FIELDS[name]
    if table not in ("", field.table):
        raise KeyError(key)
    return field


def value_from_text(key: str, text: str) -> TomlValue:
    """What somebody typed for a key, as the file would hold it; not checked yet.

    Lists are written with commas or line ends between, conversions as `heic = jpeg, bmp = png`; or both as
    the file has them, `["*.jpg", "*.png"]` and `{ heic = "jpeg" }`.

    Raises:
        KeyError: there is no such key.
    """
    field, text = field_named(key), text.strip()
    match field.widget:
        case Widget.NUMBER | Widget.CHOICE_OR_NUMBER:
            return _number_from(text)
        case Widget.SWITCH:
            return {"true": True, "false": False}.get(text.lower(), text)
        case Widget.PATTERNS | Widget.CONVERSIONS if text[:1] in ("[", "{"):
            try:
                value: TomlValue = tomllib.loads(f"value = {text}")["value"]
            except ValueError:
                return text  # which no list is
            return value
        case Widget.PATTERNS:
            return _items(text)
        case Widget.CONVERSIONS:
            pairs = (item.partition("=") for item in _items(text))
            return {source.strip(): target.strip().strip('"') for source, _, target in pairs}
    return text


def setting(fields: Mapping[str, Field], key: str) -> Field:
    """The key of one table that somebody typed.

    Raises:
        ValueError: there is none of that name; the text says what may have been meant.
    """
    if key not in fields:
        near = did_you_mean(key, fields)
        raise ValueError(f'there is no setting "{key}"{near or "; docs/settings.md has all of them"}')
    return fields[key]


def typed_value(fields: Mapping[str, Field], key: str, text: str) -> TomlValue:
    """What somebody typed for a key of one table, checked by itself, as the file would hold it.

    Args:
        fields: the keys that there are, `DAEMON_FIELDS` or `FOLDER_FIELDS`.
        key: its name.
        text: as for `value_from_text`.

    Raises:
        ValueError: there is no such key, or it cannot hold that; the text names it.
    """
    field = setting(fields, key)
    if fault := check_value(f"{field.table}.{key}", text):
        raise ValueError(f"{key}: {fault}")
    return value_from_text(f"{field.table}.{key}", text)


def text_from_value(value: TomlValue) -> str:
    """A value as somebody would type it: the inverse of `value_from_text`."""
    match value:
        case bool():
            return str(value).lower()
        case list():
            return ", ".join(value)
        case dict():
            return ", ".join(f"{source} = {target}" for source, target in value.items())
    return str(value)


def check_value(key: str, text: str) -> str | None:
    """What is wrong with what somebody typed for a key, in the words of the file's errors; None if nothing.

    Only the key by itself: whether a preset exists, or whether keys fit each other, is known to `parse`.

    Raises:
        KeyError: there is no such key.
    """
    try:
        decode(field_named(key), value_from_text(key, text))
    except InvalidValueError as invalid:
        return str(invalid)
    return None


def _decode_own(kind: type, value: object) -> object:
    """The hook for the types that are ours; msgspec turns each ValueError into its own."""
    if kind is Quality:
        return Quality.of(value)
    if not isinstance(value, str):
        raise ValueError("no text")
    return Size.parse(value) if kind is Size else full_path(value)


def _check_conversions(value: dict[object, object]) -> None:
    faults: list[tuple[str, str]] = []
    for entry, target in value.items():
        for word, valid in ((entry, get_args(SourceFormat)), (target, get_args(TargetFormat))):
            if word not in valid:
                near = did_you_mean(word, valid) if isinstance(word, str) else ""
                faults.append((str(entry), f"expected {quoted(valid)}, got {_shown(word)}{near}"))
    if faults:
        raise InvalidValueError(faults)


def _number(field: Field) -> str:
    kind = "a whole number" if field.whole else "a number"
    return f"{kind} from {field.least:g} to {field.most:,g}"


def _number_from(text: str) -> TomlValue:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return text


def _items(text: str) -> list[str]:
    return [item.strip() for line in text.splitlines() for item in line.split(",") if item.strip()]


def _shown(value: object) -> str:
    """A value of a TOML file as a person would recognise it, on one line and not too long."""
    match value:
        case bool():
            return str(value).lower()
        case int() | float():
            return f"the number {_cut(str(value))}"
        case date() | time():
            return f"the date or time {value}"
        case dict():
            return "a table"
        case list() if any(isinstance(item, list | dict) for item in value):
            return "a list of lists or tables"
    return _cut(json.dumps(value, ensure_ascii=False, default=str))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_QUOTE else text[: _LONGEST_QUOTE - 1] + "…"
