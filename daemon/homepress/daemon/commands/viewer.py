"""Pictures to be shown, decoded in a worker: tray, window and command line decode none.

They may talk to other programs on this computer, so a picture made to attack its decoder must not reach them.
"""

import contextlib
import os
from pathlib import Path

from homepress import privacy
from homepress.base.results import ProbedProcess
from homepress.workers import Limits, NoRoomError, Slot, WorkerDied

_MOST_FILE_BYTES = 1 << 30
_SECONDS = 60.0


class Viewer:
    """Opens pictures one after the other; starts its worker with the first, ends it with `close`."""

    def __init__(self) -> None:
        self._slot = Slot(Limits(), background=False)

    def open(
        self,
        file: Path,
        edge: int,
        fill: bool,
        most_pixels: int,
        most_decoded: int,
        part: tuple[float, float, float, float] | None = None,
        rough: bool = False,
    ) -> tuple[tuple[int, int], tuple[int, int], bytes]:
        """Full size, size and RGB pixels of a picture; what is asked for: `compress.preview.preview`.

        Raises:
            OSError: the file cannot be read.
            ValueError: it cannot be shown; the text says why.
        """
        source = _read(file)
        try:
            return self._slot.view(source, edge, fill, most_pixels, most_decoded, _SECONDS, part, rough)
        except NoRoomError as error:
            raise ValueError(str(error)) from error

    def tells_place(self, file: Path) -> bool:
        """Whether a picture tells where it was taken.

        Raises:
            OSError: the file cannot be read.
            ValueError: it cannot be looked through; the text says why.
        """
        source = _read(file)
        try:
            return self._slot.tells_place(source)
        except (WorkerDied, NoRoomError) as error:
            raise ValueError(str(error)) from error

    def prepare(self, *, fresh: bool) -> None:
        """Have a worker ready; if `fresh`, one that holds nothing, so that one that showed pictures ends."""
        if fresh:
            self._slot.rest()
        with contextlib.suppress(WorkerDied):  # whoever opens a picture is told
            self._slot.prepare()

    def probe(self, other: int = 0) -> ProbedProcess:
        """Have the worker try every way out; one that cannot has tried nothing.

        Args:
            other: an ordinary process of this user, whose memory it tries to open; 0 for none.
        """
        try:
            tried = self._slot.probe(other)
        except WorkerDied:
            tried = ()
        return privacy.WORKER.probed("worker", self._slot.pid or 0, tried)

    def close(self) -> None:
        """End the worker."""
        self._slot.close()


def _read(file: Path) -> bytes:
    with file.open("rb") as stream:
        if os.fstat(stream.fileno()).st_size > _MOST_FILE_BYTES:
            raise ValueError("it is too large to be opened")
        return stream.read()
