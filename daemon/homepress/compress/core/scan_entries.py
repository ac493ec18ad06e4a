"""The entry of the compiled core for progressive scans; every length is checked before anything goes over."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from homepress.compress.core.library import CompiledCore

_MOST_EDGE: Final = 65_535
_MOST_COMPONENTS: Final = 4
_MOST_FACTOR: Final = 4
MOST_PER_UNIT: Final = 10
_KINDS: Final = 2
_MOST_ROOM: Final = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Frame:
    """What a picture is made of.

    Attributes:
        size: width and height in pixels.
        factors: of each component how many of its blocks a unit has, across and down.
        kinds: of each component which tables of codes it uses: 0 for luma, 1 for chroma.

    Raises:
        ValueError: no JPEG is like this, or a single component has units of more than a block.
    """

    size: tuple[int, int]
    factors: tuple[tuple[int, int], ...]
    kinds: tuple[int, ...]

    def __post_init__(self) -> None:
        most = _MOST_FACTOR if len(self.factors) > 1 else 1
        if not (
            all(1 <= edge <= _MOST_EDGE for edge in self.size)
            and 1 <= len(self.factors) == len(self.kinds) <= _MOST_COMPONENTS
            and all(1 <= factor <= most for pair in self.factors for factor in pair)
            and all(0 <= kind < _KINDS for kind in self.kinds)
            and self.blocks_of_unit <= MOST_PER_UNIT
        ):
            raise ValueError(f"no scans can be made of {self}")

    @property
    def blocks_of_unit(self) -> int:
        """Blocks of all components in a minimum coded unit."""
        return sum(across * down for across, down in self.factors)

    @property
    def blocks(self) -> int:
        """Blocks of all units of the picture."""
        units = self.blocks_of_unit
        for axis in range(2):
            edge = 8 * max(pair[axis] for pair in self.factors)
            units *= -(-self.size[axis] // edge)
        return units


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """Quantised coefficients, block after block in the order of a scan of all components.

    Attributes:
        places: of each its place in its block in zigzag order: 0 for the mean, which every block has.
        values: the levels, none of them zero but for means.

    Raises:
        ValueError: they are not as many, or of other types.
    """

    places: NDArray[np.uint8]
    values: NDArray[np.int16]

    def __post_init__(self) -> None:
        _check(self.places, self.places.size, np.uint8)
        _check(self.values, self.places.size, np.int16)


def scans(core: CompiledCore, levels: Levels, frame: Frame, *, most: int) -> bytes:
    """The scans of a progressive JPEG with their tables of codes, by the script that takes the fewest bytes.

    Args:
        core: the library.
        levels: of all blocks.
        frame: what they make up.
        most: bytes that are of use.

    Raises:
        ValueError: the levels are none of this frame, or need more bytes.
    """
    if len(levels.places) < frame.blocks or not 0 < most <= _MOST_ROOM:
        raise ValueError(f"{len(levels.places)} levels are no {frame.blocks} blocks in {most} bytes")
    factors, kinds = np.array(frame.factors, np.uint8), np.array(frame.kinds, np.uint8)
    out = np.empty(most, np.uint8)
    given = levels.places, levels.values, len(levels.places), *frame.size, factors, kinds, len(kinds)
    return out[: core.call("hp_scans", *given, out, out.size)].tobytes()


def _check(array: NDArray[np.generic], size: int, kind: type[np.generic]) -> None:
    if array.shape != (size,) or array.dtype != kind or not array.flags.c_contiguous:
        raise ValueError(f"the core takes {size} {kind.__name__}, not {array.shape} of {array.dtype}")
