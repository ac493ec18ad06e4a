"""The typed model of `settings.toml`.

A struct of this module is what the rooms get: complete, checked, presets applied, `~` expanded. The
annotations hold all that the JSON schema, the reference and a settings window need to know about a key.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, get_args

import msgspec

from homepress.settings.field import Widget, about, fields_of
from homepress.settings.values import (
    Existing,
    Metadata,
    Mode,
    Notify,
    Quality,
    Size,
    SourceFormat,
    TargetFormat,
    Watching,
)

_MOST_WORKERS = 64
_SMALLEST_SETTLE = 0.1
_NonEmpty = Annotated[str, msgspec.Meta(min_length=1)]


class DaemonSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What holds for the whole program: the table `[daemon]`."""

    workers: Annotated[
        Literal["auto"] | Annotated[int, msgspec.Meta(ge=1, le=_MOST_WORKERS)],
        about(
            "Pictures at once",
            "How many pictures are compressed at the same time; auto is half of the cores, at least 1.",
            Widget.CHOICE_OR_NUMBER,
            unit="pictures",
            advanced=True,
        ),
    ] = "auto"
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
        cores = getattr(
            os, "process_cpu_count", os.cpu_count
        )()  # Python 3.13 counts only the cores given to us
        return max(1, (cores or 1) // 2)


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
            "Lower the quality, to 30 at the least, and then the size in pixels until a result fits "
            "under this; empty for no limit.",
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
