"""The pictures on the page Compress now: compressed by other processes, their results in a folder of ours."""

import contextlib
import os
import re
import shutil
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol

from homepress.base.files import walk
from homepress.base.formats import FORMATS, SNIFF_BYTES, has_image_suffix, sniff
from homepress.base.paths import make_folder
from homepress.base.results import FileOutcome, HandMade
from homepress.base.system_errors import told
from homepress.control.service import CompressRequest
from homepress.ui.window.model.wishes import Wish

FOLDER = "window"
"""In our state: the results that the window holds, and what was pasted into it. Removed when it closes, or
when the next one opens."""

MOST = 2_000
"""Pictures on the page at a time; for more there are watched folders and the command line."""


class Compressor(Protocol):
    """Compresses pictures in processes of their own; usable from any thread.

    Attributes:
        jobs: how many at a time.
    """

    jobs: int

    def prepare(self) -> None:
        """Start a process for the next picture."""

    def compress(self, file: Path, request: CompressRequest) -> HandMade:
        """Compress a picture, which stays as it is. Raises `ServiceError`."""

    def stop(self) -> None:
        """End what is being worked on; those pictures fail."""

    def rest(self) -> None:
        """Give memory back that is not needed now."""


_compressor: Compressor | None = None


def compress_with(compressor: Compressor | None) -> None:
    """Have pictures compressed by `compressor` from now on."""
    global _compressor
    _compressor = compressor


def compressor() -> Compressor | None:
    """What compresses pictures here; None where nothing can."""
    return _compressor


@dataclass(slots=True, eq=False)
class BatchItem:
    """A picture on the page.

    Attributes:
        path: where it is.
        pasted: whether it came from the clipboard, so that nothing but our copy of it exists.
        made: what became of it, by what was wanted.
        files: the result of each, in our folder.
        replaced: what it was replaced by, if it was.
    """

    path: Path
    pasted: bool = False
    made: dict[Wish, HandMade] = field(default_factory=dict)
    files: dict[Wish, Path] = field(default_factory=dict)
    replaced: Wish | None = None


class HandBatch:
    """Compresses what is on the page for one wish after the other; results for an older one are kept."""

    def __init__(self, folder: Path, changed: Callable[[BatchItem, Wish], object]) -> None:
        """Start nothing yet.

        Args:
            folder: for results; emptied by `close`.
            changed: called, in a thread of its own, whenever there is a result.
        """
        self._folder = folder
        self._changed = changed
        self._lock = threading.Lock()
        self._left: deque[BatchItem] = deque()
        self._doing: set[tuple[BatchItem, Wish]] = set()
        self._wish = Wish()
        self._threads = 0
        self._number = 0
        self._run = 0
        self._begin = time.monotonic()

    @property
    def seconds(self) -> float:
        """How long the present run has taken so far."""
        return time.monotonic() - self._begin

    @property
    def busy(self) -> bool:
        """Whether something is being worked on."""
        return self._threads > 0

    def is_at_work(self, item: BatchItem) -> bool:
        """Whether a picture is being worked on."""
        return (item, self._wish) in self._doing

    def start(self, items: Iterable[BatchItem], wish: Wish, first: BatchItem | None = None) -> int:
        """Have these compressed in place of what is left of others; how many are to be done.

        Args:
            items: all on the page; those that have a result for the wish are done.
            wish: what is wanted.
            first: whose result is waited for most.
        """
        assert _compressor is not None
        wanted = [item for item in items if wish not in item.made and item.replaced is None]
        with self._lock:
            left = [item for item in wanted if (item, wish) not in self._doing]
            left.sort(key=lambda item: item is not first)
            self._left, self._wish = deque(left), wish
            self._begin = time.monotonic()
            for _ in range(min(_compressor.jobs, len(left)) - self._threads):
                self._threads += 1
                threading.Thread(target=self._work, name="compressing", daemon=True).start()
        return len(wanted)

    def cancel(self) -> None:
        """Compress nothing more, and end what is being worked on."""
        with self._lock:
            self._left.clear()
            self._doing.clear()
            self._run += 1
        if _compressor is not None:
            _compressor.stop()

    def keep(self, data: bytes) -> Path | None:
        """A file of ours with a picture that was pasted; None when it is no picture."""
        kind = sniff(data[:SNIFF_BYTES])
        return self._write(f"Pasted picture{kind.suffix}", data) if kind is not None else None

    def close(self, kept: Iterable[Path] = ()) -> None:
        """Compress nothing more, and remove all results but those in `kept`."""
        self.cancel()
        self._remove(kept)

    def _remove(self, kept: Iterable[Path] = ()) -> None:
        with contextlib.suppress(OSError):
            for place in set(self._folder.iterdir()) - {file.parent for file in kept}:
                shutil.rmtree(place, ignore_errors=True)
            self._folder.rmdir()

    def _work(self) -> None:
        """Compress until nothing is left."""
        while True:
            with self._lock:
                if not self._left:
                    self._threads -= 1
                    return
                item, wish, run = self._left.popleft(), self._wish, self._run
                self._doing.add((item, wish))
            made = self._compressed(item, wish)
            with self._lock:
                self._doing.discard((item, wish))
                if run != self._run:  # cancelled: it failed for that alone
                    continue
                item.made[wish] = made
            self._changed(item, wish)

    def _compressed(self, item: BatchItem, wish: Wish) -> HandMade:
        assert _compressor is not None
        try:
            made = _compressor.compress(item.path, wish.request())
            if made.data:
                item.files[wish] = self._write(_result_name(item.path, made.data), made.data)
        except Exception as error:  # noqa: BLE001  whatever it is, the row says it and others go on
            return HandMade(outcome=FileOutcome(str(item.path), "failed", told(error), missed=True))
        return made

    def _write(self, name: str, data: bytes) -> Path:
        with self._lock:
            self._number += 1
            place = self._folder / str(self._number)  # a folder for each: two may have the same name
        make_folder(self._folder.parent)
        make_folder(self._folder)
        make_folder(place)
        file = place / name
        file.write_bytes(data)
        return file


def pictures_in(paths: Iterable[Path]) -> Iterator[Path]:
    """The files that were named, and in folders everything that is named like an image."""
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        for folder, inside, names in walk(path):
            inside[:] = sorted((name for name in inside if not name.startswith(".")), key=_as_read)
            yield from (
                Path(folder, name)
                for name in sorted(names, key=_as_read)
                if has_image_suffix(name) and not name.startswith(".")
            )


def _as_read(name: str) -> list[str | int]:
    """The place of a name in the order in which people count: "2.jpg" before "10.jpg"."""
    parts = re.split("([0-9]+)", name.casefold())
    return [int(part) if place % 2 else part for place, part in enumerate(parts)]


def save_copy(source: Path, item: BatchItem, name: str, folder: Path | None) -> Path:
    """Write a copy of a result where it overwrites nothing; its path.

    Args:
        source: the result.
        item: whose it is.
        name: what it is called.
        folder: where to; None for beside the picture.

    Raises:
        OSError: it cannot be written.
    """
    target = (folder or item.path.parent) / name
    wanted = target if folder is not None else target.with_name(f"{target.stem}.min{target.suffix}")
    first, number = wanted, 1
    while True:
        try:
            with wanted.open("xb") as stream:
                write_all(stream, source.read_bytes())
        except FileExistsError:
            number += 1
            wanted = first.with_name(f"{first.stem} {number}{first.suffix}")
            continue
        return wanted


def write_all(stream: BinaryIO, data: bytes) -> None:
    """Write a new file in full, or leave none behind. Raises `OSError`."""
    try:
        stream.write(data)
        stream.flush()
    except OSError as error:
        error.filename = stream.name
        with contextlib.suppress(OSError):
            os.unlink(stream.name)
        raise


def _result_name(path: Path, data: bytes) -> str:
    """The name of a picture, with the suffix of the result's format where that is another."""
    kind = sniff(data[:SNIFF_BYTES])
    if kind is None or path.suffix.lower() in FORMATS[kind].suffixes:
        return path.name
    return path.with_suffix(kind.suffix).name
