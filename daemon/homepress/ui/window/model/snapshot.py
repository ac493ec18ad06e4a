"""What is known of the daemon and the settings at one moment, and how it is said."""

import enum
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import msgspec

from homepress.base.results import FolderStatus
from homepress.base.units import counted, size
from homepress.control.service import Status
from homepress.settings import FolderSettings, Settings
from homepress.ui.text import future, printable, until
from homepress.ui.window.model.wording import PRESETS, quality_words

Tone = Literal["good", "muted", "warning", "bad"]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One look.

    Attributes:
        time: when, in seconds since 1970.
        status: what the daemon says; None while none runs.
        trouble: why the daemon cannot be asked although it is there; mostly empty.
        settings: the last good settings.
        settings_problem: what is wrong with the settings file; mostly empty.
        crashed: whether no daemon runs because it ended without having been asked to.
    """

    time: float
    status: Status | None
    trouble: str
    settings: Settings
    settings_problem: str
    crashed: bool = False

    def same_as(self, other: "Snapshot") -> bool:
        """Whether nothing but the time is another."""
        return replace(self, time=other.time) == other


@dataclass(frozen=True, slots=True)
class Headline:
    """How things stand, in a few words, with the tone they are said in."""

    text: str
    tone: Tone
    detail: str = ""


def headline(snapshot: Snapshot) -> Headline:
    """The state of the whole program."""
    status = snapshot.status
    if status is None and snapshot.crashed:
        return Headline("Stopped unexpectedly", "bad", "Nothing is compressed until it runs again.")
    if status is None:
        return Headline("Not running", "warning", "Nothing is compressed until it runs again.")
    match status.state:
        case "paused":
            return Headline("Paused", "warning", _pause(status, snapshot.time))
        case "problem":
            return Headline("Needs attention", "bad", _attention(status))
        case "working":
            return Headline("Working", "good", counted(status.waiting, "picture") + " waiting")
    watched = sum(folder.state in ("watching", "scanning") for folder in status.folders)
    if away := sum(folder.state == "away" for folder in status.folders) if not watched else 0:
        return Headline("Waiting", "muted", f"The drive of {counted(away, 'folder')} is away.")
    if not watched:
        return Headline("Ready", "muted", "No folder is watched.")
    return Headline("Up to date", "good", f"Watching {counted(watched, 'folder')}")


def _attention(status: Status) -> str:
    """The first problem, shortly, and whether work goes on all the same."""
    text = in_words(_legible(status.problems[0])) if status.problems else ""
    waiting = f"{counted(status.waiting, 'picture')} waiting." if status.waiting else ""
    return "\n".join(part for part in (text, waiting) if part)


def _pause(status: Status, now: float) -> str:
    if status.paused_for == "power saver":
        return "The computer saves power."
    return f"Until {until(status.paused_until, now)}" if status.paused_until else "Until you resume"


class Remedy(enum.Enum):
    """What can be done here about a problem; the value is what a button says."""

    RESUME = "Go on"
    ORIGINALS = "Stored originals"
    OUTPUT = "Choose where results go"
    LOCATE = "Locate …"
    IGNORE = "Ignore while it is away"
    REMOVE = "Remove from the list"


_REMEDIES = (
    (re.compile(r"homepress resume"), (Remedy.RESUME,)),
    (re.compile(r"homepress originals accept"), (Remedy.ORIGINALS,)),
    (re.compile(r"homepress folder remove .* --output DIR"), (Remedy.OUTPUT,)),
    (re.compile(r"or: homepress folder remove"), (Remedy.LOCATE, Remedy.IGNORE, Remedy.REMOVE)),
)

_COMMAND = re.compile(
    r"(?:\. To use that other drive from now on|[,;]? or|[,;]? see| with)?:? ?`?homepress [a-z].*", re.DOTALL
)
"""A command and the words before it that lead to it. The daemon has its commands at the end of a text."""


def remedies(problem: str) -> list[Remedy]:
    """The steps that a problem names as commands and that the window has buttons for."""
    return [remedy for command, steps in _REMEDIES if command.search(problem) for remedy in steps]


def in_words(problem: str) -> str:
    """A problem without the commands that the window has buttons for."""
    return _COMMAND.sub("", problem).rstrip(" ,;:") if remedies(problem) else problem


def waits_for_resume(status: Status) -> bool:
    """Whether somebody has to say that work goes on: after a pause, or after a problem."""
    problems = (*status.problems, *(folder.problem for folder in status.folders))
    told = any(Remedy.RESUME in remedies(problem) for problem in problems)
    return told or bool(status.paused_for) or status.state == "paused"


@dataclass(frozen=True, slots=True)
class FolderCard:
    """What a card of the page Folders says.

    Attributes:
        path: as the settings have it.
        name, place: the folder's own name and where it is, to look at.
        state, tone: in a word or two.
        about: how it is compressed, in a line.
        figures: what was saved and what waits, in a line.
        problem: what is wrong; empty when all is well.
        remedies: what can be done about it here.
        warning: what is worth knowing; mostly empty.
        enabled: whether it is switched on.
    """

    path: str
    name: str
    place: str
    state: str
    tone: Tone
    about: str
    figures: str
    problem: str
    warning: str
    enabled: bool
    remedies: tuple[Remedy, ...] = ()


_STATES: dict[str, tuple[str, Tone]] = {
    "watching": ("Watching", "good"),
    "scanning": ("Scanning", "good"),
    "paused": ("Paused", "warning"),
    "disabled": ("Switched off", "muted"),
    "problem": ("Problem", "bad"),
    "away": ("Its drive is away", "muted"),
    "stopped": ("Not running", "warning"),
}


def folder_cards(snapshot: Snapshot, saved: dict[str, tuple[int, int]]) -> list[FolderCard]:
    """A card for each configured folder, in the order of the file.

    Args:
        saved: by folder, how many pictures were compressed and the bytes saved.
    """
    told = {folder.path: folder for folder in (snapshot.status.folders if snapshot.status else [])}
    paused = snapshot.status is not None and snapshot.status.state == "paused"
    return [
        _card(folder, _resting(told.get(str(folder.path)) or _untold(folder), paused), saved)
        for folder in snapshot.settings.folders
    ]


def _resting(status: FolderStatus, paused: bool) -> FolderStatus:
    """A folder as it is while the whole program pauses."""
    if paused and status.state in ("watching", "scanning"):
        return msgspec.structs.replace(status, state="paused")
    return status


def _untold(folder: FolderSettings) -> FolderStatus:
    state = "stopped" if folder.enabled else "disabled"
    return FolderStatus(path=str(folder.path), mode=folder.mode, state=state)


def _card(folder: FolderSettings, status: FolderStatus, saved: dict[str, tuple[int, int]]) -> FolderCard:
    words, tone = _STATES.get(status.state, (status.state, "muted"))
    pictures, saved_bytes = saved.get(str(folder.path), (0, 0))
    figures = f"{size(saved_bytes)} saved in {counted(pictures, 'picture')}" if pictures else "Nothing yet"
    if status.waiting:
        figures += f", {status.waiting:,} waiting"
    return FolderCard(
        path=str(folder.path),
        name=printable(folder.path.name or str(folder.path)),
        place=printable(str(folder.path)),
        state=words,
        tone=tone,
        about=_about(folder, status),
        figures=figures,
        problem=in_words(_legible(status.problem)),
        warning=in_words(_legible(status.warning)),
        enabled=folder.enabled,
        remedies=tuple(remedies(status.problem)),
    )


def mistake(snapshot: Snapshot) -> str:
    """What to say of a settings file with a mistake in it; empty when there is none."""
    if not snapshot.settings_problem:
        return ""
    hold = (
        "the last good settings hold" if snapshot.settings.folders else "no folder is known until it is gone"
    )
    return f"The settings file has a mistake; {hold}.\n{_legible(snapshot.settings_problem)}"


def _legible(text: str) -> str:
    """What the daemon says, as people look at it: see `shown`."""
    return "\n".join(printable(line) for line in text.splitlines())


def _about(folder: FolderSettings, status: FolderStatus) -> str:
    quality = quality_words(str(folder.quality))
    # As it is in fact: on some disks nothing can be replaced safely.
    if status.mode == "replace":
        kept = counted(folder.originals_keep_days, "day")
        where = f"replaces pictures and keeps originals for {kept}"
    else:
        where = f"saves results to {printable(status.output or str(folder.output or ''))}"
    preset = f" ({PRESETS.get(folder.preset, folder.preset)})" if folder.preset else ""
    return f"{quality}{preset}, {where}"


def folder_of(settings: Settings, path: str) -> FolderSettings | None:
    """The settings of one folder."""
    return next((folder for folder in settings.folders if str(folder.path) == path), None)


def suggestions(home: Path) -> list[tuple[str, Path]]:
    """Folders that somebody may want to watch first: a name for each, and where it is or would be."""
    pictures = home / "Pictures"
    found = [("A new folder in Pictures", pictures / "Homepress")]
    for name, path in (
        ("Screenshots", pictures / "Screenshots"),
        ("Screenshots", home / "Screenshots"),
        ("Downloads", home / "Downloads"),
    ):
        if path.is_dir() and all(name != other for other, _ in found):
            found.append((name, path))
    return found


def pause_end(length: str, now: float) -> float | None:
    """When a pause of `PAUSES` ends, in seconds since 1970; None for one that lasts until resumed."""
    return future(length, now) if length else None
