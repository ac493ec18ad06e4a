"""The same coefficients in as few bytes as is known: by our own scans, or by mozjpeg's lossless pass."""

from dataclasses import dataclass

import mozjpeg_lossless_optimization
import numpy as np
from numpy.typing import NDArray

from homepress.base.override import override
from homepress.compress.core import scan_entries
from homepress.compress.core.library import CompiledCore
from homepress.compress.jpeg.entropy import PROGRESSIVE, Events, FrameHeaders
from homepress.compress.jpeg.model import Coding


def optimise(stream: bytes) -> bytes:
    """The same picture, coefficient for coefficient, coded progressively with scans and codes chosen for it.

    The library ends the process on some broken streams: hand over only what was decoded before, and only the
    picture itself, for it keeps no metadata.

    Args:
        stream: a JPEG from SOI to EOI that decodes in full.
    """
    return bytes(mozjpeg_lossless_optimization.optimize(stream))


class KeptLevels:
    """The levels of a picture, strip after strip, in three bytes each."""

    def __init__(self) -> None:
        self._places: list[NDArray[np.uint8]] = []
        self._values: list[NDArray[np.int16]] = []

    def keep(self, events: Events) -> None:
        """Append those of whole units, in coding order."""
        self._places.append(events.place.astype(np.uint8))
        self._values.append(events.values().astype(np.int16))

    def all(self) -> scan_entries.Levels:
        """All of them."""
        return scan_entries.Levels(np.concatenate(self._places), np.concatenate(self._values))


@dataclass(frozen=True, slots=True, eq=False)
class BaselineCoding(Coding):
    """A picture of which there is no more than the stream."""

    @override
    def smallest(self) -> bytes:
        return optimise(self.stream)


@dataclass(frozen=True, slots=True, eq=False)
class LevelsCoding(Coding):
    """A picture with the levels that the stream was written from.

    Attributes:
        core: writes the scans.
        headers: of the stream.
        levels: of all its blocks.
    """

    core: CompiledCore
    headers: FrameHeaders
    levels: KeptLevels

    @override
    def smallest(self) -> bytes:
        """Written by the core; by mozjpeg's pass where it refuses."""
        layout = self.headers.layout
        frame = scan_entries.Frame(self.headers.size, layout.factors, layout.kinds)
        try:
            scans = scan_entries.scans(self.core, self.levels.all(), frame, most=len(self.stream))
        except (ValueError, MemoryError):
            return optimise(self.stream)
        return self.headers.stream(PROGRESSIVE, scans)
