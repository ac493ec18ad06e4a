"""The headers of a JPEG, and the entropy-coded part of a baseline one (ITU-T T.81 annexes B, C and F)."""

import itertools
import struct
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from homepress.compress.jpeg.model import NATURAL_OF_ZIGZAG, Floats, Sampling, Table

# How the components of a picture are interleaved (ITU-T T.81 section A.2).


@dataclass(frozen=True, slots=True)
class Layout:
    """Sampling factors, and what follows from them.

    Attributes:
        factors: horizontal and vertical sampling factor of each component.
        kinds: of each component 0 for luma (and black ink), 1 for chroma; chooses its tables.
    """

    factors: tuple[tuple[int, int], ...]
    kinds: tuple[int, ...]

    @classmethod
    def of(cls, channels: int, sampling: Sampling) -> "Layout":
        """The layout for pictures of one channel (grey), three (YCbCr) or four (YCCK)."""
        whole, chroma = ((2, 2) if sampling is Sampling.QUARTER else (1, 1)), (1, 1)
        if channels == 1:
            return cls((chroma,), (0,))
        if channels == 3:
            return cls((whole, chroma, chroma), (0, 1, 1))
        return cls((whole, chroma, chroma, whole), (0, 1, 1, 0))

    @property
    def components(self) -> NDArray[np.intp]:
        """The component of each block of a minimum coded unit."""
        counts = [across * down for across, down in self.factors]
        return np.repeat(np.arange(len(counts)), counts)

    @property
    def block_kinds(self) -> NDArray[np.intp]:
        """The kind of each block of a minimum coded unit."""
        return np.array(self.kinds)[self.components]

    @property
    def unit_size(self) -> tuple[int, int]:
        """Width and height of a minimum coded unit in pixels."""
        across, down = (max(pair[axis] for pair in self.factors) for axis in range(2))
        return 8 * across, 8 * down

    @property
    def unit_edge(self) -> int:
        """Pixels along a minimum coded unit of the encoders here, which is square."""
        return self.unit_size[0]


# The Huffman codes of ITU-T T.81 annex K.3.3, and packing codes into bytes.
#
# Better codes replace them when it is known that the picture will do, so the typical ones of the standard do
# here.

Words = NDArray[np.uint64]

_DC_VALUES = bytes(range(12))
_AC_LUMA_VALUES = bytes.fromhex(
    "01020300041105122131410613516107227114328191a1082342b1c11552d1f02433627282090a161718191a25262728292a"
    "3435363738393a434445464748494a535455565758595a636465666768696a737475767778797a838485868788898a929394"
    "95969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8"
    "e9eaf1f2f3f4f5f6f7f8f9fa"
)
_AC_CHROMA_VALUES = bytes.fromhex(
    "000102031104052131061241510761711322328108144291a1b1c109233352f0156272d10a162434e125f11718191a262728"
    "292a35363738393a434445464748494a535455565758595a636465666768696a737475767778797a82838485868788898a92"
    "939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae2e3e4e5e6e7"
    "e8e9eaf2f3f4f5f6f7f8f9fa"
)


@dataclass(frozen=True, slots=True, eq=False)
class Codebook:
    """A Huffman table.

    Attributes:
        counts: how many codes there are of each length from 1 to 16 bits.
        values: the symbols in order of their codes.
        codes: the code of each of 256 symbols.
        lengths: its length in bits, 0 for symbols without a code.
    """

    counts: bytes
    values: bytes
    codes: Words
    lengths: Words


def _codebook(counts: bytes, values: bytes) -> Codebook:
    codes, lengths = np.zeros(256, np.uint64), np.zeros(256, np.uint64)
    code, place = 0, 0
    for length, count in enumerate(counts, start=1):
        for symbol in values[place : place + count]:
            codes[symbol], lengths[symbol] = code, length
            code += 1
        place += count
        code <<= 1
    return Codebook(counts, values, codes, lengths)


DC: Final = (
    _codebook(bytes((0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0)), _DC_VALUES),
    _codebook(bytes((0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0)), _DC_VALUES),
)
"""For the DC coefficients of luma and chroma."""
AC: Final = (
    _codebook(bytes((0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 125)), _AC_LUMA_VALUES),
    _codebook(bytes((0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 119)), _AC_CHROMA_VALUES),
)
"""For the other coefficients of luma and chroma."""

_WORD = np.uint64(64)


def packed(codes: Words, lengths: Words) -> bytes:
    """Codes of 1 to 63 bits each as bytes, most significant bit first, as entropy-coded data has them.

    The last byte is filled with ones, and a zero comes after each 0xFF (section F.1.2.3).

    Args:
        codes: what is above a code's length must be zero.
        lengths: in bits.
    """
    end = np.cumsum(lengths)
    offset = end - lengths
    word = (offset >> np.uint64(6)).astype(np.intp)
    shift = offset & np.uint64(63)
    top = codes << (_WORD - lengths)
    high = top >> shift
    # A shift by 64 is undefined in numpy: the part that spills over is taken in two steps.
    low = (top << np.uint64(1)) << (np.uint64(63) - shift)
    count = int(word[-1]) + 1
    first = np.searchsorted(word, np.arange(count))
    words = np.zeros(count + 1, np.uint64)
    occupied = word[first] == np.arange(count)
    words[:count] = np.where(occupied, np.bitwise_or.reduceat(high, first), 0)
    last = np.append(first[1:], len(word)) - 1
    words[1:] |= low[last]
    bits = int(end[-1])
    data = bytearray(words.byteswap().tobytes()[: (bits + 7) // 8])
    data[-1] |= (1 << (-bits % 8)) - 1
    return bytes(data).replace(b"\xff", b"\xff\x00")


# The coefficients that are coded one by one, without the zeros between them.

Index = NDArray[np.intp]
Levels = NDArray[np.int32]

LARGEST_LEVEL: Final = 1023
"""Of baseline coding (ITU-T T.81 table F.2)."""

SIZE_OF: Final = np.array([int(n).bit_length() for n in range(2 * LARGEST_LEVEL + 2)], np.intp)
"""Size class (bits of the magnitude) of each magnitude from 0 on."""


@dataclass(frozen=True, slots=True, eq=False)
class Events:
    """Of each block the first coefficient, and all others that are not zero, in coding order.

    Attributes:
        index: where each stands among all coefficients: 64 times its block, plus its place in zigzag order.
        level: its quantised magnitude.
        exact: itself before it was quantised, in quantisation steps.
        run: how many zeros stand before it in the block; 0 for the first.
        is_ac: whether it is not the first.
    """

    index: Index
    level: Levels
    exact: Floats
    run: Index
    is_ac: NDArray[np.bool_]

    @classmethod
    def rounded(cls, steps: Floats, magnitudes: Floats) -> "Events":
        """The events of (blocks, 64) coefficients in quantisation steps, rounded to the nearest level.

        Args:
            steps: the coefficients.
            magnitudes: the same without their signs.
        """
        coded = magnitudes > np.float32(0.5)
        coded[:, 0] = True
        index = np.flatnonzero(coded)
        level = np.rint(magnitudes.ravel()[index])
        np.minimum(level, np.float32(LARGEST_LEVEL), out=level)
        return cls._of(index, level.astype(np.int32), steps.ravel()[index])

    @classmethod
    def _of(cls, index: Index, level: Levels, exact: Floats) -> "Events":
        is_ac = (index & 63) != 0
        run = np.zeros_like(index)
        np.subtract(index[1:], index[:-1], out=run[1:])
        run -= 1
        run *= is_ac
        return cls(index, level, exact, run, is_ac)

    def lowered(self, level: Levels) -> "Events":
        """The same with other levels, none higher; those that became zero are gone."""
        kept = np.flatnonzero((level > 0) | ~self.is_ac)
        return Events._of(self.index[kept], level[kept], self.exact[kept])

    @property
    def block(self) -> Index:
        """The block of each."""
        return self.index >> 6

    @property
    def place(self) -> Index:
        """The place of each in its block, in zigzag order, 0 to 63."""
        return self.index & 63

    def values(self) -> Levels:
        """The levels with their signs."""
        return np.where(self.exact < 0, -self.level, self.level)


# Levels to a JPEG stream (ITU-T T.81 sections B.2 and F.1.2).

BASELINE: Final = 0xC0
PROGRESSIVE: Final = 0xC2
"""Markers of frames."""
_RST0: Final = 0xD0
_SOI, _EOI = b"\xff\xd8", b"\xff\xd9"
_JFIF: Final = b"JFIF\0\1\1\0\0\1\0\1\0\0"
_ADOBE_YCCK: Final = b"Adobe\0\x64\0\0\0\0\2"
"""Version 100, no flags, colour transform 2 (Adobe Technical Note 5116)."""
_END_OF_BLOCK, _SIXTEEN_ZEROS = 0x00, 0xF0


@dataclass(frozen=True, slots=True, eq=False)
class FrameHeaders:
    """What stands before the first scan, however the picture is coded.

    Attributes:
        size: width and height in pixels.
        layout: of the components.
        tables: quantisation tables for luma and chroma in natural order.
    """

    size: tuple[int, int]
    layout: Layout
    tables: tuple[Table, Table]

    def stream(self, process: int, *scans: bytes) -> bytes:
        """A whole JPEG; `scans` holds the tables of codes too."""
        return b"".join((_SOI, *self._segments(process), *scans, _EOI))

    def _segments(self, process: int) -> list[bytes]:
        factors, kinds = self.layout.factors, self.layout.kinds
        segments = [_segment(0xEE, _ADOBE_YCCK) if len(factors) == 4 else _segment(0xE0, _JFIF)]
        for kind in sorted(set(kinds)):
            table = self.tables[kind][NATURAL_OF_ZIGZAG]
            segments.append(_segment(0xDB, bytes([kind]) + table.astype(np.uint8).tobytes()))
        width, height = self.size
        frame = struct.pack(">BHHB", 8, height, width, len(factors))
        for number, (across, down) in enumerate(factors):
            frame += bytes([number + 1, across << 4 | down, kinds[number]])
        return [*segments, _segment(process, frame)]


@dataclass(frozen=True, slots=True, eq=False)
class CodedRows:
    """A picture in baseline coding, of which each row of units stands by itself.

    In a stream restart markers are between them (section E.1.4), so that any rows make a picture.

    Attributes:
        headers: of the picture.
        rows: entropy-coded data of each row of units.
    """

    headers: FrameHeaders
    rows: list[bytes]

    def stream(self) -> bytes:
        """All of the picture."""
        return self.band(0, len(self.rows))

    def band(self, first: int, last: int) -> bytes:
        """A picture of the rows of units from `first` up to `last`."""
        width, height = self.headers.size
        across, down = self.headers.layout.unit_size
        picture = replace(self.headers, size=(width, min(last * down, height) - first * down))
        data = bytearray()
        for number, row in enumerate(self.rows[first:last]):
            if number:
                data += bytes((0xFF, _RST0 + (number - 1) % 8))
            data += row
        interval = _segment(0xDD, struct.pack(">H", -(-width // across)))
        return picture.stream(BASELINE, interval, *_scan_headers(picture.layout), bytes(data))


def coded_rows(events: Events, layout: Layout, across: int) -> list[bytes]:
    """Entropy-coded data of whole rows of units, each by itself.

    Args:
        events: the coefficients, in coding order.
        layout: of the components.
        across: units in a row.
    """
    components = layout.components
    values = events.values()
    means = np.flatnonzero(~events.is_ac)
    by_unit = values[means].reshape(-1, across, len(components))
    for number in range(len(layout.factors)):
        mine = by_unit[:, :, components == number]
        differences = np.diff(mine.reshape(len(mine), -1), axis=1, prepend=0)
        by_unit[:, :, components == number] = differences.reshape(mine.shape)
    values[means] = by_unit.ravel()
    kinds = np.tile(layout.block_kinds, by_unit.shape[0] * across)
    codes, lengths = _codes(events, values, kinds[events.block])
    starts = [*means[:: across * len(components)].tolist(), len(values)]
    return [packed(codes[start:end], lengths[start:end]) for start, end in itertools.pairwise(starts)]


def _scan_headers(layout: Layout) -> list[bytes]:
    headers = []
    for kind in sorted(set(layout.kinds)):
        for group, book in ((0x00, DC[kind]), (0x10, AC[kind])):
            headers.append(_segment(0xC4, bytes([group | kind]) + book.counts + book.values))
    scan = bytes([len(layout.kinds)])
    for number, kind in enumerate(layout.kinds):
        scan += bytes([number + 1, 0x11 * kind])
    headers.append(_segment(0xDA, scan + bytes([0, 63, 0])))
    return headers


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def _zero_runs() -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Codes and lengths of none to three runs of sixteen zeros, for luma and chroma."""
    codes, lengths = np.zeros((2, 4), np.uint64), np.zeros((2, 4), np.uint64)
    for kind, book in enumerate(AC):
        one, length = book.codes[_SIXTEEN_ZEROS], book.lengths[_SIXTEEN_ZEROS]
        for count in range(1, 4):
            codes[kind, count] = (codes[kind, count - 1] << length) | one
            lengths[kind, count] = lengths[kind, count - 1] + length
    return codes, lengths


_RUN_CODES, _RUN_LENGTHS = _zero_runs()
CODES: Final = np.stack([np.concatenate((ac.codes, dc.codes)) for ac, dc in zip(AC, DC, strict=True)])
"""Of luma and chroma: for each symbol of an AC coefficient, then for those of a DC one."""
LENGTHS: Final = np.stack([np.concatenate((ac.lengths, dc.lengths)) for ac, dc in zip(AC, DC, strict=True)])
"""Bits of each, 0 where there is no code."""


def _codes(events: Events, values: Levels, kind: Index) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Codes and their lengths; `values` holds differences for the first coefficients of blocks."""
    size = SIZE_OF[np.abs(values)]
    symbol = ((events.run & 15) << 4) | size
    symbol[~events.is_ac] += 256
    codes, lengths = CODES[kind, symbol], LENGTHS[kind, symbol]
    # A negative value is coded as itself less one, in as many bits as its magnitude has (section F.1.2.1).
    extra = values + np.where(values < 0, (1 << size) - 1, 0)
    wide = size.astype(np.uint64)
    codes = (codes << wide) | extra.astype(np.uint64)
    lengths += wide
    _prefix_runs(codes, lengths, events, kind)
    _append_ends(codes, lengths, events, kind)
    return codes, lengths


def _prefix_runs(codes: NDArray[np.uint64], lengths: NDArray[np.uint64], events: Events, kind: Index) -> None:
    runs = events.run >> 4
    long = np.flatnonzero(runs)
    codes[long] |= _RUN_CODES[kind[long], runs[long]] << lengths[long]
    lengths[long] += _RUN_LENGTHS[kind[long], runs[long]]


def _append_ends(codes: NDArray[np.uint64], lengths: NDArray[np.uint64], events: Events, kind: Index) -> None:
    ends = events.place < 63
    ends[:-1] &= ~events.is_ac[1:]
    at = np.flatnonzero(ends)
    for number, book in enumerate(AC):
        mine = at[kind[at] == number]
        codes[mine] = (codes[mine] << book.lengths[_END_OF_BLOCK]) | book.codes[_END_OF_BLOCK]
        lengths[mine] += book.lengths[_END_OF_BLOCK]
