"""The entries of the compiled core for JPEG, with every length checked before anything is handed over."""

import itertools
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from homepress.compress.core.library import CompiledCore

Floats = NDArray[np.float32]

PLACES: Final = 64
"""Coefficients of a block."""
KINDS: Final = 2
"""Of components: luma and chroma."""
SYMBOLS: Final = 1024
"""Runs up to 63 and sizes up to 15, at `run * 16 + size`."""
_MOST_PER_UNIT = 16
_CODES = 512
_MOST_BYTES = 2 * (PLACES * 27 // 8 + 1)  # of a block, as core.h has it


def transform(core: CompiledCore, pixels: NDArray[np.uint8], *, quarter: bool) -> Floats:
    """The coefficients of the blocks of a picture, not divided by anything yet.

    Args:
        core: the library.
        pixels: (height, width), (height, width, 3) or (height, width, 4), whole units.
        quarter: whether a unit has one block of each chroma component for four of luma.

    Returns:
        (units, blocks of a unit, 64), units row by row, coefficients in zigzag order.

    Raises:
        ValueError: the pixels are no whole units, or of other channels.
    """
    channels = 1 if pixels.ndim == 2 else pixels.shape[2] if pixels.ndim == 3 else 0
    if channels not in (1, 3, 4) or pixels.dtype != np.uint8:
        raise ValueError(f"cannot transform {pixels.dtype} of {pixels.shape}")
    height, width = pixels.shape[:2]
    side = 2 if quarter and channels > 1 else 1
    if not pixels.size or height % (8 * side) or width % (8 * side):
        raise ValueError(f"{width} x {height} pixels are no whole units")
    luma = side * side
    per_unit = 1 if channels == 1 else luma * (channels - 2) + 2
    out = np.empty((height * width // (PLACES * luma), per_unit, PLACES), np.float32)
    given = np.ascontiguousarray(pixels)
    core.call("hp_transform", given, given.size, height, width, channels, int(quarter), out, out.size)
    return out


@dataclass(frozen=True, slots=True, eq=False)
class Blocks:
    """Coefficients, and what divides them.

    Attributes:
        coefficients: (units, blocks of a unit, 64) in zigzag order.
        kinds: of each block of a unit 0 for luma, 1 for chroma.
        factors: (2, 64) one over the quantisation tables of luma and chroma, zigzag order.

    Raises:
        ValueError: they do not fit together.
    """

    coefficients: Floats
    kinds: NDArray[np.uint8]
    factors: Floats

    def __post_init__(self) -> None:
        _check(self.coefficients, (len(self.coefficients), len(self.kinds), PLACES), np.float32)
        _check(self.kinds, (len(self.kinds),), np.uint8)
        _check(self.factors, (KINDS, PLACES), np.float32)
        if not 0 < len(self.kinds) <= _MOST_PER_UNIT or self.kinds.max() >= KINDS:
            raise ValueError(f"{self.kinds} are no kinds of the blocks of a unit")

    def __len__(self) -> int:
        """How many blocks there are."""
        return len(self.coefficients) * len(self.kinds)

    @property
    def arguments(self) -> tuple[object, ...]:
        """What each entry gets of them."""
        return self.coefficients, len(self), self.kinds, len(self.kinds), self.factors


def activity(core: CompiledCore, blocks: Blocks, luma: int) -> Floats:
    """How busy each of the first `luma` blocks of every unit is: (units, luma)."""
    if not 0 < luma <= len(blocks.kinds):
        raise ValueError(f"a unit has no {luma} blocks of luma")
    out = np.empty((len(blocks.coefficients), luma), np.float32)
    core.call("hp_activity", *blocks.arguments, luma, out, out.size)
    return out


def count(core: CompiledCore, blocks: Blocks) -> NDArray[np.int64]:
    """How often each run and size comes when all is rounded plainly: (2, 1024)."""
    seen = np.zeros((KINDS, SYMBOLS), np.int64)
    core.call("hp_count", *blocks.arguments, seen, seen.size)
    return seen


@dataclass(frozen=True, slots=True, eq=False)
class Codes:
    """How levels become bits.

    Attributes:
        codes: (2, 512) the code of each run and size of luma and chroma, then of each size of a first
            coefficient at 256 and on.
        lengths: (2, 512) their bits.

    Raises:
        ValueError: they are of other shapes or types.
    """

    codes: NDArray[np.uint32]
    lengths: NDArray[np.uint8]

    def __post_init__(self) -> None:
        _check(self.codes, (KINDS, _CODES), np.uint32)
        _check(self.lengths, (KINDS, _CODES), np.uint8)


@dataclass(frozen=True, slots=True, eq=False)
class Prices:
    """What decides the levels.

    Attributes:
        masks: of each block, by how much its bits are dearer than usual.
        bits: (2 * 1024) what coding a run and size costs.
        prices: (64) what a bit may cost in error, zigzag order.
    """

    masks: Floats
    bits: Floats
    prices: Floats


def write(
    core: CompiledCore,
    blocks: Blocks,
    prices: Prices,
    codes: Codes,
    parts: NDArray[np.uint8],
    across: int,
) -> list[bytes]:
    """Entropy-coded data of levels that are weighed by what they cost: each row of units by itself.

    Args:
        core: the library.
        blocks: what becomes levels, rows of units from left to right.
        prices: what decides the levels.
        codes: how they become bits.
        parts: of each block of a unit, which component it belongs to.
        across: units in a row.

    Raises:
        ValueError: they do not fit together.
    """
    _check(prices.masks, (len(blocks),), np.float32)
    _check(prices.bits, (KINDS * SYMBOLS,), np.float32)
    _check(prices.prices, (PLACES,), np.float32)
    _check(parts, blocks.kinds.shape, np.uint8)
    rows, rest = divmod(len(blocks.coefficients), across)
    if rest:
        raise ValueError(f"{len(blocks.coefficients)} units are no rows of {across}")
    out, ends = np.empty((len(blocks) + 1) * _MOST_BYTES, np.uint8), np.zeros(rows, np.int64)
    weighed = (*blocks.arguments, prices.masks, prices.bits, prices.prices)
    coded = (codes.codes, codes.lengths, parts, across)
    core.call("hp_write", *weighed, *coded, ends, rows, out, out.size)
    return [out[start:end].tobytes() for start, end in itertools.pairwise([0, *ends.tolist()])]


def _check(array: NDArray[np.generic], shape: tuple[int, ...], kind: type[np.generic]) -> None:
    if array.shape != shape or array.dtype != kind or not array.flags.c_contiguous:
        raise ValueError(f"the core takes {shape} of {kind.__name__}, not {array.shape} of {array.dtype}")
