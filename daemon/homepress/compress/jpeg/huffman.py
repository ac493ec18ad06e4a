"""The Huffman codes of ITU-T T.81 annex K.3.3, and packing codes into bytes.

mozjpeg's pass replaces the codes by better ones later, so the typical ones of the standard do here.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

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


class BitWriter:
    """Packs codes into bytes, most significant bit first, batch after batch."""

    def __init__(self) -> None:
        self._words: list[Words] = []
        self._partial = np.uint64(0)
        self._filled = np.uint64(0)

    def write(self, codes: Words, lengths: Words) -> None:
        """Append codes of 1 to 63 bits each; what is above a code's length must be zero."""
        end = np.cumsum(lengths)
        end += self._filled
        offset = end - lengths
        word = (offset >> np.uint64(6)).astype(np.intp)
        shift = offset & np.uint64(63)
        top = codes << (_WORD - lengths)
        high = top >> shift
        # A shift by 64 is undefined in numpy: the part that spills over is taken in two steps.
        low = (top << np.uint64(1)) << (np.uint64(63) - shift)
        count = int(word[-1]) + 1
        first = np.searchsorted(word, np.arange(count))
        packed = np.zeros(count + 1, np.uint64)
        occupied = word[first] == np.arange(count)
        packed[:count] = np.where(occupied, np.bitwise_or.reduceat(high, first), 0)
        last = np.append(first[1:], len(word)) - 1
        packed[1:] |= low[last]
        packed[0] |= self._partial
        whole, filled = divmod(int(end[-1]), 64)
        self._words.append(packed[:whole])
        self._partial, self._filled = packed[whole], np.uint64(filled)

    def stuffed(self) -> bytes:
        """All that was written, the last byte filled with ones, a zero after each 0xFF (section F.1.2.3)."""
        bits = int(self._filled)
        tail = int(self._partial) >> (64 - bits) if bits else 0
        spare = -bits % 8
        tail = (tail << spare) | ((1 << spare) - 1)
        parts = [words.byteswap().tobytes() for words in self._words]
        parts.append(tail.to_bytes((bits + 7) // 8, "big"))
        return b"".join(parts).replace(b"\xff", b"\xff\x00")
