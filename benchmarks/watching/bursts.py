"""Cases in which bursts of files come in every way that files come."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.watching.bench import Row, running
from benchmarks.watching.pictures import small_jpeg
from benchmarks.watching.size import SIZE

JPEG = small_jpeg()


def write_file(path: Path) -> Path:
    """A small picture under a new name, as quick as can be."""
    fd = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_EXCL)
    os.write(fd, JPEG)
    os.close(fd)
    return path


def _tree(top: Path, folders: int = SIZE.folders) -> list[Path]:
    made = []
    for number in range(folders):
        directory = top / f"n{number % 50}" / f"m{number}"
        directory.mkdir(parents=True)
        made += [write_file(directory / f"{file}.jpg") for file in range(SIZE.files // folders)]
    return made


def _flat(folder: Path) -> list[Path]:
    return [write_file(folder / f"{number}.jpg") for number in range(SIZE.files)]


def _deep(folder: Path) -> list[Path]:
    made = []
    for number in range(SIZE.folders // 2):
        directory = folder / f"n{number}" / "a" / "b" / "c" / "d" / "e"
        directory.mkdir(parents=True)
        made += [write_file(directory / f"{file}.jpg") for file in range(SIZE.files // (SIZE.folders // 2))]
    return made


def _move_in(folder: Path) -> list[Path]:
    (folder.parent / "outside").rename(folder / "moved")
    return list(folder.rglob("*.jpg"))


def _rename(folder: Path) -> list[Path]:
    (folder / "before").rename(folder / "after")
    return list(folder.rglob("*.jpg"))


def _rename_while_filled(folder: Path) -> list[Path]:
    made = []
    for number in range(SIZE.folders):
        first, then = folder / f"x{number}-", folder / f"x{number}"
        first.mkdir()
        for file in range(5):
            write_file(first / f"{file}.jpg")
        first.rename(then)
        made += [then / f"{file}.jpg" for file in range(5)]
        made += [write_file(then / f"{file}.jpg") for file in range(5, 10)]
    return made


@dataclass(frozen=True)
class Burst:
    """Files that come in a rush.

    Attributes:
        title: how they come.
        write: makes them in the watched folder; gives the paths at which each has to be found once.
        prepare: what is there before anybody watches.
    """

    title: str
    write: Callable[[Path], list[Path]]
    prepare: Callable[[Path], object] = lambda _: None


BURSTS = {
    "flat": Burst("flat", _flat),
    "nested": Burst(f"in {SIZE.folders:,} new nested folders", _tree),
    "deep": Burst("six folders deep", _deep),
    "moved-in": Burst("a tree moved in", _move_in, lambda folder: _tree(folder.parent / "outside")),
    "renamed": Burst("a tree renamed inside", _rename, lambda folder: _tree(folder / "before")),
    "renamed-while-filled": Burst("folders renamed while being filled", _rename_while_filled),
}


def burst(name: str, place: Path) -> Row:
    """Let a burst happen: how many are missing, how many came twice, how long the last one took."""
    folder = place / "watched"
    folder.mkdir()
    BURSTS[name].prepare(folder)
    with running(folder) as run:
        run.sink.came.clear()
        started = time.monotonic()
        expected = BURSTS[name].write(folder)
        finished = time.monotonic()
        run.wait(expected)
        missing, twice, odd = run.verdict(expected)
    took, after = finished - started, run.sink.last - finished
    return Row(
        case=f"{len(expected):,} files, {BURSTS[name].title}",
        figure=f"{missing} missing, {twice} twice; written in {took:.1f} s, all known {after:.1f} s later",
        goal="each exactly once",
        met=not (missing or twice or odd),
        numbers={"missing": missing, "twice": twice, "written_s": took, "known_s": after},
    )


CASES: dict[str, Callable[[Path], Row]] = {name: partial(burst, name) for name in BURSTS}
