"""Fixtures for the tests of watching."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def memory_path() -> Iterator[Path]:
    """A folder in memory where there is one: tens of thousands of folders take minutes on a busy disk."""
    shm = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="homepress-test-", dir=shm if shm.is_dir() else None))
    yield folder
    shutil.rmtree(folder)
