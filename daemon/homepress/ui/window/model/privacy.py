"""The page Privacy: what each process reported when it tried to get out, and what is kept where."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from homepress.control.service import ProbedProcess, TriedDoor
from homepress.settings import Paths
from homepress.ui.words import shown, size

Verdict = Literal["refused", "local only", "open"]


@dataclass(frozen=True, slots=True)
class Door:
    """One way out that a process tried."""

    name: str
    verdict: Verdict
    answer: str


@dataclass(frozen=True, slots=True)
class Tried:
    """What one process reported."""

    title: str
    closed: bool
    doors: tuple[Door, ...]


def reports(processes: list[ProbedProcess]) -> list[Tried]:
    """The reports as the page shows them."""
    return [
        Tried(
            title=f"{process.name[:1].upper()}{process.name[1:]}, process {process.pid}",
            closed=not any(door.allowed and not door.local for door in process.tried),
            doors=tuple(Door(door.name, _verdict(door), door.answer) for door in process.tried),
        )
        for process in processes
    ]


def _verdict(door: TriedDoor) -> Verdict:
    if not door.allowed:
        return "refused"
    return "local only" if door.local else "open"


@dataclass(frozen=True, slots=True)
class Kept:
    """Something that is kept on this computer: what it is, where, and how large."""

    name: str
    about: str
    place: str
    bytes: int | None

    @property
    def words(self) -> str:
        """Where and how large."""
        amount = "" if self.bytes is None else f", {size(self.bytes)}"
        return f"{shown(self.place)}{amount}"


def kept(paths: Paths, originals_bytes: int) -> list[Kept]:
    """All that Homepress keeps."""
    return [
        Kept(
            "Originals", "what pictures were before, until they expire", str(paths.originals), originals_bytes
        ),
        Kept("History", "names, sizes and times of what was done", str(paths.ledger), _size(paths.ledger)),
        Kept("Log", "what the program did; overwritten from time to time", str(paths.log), _size(paths.log)),
        Kept("Settings", "what you asked for", str(paths.config_file), _size(paths.config_file)),
    ]


def _size(file: Path) -> int | None:
    try:
        return file.stat().st_size
    except OSError:
        return None
