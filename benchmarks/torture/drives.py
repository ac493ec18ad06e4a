"""A drive that is unmounted and mounted at any moment, while results and restored originals go to it.

Nothing may ever be under its bare mount point, and what was to be written must be on the drive, whole.
"""

import contextlib
import os
import random
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.torture.trial import Outcome
from homepress.store.model import StoreError, UndoSelection
from homepress.store.store import Store
from store.kit import Bench, picture, replace, replacement, smaller

_SIZE = 20_000


def trials(rounds: int) -> Iterator[Outcome]:
    """One drive, unmounted `rounds` times; or one line that says why not."""
    outcome = Outcome("drive unmounted and mounted while results go to it")
    with tempfile.TemporaryDirectory(prefix="homepress-torture-") as name:
        base = Path(name).resolve()
        try:
            device = _device(base / "drive.img")
        except (OSError, subprocess.CalledProcessError) as error:
            outcome.skipped = f"this machine cannot make a drive ({error})"
        else:
            try:
                _Run(base, device, outcome).run(rounds)
            finally:
                subprocess.run(["umount", "-l", str(base / "point")], capture_output=True, check=False)
                subprocess.run(["losetup", "-d", device], capture_output=True, check=False)
    yield outcome


def _device(image: Path) -> str:
    with image.open("wb") as file:
        file.truncate(200_000_000)
    command = ["losetup", "--find", "--show", str(image)]
    device = subprocess.run(command, capture_output=True, check=True, text=True).stdout.strip()
    subprocess.run(["mkfs.ext4", "-q", device], check=True)
    return device


class _Run:
    """The drive, a writer, and whoever unmounts it."""

    def __init__(self, base: Path, device: str, outcome: Outcome) -> None:
        self._bench = Bench.at(base / "computer")
        self._point = base / "point"
        self._device = device
        self._outcome = outcome
        self._over = threading.Event()
        self._written: dict[Path, bytes] = {}
        self._refused = 0
        self._busy = 0

    def run(self, rounds: int) -> None:
        """Fill in the outcome."""
        self._point.mkdir()
        self._mount()
        with self._bench.store() as store:
            store.recover()
            store.drives.remember(self._point)
            writer = threading.Thread(target=self._write, args=(store,))
            writer.start()
            for _ in range(rounds):
                time.sleep(random.uniform(0, 0.02))
                self._unmount()
                self._look_beneath()
                time.sleep(random.uniform(0, 0.01))
                self._look_beneath()
                self._mount()
                self._outcome.cases += 1
            self._over.set()
            writer.join()
            store.recover()
        for path, data in self._written.items():
            if not path.is_file() or path.read_bytes() != data:
                self._outcome.violations.append(f"{path.name} was told to be written and is not there")
        left = [path.name for path in self._point.rglob(".homepress-*.tmp")]
        self._outcome.violations += [f"{name} was left" for name in left]
        self._outcome.remark = (
            f"{len(self._written)} written, {self._refused} waited, {self._busy} times busy"
        )

    def _mount(self) -> None:
        subprocess.run(["mount", self._device, str(self._point)], check=True)

    def _unmount(self) -> None:
        while subprocess.run(["umount", str(self._point)], capture_output=True, check=False).returncode:
            self._busy += 1

    def _look_beneath(self) -> None:
        beneath = os.listdir(self._point)
        self._outcome.violations += [f"{name} is beneath the mount point" for name in beneath]
        for name in beneath:
            subprocess.run(["rm", "-rf", str(self._point / name)], check=True)

    def _write(self, store: Store) -> None:
        number = 0
        while not self._over.is_set():
            number += 1
            path = self._bench.watched / f"{number}.jpg"
            path.write_bytes(picture(number, _SIZE))
            target = self._point / f"folder {number % 7}" / path.name
            try:
                source = store.read(path)
                result = smaller(source.data)
                receipt = store.write_output(source, replacement(result), target)
                self._written[receipt.path] = result
                replace(store, path)
                to = self._point / f"restored {number % 5}"
                for undone in store.undo(UndoSelection(paths=(path,)), roots=self._bench.roots, to=to):
                    if undone.outcome == "restored" and undone.restored_to:
                        self._written[Path(undone.restored_to)] = source.data
            except (OSError, StoreError):
                self._refused += 1
            with contextlib.suppress(OSError):
                path.unlink()
