"""Cases over a large tree that the ledger knows: the start, what came while it was off, idling, a survey."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.watching.bench import Row, progress, rss_mb, running, timed, wakeups
from benchmarks.watching.bursts import write_file
from benchmarks.watching.size import SIZE
from homepress.watch import WatchedFolder, survey

_KNOWN = f"{SIZE.known_folders * 100:,}"


def known_tree(place: Path) -> Row:
    """100,000 files that the ledger knows: from the start to watching, and what it costs in memory."""
    with _known_tree(place) as (folder, store):
        before = rss_mb()
        started, cpu = time.monotonic(), time.process_time()
        with running(folder, _OfStore(store)) as run:
            seconds, cpu = time.monotonic() - started, time.process_time() - cpu
            more = rss_mb() - before
            opened = len(run.sink.came)
    return Row(
        case=f"{_KNOWN} files in {SIZE.known_folders:,} folders, all known to the ledger: start to watching",
        figure=f"{seconds:.2f} s ({cpu:.2f} s CPU), {more:.0f} MB more memory, {opened} files opened",
        goal="<= 5 s, <= 80 MB",
        met=seconds <= 5 and more <= 80 and not opened,
        numbers={"seconds": seconds, "cpu_s": cpu, "mb": more},
    )


def came_while_off(place: Path) -> Row:
    """1,000 files that came into such a tree while nobody watched."""
    with _known_tree(place) as (folder, store):
        for number in range(SIZE.missed):
            write_file(folder / f"d{number}" / "new.jpg")
        started = time.monotonic()
        with running(folder, _OfStore(store)) as run:
            run.sink.wait(SIZE.missed, 60)
            seconds, queued = time.monotonic() - started, len(run.sink.came)
    return Row(
        case=f"{SIZE.missed:,} files that came while it was off, among {_KNOWN} known ones",
        figure=f"{queued:,} queued after {seconds:.1f} s",
        goal="all in <= 10 s",
        met=queued == SIZE.missed and seconds <= 10,
        numbers={"seconds": seconds},
    )


def idle_watch(place: Path) -> Row:
    """The watch alone over such a tree, doing nothing for a minute."""
    minute = 60.0
    with _known_tree(place) as (folder, store), running(folder, _OfStore(store)):
        time.sleep(3)
        cpu, woken = time.process_time(), wakeups()
        time.sleep(minute)
        cpu, woken = time.process_time() - cpu, wakeups() - woken
    return Row(
        case=f"idle over {_KNOWN} files for a minute, the watch alone, no scan in it",
        figure=f"{cpu / minute:.3%} of a core, {woken / minute:.2f} wake-ups/s",
        goal="<= 0.1 %",
        met=cpu / minute <= 0.001,
        numbers={"cpu": cpu / minute, "wakeups": woken / minute},
    )


def dry_survey(place: Path) -> Row:
    """What `folder add` needs to say what is in a folder."""
    with _known_tree(place) as (folder, _):
        count = 0

        def look() -> None:
            nonlocal count
            count = sum(1 for _ in survey(WatchedFolder(folder)))

        seconds = timed(look)
    return Row(f"survey of {count:,} files", f"{seconds:.2f} s", numbers={"seconds": seconds})


class _OfStore:
    """The ledger's memory, as the daemon asks for it."""

    def __init__(self, store: Any) -> None:
        self._store = store

    def known(self, directory: bytes, names: Any = None) -> Any:
        return self._store.known(directory, names)

    def held(self, path: bytes) -> bool:
        return False


@contextmanager
def _known_tree(place: Path) -> Iterator[tuple[Path, Any]]:
    from homepress.store.model import OriginalsLimit
    from homepress.store.store import Store

    folder = place / "tree"
    progress(f"making {_KNOWN} files")
    for directory in range(SIZE.known_folders):
        (folder / f"d{directory}").mkdir(parents=True)
        for file in range(100):
            fd = os.open(folder / f"d{directory}" / f"{file}.jpg", os.O_CREAT | os.O_WRONLY)
            os.write(fd, b"x")
            os.close(fd)
    store = Store.open(place / "ledger.sqlite3", place / "originals", OriginalsLimit(10**10))
    store.folders.baseline(folder)
    try:
        yield folder, store
    finally:
        store.close()


CASES: dict[str, Callable[[Path], Row]] = {
    "known-tree": known_tree,
    "came-while-off": came_while_off,
    "idle-watch": idle_watch,
    "survey": dry_survey,
}
