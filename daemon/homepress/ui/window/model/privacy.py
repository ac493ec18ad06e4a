"""What Homepress is built on, read from what is installed."""

import re
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from homepress.base.paths import Paths
from homepress.base.results import AttemptKind, ProbeAttempt, ProbedProcess
from homepress.base.units import counted, size
from homepress.ui.text import past, printable

_PROGRAM = "homepress"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_LONGEST = 80
_WINDOW = "extra == 'window'"


def built_on() -> list[str]:
    """Each package that this installation needs and has, with its version and licence."""
    found = []
    for name in _needed():
        try:
            about = metadata.metadata(name)
        except metadata.PackageNotFoundError:
            continue  # needed on another system
        licence = _licence(about)
        found.append(f"{name} {about['Version']}" + (f" ({licence})" if licence else ""))
    return found


def _needed() -> list[str]:
    """The names in the program's own requirements, the window's among them."""
    try:
        lines = metadata.requires(_PROGRAM) or []
    except metadata.PackageNotFoundError:
        return []
    names = (_NAME.match(line) for line in lines if "extra ==" not in line or _WINDOW in line)
    return [name.group().lower() for name in names if name]


def _licence(about: metadata.PackageMetadata) -> str:
    """The name of a licence; some packages have its whole text there, and name it in a classifier only."""
    for key in ("License-Expression", "License"):
        if key in about and len(about[key]) < _LONGEST and "\n" not in about[key]:
            return about[key]
    named = [line for line in about.get_all("Classifier") or [] if line.startswith("License ::")]
    return named[0].rpartition(" :: ")[2] if named else ""


# The page Privacy: what each process reported when it tried to get out, and what is stored where.

Verdict = Literal["refused", "local only", "its work", "open"]


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

    @property
    def words(self) -> str:
        """The sum of it."""
        if not self.doors:
            return "Did not answer"
        refused = sum(door.verdict == "refused" for door in self.doors)
        local = sum(door.verdict == "local only" for door in self.doors)
        work = sum(door.verdict == "its work" for door in self.doors)
        rest = (f", {local} local only" if local else "") + (f", {work} its work" if work else "")
        return f"{refused} of {len(self.doors)} refused{rest}"


def reports(processes: list[ProbedProcess]) -> list[Tried]:
    """The reports as the page shows them."""
    return [
        Tried(
            title=f"{_capital(process.name)}, process {process.pid}",
            closed=bool(process.tried) and all(_verdict(door, process) != "open" for door in process.tried),
            doors=tuple(
                Door(_capital(door.name), _verdict(door, process), door.answer) for door in process.tried
            ),
        )
        for process in processes
    ]


def verdict_of_all(found: list[Tried]) -> tuple[str, bool]:
    """A sentence on all reports, and whether all that is to be closed is."""
    if not found:
        return "No process could be asked.", False
    if all(report.closed for report in found):
        asked = "The one process that runs was" if len(found) == 1 else f"All {len(found)} processes were"
        return f"Tried just now: {asked[:1].lower()}{asked[1:]} refused every way out, by the system.", True
    return "Not everything is closed on this system. The technical details say what is open.", False


_LINES: tuple[tuple[frozenset[AttemptKind], str, str], ...] = (
    (
        frozenset(("network",)),
        "It cannot open a connection to the internet or any other network.",
        "The system does not keep it from opening connections to a network.",
    ),
    (
        frozenset(("files", "names")),
        "What reads your pictures cannot open any other file of yours.",
        "The system does not keep what reads your pictures from opening other files.",
    ),
    (
        frozenset(("local", "programs", "ipc", "signals", "start", "threads")),
        "It cannot reach other programs, beyond what showing its icon and window takes.",
        "The system does not keep it away from other programs.",
    ),
)


def plain_lines(processes: list[ProbedProcess]) -> list[tuple[str, bool]]:
    """What the reports mean, in three lines, each with whether it is closed; none when none was asked."""
    asked = [process for process in processes if process.tried]
    found = []
    for kinds, closed, is_open in _LINES:
        tried = [(door, process) for process in asked for door in process.tried if door.kind in kinds]
        if tried:
            shut = all(_verdict(door, process) != "open" for door, process in tried)
            found.append((closed if shut else is_open, shut))
    return found


def moment_before(text: str, now: float) -> tuple[float | None, str]:
    """The day that somebody types, in seconds since 1970, and what to say beside it; None for none."""
    if not text.strip():
        return None, "Such as 2026-05-01, yesterday or 90d"
    try:
        return past(text, now), ""
    except ValueError as error:
        return None, str(error)


def forgotten(number: int) -> str:
    """What came of forgetting."""
    if not number:
        return "There was nothing to forget: no such name, or what is there can still be undone."
    return f"{counted(number, 'entry', 'entries')} forgotten."


def _capital(text: str) -> str:
    return text if "_" in text else text[:1].upper() + text[1:]  # io_uring is a name


def _verdict(door: ProbeAttempt, process: ProbedProcess) -> Verdict:
    if not door.allowed:
        return "refused"
    if door.kind not in process.may:
        return "open"
    return "local only" if door.local else "its work"


@dataclass(frozen=True, slots=True)
class StoredData:
    """Something that is stored on this computer: what it is, where, and how large."""

    name: str
    about: str
    place: str
    bytes: int | None

    @property
    def words(self) -> str:
        """Where and how large."""
        amount = "" if self.bytes is None else f", {size(self.bytes)}"
        return f"{printable(self.place)}{amount}"


def stored_data(paths: Paths, originals_bytes: int) -> list[StoredData]:
    """All that Homepress keeps."""
    return [
        StoredData(
            "Originals",
            "Your pictures as they were, until they expire",
            str(paths.originals),
            originals_bytes,
        ),
        StoredData(
            "History", "Names, sizes and times of what was done", str(paths.ledger), _ledger_size(paths)
        ),
        StoredData(
            "Log", "What the program did; old lines are overwritten", str(paths.log), _size(paths.log)
        ),
        StoredData("Settings", "What you asked for", str(paths.config_file), _size(paths.config_file)),
    ]


def _ledger_size(paths: Paths) -> int | None:
    """With what is still to be written into it (SQLite's write-ahead log)."""
    beside = (paths.ledger.with_name(f"{paths.ledger.name}-wal"), paths.ledger)
    sizes = [length for length in map(_size, beside) if length is not None]
    return sum(sizes) if sizes else None


def _size(file: Path) -> int | None:
    try:
        return file.stat().st_size
    except OSError:
        return None
