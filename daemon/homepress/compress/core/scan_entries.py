"""The entry of the compiled core that codes a JPEG anew; lengths are checked before anything goes over."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from homepress.compress.core.library import CompiledCore

_MOST_EDGE: Final = 65_535
_MOST_COMPONENTS: Final = 4
_MOST_FACTOR: Final = 4
MOST_PER_UNIT: Final = 10
_KINDS: Final = 2
_TABLE: Final = 16 + 256
_MOST_SCANS: Final = 256
_MOST_ROOM: Final = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Frame:
    """What a picture is made of.

    Attributes:
        size: width and height in pixels.
        factors: of each component how many of its blocks a unit has, across and down.
        kinds: of each component which tables of codes it is to use: 0 for luma, 1 for chroma.
        names: of each component its identifier.

    Raises:
        ValueError: no JPEG is like this, or a single component has units of more than a block.
    """

    size: tuple[int, int]
    factors: tuple[tuple[int, int], ...]
    kinds: tuple[int, ...]
    names: tuple[int, ...]

    def __post_init__(self) -> None:
        most = _MOST_FACTOR if len(self.factors) > 1 else 1
        if not (
            all(1 <= edge <= _MOST_EDGE for edge in self.size)
            and 1 <= len(self.factors) == len(self.kinds) == len(self.names) <= _MOST_COMPONENTS
            and all(1 <= factor <= most for pair in self.factors for factor in pair)
            and all(0 <= kind < _KINDS for kind in self.kinds)
            and all(0 <= name < 256 for name in self.names)
            and self.blocks_of_unit <= MOST_PER_UNIT
        ):
            raise ValueError(f"no scans can be made of {self}")

    @property
    def blocks_of_unit(self) -> int:
        """Blocks of all components in a minimum coded unit."""
        return sum(across * down for across, down in self.factors)


@dataclass(frozen=True, slots=True)
class SourceScan:
    """A scan that is there.

    Attributes:
        data: where its entropy-coded data starts and ends.
        interval: units between two restarts; 0 for none.
        spectral: first and last coefficient in zigzag order.
        approximation: high and low bit position.
        components: in it: their numbers, and those of their tables for means and for other coefficients; -1
            for a table that there is none of.
    """

    data: tuple[int, int]
    interval: int
    spectral: tuple[int, int]
    approximation: tuple[int, int]
    components: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True)
class ScanSource:
    """A coded picture.

    Attributes:
        data: in which its scans are.
        scans: in order.
        tables: of codes: how many there are of each of 16 lengths, then up to 256 symbols.

    Raises:
        ValueError: a table is too short or too long, or there are too few scans or too many.
    """

    data: bytes
    scans: tuple[SourceScan, ...]
    tables: tuple[bytes, ...]

    def __post_init__(self) -> None:
        if not all(16 <= len(table) <= _TABLE for table in self.tables):
            raise ValueError("a broken table of codes")
        if not 0 < len(self.scans) <= _MOST_SCANS:
            raise ValueError(f"{len(self.scans)} scans")

    @property
    def arguments(self) -> tuple[object, ...]:
        """What the entry gets of it."""
        rows = np.zeros((len(self.scans), 8 + 3 * _MOST_COMPONENTS), np.int64)
        for row, scan in zip(rows, self.scans, strict=True):
            parts = len(scan.components)
            row[:8] = (*scan.data, scan.interval, *scan.spectral, *scan.approximation, parts)
            row[8:].reshape(3, _MOST_COMPONENTS)[:, :parts] = np.transpose(scan.components)
        tables = np.frombuffer(b"".join(table.ljust(_TABLE, b"\0") for table in self.tables), np.uint8)
        data = np.frombuffer(self.data, np.uint8)
        return data, data.size, rows, len(rows), tables, len(self.tables)


def scans(core: CompiledCore, source: ScanSource, frame: Frame, *, most: int) -> bytes:
    """The scans of a progressive JPEG with their tables of codes, by the script that takes the fewest bytes.

    Args:
        core: the library.
        source: has the levels.
        frame: what they make up.
        most: bytes that are of use.

    Raises:
        ValueError: the source is not whole, or of another frame, or its scans need more bytes.
        MemoryError: there was not enough.
    """
    if not 0 < most <= _MOST_ROOM:
        raise ValueError(f"scans in {most} bytes")
    said = [(*pair, *more) for pair, *more in zip(frame.factors, frame.kinds, frame.names, strict=True)]
    components, out = np.array(said, np.uint8), np.empty(most, np.uint8)
    given = *source.arguments, *frame.size, components, len(said), out, out.size
    return out[: core.call("hp_scans", *given)].tobytes()
