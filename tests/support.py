"""What tests of all rooms share: waiting for a condition, and finding the image corpus."""

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal, TypeVar

import pytest

T = TypeVar("T")

THIS_MACHINE_CANNOT = "this machine cannot"
"""How the reason begins of a test that did not run for what the kernel or its sandbox does not allow."""

REPOSITORY = Path(__file__).resolve().parent.parent


def full_path(path: str) -> str:
    """A full path, given as on POSIX, in this system's spelling: with a drive where it has them."""
    return str(Path(tempfile.gettempdir()).joinpath(path))


def a_home(monkeypatch: pytest.MonkeyPatch, path: str) -> Path:
    """Have the user's home folder there, which need not exist; `path` as for `full_path`."""
    for variable in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(variable, full_path(path))
    return Path(full_path(path))


def is_private(path: Path) -> bool:
    """Whether its mode keeps others out; where there are none, access lists have tests of their own."""
    return os.name != "posix" or not path.stat().st_mode & 0o077


def wait_for(
    condition: Callable[[], T | Literal[False] | None], *, within: float = 60.0, what: str = "the condition"
) -> T:
    """Poll `condition` until it is true and give its value; fail after `within` seconds.

    A long deadline costs nothing when it is met: short ones fail where the computer is busy. It asks less
    often the longer it waits: a condition may be a whole command, which takes time from what is waited for.
    """
    begin = time.monotonic()
    while True:
        if value := condition():
            return value
        waited = time.monotonic() - begin
        if waited > within:
            raise AssertionError(f"waited {within:g} s in vain for {what}")
        time.sleep(min(max(waited / 8, 0.02), 0.5))


def corpus() -> Path | None:
    """The folder of the image corpus, or None where it is not at hand."""
    folder = Path(os.environ.get("HOMEPRESS_CORPUS", REPOSITORY.parent / "shared" / "corpus"))
    return folder if (folder / "MANIFEST.csv").is_file() else None
