"""Fixtures for the store's tests."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from store.kit import Bench, in_child


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A home and a watched folder."""
    return Bench.at(tmp_path)


@pytest.fixture
def quick_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder where flushing costs nothing, if there is one with extended attributes."""
    shared = Path("/dev/shm")
    if not shared.is_dir() or not hasattr(os, "setxattr"):
        yield tmp_path
        return
    folder = Path(tempfile.mkdtemp(dir=shared, prefix="homepress-test-"))
    try:
        os.setxattr(folder, "user.test", b"1")
    except OSError:
        yield tmp_path
    else:
        yield folder
    shutil.rmtree(folder)


@pytest.fixture
def other_disk(tmp_path: Path, quick_disk: Path) -> Path:
    """A folder on another file system than `quick_disk`."""
    if quick_disk.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no second file system to write to")
    return tmp_path


@pytest.fixture
def as_nobody(quick_disk: Path) -> Callable[[Bench, Callable[[], None]], None]:
    """Run something as an ordinary user, in a process of its own, with a bench of that user's."""

    def run(bench: Bench, work: Callable[[], None]) -> None:
        bench.base.chmod(0o777)
        for folder in bench.base.parents:
            if folder.stat().st_uid == os.geteuid() and folder != Path("/"):
                folder.chmod(folder.stat().st_mode | 0o011)

        def dropped() -> None:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
            work()

        assert in_child(dropped) == 0

    return run
