"""Levels to a baseline JPEG stream (ITU-T T.81 sections B.2 and F.1.2)."""

import struct
from typing import Final

import numpy as np
from numpy.typing import NDArray

from homepress.compress.jpeg import huffman
from homepress.compress.jpeg.dct import NATURAL_OF_ZIGZAG
from homepress.compress.jpeg.events import SIZE_OF, Events, Index, Levels
from homepress.compress.jpeg.layout import Layout
from homepress.compress.jpeg.tables import Table

_SOI, _EOI = b"\xff\xd8", b"\xff\xd9"
_JFIF: Final = b"JFIF\0\1\1\0\0\1\0\1\0\0"
_ADOBE_YCCK: Final = b"Adobe\0\x64\0\0\0\0\2"
"""Version 100, no flags, colour transform 2 (Adobe Technical Note 5116)."""
_END_OF_BLOCK, _SIXTEEN_ZEROS = 0x00, 0xF0


class BaselineWriter:
    """Writes one picture, batch after batch of whole units.

    Args:
        size: width and height in pixels.
        layout: of the components.
        tables: quantisation tables for luma and chroma in natural order.
    """

    def __init__(self, size: tuple[int, int], layout: Layout, tables: tuple[Table, Table]) -> None:
        self._size = size
        self._layout = layout
        self._tables = tables
        self._previous = [0] * len(layout.factors)
        self._bits = huffman.BitWriter()

    def write(self, events: Events) -> None:
        """Append the coefficients of whole units, in coding order."""
        components = self._layout.components
        values = events.values()
        means = np.flatnonzero(~events.is_ac)
        by_unit = values[means].reshape(-1, len(components))
        for number in range(len(self._previous)):
            mine = by_unit[:, components == number]
            differences = np.diff(mine.ravel(), prepend=self._previous[number])
            self._previous[number] = int(mine[-1, -1])
            by_unit[:, components == number] = differences.reshape(mine.shape)
        values[means] = by_unit.ravel()
        kinds = np.tile(self._layout.block_kinds, len(by_unit))
        self._bits.write(*_codes(events, values, kinds[events.block]))

    def finish(self) -> bytes:
        """The whole stream."""
        return b"".join((_SOI, *self._headers(), self._bits.stuffed(), _EOI))

    def _headers(self) -> list[bytes]:
        factors, component_kinds = self._layout.factors, self._layout.kinds
        kinds = sorted(set(component_kinds))
        headers = [_segment(0xEE, _ADOBE_YCCK) if len(factors) == 4 else _segment(0xE0, _JFIF)]
        for kind in kinds:
            table = self._tables[kind][NATURAL_OF_ZIGZAG]
            headers.append(_segment(0xDB, bytes([kind]) + table.astype(np.uint8).tobytes()))
        width, height = self._size
        frame = struct.pack(">BHHB", 8, height, width, len(factors))
        for number, (across, down) in enumerate(factors):
            frame += bytes([number + 1, across << 4 | down, component_kinds[number]])
        headers.append(_segment(0xC0, frame))
        for kind in kinds:
            for group, book in ((0x00, huffman.DC[kind]), (0x10, huffman.AC[kind])):
                headers.append(_segment(0xC4, bytes([group | kind]) + book.counts + book.values))
        scan = bytes([len(factors)])
        for number, kind in enumerate(component_kinds):
            scan += bytes([number + 1, 0x11 * kind])
        headers.append(_segment(0xDA, scan + bytes([0, 63, 0])))
        return headers


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def _zero_runs() -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Codes and lengths of none to three runs of sixteen zeros, for luma and chroma."""
    codes, lengths = np.zeros((2, 4), np.uint64), np.zeros((2, 4), np.uint64)
    for kind, book in enumerate(huffman.AC):
        one, length = book.codes[_SIXTEEN_ZEROS], book.lengths[_SIXTEEN_ZEROS]
        for count in range(1, 4):
            codes[kind, count] = (codes[kind, count - 1] << length) | one
            lengths[kind, count] = lengths[kind, count - 1] + length
    return codes, lengths


_RUN_CODES, _RUN_LENGTHS = _zero_runs()
# Symbols of AC coefficients first, then of DC ones, for luma and chroma: one lookup serves all.
_CODES = np.stack(
    [np.concatenate((ac.codes, dc.codes)) for ac, dc in zip(huffman.AC, huffman.DC, strict=True)]
)
_LENGTHS = np.stack(
    [np.concatenate((ac.lengths, dc.lengths)) for ac, dc in zip(huffman.AC, huffman.DC, strict=True)]
)


def _codes(events: Events, values: Levels, kind: Index) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Codes and their lengths; `values` holds differences for the first coefficients of blocks."""
    size = SIZE_OF[np.abs(values)]
    symbol = ((events.run & 15) << 4) | size
    symbol[~events.is_ac] += 256
    codes, lengths = _CODES[kind, symbol], _LENGTHS[kind, symbol]
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
    for number, book in enumerate(huffman.AC):
        mine = at[kind[at] == number]
        codes[mine] = (codes[mine] << book.lengths[_END_OF_BLOCK]) | book.codes[_END_OF_BLOCK]
        lengths[mine] += book.lengths[_END_OF_BLOCK]
