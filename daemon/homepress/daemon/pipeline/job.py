"""One picture on its way: what is to be done with it, and what became of it; and the plan of a folder."""

import enum
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from homepress.base.files import FileId
from homepress.base.formats import ImageType
from homepress.base.paths import download_folders
from homepress.base.results import FileOutcome
from homepress.base.units import counted, percent_saved
from homepress.compress.model import Extra, MetadataPolicy, Recipe
from homepress.settings import FolderSettings, Quality, Size


class Destination(enum.Enum):
    """Where a result goes."""

    REPLACE = "replace"
    """Over the source, whose original goes into the originals store."""
    OUTPUT = "output"
    """Into an output folder that mirrors the tree; the source stays."""
    BESIDE = "beside"
    """NAME.min.EXT beside the source, which stays."""
    NOWHERE = "nowhere"
    """Thrown away: a dry run."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a folder, or a command, wants of its pictures.

    Attributes:
        recipe: floor and policies; `convert_to` is filled in for each picture from `convert`.
        convert: result format by source format.
        settings: the recipe in words, kept in the history; an equal text means an equal recipe.
        destination: where results go.
        output: the output folder of `Destination.OUTPUT`.
        root: the watched folder, or the folder a command named; output paths are relative to it.
        keep_days: days that originals stay.
        untrusted: folders whose pictures may be made to attack; each gets a process of its own.
        converting: whether somebody asked for another format by name, of every picture.
    """

    recipe: Recipe
    settings: str
    destination: Destination
    convert: dict[ImageType, ImageType] = field(default_factory=dict)
    output: Path | None = None
    root: Path | None = None
    keep_days: float = 30.0
    untrusted: tuple[Path, ...] = ()
    converting: bool = False


class JobResult(FileOutcome, frozen=True):
    """What became of one picture; the same facts go to the history, the command line and the tray.

    Attributes:
        retry_after: seconds after which it is worth another try, None when only a change of the file is.
        problem: set when it is about the disk or the store and not this picture; shown at the folder.
        whole_folder: whether the problem stands against every picture of the watched folder.
        refused: it must not be touched as it is now; the ledger cannot remember that, since what stands
            against it ends without a trace in size and time.
        unverified: what was read back from the disk was not what had been written.
        unlike: the result did not look like the picture.
        place: the folder inside it whose own pictures the problem stands against, where that is less.
        away: what is wrong is only that a drive is away; that is no fault, and is seen when it is back.
        gone: what is wrong is only that somebody removed the picture.
    """

    retry_after: float | None = None
    problem: str = ""
    whole_folder: bool = False
    refused: bool = False
    unverified: bool = False
    unlike: bool = False
    place: Path | None = None
    away: bool = False
    gone: bool = False

    @property
    def file(self) -> Path:
        """The source."""
        return Path(self.path)

    def for_request(self) -> FileOutcome:
        """The part that a person who asked gets: without what only the daemon needs.

        Where the daemon would wait, it has failed; whatever was asked of a failed one was not done.
        """
        outcome = "failed" if self.outcome == "waiting" else self.outcome
        result = msgspec.structs.replace(
            self,
            outcome=outcome,
            missed=self.missed or outcome == "failed",
            seconds=round(self.seconds, 3),
        )
        return msgspec.convert(result, FileOutcome, from_attributes=True)

    def __str__(self) -> str:
        """The outcome in words, for the log."""
        if self.outcome != "compressed":
            return f"{self.outcome}: {self.reason}"
        before, after = self.before_bytes, self.after_bytes
        note = f"{percent_saved(before, after)} % saved" if after <= before else "bigger"
        note += f"; {self.reason}" if self.reason else ""
        return f"compressed, {counted(before, 'byte')} to {counted(after, 'byte')} ({note})"


@dataclass(frozen=True, slots=True)
class Job:
    """A picture in the queue.

    Attributes:
        path: absolute path of the source.
        plan: what is wanted.
        on_result: called once with the outcome, on a worker's thread.
        fresh: goes before pictures of a large import.
        explicit: a person asked for it by name: done even while paused, never skipped as known, and at normal
            priority.
        at_once: how many pictures that somebody asked for may be in progress when this one begins, itself
            among them.
        ready_at: monotonic second before which nothing is written: work may begin while the file's quiet
            time still runs.
        identity: of the file that has been quiet; None takes it as it is.
    """

    path: Path
    plan: Plan
    on_result: Callable[[JobResult], None]
    fresh: bool = True
    explicit: bool = False
    at_once: int = 1
    ready_at: float = 0.0
    identity: FileId | None = None

    @property
    def untrusted(self) -> bool:
        """Whether the picture may be made to attack, by where it lies."""
        return any(self.path.is_relative_to(folder) for folder in self.plan.untrusted)

    @property
    def picture(self) -> str:
        """The path as results have it."""
        return str(self.path)


_PALETTE_BELOW = 90.0
"""From this floor on a PNG keeps its full colours: a palette that passes there is rare and slow to find."""


def plan_for(
    folder: FolderSettings, root: Path, *, destination: Destination | None = None, converting: bool = False
) -> Plan:
    """The plan of a configured folder.

    Args:
        folder: its settings, preset applied.
        root: the folder itself, resolved.
        destination: overrides what `folder.mode` says, for dry runs.
        converting: whether another format was asked for by name: then a picture in it counts even where it
            replaces a smaller one, as it always does beside its source, and one that cannot be had is missed.
    """
    output = folder.mode == "output"
    where = destination or (Destination.OUTPUT if output else Destination.REPLACE)
    floor = folder.quality.floor
    recipe = Recipe(
        floor=floor,
        palette=floor is not None and floor < _PALETTE_BELOW,
        metadata=MetadataPolicy(folder.metadata),
        max_edge=folder.max_edge,
        fit_under=folder.fit_under.bytes,
        drop=_extras(folder),
        bigger=converting or where is not Destination.REPLACE,
    )
    return Plan(
        recipe=recipe,
        settings=_in_words(folder),
        destination=where,
        convert={ImageType(a): ImageType(b) for a, b in folder.convert.items()},
        output=folder.output if output else None,
        root=root,
        keep_days=folder.originals_keep_days,
        untrusted=_untrusted(folder, root),
        converting=converting,
    )


_EXTRAS = frozenset(map(str, Extra))
_PIXELS = re.compile(r"at most (\d+) pixels")
_SIZE = re.compile(r"at most (.+)")
_CONVERSION = re.compile(r"(\w+) to (\w+)")


def settings_from_words(words: str, base: FolderSettings) -> FolderSettings | None:
    """The settings that say what a plan's `settings` say: the reverse of a plan.

    Args:
        words: as the history has them.
        base: what else there is to a folder.

    Returns:
        None where they are not understood, as those of another version may be.
    """
    quality, *parts = words.split(", ")
    found: dict[str, object] = {"metadata": "keep", "max_edge": 0, "fit_under": Size.parse("")}
    drop, convert = list[str](), dict[str, str]()
    try:
        found["quality"] = Quality.parse(quality)
        for part in parts:
            if part.startswith("metadata "):
                found["metadata"] = part.removeprefix("metadata ")
            elif pixels := _PIXELS.fullmatch(part):
                found["max_edge"] = int(pixels[1])
            elif size := _SIZE.fullmatch(part):
                found["fit_under"] = Size.parse(size[1])
            elif part.startswith("without ") or (drop and part in _EXTRAS):
                drop.append(part.removeprefix("without "))
            elif conversion := _CONVERSION.fullmatch(part):
                convert[conversion[1]] = conversion[2]
            else:
                return None
        made = msgspec.structs.replace(base, **found, drop=tuple(drop), convert=convert)
        return made if _in_words(made) == words else None
    except ValueError:
        return None


def _extras(folder: FolderSettings) -> frozenset[Extra]:
    return frozenset(Extra if "all" in folder.drop else map(Extra, folder.drop))


def _untrusted(folder: FolderSettings, root: Path) -> tuple[Path, ...]:
    if folder.untrusted == "auto":
        return download_folders()
    return (root,) if folder.untrusted == "yes" else ()


def _in_words(folder: FolderSettings) -> str:
    """What decides a result, as kept in the history: equal texts mean equal recipes."""
    parts = [str(folder.quality)]
    if folder.metadata != "keep":
        parts.append(f"metadata {folder.metadata}")
    if folder.max_edge:
        parts.append(f"at most {folder.max_edge} pixels")
    if folder.fit_under.bytes:
        parts.append(f"at most {folder.fit_under}")
    if folder.drop:
        parts.append(f"without {', '.join(sorted(_extras(folder)))}")
    parts += [f"{a} to {b}" for a, b in sorted(folder.convert.items())]
    return ", ".join(parts)
