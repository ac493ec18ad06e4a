"""Scratch folders: an ordinary one, and one where flushing costs nothing."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

SHARED = Path("/dev/shm")


@contextlib.contextmanager
def on_disk() -> Iterator[Path]:
    """A fresh folder on the disk that temporary files are on."""
    with _fresh(Path(tempfile.gettempdir()).resolve()) as folder:
        yield folder


@contextlib.contextmanager
def in_memory() -> Iterator[Path]:
    """A fresh folder in memory where there is one with extended attributes, else on disk."""
    base = SHARED if SHARED.is_dir() else Path(tempfile.gettempdir()).resolve()
    with _fresh(base) as folder:
        try:
            os.setxattr(folder, "user.test", b"1")
        except OSError:
            with on_disk() as other:
                yield other
        else:
            yield folder


@contextlib.contextmanager
def _fresh(base: Path) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(dir=base, prefix="homepress-torture-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)
