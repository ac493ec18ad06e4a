"""What a user can set: the typed model, and each key with its check, words and JSON schema."""

import enum
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias, get_args

import msgspec

from homepress.settings.values import (
    HIGHEST_QUALITY,
    LOWEST_QUALITY,
    QUALITY_WORDS,
    SIZE_PATTERN,
    Drop,
    Existing,
    Metadata,
    Mode,
    Notify,
    Quality,
    Size,
    SourceFormat,
    TargetFormat,
    Untrusted,
    Watching,
    path_key,
)

# What one key of the settings is to a person: title, help, unit, and how a window would show it.
#
# Everything is taken from the model's annotations, so that a new key needs no code elsewhere: errors, JSON
# schema, reference and window all read it from here.

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


# The typed model of `settings.toml`.
#
# A struct of this module is what the rooms get: complete, checked, presets applied, `~` expanded. The
# annotations hold all that the JSON schema, the reference and a settings window need to know about a key.

_MOST_WORKERS = 64
_SMALLEST_SETTLE = 0.1
_NonEmpty = Annotated[str, msgspec.Meta(min_length=1)]


class DaemonSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What holds for the whole program: the table `[daemon]`."""

    workers: Annotated[
        Literal["auto"] | Annotated[int, msgspec.Meta(ge=1, le=_MOST_WORKERS)],
        about(
            "Pictures at once",
            "How many pictures of watched folders are compressed at the same time; auto is half of the "
            "cores, at least 1.",
            Widget.CHOICE_OR_NUMBER,
            unit="pictures",
            advanced=True,
        ),
    ] = "auto"
    worker_memory: Annotated[
        Size,
        about(
            "Memory for large pictures",
            "How much memory the work on large pictures may take in all; a picture that needs more waits, "
            "with figures. Empty for half of the computer's memory, at least 2 GiB.",
            Widget.SIZE,
            advanced=True,
        ),
    ] = Size()
    pause_on_power_saver: Annotated[
        bool,
        about("Pause on power saver", "Rest while the computer saves power.", Widget.SWITCH),
    ] = True
    notify: Annotated[
        Notify,
        about(
            "Notices",
            "Show a notice for errors only, also a summary after a batch, or never.",
            Widget.CHOICE,
        ),
    ] = "errors"
    app_container: Annotated[
        bool,
        about(
            "Workers in an AppContainer",
            "Windows only: run the processes that read pictures without access to the network or your files. "
            "Not tried on Windows yet; restart Homepress after a change.",
            Widget.SWITCH,
            advanced=True,
        ),
    ] = False
    originals_max: Annotated[
        Size,
        about(
            "Room for originals",
            "How much the kept originals may occupy in all, and never more than a tenth of the disk; "
            "when it is full, replacing stops until you make room.",
            Widget.SIZE,
        ),
    ] = Size.parse("10 GB")

    @property
    def worker_count(self) -> int:
        """How many workers to run: the number asked for, or half of the cores that we may use."""
        if self.workers != "auto":
            return self.workers
        return max(1, usable_cores() // 2)


def usable_cores() -> int:
    """How many cores this process may use; Python 3.13 counts only those given to it."""
    return getattr(os, "process_cpu_count", os.cpu_count)() or 1


class FolderSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What holds for one watched folder: a table `[[folder]]`, its preset applied."""

    path: Annotated[
        Path,
        about("Folder", "The folder to watch, as a full path; ~ is your home folder.", Widget.FOLDER),
    ]
    mode: Annotated[
        Mode,
        about(
            "Result",
            "Replace each picture and keep its original for a while, or write results to an output folder.",
            Widget.CHOICE,
        ),
    ] = "replace"
    output: Annotated[
        Path | None,
        about(
            "Output folder",
            'With mode = "output": where results go, in the same tree of folders; sources stay untouched.',
            Widget.FOLDER,
        ),
    ] = None
    quality: Annotated[
        Quality,
        about(
            "Quality",
            "The least a result may score: lossless keeps every pixel, safe is 90 (no flicker when "
            "switching), balanced is 80 (equal side by side), small is 70 (no visible faults); "
            "or a number from 30 to 100.",
            Widget.CHOICE_OR_NUMBER,
        ),
    ] = Quality("balanced")
    metadata: Annotated[
        Metadata,
        about(
            "Metadata",
            "Keep all of it; share drops location, serial numbers, owner and thumbnail; "
            "strip leaves only the colour profile.",
            Widget.CHOICE,
        ),
    ] = "keep"
    drop: Annotated[
        tuple[Drop, ...],
        about(
            "Drop",
            "What is taken out of pictures: hdr (gain map), depth (maps, mattes), motion (video), pictures "
            "(further ones), maker (a camera maker's data), or all; the rest is kept or nothing is changed.",
            Widget.PATTERNS,
            advanced=True,
        ),
    ] = ()
    preset: Annotated[
        str,
        about(
            "Preset",
            "A named set of settings that fills in what this folder does not say itself.",
            Widget.PRESET,
        ),
    ] = ""
    recursive: Annotated[
        bool,
        about("Subfolders", "Also watch the folders inside it.", Widget.SWITCH),
    ] = True
    include: Annotated[
        tuple[_NonEmpty, ...],
        msgspec.Meta(min_length=1),
        about("Only these", "Patterns of file names to take.", Widget.PATTERNS, advanced=True),
    ] = ("*",)
    exclude: Annotated[
        tuple[_NonEmpty, ...],
        about("Not these", "Patterns of file names to leave alone.", Widget.PATTERNS, advanced=True),
    ] = ()
    min_size: Annotated[
        Size,
        about("Smallest file", "Leave files below this size alone.", Widget.SIZE, advanced=True),
    ] = Size.parse("16 KB")
    max_size: Annotated[
        Size,
        about(
            "Largest file",
            "Leave files above this size alone; empty for no limit.",
            Widget.SIZE,
            advanced=True,
        ),
    ] = Size()
    max_edge: Annotated[
        int,
        msgspec.Meta(ge=0, le=100_000),
        about(
            "Longest edge",
            "Make larger pictures smaller so that their longest edge is this long; 0 never resizes.",
            Widget.NUMBER,
            unit="pixels",
        ),
    ] = 0
    fit_under: Annotated[
        Size,
        about(
            "Fit under",
            "Lower the quality, to 30 at the least, and the size in pixels where that looks better, until "
            "a result fits under this; empty for no limit.",
            Widget.SIZE,
            advanced=True,
        ),
    ] = Size()
    convert: Annotated[
        Mapping[SourceFormat, TargetFormat],
        msgspec.Meta(extra_json_schema={"propertyNames": {"enum": list(get_args(SourceFormat))}}),
        about(
            "Convert",
            "Which formats become which; a format that is not named stays as it is.",
            Widget.CONVERSIONS,
            advanced=True,
        ),
    ] = {}
    existing: Annotated[
        Existing,
        about(
            "Pictures already there",
            "Leave or compress what was in the folder before it was added.",
            Widget.CHOICE,
        ),
    ] = "leave"
    originals_keep_days: Annotated[
        int,
        msgspec.Meta(ge=0, le=36_500),
        about("Keep originals", "How long an original can be brought back.", Widget.NUMBER, unit="days"),
    ] = 30
    settle_seconds: Annotated[
        float,
        msgspec.Meta(ge=_SMALLEST_SETTLE, le=3600),
        about(
            "Settle time",
            "How long a file must stay unchanged before it counts as finished.",
            Widget.NUMBER,
            unit="seconds",
            advanced=True,
        ),
    ] = 2.0
    watch: Annotated[
        Watching,
        about(
            "Watching",
            "By the system's events, by looking again and again (network drives), or whichever fits.",
            Widget.CHOICE,
            advanced=True,
        ),
    ] = "auto"
    untrusted: Annotated[
        Untrusted,
        about(
            "Untrusted",
            "Whether strangers' pictures come here: then each gets a process of its own, so that one made to "
            "attack meets no other; auto says yes for the folder that browsers download to.",
            Widget.CHOICE,
            advanced=True,
        ),
    ] = "auto"
    enabled: Annotated[
        bool,
        about("On", "Off keeps the folder in the list without watching it.", Widget.SWITCH),
    ] = True


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole of `settings.toml`."""

    daemon: DaemonSettings = DaemonSettings()
    folders: tuple[FolderSettings, ...] = msgspec.field(default=(), name="folder")


DAEMON_FIELDS = fields_of("daemon", DaemonSettings)
"""The keys of `[daemon]`, by name."""

FOLDER_FIELDS = fields_of("folder", FolderSettings)
"""The keys of a `[[folder]]`, by name."""


def folder_named(
    folders: Iterable[FolderSettings], path: Path, real: Callable[[Path], Path]
) -> FolderSettings | None:
    """The watched folder that a path names, spelled as in the file or by another way there; None for none.

    Args:
        folders: the folders of the settings.
        path: the whole path, as somebody typed it.
        real: gives a path without links; it decides how long a disk may take for that.
    """
    folders = tuple(folders)
    for spelled in (lambda each: each, real):
        wanted = path_key(spelled(path))
        for folder in folders:
            if path_key(spelled(folder.path)) == wanted:
                return folder
    return None
