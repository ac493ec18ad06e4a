"""Coefficients to whole levels, with an eye on what each level costs to code.

Rounding to the nearest level is best for error alone. Here levels of one are dropped, and levels lowered to
the next smaller size class, where the bits saved are worth more than the error added; the exchange rate is
greater where the picture's own texture hides the error. After "rate-distortion optimised quantisation" as
known from video coders, with the costs taken from the picture's own run and size statistics.
"""

from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from homepress.base.override import override
from homepress.compress.core import entries
from homepress.compress.core.library import CompiledCore
from homepress.compress.jpeg.entropy import CODES, LENGTHS, SIZE_OF, Events, Index, Layout, Levels, coded_rows
from homepress.compress.jpeg.model import NATURAL_OF_ZIGZAG, Floats

_BIT_PRICE = np.float32(0.09)  # squared quantisation steps that one bit may cost in error
_MASKING = np.float32(0.4)  # power of a block's activity by which its bits' price grows
_MASKING_RANGE = (0.5, 2.0)
_NEIGHBOURS = np.float32(2.0)  # how much busier than its surroundings a block may count
_FREQUENCY = 0.45  # how much dearer error is at low frequencies than at high ones
_PASSES = 3  # each drop changes what its neighbours cost
_SYMBOLS = 1024  # runs up to 63 and sizes up to 15
_DEAREST = 16.0  # bits: the longest code there is


def _prices_of_places() -> Floats:
    row, column = np.divmod(NATURAL_OF_ZIGZAG, 8)
    weights = 1 + _FREQUENCY * (np.hypot(row, column) / 5 - 1)
    return (_BIT_PRICE * weights.clip(0.2, 3)).astype(np.float32)


_PRICE_OF_PLACE: Final = _prices_of_places()
_CODES: Final = entries.Codes(CODES.astype(np.uint32), LENGTHS.astype(np.uint8))
_ALL_BUT_THE_FIRST: Final = np.array([0.0] + [1.0] * 63, np.float32)


class Batch(Protocol):
    """Blocks to quantise, in the order in which they are coded."""

    @property
    def kinds(self) -> Index:
        """Of each block 0 for luma, 1 for chroma."""
        ...

    def count(self) -> NDArray[np.int64]:
        """How often each run and size comes when all is rounded plainly: (2, 1024)."""
        ...

    def coded(self, masks: Floats, bits: Floats, layout: Layout, across: int) -> list[bytes]:
        """Entropy-coded data of each row of units, its levels weighed by what they cost.

        Args:
            masks: of each block, by how much its bits are dearer than usual (see `masking`).
            bits: what coding a run and size costs (see `Statistics`).
            layout: of the components.
            across: units in a row.
        """
        ...


@dataclass(frozen=True, slots=True, eq=False)
class PlainBatch(Batch):
    """Blocks, quantised with numpy: the reference.

    Attributes:
        steps: (blocks, 64) coefficients in quantisation steps, zigzag order.
        magnitudes: the same without their signs.
        block_kinds: of each block 0 for luma, 1 for chroma.
    """

    steps: Floats
    magnitudes: Floats
    block_kinds: Index

    @property
    @override
    def kinds(self) -> Index:
        return self.block_kinds

    @override
    def count(self) -> NDArray[np.int64]:
        events = Events.rounded(self.steps, self.magnitudes)
        symbols = _symbols(events.run, SIZE_OF[events.level], self.block_kinds[events.block])
        return np.bincount(symbols[events.is_ac], minlength=2 * _SYMBOLS).reshape(2, _SYMBOLS)

    @override
    def coded(self, masks: Floats, bits: Floats, layout: Layout, across: int) -> list[bytes]:
        return coded_rows(self.quantised(masks, bits), layout, across)

    def quantised(self, masks: Floats, bits: Floats) -> Events:
        """The levels that are coded."""
        events = Events.rounded(self.steps, self.magnitudes)
        for left in reversed(range(_PASSES)):
            bargain = _Bargain(events, self.block_kinds, masks, bits)
            level = events.level.copy()
            if not left:
                bargain.lower_classes(level)
            bargain.drop_ones(level, both_neighbours=not left)
            events = events.lowered(level)
        return events


@dataclass(frozen=True, slots=True, eq=False)
class CoreBatch(Batch):
    """Blocks, quantised by the compiled core.

    Attributes:
        core: the library.
        blocks: coefficients and what divides them.
    """

    core: CompiledCore
    blocks: entries.Blocks

    @property
    @override
    def kinds(self) -> Index:
        return np.tile(self.blocks.kinds, len(self.blocks.coefficients)).astype(np.intp)

    @override
    def count(self) -> NDArray[np.int64]:
        return entries.count(self.core, self.blocks)

    @override
    def coded(self, masks: Floats, bits: Floats, layout: Layout, across: int) -> list[bytes]:
        prices = entries.Prices(masks, bits, _PRICE_OF_PLACE)
        parts = layout.components.astype(np.uint8)
        return entries.write(self.core, self.blocks, prices, _CODES, parts, across)


@dataclass(frozen=True, slots=True, eq=False)
class Statistics:
    """What was learnt of a picture at one quality.

    Attributes:
        bits: what coding a run and size costs, at `kind * 1024 + run * 16 + size`.
        activity: the geometric mean of the blocks' activity.
    """

    bits: Floats
    activity: float


def block_activity(magnitudes: Floats) -> Floats:
    """How busy each block of (..., 64) magnitudes is: the sum of all but the first."""
    result: Floats = magnitudes.reshape(-1, 64) @ _ALL_BUT_THE_FIRST
    result += np.float32(1.0)
    return result.reshape(magnitudes.shape[:-1])


def calmed(activity: Floats) -> Floats:
    """Activity of a rows x columns grid of blocks; one edge in flat surroundings does not hide much."""
    framed = np.pad(activity, 1, mode="edge")
    down = framed[:-2] + framed[1:-1] + framed[2:]
    around: Floats = (down[:, :-2] + down[:, 1:-1] + down[:, 2:]) * np.float32(1 / 9)
    around *= _NEIGHBOURS
    return np.minimum(activity, around, out=around)


def masking(activity: Floats, mean: float) -> Floats:
    """By how much the price of bits grows with the activity of each block."""
    result: Floats = np.power(activity * np.float32(1 / mean), _MASKING)
    return np.clip(result, *_MASKING_RANGE, out=result)


def learn(batch: Batch, activity: Floats) -> Statistics:
    """Statistics of a sample of a picture, rounded plainly."""
    seen = batch.count() + 0.5
    ends = np.bincount(batch.kinds, minlength=2)[:, None] + 1.0
    bits = np.minimum(np.log2(seen.sum(axis=1, keepdims=True) + ends) - np.log2(seen), _DEAREST)
    bits += np.arange(_SYMBOLS) & 15  # the bits of the value itself follow its code
    return Statistics(bits.astype(np.float32).ravel(), float(np.exp(np.log(activity).mean(dtype=np.float64))))


def _symbols(run: Index, size: Index, kind: Index) -> Index:
    symbols = run << 4
    symbols |= size
    symbols += kind * _SYMBOLS
    return symbols


class _Bargain:
    """Bits against error, for the events as they are."""

    def __init__(self, events: Events, kinds: Index, masks: Floats, bits: Floats) -> None:
        self._events = events
        self._size = SIZE_OF[events.level]
        self._kind = kinds[events.block]
        self._masks = masks
        self._bits = bits
        self._cost = bits[_symbols(events.run, self._size, self._kind)]

    def drop_ones(self, level: Levels, *, both_neighbours: bool) -> None:
        """Make zero what is one and not worth it: its own code goes, and the next one's run grows by its."""
        events = self._events
        ones = np.flatnonzero((events.level == 1) & events.is_ac)
        if not len(ones):
            return
        following = np.minimum(ones + 1, len(level) - 1)
        run = (events.run[ones] + events.run[following] + 1) & 63  # past 62 only where nothing follows
        merged = self._bits[_symbols(run, self._size[following], self._kind[ones])]
        has_next = events.is_ac[following] & (following > ones)
        saved = self._cost[ones] + (self._cost[following] - merged) * has_next
        index = events.index[ones]
        gain = self._masks[index >> 6] * _PRICE_OF_PLACE[index & 63] * saved
        gain -= np.float32(2.0) * np.abs(events.exact[ones]) - np.float32(1.0)
        dropped = gain > 0
        if not both_neighbours:
            dropped &= self._leads(ones, gain)
        level[ones[dropped]] = 0

    def _leads(self, ones: Index, gain: Floats) -> NDArray[np.bool_]:
        """Whether no neighbour gains more: the savings of neighbours are not independent."""
        adjacent = (ones[1:] == ones[:-1] + 1) & self._events.is_ac[ones[1:]]
        leads = np.ones(len(ones), np.bool_)
        leads[1:] &= ~(adjacent & (gain[:-1] > gain[1:]))
        leads[:-1] &= ~(adjacent & (gain[1:] >= gain[:-1]))
        return leads

    def lower_classes(self, level: Levels) -> None:
        """Lower powers of two by one: a size class less saves a bit of value, and often one of code."""
        events = self._events
        powers = np.flatnonzero(
            (events.level > 1) & ((events.level & (events.level - 1)) == 0) & events.is_ac
        )
        kind, run, size = self._kind[powers], events.run[powers], self._size[powers]
        saved = self._cost[powers] - self._bits[_symbols(run, size - 1, kind)]
        excess = np.abs(events.exact[powers]) - events.level[powers].astype(np.float32)
        error = np.float32(2.0) * excess + np.float32(1.0)
        index = events.index[powers]
        worth = self._masks[index >> 6] * _PRICE_OF_PLACE[index & 63] * saved
        level[powers[error < worth]] -= 1
