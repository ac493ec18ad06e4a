"""Which files wait, for what, and until when."""

import math
import threading
import time
from collections.abc import Collection, Iterable
from pathlib import Path

from msgspec import structs

from homepress.control import service
from homepress.pipeline import Told
from homepress.watch import WaitingFile

_LOOKING = 2.0
"""Seconds that watching takes at most to hand on a file whose time has come."""


class WaitingFiles:
    """Files that the pipeline gave back, and with them those that settle. Usable from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._given_back: dict[Path, service.WaitingFile] = {}
        self._stuck: set[Path] = set()

    def told(self, told: Told) -> None:
        """A picture is done, or has to wait."""
        with self._lock:
            self._forget([told.path])
            if told.retry_after is None:
                return
            next_try = time.time() + told.retry_after
            self._given_back[told.path] = service.WaitingFile(
                path=str(told.path), reason=told.reason, next_try=next_try
            )
            if told.problem:
                self._stuck.add(told.path)

    def try_now(self) -> list[Path]:
        """The files that were given back: whoever asks looks at them now, whenever their time would come."""
        now = time.time()
        with self._lock:
            for path, file in self._given_back.items():
                self._given_back[path] = structs.replace(file, next_try=now)
            return list(self._given_back)

    def keep_within(self, roots: Collection[Path]) -> None:
        """Forget the files of all folders but these."""
        with self._lock:
            self._forget(path for path in self._given_back if not any(map(path.is_relative_to, roots)))

    def any_soon(self, within: float) -> bool:
        """Whether a file is tried again within so many seconds, or is just being looked at for that.

        Files that a full disk or the like stands against do not count: trying again changes nothing there.
        """
        now = time.time()
        with self._lock:
            tries = [_next(file) for path, file in self._given_back.items() if path not in self._stuck]
        return any(now - _LOOKING < next_try < now + within for next_try in tries)

    def together_with(self, settling: Iterable[WaitingFile]) -> list[service.WaitingFile]:
        """Files that settle, and files that the pipeline gave back; each once."""
        now, monotonic = time.time(), time.monotonic()
        with self._lock:
            # Only now: until watching has looked, `any_soon` counts those whose time has come.
            self._forget(path for path, file in self._given_back.items() if _next(file) <= now - _LOOKING)
            files = {path: file for path, file in self._given_back.items() if _next(file) > now}
        for file in settling:
            next_try = None if math.isinf(file.next_try) else now + file.next_try - monotonic
            known = files.get(file.path)
            reason = known.reason if known else ": ".join(filter(None, (str(file.reason), file.detail)))
            files[file.path] = service.WaitingFile(path=str(file.path), reason=reason, next_try=next_try)
        return list(files.values())

    def _forget(self, paths: Iterable[Path]) -> None:
        for path in list(paths):
            self._given_back.pop(path, None)
            self._stuck.discard(path)


def _next(file: service.WaitingFile) -> float:
    return file.next_try or 0.0
