"""Power cuts: images of the disk are taken while pictures are replaced, then mounted and recovered.

The pictures, the ledger and the vault lie on a file system in an image file, which itself lies on a file
system that can clone files in an instant (FICLONE). What was not flushed is missing from the clone. The limit
of the model: a drive that lies about flushing or reorders writes behind it is not simulated.
"""

import contextlib
import fcntl
import os
import random
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.torture.trial import Outcome
from homepress.store.fs.base import FileSystem
from homepress.store.model import StoreError
from store.kit import Bench, Probe, picture, replacement, smaller, without_exchange

_FICLONE = 0x40049409
_PICTURES = 400
_SIZE = 20_000


@dataclass(frozen=True)
class _Kind:
    """A file system, how it is made and mounted."""

    name: str
    make: tuple[str, ...]
    options: str
    synced: bool = True
    linked: bool = False

    @property
    def title(self) -> str:
        how = "hard link" if self.linked else "exchange"
        return (
            f"crash images: {self.name}, {how}" if self.synced else f"control, files not flushed: {self.name}"
        )


# Committing metadata every second is harsher than the usual five: names reach the disk before data does.
_KINDS = (
    _Kind("ext4", ("mkfs.ext4", "-q", "-F"), "commit=1"),
    _Kind("ext4 noauto_da_alloc", ("mkfs.ext4", "-q", "-F"), "commit=1,noauto_da_alloc"),
    _Kind("ext4", ("mkfs.ext4", "-q", "-F"), "commit=1", linked=True),
    _Kind("xfs", ("mkfs.xfs", "-q", "-f"), "defaults"),
    _Kind("btrfs", ("mkfs.btrfs", "-q", "-f"), "commit=1"),
    _Kind("ext4", ("mkfs.ext4", "-q", "-F"), "commit=1,noauto_da_alloc", synced=False),
)


def trials(snapshots: int) -> Iterator[Outcome]:
    """All kinds, or one line that says why not."""
    why = _cannot()
    for kind in _KINDS:
        outcome = Outcome(kind.title, must_fail=not kind.synced, skipped=why)
        if not why:
            with tempfile.TemporaryDirectory(prefix="homepress-torture-") as name:
                _Run(kind, Path(name).resolve(), outcome).run(snapshots)
        yield outcome


def _cannot() -> str:
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return "needs root to mount"
    with tempfile.TemporaryDirectory(prefix="homepress-torture-") as name:
        base = Path(name).resolve()
        try:
            with _clonable(base):
                return ""
        except (OSError, subprocess.CalledProcessError) as error:
            return f"this machine cannot mount an image ({error})"


@contextlib.contextmanager
def _mounted(image: Path, point: Path, options: str) -> Iterator[None]:
    point.mkdir(exist_ok=True)
    _run("mount", "-o", f"loop,{options}", str(image), str(point))
    try:
        yield
    finally:
        _unmount(point)


def _unmount(point: Path) -> None:
    """The last user of a file system may take an instant to be gone."""
    for _ in range(50):
        if subprocess.run(["umount", str(point)], capture_output=True, check=False).returncode == 0:
            return
        time.sleep(0.1)
    _run("umount", "-l", str(point))


@contextlib.contextmanager
def _clonable(base: Path) -> Iterator[Path]:
    """A mounted file system that clones files: xfs in a sparse file."""
    image = base / "outer.img"
    with image.open("wb") as file:
        file.truncate(8_000_000_000)
    _run("mkfs.xfs", "-q", "-f", "-m", "reflink=1", str(image))
    with _mounted(image, base / "outer", "defaults"):
        yield base / "outer"


class _Run:
    """One kind of file system: work on it, clone it, and look at every clone."""

    def __init__(self, kind: _Kind, base: Path, outcome: Outcome) -> None:
        self._kind = kind
        self._base = base
        self._point = base / "inner"
        self._outcome = outcome
        self._replaced = 0
        self._differing = 0

    def run(self, snapshots: int) -> None:
        """Fill in the outcome."""
        with _clonable(self._base) as outer:
            image = outer / "inner.img"
            with image.open("wb") as file:
                file.truncate(600_000_000)
            _run(*self._kind.make, str(image))
            with _mounted(image, self._point, self._kind.options):
                self._fill()
                clones = self._clone_while_working(image, snapshots)
            for clone in clones:
                self._look_at(clone)
                clone.unlink()
        average = self._replaced / max(1, len(clones))
        self._outcome.remark = f"on average {average:.0f} of {_PICTURES} pictures replaced when cut"

    def _bench(self) -> Bench:
        return Bench.at(self._point / "disk")

    def _fill(self) -> None:
        bench = self._bench()
        for number in range(_PICTURES):
            (bench.watched / f"{number}.jpg").write_bytes(picture(number, _SIZE))
        with bench.store(self._fs()):
            pass
        os.sync()

    def _fs(self) -> FileSystem | None:
        if not self._kind.synced:
            return _Unflushed(fs=without_exchange()).fs()
        return without_exchange() if self._kind.linked else None

    def _clone_while_working(self, image: Path, snapshots: int) -> list[Path]:
        chance = random.Random(self._kind.title)
        worker = os.fork()
        if worker == 0:
            try:
                self._work()
            finally:
                os._exit(0)
        clones = []
        try:
            while len(clones) < snapshots and os.waitpid(worker, os.WNOHANG) == (0, 0):
                time.sleep(chance.uniform(0.02, 0.3))
                clone = image.with_name(f"clone-{len(clones)}.img")
                with image.open("rb") as source, clone.open("wb") as target:
                    fcntl.ioctl(target.fileno(), _FICLONE, source.fileno())
                clones.append(clone)
        finally:
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                os.kill(worker, 9)
                os.waitpid(worker, 0)
        return clones

    def _work(self) -> None:
        bench = self._bench()
        with bench.store(self._fs()) as store:
            for number in range(_PICTURES):
                with contextlib.suppress(StoreError):
                    source = store.read(bench.watched / f"{number}.jpg")
                    store.replace(source, replacement(smaller(source.data)))
            time.sleep(30)

    def _look_at(self, clone: Path) -> None:
        options = "nouuid" if self._kind.name == "xfs" else "defaults"
        if self._kind.name == "btrfs":
            subprocess.run(["btrfs", "device", "scan", "--forget"], capture_output=True, check=False)
        wrong = []
        with _mounted(clone, self._point, options):
            bench = self._bench()
            wrong += [f"before recovery: {w}" for w in self._wrong(bench)]
            self._replaced += self._differing
            with bench.store() as store:
                wrong += [str(note) for note in store.recover() if "ledger" in str(note)]
                wrong += [f"recovered twice: {note}" for note in store.recover()]
            wrong += [f"after recovery: {w}" for w in self._wrong(bench)]
            wrong += [f"a temp file is left: {name}" for name in bench.temps()]
        self._outcome.cases += 1
        self._outcome.violations += wrong

    def _wrong(self, bench: Bench) -> list[str]:
        wrong, replaced = [], 0
        hidden = {(bench.watched / name).read_bytes() for name in bench.temps()} | set(bench.kept())
        for number in range(_PICTURES):
            path, original = bench.watched / f"{number}.jpg", picture(number, _SIZE)
            content = path.read_bytes() if path.exists() else None
            if content == original:
                continue
            replaced += 1
            waits = content is None and self._kind.linked and original in hidden
            if content != smaller(original) and not waits:
                size = "missing" if content is None else f"{len(content)} bytes that are neither"
                wrong.append(f"{path.name}: {size}")
            if original not in hidden:
                wrong.append(f"the original of {path.name} is lost")
        self._differing = replaced
        return wrong


class _Unflushed(Probe):
    """A file system that flushes no file and no folder (the ledger still does): what the trial must catch."""

    def sync(self, fd: int) -> None:
        pass

    def sync_folder(self, folder: object) -> None:
        pass


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
