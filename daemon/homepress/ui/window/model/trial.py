"""The trial of the first run: what would be saved in a folder, before anything is touched."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from homepress.base.files import walk
from homepress.base.units import counted, size
from homepress.control.service import CompressRequest, Service

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


def left_words(done: int, total: int, seconds: float) -> str:
    """How far a trial is: "7 of 36 tried, about 20 s left".

    Args:
        done: results so far.
        total: results in all.
        seconds: how long the ones so far took together.
    """
    text = f"{done} of {total} tried"
    if not done or done >= total:
        return text
    left = seconds / done * (total - done)
    return f"{text}, about {length_words(left)} left"


def length_words(seconds: float) -> str:
    """A length of time, rounded so that it does not flicker."""
    if seconds < 60:
        return f"{max(5, 5 * round(seconds / 5))} s"
    return f"{round(seconds / 60)} min"


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
