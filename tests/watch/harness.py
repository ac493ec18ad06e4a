"""A watch in fast motion, with a sink that remembers and a memory that can be filled."""

import io
import os
import threading
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image

from homepress.base.files import FileId, Mark
from homepress.watch import Arrival, FolderState, Skip, Skipped, Timing, WatchedFolder, Watcher
from homepress.watch.filters import Selection, lies_in
from homepress.watch.model import WatchSystem, this_system
from homepress.watch.pending import skip_by_status
from homepress.watch.scanner import in_work_tree
from support import wait_for

FAST = Timing(
    early=0.05,
    ahead=0.2,
    no_lease=0.6,
    remote=1.0,
    doubtful=1.5,
    busy=(0.1, 0.2),
    incomplete=(0.2, 0.4, 0.8),
    empty=(0.2, 0.4),
    health=0.1,
    health_notified=0.1,
    health_remote=0.1,
    health_missing=0.2,
    rebuild_pause=0.3,
    directory_looks=(0.05, 0.4),
    scan=3600.0,
    poll=0.2,
    poll_cpu_factor=0.0,
    poll_wall_factor=0.0,
    hint_pause=0.005,
    notify=0.02,
    silent=0.5,
    restart=0.2,
    join=1.0,
    no_room=0.05,
)
SETTLE = 0.25


def picture(kind: str = "JPEG", *, size: tuple[int, int] = (64, 48), **options: Any) -> bytes:
    """The bytes of a noisy picture."""
    image = Image.effect_noise(size, 60)
    if kind != "GIF":
        image = image.convert("RGB")
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


JPEG = picture()


class Memory:
    """What was done (`KnownFiles`)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: dict[bytes, dict[bytes, Mark]] = {}
        self.in_hand: set[bytes] = set()
        self.queries: Counter[bytes] = Counter()

    def done(self, path: bytes, identity: Mark) -> None:
        directory, name = os.path.split(path)
        with self._lock:
            self._rows.setdefault(directory, {})[name] = identity

    def known(self, directory: bytes, names: Collection[bytes] | None = None) -> Mapping[bytes, Mark]:
        with self._lock:
            if names is None:
                self.queries[directory] += 1
            return dict(self._rows.get(directory, {}))

    def held(self, path: bytes) -> bool:
        return path in self.in_hand


class Recorder:
    """What came (`Sink`). Each arrival counts as done at once, as a very quick pipeline would have it."""

    def __init__(self, memory: Memory, *, finishes: bool = True) -> None:
        self.memory = memory
        self.finishes = finishes
        self.found_roots: list[Path] = []
        self.announced = 0
        self.arrivals: list[Arrival] = []
        self.contents: list[bytes | None] = []
        self.skips: list[Skipped] = []
        self.changes = 0
        self.has_room = True
        self.looks = 0
        self.waits = False

    def found(self, folder: Path, root: Path) -> None:
        self.found_roots.append(root)

    def coming(self) -> None:
        self.announced += 1

    def arrived(self, arrival: Arrival) -> None:
        self.contents.append(arrival.path.read_bytes() if arrival.path.exists() else None)
        self.arrivals.append(arrival)
        if self.finishes:
            self.memory.done(os.fsencode(arrival.path), arrival.file_id.mark)

    def skipped(self, skipped: Skipped) -> None:
        self.skips.append(skipped)
        if not skipped.reason.may_end:
            self.memory.done(os.fsencode(skipped.path), skipped.file_id.mark)

    def changed(self) -> None:
        self.changes += 1

    def look_again(self, root: Path) -> bool:
        self.looks += 1
        return self.waits

    def room(self) -> bool:
        return self.has_room

    def names(self) -> list[str]:
        return [arrival.path.name for arrival in list(self.arrivals)]

    def paths(self) -> Counter[Path]:
        return Counter(arrival.path for arrival in list(self.arrivals))


class Watching:
    """A running watch with everything around it."""

    def __init__(self, watch: Watcher, sink: Recorder, memory: Memory) -> None:
        self.watch = watch
        self.sink = sink
        self.memory = memory

    def state(self) -> FolderState:
        return self.watch.states()[0]

    def wait_state(self, status: str, within: float = 60.0) -> FolderState:
        return wait_for(
            lambda: state if (state := self.state()).status == status else None,
            within=within,
            what=f"state {status}, which is {self.state()}",
        )

    def wait_arrivals(self, count: int, within: float = 60.0) -> None:
        wait_for(
            lambda: len(self.sink.paths()) >= count,
            within=within,
            what=f"{count} arrivals",
        )

    def wait_settled(self, within: float = 60.0) -> None:
        assert self.watch.wait_settled(within), f"not settled after {within:g} s: {self.watch.states()}"


@contextmanager
def watching(
    *folders: Path | WatchedFolder,
    timing: Timing = FAST,
    memory: Memory | None = None,
    finishes: bool = True,
    early: bool = False,
    system: WatchSystem | None = None,
    wait: bool = True,
) -> Iterator[Watching]:
    """Watch folders until the block ends; it begins once their first scan is complete."""
    memory = memory or Memory()
    sink = Recorder(memory, finishes=finishes)
    watch = Watcher(sink, memory, early=early, timing=timing, system=system)
    watch.reconfigure([f if isinstance(f, WatchedFolder) else watched(f) for f in folders])
    watch.start()
    try:
        if wait:
            assert watch.wait_settled(60.0), watch.states()
        yield Watching(watch, sink, memory)
    finally:
        watch.stop()


def why_left(run: Watching, path: Path) -> Skip | None:
    """Why a file is passed over by its name, place or directory entry; None when it is not."""
    name, directory = os.fsencode(path), os.path.dirname(os.fsencode(path))
    inside = (f for f in run.watch._folders.values() if lies_in(name, f.root))
    if (folder := next(inside, None)) is None:
        return None
    selection = Selection(folder.folder, folder.root)
    if not selection.reaches(directory):
        return Skip.DIRECTORY
    if in_work_tree(directory, folder.root):
        return Skip.WORK_TREE
    if skip := selection.skip_file(directory, os.path.basename(name)):
        return skip
    try:
        return skip_by_status(os.lstat(name), this_system(), stays=selection.stays)
    except OSError:
        return Skip.UNREADABLE


def observation_of(run: Watching) -> Any:
    """What observes the only folder of a watch."""
    (folder,) = run.watch._folders.values()
    return wait_for(lambda: folder._loop.observer._observation, what="an observer")


class Altered:
    """The system we run on, with some of its functions replaced."""

    def __init__(self, **replaced: Any) -> None:
        self.__dict__.update(replaced)

    def __getattr__(self, name: str) -> Any:
        return getattr(this_system(), name)


def watched(path: Path, **options: Any) -> WatchedFolder:
    """A folder with a short settle time."""
    return WatchedFolder(path, **({"settle_seconds": SETTLE} | options))


def file_id(path: Path) -> FileId:
    return FileId.of(os.lstat(path))
