"""The entry of the compiled core for baseline JPEG; every length is checked before anything goes over."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from homepress.compress.core.library import CompiledCore

SYMBOLS: Final = 512
"""Of a kind: those of AC coefficients, then those of DC ones."""
KINDS: Final = 2
COMPONENTS: Final = 4
_MOST_PER_UNIT: Final = 16
_BYTES_OF_EVENT: Final = 26
"""The most that one takes, as `baseline.c` has it."""


@dataclass(frozen=True, slots=True, eq=False)
class Codes:
    """Huffman codes.

    Attributes:
        codes: (kinds, symbols).
        lengths: in bits, 0 for symbols without a code.

    Raises:
        ValueError: they are of other sizes or types.
    """

    codes: NDArray[np.uint16]
    lengths: NDArray[np.uint8]

    def __post_init__(self) -> None:
        _check(self.codes, (KINDS, SYMBOLS), np.uint16)
        _check(self.lengths, (KINDS, SYMBOLS), np.uint8)


@dataclass(frozen=True, slots=True, eq=False)
class CodedEvents:
    """What is coded: the first coefficient of each block, and all others that are not zero, in order.

    Attributes:
        index: of each 64 times its block, plus its place in zigzag order.
        level: its magnitude.
        exact: what has its sign.

    Raises:
        ValueError: they are not as many, or of other types.
    """

    index: NDArray[np.int64]
    level: NDArray[np.int32]
    exact: NDArray[np.float32]

    def __post_init__(self) -> None:
        size = (self.index.size,)
        _check(self.index, size, np.int64)
        _check(self.level, size, np.int32)
        _check(self.exact, size, np.float32)


class BaselineBits:
    """The coded data of one picture, batch after batch of whole units.

    Args:
        core: the library.
        codes: to write in.
        components: of each block of a unit.
        kinds: of each block of a unit which codes it uses.

    Raises:
        ValueError: there are no such units.
    """

    def __init__(
        self, core: CompiledCore, codes: Codes, components: NDArray[np.uint8], kinds: NDArray[np.uint8]
    ) -> None:
        size = (kinds.size,)
        if not 1 <= kinds.size <= _MOST_PER_UNIT:
            raise ValueError(f"no unit has {kinds.size} blocks")
        _check(components, size, np.uint8)
        _check(kinds, size, np.uint8)
        self._core, self._codes, self._components, self._kinds = core, codes, components, kinds
        self._previous = np.zeros(COMPONENTS, np.int32)
        self._held = np.zeros(2, np.int64)

    def write(self, events: CodedEvents) -> bytes:
        """The bytes that whole units add.

        Raises:
            ValueError: the events are no whole units, or of no baseline JPEG.
        """
        out = np.empty(_BYTES_OF_EVENT * events.index.size, np.uint8)  # memory is taken where it is written
        given = events.index, events.level, events.exact, events.index.size
        how = self._components, self._kinds, self._kinds.size, self._codes.codes, self._codes.lengths
        size = self._core.call("hp_baseline", *given, *how, self._previous, self._held, out, out.size)
        return out[:size].tobytes()

    def finish(self) -> bytes:
        """What is left of the last byte, filled with ones."""
        held, count = self._held.tolist()
        if not count:
            return b""
        last = held << 8 - count | (1 << 8 - count) - 1
        return bytes([last, 0] if last == 0xFF else [last])


def _check(array: NDArray[np.generic], shape: tuple[int, ...], kind: type[np.generic]) -> None:
    if array.shape != shape or array.dtype != kind or not array.flags.c_contiguous:
        raise ValueError(f"the core takes {shape} of {kind.__name__}, not {array.shape} of {array.dtype}")
