"""Which files wait, for what, and until when."""

import math
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
        self._given_back: dict[Path, service.WaitingFile] = {}
        self._stuck: frozenset[Path] = frozenset()

    def told(self, told: Told) -> None:
        """A picture is done, or has to wait."""
        self._stuck = self._stuck | {told.path} if told.problem else self._stuck - {told.path}
        if told.retry_after is None:
            self._given_back.pop(told.path, None)
        else:
            self._given_back[told.path] = service.WaitingFile(
                path=str(told.path), reason=told.reason, next_try=time.time() + told.retry_after
            )

    def try_now(self) -> list[Path]:
        """The files that were given back: whoever asks looks at them now, whenever their time would come."""
        now = time.time()
        self._given_back = {
            path: structs.replace(file, next_try=now) for path, file in list(self._given_back.items())
        }
        return list(self._given_back)

    def keep_within(self, roots: Collection[Path]) -> None:
        """Forget the files of all folders but these."""
        self._given_back = {
            path: file
            for path, file in list(self._given_back.items())
            if any(path.is_relative_to(root) for root in roots)
        }

    def any_soon(self, within: float) -> bool:
        """Whether a file is tried again within so many seconds, or is just being looked at for that.

        Files that a full disk or the like stands against do not count: trying again changes nothing there.
        """
        now = time.time()
        given_back = list(self._given_back.items())
        tries = [file.next_try or 0.0 for path, file in given_back if path not in self._stuck]
        return any(now - _LOOKING < next_try < now + within for next_try in tries)

    def together_with(self, settling: Iterable[WaitingFile]) -> list[service.WaitingFile]:
        """Files that settle, and files that the pipeline gave back; each once."""
        now, monotonic = time.time(), time.monotonic()
        self._given_back = {
            path: file for path, file in list(self._given_back.items()) if (file.next_try or 0) > now
        }
        files = dict(self._given_back)
        for file in settling:
            next_try = None if math.isinf(file.next_try) else now + file.next_try - monotonic
            known = files.get(file.path)
            reason = known.reason if known else ": ".join(filter(None, (str(file.reason), file.detail)))
            files[file.path] = service.WaitingFile(path=str(file.path), reason=reason, next_try=next_try)
        return list(files.values())
