"""Trials: what a folder would save, and what another quality makes of a picture; nothing is touched."""

import random
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from homepress.base.files import walk
from homepress.base.results import FileOutcome
from homepress.base.units import counted, percent_saved, sentence, size
from homepress.control.service import CompressRequest, RedoRequest, Service, ServiceError, UndoRequest
from homepress.desktop.launching import NO_WINDOW, own
from homepress.store.reader import HistoryEntry
from homepress.ui.text import printable

SAMPLE = 12
_MOST_FILES = 50_000
_LEAST_BYTES = 16_000
_SUFFIXES = {".jpg", ".jpeg", ".jpe", ".png", ".webp", ".gif", ".apng"}


@dataclass(frozen=True, slots=True)
class FolderSample:
    """The pictures in a folder that would be looked at, and some of them, chosen at random."""

    pictures: int
    bytes: int
    sample: tuple[Path, ...]
    more: bool = False


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a quality would save, from the sample to the whole; all in bytes.

    Attributes:
        tried: how many pictures were compressed on trial.
        saved: what would be saved of all.
        originals: what the originals of replaced pictures occupy until they expire.
    """

    quality: str
    tried: int
    saved: int
    originals: int


def look(folder: Path) -> FolderSample:
    """Look for pictures by their names; nothing is opened."""
    pictures: list[tuple[Path, int]] = []
    more = False
    for path in _files(folder):
        if len(pictures) >= _MOST_FILES:
            more = True
            break
        if path.suffix.lower() in _SUFFIXES and (length := _size(path)) >= _LEAST_BYTES:
            pictures.append((path, length))
    names = [path for path, _ in pictures]
    # A fixed seed: asked twice, the same answer.
    chosen = names if len(names) <= SAMPLE else random.Random(0).sample(names, SAMPLE)
    return FolderSample(len(pictures), sum(length for _, length in pictures), tuple(chosen), more)


def estimate(
    service: Service, found: FolderSample, quality: str, tried: Callable[[int], bool], done: int = 0
) -> Estimate:
    """Compress the sample at a quality and throw the results away.

    Args:
        tried: called with the number of pictures tried so far, counted from `done`; False ends the trial.

    Raises:
        ServiceError: the daemon is gone.
    """
    request = CompressRequest(paths=[str(path) for path in found.sample], quality=quality, dry_run=True)
    before = saved = originals = number = 0
    outcomes = service.compress(request)
    for outcome in outcomes:
        number += 1
        before += outcome.before_bytes
        if outcome.outcome == "compressed":
            saved += outcome.before_bytes - outcome.after_bytes
            originals += outcome.before_bytes
        if not tried(done + number):
            break
    share = found.bytes / before if before else 0.0
    return Estimate(quality, number, round(saved * share), round(originals * share))


def found_words(found: FolderSample) -> str:
    """What is in the folder."""
    if not found.pictures:
        return "There are no pictures in it yet."
    pictures = ("more than " if found.more else "") + counted(found.pictures, "picture")
    return f"{pictures}, {size(found.bytes)}"


def saving_words(found: FolderSample, estimate: Estimate) -> str:
    """What a quality would save: "saves about 21 MB (35 %)"."""
    if estimate.saved <= 0:
        return "saves nothing here"
    about = "" if estimate.tried >= found.pictures else "about "
    return f"saves {about}{size(estimate.saved)} ({round(100 * estimate.saved / max(1, found.bytes))} %)"


def left_words(done: int, total: int, seconds: float, word: str = "tried") -> str:
    """How far work on pictures is: "7 of 36 tried, about 20 s left".

    Args:
        done: pictures so far.
        total: pictures in all.
        seconds: how long the ones so far took together; 0 says nothing of what is left.
        word: what was done with them.
    """
    text = f"{done:,} of {total:,} {word}"
    if not done or done >= total or not seconds:
        return text
    left = seconds / done * (total - done)  # rounded, so that it does not flicker
    length = f"{max(5, 5 * round(left / 5))} s" if left < 60 else f"{round(left / 60)} min"
    return f"{text}, about {length} left"


def _files(folder: Path) -> Iterator[Path]:
    for place, folders, names in walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            yield Path(place, name)


def _size(path: Path) -> int:
    try:
        return path.stat(follow_symlinks=False).st_size
    except OSError:
        return 0


# One picture again, with another quality: tried first, with the result to look at.

_LEAST_QUALITY, _MOST_QUALITY = 30, 100
QUALITY_RANGE = (_LEAST_QUALITY, _MOST_QUALITY)
"""The floors that a picture can be compressed to again."""

_FLOORS = {"lossless": 100, "safe": 90, "balanced": 80, "small": 70}
_PIXELS = re.compile(r"at most (\d+) pixels")
_LIMIT = re.compile(r"at most (\d.* .?B)")
_EXTRAS = ("hdr", "depth", "motion", "pictures", "maker", "all")


@dataclass(frozen=True, slots=True)
class TriedQuality:
    """What a quality makes of a picture.

    Attributes:
        file: the result, to look at; None where there is none.
        outcome: its sizes and score, or why there is none.
    """

    file: Path | None
    outcome: FileOutcome


def quality_of(entry: HistoryEntry) -> int:
    """The floor that a result was made with."""
    word = entry.settings.partition(",")[0]
    floor = _FLOORS.get(word) or (int(word) if word.isdecimal() else _FLOORS["balanced"])
    return min(_MOST_QUALITY, max(_LEAST_QUALITY, floor))


def request_again(entry: HistoryEntry, path: str, quality: int) -> CompressRequest:
    """What is asked so that a result is made as it was, but for its quality.

    Args:
        entry: the result; its `settings` are the words of what was asked for.
        path: the picture, or "-" for one that comes by a pipe.
        quality: the floor.
    """
    asked = {"metadata": "", "fit_under": "", "convert": ""}
    drop: list[str] = []
    edge = 0
    for part in entry.settings.split(", ")[1:]:
        if part.startswith("metadata "):
            asked["metadata"] = part.removeprefix("metadata ")
        elif pixels := _PIXELS.fullmatch(part):
            edge = int(pixels[1])
        elif limit := _LIMIT.fullmatch(part):
            asked["fit_under"] = limit[1]
        elif part.startswith("without ") or part in _EXTRAS:
            drop.append(part.removeprefix("without "))
        elif part.startswith(f"{entry.format} to "):
            asked["convert"] = part.removeprefix(f"{entry.format} to ")
    in_place = entry.kind in ("replace", "convert") and path != "-"
    output = str(Path(entry.output).parent) if entry.kind == "output" and path != "-" else ""
    return CompressRequest(
        paths=[path],
        quality=str(quality),
        drop=",".join(drop),
        max_edge=edge,
        in_place=in_place,
        output=output,
        metadata=asked["metadata"],
        fit_under=asked["fit_under"],
        convert=asked["convert"],
    )


def options_of(request: CompressRequest) -> list[str]:
    """A request as options of `homepress compress`."""
    words = {
        "--quality": request.quality,
        "--metadata": request.metadata,
        "--convert": request.convert,
        "--max-edge": str(request.max_edge or ""),
        "--fit-under": request.fit_under,
        "--drop": request.drop,
    }
    return [part for name, value in words.items() if value for part in (name, value)]


class QualityTrial:
    """Makes one picture at one quality, in a process of ours that locks itself; nothing of it is kept."""

    def __init__(self, entry: HistoryEntry, original: Path, folder: Path) -> None:
        """Start nothing yet.

        Args:
            entry: the result that there is.
            original: what it was made from.
            folder: where results are put to be looked at.
        """
        self._entry = entry
        self._original = original
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = False

    def stop(self) -> None:
        """Nobody waits for it any more; from any thread."""
        self._stopped = True
        if (process := self._process) is not None:
            process.terminate()

    def run(self, quality: int) -> TriedQuality | None:
        """What the quality makes of the picture; None when it was stopped.

        Raises:
            OSError: the picture cannot be read, or the result not written.
            ServiceError: the process failed; the text says why.
        """
        file = self._folder / f"{quality}"
        request = request_again(self._entry, "-", quality)
        command = own("compress", *options_of(request), "--json", "-")
        with self._original.open("rb") as source, file.open("wb") as result:
            self._process = process = subprocess.Popen(
                command, stdin=source, stdout=result, stderr=subprocess.PIPE, creationflags=NO_WINDOW
            )
            if self._stopped:
                process.terminate()
            said = process.communicate()[1]
        if self._stopped:
            return None
        try:
            outcome = msgspec.json.decode(said, type=FileOutcome)
        except msgspec.DecodeError:
            text = said.decode("utf-8", "replace").strip().removeprefix("homepress: ")
            raise ServiceError(text or "The trial ended without a result.") from None
        return TriedQuality(file if outcome.outcome == "compressed" else None, outcome)


def make_again(service: Service, entry: HistoryEntry, quality: int) -> FileOutcome:
    """Put a result of another quality in the place of one; where there is none, the old one comes back.

    Raises:
        ServiceError: the daemon is gone, or the original cannot be brought back.
    """
    if entry.original != "restored":
        for undone in service.undo(UndoRequest(ids=[entry.id])):
            if undone.outcome not in ("restored", "removed"):
                raise ServiceError(undone.reason or f"the original is at {undone.restored_to}")
    outcome = next(service.compress(request_again(entry, entry.path, quality)))
    if outcome.outcome != "compressed" and entry.original != "restored":
        list(service.redo(RedoRequest(ids=[entry.id])))
    return outcome


def tried_words(tried: TriedQuality) -> str:
    """What a quality makes of a picture: "1.1 MB, 74 % smaller"."""
    outcome = tried.outcome
    if outcome.outcome != "compressed":
        return sentence(printable(outcome.reason)) or "Nothing can be saved."
    percent = percent_saved(outcome.before_bytes, outcome.after_bytes)
    return f"{size(outcome.after_bytes)}, {percent} % smaller"
