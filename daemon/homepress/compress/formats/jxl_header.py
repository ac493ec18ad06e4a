"""The start of a JPEG XL codestream (ISO/IEC 18181-1 sections 9.2 to 9.3; field names as there)."""

from dataclasses import dataclass

from homepress.compress.metadata.errors import Malformed
from homepress.compress.metadata.isobmff import read_boxes

CODESTREAM = b"\xff\x0a"
"""What a bare codestream begins with."""

_RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
_SIZE_BITS = (9, 13, 18, 30)


@dataclass(frozen=True, slots=True)
class JxlHeader:
    """What the picture header says.

    Attributes:
        width: pixels as stored.
        height: likewise.
        depth: bits a sample; 0 for floating point.
        animated: whether it has frames of a duration.
        orientation: 1 to 8, as in Exif; decoders apply it.
    """

    width: int
    height: int
    depth: int
    animated: bool
    orientation: int


def read_header(data: bytes) -> JxlHeader:
    """Read the header of a file, bare codestream or container.

    Raises:
        Malformed: it is cut short or no JPEG XL.
    """
    stream = _codestream(data)
    if not stream.startswith(CODESTREAM):
        raise Malformed("no JPEG XL codestream")
    bits = _Bits(stream[2:])
    width, height = _size(bits)
    depth, animated, orientation = 8, False, 1
    if not bits.take(1):  # all_default
        if bits.take(1):  # extra_fields
            orientation = 1 + bits.take(3)
            if bits.take(1):  # have_intr_size
                _size(bits)
            if bits.take(1):  # have_preview
                _preview_size(bits)
            animated = bool(bits.take(1))
            if animated:
                return JxlHeader(width, height, depth, animated, orientation)
        depth = _depth(bits)
    return JxlHeader(width, height, depth, animated, orientation)


def _codestream(data: bytes) -> bytes:
    if data.startswith(CODESTREAM):
        return data
    for box in read_boxes(data):
        if box.kind == b"jxlc":
            return box.content(data)
        if box.kind == b"jxlp":
            return box.content(data)[4:]
    raise Malformed("no JPEG XL codestream")


def _size(bits: "_Bits") -> tuple[int, int]:
    small = bits.take(1)
    height = 8 * (1 + bits.take(5)) if small else 1 + bits.take(_SIZE_BITS[bits.take(2)])
    ratio = bits.take(3)
    if ratio:
        across, down = _RATIOS[ratio - 1]
        return height * across // down, height
    return (8 * (1 + bits.take(5)) if small else 1 + bits.take(_SIZE_BITS[bits.take(2)])), height


def _preview_size(bits: "_Bits") -> None:
    """PreviewHeader: read past it."""
    by_eight = bits.take(1)
    for last in (False, True):
        if by_eight:
            choice = bits.take(2)
            bits.take((0, 0, 5, 9)[choice])
        else:
            bits.take((6, 8, 10, 12)[bits.take(2)])
        if not last and bits.take(3):
            return


def _depth(bits: "_Bits") -> int:
    """BitDepth: bits of an integer sample, 0 for floating point."""
    if bits.take(1):
        return 0
    choice = bits.take(2)
    return (8, 10, 12)[choice] if choice < 3 else 1 + bits.take(6)


class _Bits:
    """Numbers of so many bits, the lowest bit of each byte first."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data[:64], "little")
        self._left = 8 * min(len(data), 64)

    def take(self, count: int) -> int:
        self._left -= count
        if self._left < 0:
            raise Malformed("a picture header is cut short", truncated=True)
        value = self._value & ((1 << count) - 1)
        self._value >>= count
        return value
