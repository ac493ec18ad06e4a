"""How many pixels and frames a picture has by its own header, read without a codec.

The daemon compares it with what a worker claims. Any bytes may come: every position is checked before it is
used, and every walk is bounded, so that a made-up file costs milliseconds and nothing else.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

from homepress.base.formats import ImageType

_MOST_STEPS: Final = 100_000
"""Segments, chunks, blocks or boxes that are walked over; more than any picture has."""


@dataclass(frozen=True, slots=True)
class Dimensions:
    """What a header says.

    Attributes:
        width: pixels as stored, before any orientation.
        height: likewise.
        frames: of a GIF, PNG or WebP; 1 for other formats.
        cropped: width and height of the part that decoders may show instead (HEIF's clean aperture).
        inks: whether a JPEG has four components.
    """

    width: int
    height: int
    frames: int = 1
    cropped: tuple[int, int] | None = None
    inks: bool = field(default=False, compare=False)


class _Unreadable(Exception):  # noqa: N818 (never leaves this module)
    """The header ends too early or makes no sense."""


def read_dimensions(data: bytes, kind: ImageType) -> Dimensions | None:
    """The size in pixels and the number of frames; None when the header does not say.

    Args:
        data: the bytes of the file.
        kind: their format, as `sniff` gives it.
    """
    reader = _READERS.get(kind)
    if reader is None:
        return None
    try:
        found = reader(data)
    except _Unreadable:
        return None
    return found if found.width > 0 and found.height > 0 else None


def _number(data: bytes, at: int, size: int, order: Literal["big", "little"] = "big") -> int:
    """The unsigned number of `size` bytes at a position."""
    if at < 0 or at + size > len(data):
        raise _Unreadable
    return int.from_bytes(data[at : at + size], order)


def _little(data: bytes, at: int, size: int) -> int:
    return _number(data, at, size, "little")


# -- JPEG: the first frame header (ITU-T T.81 section B.2.2)

_FRAME_HEADERS: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_WITHOUT_LENGTH: Final = frozenset({0x01, *range(0xD0, 0xD9)})
_INKS: Final = 4
_END_OR_SCAN: Final = frozenset({0xD9, 0xDA})


def _jpeg(data: bytes) -> Dimensions:
    at = 2
    for _ in range(_MOST_STEPS):
        at = data.find(b"\xff", at)
        if at < 0:
            raise _Unreadable
        marker = _number(data, at + 1, 1)
        if marker == 0xFF:  # filling, passed over in long steps
            filling = data[at : at + 65_536]
            at += max(1, len(filling) - len(filling.lstrip(b"\xff")) - 1)
            continue
        at += 2
        if marker in _WITHOUT_LENGTH or marker == 0:
            continue
        if marker in _END_OR_SCAN:
            raise _Unreadable
        if marker in _FRAME_HEADERS:
            height, width = (_number(data, at + place, 2) for place in (3, 5))
            return Dimensions(width, height, inks=_number(data, at + 7, 1) >= _INKS)
        at += max(2, _number(data, at, 2))
    raise _Unreadable


# -- PNG: IHDR, and acTL before the pixels (PNG third edition, sections 11.2.1 and 11.3.6.1)


def _png(data: bytes) -> Dimensions:
    if data[12:16] != b"IHDR":
        raise _Unreadable
    width, height, frames = _number(data, 16, 4), _number(data, 20, 4), 1
    at = 8
    for _ in range(_MOST_STEPS):
        kind = data[at + 4 : at + 8]
        if kind == b"acTL":
            frames = max(1, _number(data, at + 8, 4))
        if kind in (b"acTL", b"IDAT", b"IEND", b""):
            break
        at += 12 + _number(data, at, 4)
    return Dimensions(width, height, frames)


# -- GIF: logical screen and image descriptors (GIF89a sections 18 and 20)


def _gif(data: bytes) -> Dimensions:
    width, height, frames = _little(data, 6, 2), _little(data, 8, 2), 0
    at = _after_colours(13, _number(data, 10, 1))
    for _ in range(_MOST_STEPS):
        introducer = data[at : at + 1]
        if introducer == b"\x21":
            at = _after_sub_blocks(data, at + 2)
        elif introducer == b"\x2c":
            frames += 1
            if frames == 1:  # decoders enlarge the screen for a first frame that exceeds it
                width = max(width, _little(data, at + 1, 2) + _little(data, at + 5, 2))
                height = max(height, _little(data, at + 3, 2) + _little(data, at + 7, 2))
            at = _after_sub_blocks(data, _after_colours(at + 10, _number(data, at + 9, 1)) + 1)
        elif introducer == b"\x3b" or not introducer:
            break
        else:  # what lies between blocks is passed over, as decoders do
            at += 1
    return Dimensions(width, height, max(1, frames))


def _after_colours(at: int, flags: int) -> int:
    """The position after a colour table that begins at `at`, if the flags say that there is one."""
    return at + (3 << ((flags & 7) + 1)) if flags & 0x80 else at


def _after_sub_blocks(data: bytes, at: int) -> int:
    end = len(data)
    while at < end and data[at]:
        at += 1 + data[at]
    return at + 1


# -- WebP: VP8X, VP8 or VP8L (RFC 9649 sections 2.5 to 2.7, RFC 6386 section 9.1)


def _webp(data: bytes) -> Dimensions:
    kind = data[12:16]
    if kind == b"VP8X":
        frames = sum(chunk == b"ANMF" for chunk in _riff_chunks(data)) if _number(data, 20, 1) & 2 else 1
        return Dimensions(1 + _little(data, 24, 3), 1 + _little(data, 27, 3), max(1, frames))
    if kind == b"VP8 ":
        if data[23:26] != b"\x9d\x01\x2a":
            raise _Unreadable
        return Dimensions(_little(data, 26, 2) & 0x3FFF, _little(data, 28, 2) & 0x3FFF)
    if kind == b"VP8L" and data[20:21] == b"\x2f":
        bits = _little(data, 21, 4)
        return Dimensions(1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF))
    raise _Unreadable


def _riff_chunks(data: bytes) -> Iterator[bytes]:
    at = 12
    for _ in range(_MOST_STEPS):
        if at + 8 > len(data):
            return
        yield data[at : at + 4]
        size = _little(data, at + 4, 4)
        at += 8 + size + (size & 1)


# -- BMP: the information header


def _bmp(data: bytes) -> Dimensions:
    if _little(data, 14, 4) == 12:
        return Dimensions(_little(data, 18, 2), _little(data, 20, 2))
    width, height = (_little(data, at, 4) for at in (18, 22))
    return Dimensions(width, height if height < 1 << 31 else (1 << 32) - height)


# -- TIFF and BigTIFF: the first directory (TIFF 6.0 section 2)

_IMAGE_WIDTH, _IMAGE_LENGTH = 256, 257
_TIFF_SIZES: Final = {1: 1, 3: 2, 4: 4, 16: 8}


def _tiff(data: bytes) -> Dimensions:
    order: Literal["big", "little"] = "little" if data[:2] == b"II" else "big"
    big = _number(data, 2, 2, order) == 43
    first = _number(data, 8 if big else 4, 8 if big else 4, order)
    count = _number(data, first, 8 if big else 2, order)
    entry, field, start = (20, 12, first + 8) if big else (12, 8, first + 2)
    found: dict[int, int] = {}
    for at in range(start, start + entry * min(count, _MOST_STEPS), entry):
        tag, kind = _number(data, at, 2, order), _number(data, at + 2, 2, order)
        if tag in (_IMAGE_WIDTH, _IMAGE_LENGTH) and kind in _TIFF_SIZES:
            found[tag] = _number(data, at + field, _TIFF_SIZES[kind], order)
    return Dimensions(found.get(_IMAGE_WIDTH, 0), found.get(_IMAGE_LENGTH, 0))


# -- HEIC and AVIF: the properties of the primary item (ISO/IEC 23008-12 sections 6.5.3 and 9.3)

_Box = tuple[bytes, int, int]
"""Kind, begin and end of a box's content."""


def _boxes(data: bytes, at: int, end: int) -> Iterator[_Box]:
    for _ in range(_MOST_STEPS):
        if at + 8 > end:
            return
        size, start = _number(data, at, 4), at + 8
        if size == 1:
            size, start = _number(data, at + 8, 8), at + 16
        stop = end if size == 0 else at + size
        if stop < start or stop > end:
            return
        yield data[at + 4 : at + 8], start, stop
        at = stop


def _box(data: bytes, kind: bytes, at: int, end: int) -> tuple[int, int]:
    """Begin and end of the first box of a kind."""
    for found, start, stop in _boxes(data, at, end):
        if found == kind:
            return start, stop
    raise _Unreadable


def _heif(data: bytes) -> Dimensions:
    start, end = _box(data, b"meta", 0, len(data))
    start += 4  # a full box
    primary_at, _ = _box(data, b"pitm", start, end)
    primary = _number(data, primary_at + 4, 2 if _number(data, primary_at, 1) == 0 else 4)
    properties, properties_end = _box(data, b"iprp", start, end)
    container = _box(data, b"ipco", properties, properties_end)
    indices = _associated(data, _box(data, b"ipma", properties, properties_end)[0], primary)
    size: tuple[int, int] | None = None
    cropped: tuple[int, int] | None = None
    for index, (kind, at, _) in enumerate(_boxes(data, *container), 1):
        if index in indices and kind == b"ispe":
            size = _number(data, at + 4, 4), _number(data, at + 8, 4)
        elif index in indices and kind == b"clap":
            across, across_of, down, down_of = (_number(data, at + 4 * n, 4) for n in range(4))
            cropped = across // max(1, across_of), down // max(1, down_of)
    if size is None:
        raise _Unreadable
    return Dimensions(*size, cropped=cropped)


def _associated(data: bytes, at: int, item: int) -> frozenset[int]:
    """The numbers of the properties of an item ("ipma")."""
    version, flags, count = _number(data, at, 1), _number(data, at + 1, 3), _number(data, at + 4, 4)
    at += 8
    id_size, index_size = (4 if version else 2), (2 if flags & 1 else 1)
    mask = 0x7FFF if flags & 1 else 0x7F
    for _ in range(min(count, _MOST_STEPS)):
        number, associations = _number(data, at, id_size), _number(data, at + id_size, 1)
        at += id_size + 1
        if number == item:
            places = range(at, at + associations * index_size, index_size)
            return frozenset(_number(data, place, index_size) & mask for place in places)
        at += associations * index_size
    raise _Unreadable


# -- JPEG XL: the size header of the codestream (ISO/IEC 18181-1 section 9.2.1)

_RATIOS: Final = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
_SIZE_BITS: Final = (9, 13, 18, 30)
_HEADER_BYTES: Final = 16


def _jxl(data: bytes) -> Dimensions:
    start = _codestream(data)
    if data[start : start + 2] != b"\xff\x0a":
        raise _Unreadable
    header = data[start + 2 : start + 2 + _HEADER_BYTES]
    value, taken = int.from_bytes(header, "little"), 0

    def take(count: int) -> int:
        nonlocal taken
        taken += count
        if taken > 8 * len(header):
            raise _Unreadable
        return value >> (taken - count) & ((1 << count) - 1)

    def edge(small: int) -> int:
        return 8 * (1 + take(5)) if small else 1 + take(_SIZE_BITS[take(2)])

    small = take(1)
    height = edge(small)
    ratio = take(3)
    if ratio:
        across, down = _RATIOS[ratio - 1]
        return Dimensions(height * across // down, height)
    return Dimensions(edge(small), height)


def _codestream(data: bytes) -> int:
    """The position at which the codestream begins, in a container or not."""
    if data[:2] == b"\xff\x0a":
        return 0
    for kind, start, _ in _boxes(data, 0, len(data)):
        if kind == b"jxlc":
            return start
        if kind == b"jxlp":
            return start + 4
    raise _Unreadable


_READERS: Final[dict[ImageType, Callable[[bytes], Dimensions]]] = {
    ImageType.JPEG: _jpeg,
    ImageType.PNG: _png,
    ImageType.GIF: _gif,
    ImageType.WEBP: _webp,
    ImageType.BMP: _bmp,
    ImageType.TIFF: _tiff,
    ImageType.HEIC: _heif,
    ImageType.AVIF: _heif,
    ImageType.JXL: _jxl,
}
"""By format. An SVG has no pixels, and is never made into anything."""
