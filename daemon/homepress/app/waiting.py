"""Which files wait, for what, and until when."""

import math
import threading
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from homepress.control import service
from homepress.pipeline import Told
from homepress.watch import WaitingFile

_LOOKING = 2.0
"""Seconds that watching takes at most to hand on a file whose time has come."""


@dataclass(frozen=True, slots=True)
class _GivenBack:
    reason: str
    next_try: float
    """Monotonic seconds, as watching has them; for showing they are turned into those of the wall clock."""


class WaitingFiles:
    """Files that the pipeline gave back, and with them those that settle. Usable from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._given_back: dict[Path, _GivenBack] = {}
        self._stuck: set[Path] = set()

    def told(self, told: Told) -> None:
        """A picture is done, or has to wait."""
        with self._lock:
            self._forget([told.path])
            if told.retry_after is None:
                return
            self._given_back[told.path] = _GivenBack(told.reason, time.monotonic() + told.retry_after)
            if told.problem:
                self._stuck.add(told.path)

    def try_now(self) -> list[Path]:
        """The files that were given back: whoever asks looks at them now, whenever their time would come."""
        now = time.monotonic()
        with self._lock:
            for path, file in self._given_back.items():
                self._given_back[path] = replace(file, next_try=now)
            return list(self._given_back)

    def keep_within(self, roots: Collection[Path]) -> None:
        """Forget the files of all folders but these."""
        with self._lock:
            self._forget(path for path in self._given_back if not any(map(path.is_relative_to, roots)))

    def any_soon(self, within: float) -> bool:
        """Whether a file is tried again within so many seconds, or is just being looked at for that.

        Files that a full disk or the like stands against do not count: trying again changes nothing there.
        """
        now = time.monotonic()
        with self._lock:
            tries = [file.next_try for path, file in self._given_back.items() if path not in self._stuck]
        return any(now - _LOOKING < next_try < now + within for next_try in tries)

    def together_with(self, settling: Iterable[WaitingFile]) -> list[service.WaitingFile]:
        """Files that settle, and files that the pipeline gave back; each once."""
        now, shown = time.monotonic(), time.time() - time.monotonic()
        with self._lock:
            # Only now: until watching has looked, `any_soon` counts those whose time has come.
            self._forget(path for path, file in self._given_back.items() if file.next_try <= now - _LOOKING)
            files = {path: file for path, file in self._given_back.items() if file.next_try > now}
        for file in settling:
            known = files.get(file.path)
            reason = known.reason if known else ": ".join(filter(None, (str(file.reason), file.detail)))
            files[file.path] = _GivenBack(reason, file.next_try)
        return [
            service.WaitingFile(
                path=str(path),
                reason=file.reason,
                next_try=None if math.isinf(file.next_try) else shown + file.next_try,
            )
            for path, file in files.items()
        ]

    def _forget(self, paths: Iterable[Path]) -> None:
        for path in list(paths):
            self._given_back.pop(path, None)
            self._stuck.discard(path)
