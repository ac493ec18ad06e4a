"""A disk that reports errors now and then: the file system, with EIO where the day says so."""

import errno
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

_STEPS = frozenset({"create_file", "sync_folder", "exchange", "move", "overwrite"})
"""What fails: the steps that write, all of which know the folder they work in."""


class FlakyFileSystem:
    """Obeys `homepress.store.fs.base.FileSystem`."""

    def __init__(self, system: Any, folder: Path, odds: Callable[[], float]) -> None:
        """Fail steps beneath `folder` as often as `odds` says (0 to 1)."""
        self._system = system
        self._folder = folder
        self._odds = odds
        self._random = random.Random(7)
        self.failures = 0

    def __getattr__(self, name: str) -> Any:
        step = getattr(self._system, name)
        return self._doubtful(step) if name in _STEPS else step

    def _doubtful(self, step: Callable[..., Any]) -> Callable[..., Any]:
        def try_it(folder: Any, *rest: Any, **more: Any) -> Any:
            if folder.path.is_relative_to(self._folder) and self._random.random() < self._odds():
                self.failures += 1
                raise OSError(errno.EIO, os.strerror(errno.EIO), str(folder.path))
            return step(folder, *rest, **more)

        return try_it
