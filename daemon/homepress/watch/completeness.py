"""Whether a file is whole, as far as its own format tells without decoding it.

Most formats say where they end: by a trailer (JPEG, PNG, GIF) or by lengths (WebP, HEIF, TIFF). A file that
was preallocated has its final length from the start, so long zeros count against it as well.
"""

import enum
import errno
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass

from homepress.base.formats import SNIFF_BYTES, ImageType, sniff
from homepress.base.units import counted

_BLOCK = 1 << 16
_MOST_READS = 1_000_000
"""Far more than a picture needs; takes a second or two."""
_MOST_BOXES = 100_000
_LOOK_AHEAD = 4096
_PNG_SIGNATURE = 8
_MOST_CHUNKS = 10_000_000
_SVG_TAIL = 1 << 16
_SOI, _EOI, _SOS, _APP2 = 0xD8, 0xD9, 0xDA, 0xE2
_STANDALONE = {0x01, *range(0xD0, 0xD8)}
# In coded data 0xFF is followed by 0x00 (stuffing), D0-D7 (restart) or 0xFF (fill); all else is a marker.
_MARKER = re.compile(rb"\xff([\x01-\xcf\xd8-\xfe])", re.DOTALL)
# Markers lie close together in headers and far apart in coded data.
_SHORTEST_STRIDE, _LONGEST_STRIDE = 1 << 10, 1 << 18
_MPF = b"MPF\0"
_MP_ENTRIES = 0xB002
_MOST_PICTURES = 64
_TYPE_BYTES = dict(
    zip((*range(1, 14), 16, 17, 18), (1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 8, 8, 8), strict=True)
)
"""Bytes of a value by its type (TIFF 6.0 section 2, BigTIFF)."""
_OFFSETS = {273: 279, 324: 325, 288: 289}
"""Tags with positions of strips, tiles and free space, and the tags with their lengths."""
_JPEG_PAIR = (513, 514)
_MOST_DIRECTORIES = 4096
_MOST_VALUES = 1 << 17
ZEROS = 4096
"""A run of so many zero bytes is suspicious in a compressed format."""
_SAMPLES = 64


class Completeness(enum.Enum):
    """What a file's own structure says of it."""

    WHOLE = "whole"
    DOUBTFUL = "doubtful"
    """It may be whole; only a long quiet time can tell."""
    ENDLESS = "endless"
    """Its format does not say where it ends; decoding it tells, after a moderate quiet time."""
    CUT = "cut"
    """Part of it is missing."""
    NO_IMAGE = "no image"
    """Its first bytes are those of no known image."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judgement of one file; `detail` says in words what is missing or doubtful."""

    completeness: Completeness
    detail: str = ""


UNREAD = Verdict(Completeness.DOUBTFUL)
"""The verdict on a file that was not read."""


class IncompleteError(Exception):
    """The file ends before its own format says that it is finished; the text says what is missing."""


class DoubtfulError(Exception):
    """The file may be finished, but its format cannot prove it; the text says why."""


class EndlessError(Exception):
    """The format does not say where a file ends; the text says which. Only decoding it tells."""


class Window:
    """Bounded random access to an open file; memory stays at two blocks of 64 KiB whatever its size.

    A memory map would be simpler and would kill the process when another program truncates the file. The
    number of reads is bounded too, since a file can be made so that walking it would take days.
    """

    def __init__(self, fd: int, size: int) -> None:
        """Read from `fd`, of which only the first `size` bytes exist."""
        self.size = size
        self._fd = fd
        self._reads = 0
        self._blocks: dict[int, bytes] = {}

    def read(self, at: int, length: int) -> bytes:
        """The `length` bytes from `at` on.

        Raises:
            IncompleteError: the file has no such bytes.
            DoubtfulError: so many reads that it is not worth to go on.
        """
        self._reads += 1
        if self._reads > _MOST_READS:
            raise DoubtfulError("it has more parts than any picture")
        if at < 0 or at + length > self.size:
            raise IncompleteError(f"it ends {counted(at + length - self.size, 'byte')} too early")
        data = self._from_blocks(at, length) if length <= _BLOCK else self._from_file(at, length)
        if len(data) < length:
            raise IncompleteError("it became shorter while it was read")
        return data

    def number(self, at: int, length: int, order: str = "big") -> int:
        """An unsigned integer of `length` bytes; `order` is "big" or "little"."""
        return int.from_bytes(self.read(at, length), "little" if order == "little" else "big")

    def rest(self, at: int, most: int) -> bytes:
        """Up to `most` bytes from `at` on, fewer at the end of the file."""
        return self.read(at, max(0, min(most, self.size - at)))

    def _from_blocks(self, at: int, length: int) -> bytes:
        block, offset = divmod(at, _BLOCK)
        data = self._block(block)[offset : offset + length]
        if len(data) < length and at + len(data) < self.size:
            data += self._block(block + 1)[: length - len(data)]
        return data

    def _block(self, number: int) -> bytes:
        if number not in self._blocks:
            while len(self._blocks) > 1:
                self._blocks.pop(next(iter(self._blocks)))
            self._blocks[number] = self._from_file(number * _BLOCK, min(_BLOCK, self.size - number * _BLOCK))
        return self._blocks[number]

    def _from_file(self, at: int, length: int) -> bytes:
        os.lseek(self._fd, at, os.SEEK_SET)
        parts = []
        while length > 0 and (part := os.read(self._fd, length)):
            parts.append(part)
            length -= len(part)
        return b"".join(parts)


def judge(fd: int, size: int) -> Verdict:
    """Judge the open file `fd`, which is `size` bytes long.

    Raises:
        OSError: reading failed.
    """
    window = Window(fd, size)
    try:
        head = window.rest(0, SNIFF_BYTES)
        if not any(head):
            return Verdict(Completeness.CUT, "it has room on the disk but no content yet")
        kind = sniff(head)
        if kind is None:
            return Verdict(Completeness.NO_IMAGE, "its first bytes are those of no known image")
        end = _end(kind, head, window)
        doubt = _doubt_about_zeros(kind, fd, window, end)
    except IncompleteError as missing:
        return Verdict(Completeness.CUT, str(missing))
    except EndlessError as reason:
        return Verdict(Completeness.ENDLESS, str(reason))
    except DoubtfulError as reason:
        return Verdict(Completeness.DOUBTFUL, str(reason))
    return Verdict(Completeness.DOUBTFUL, doubt) if doubt else Verdict(Completeness.WHOLE)


def _end(kind: ImageType, head: bytes, window: Window) -> int:
    """The position at which the format itself says that the file is finished."""
    match kind:
        case ImageType.JPEG:
            return jpeg_end(window)
        case ImageType.PNG:
            return png_end(window)
        case ImageType.GIF:
            return gif_end(window)
        case ImageType.WEBP:
            return riff_end(window)
        case ImageType.TIFF:
            return tiff_end(window)
        case ImageType.BMP:
            return bmp_end(window)
        case ImageType.SVG:
            return svg_end(window)
        case ImageType.JXL if head.startswith(b"\xff\x0a"):
            if zero_tail(window):
                raise IncompleteError("its last 4 KiB are zeros")
            raise EndlessError("a bare JPEG XL codestream does not tell its length")
        case ImageType.JXL | ImageType.HEIC | ImageType.AVIF:
            return boxes_end(window)


def _doubt_about_zeros(kind: ImageType, fd: int, window: Window, end: int) -> str:
    """Why zeros in a file of the right length make it doubtful; empty when they do not.

    Raises:
        IncompleteError: its coded data ends in zeros.
    """
    if zero_tail(window):
        if end == window.size and kind not in (ImageType.TIFF, ImageType.BMP):
            raise IncompleteError("its last 4 KiB are zeros")
        return "it ends in a long run of zeros"
    return "a part of it reads as zeros, as if it were still to be written" if has_hole(fd, window) else ""


# -- zeros: regions that nobody has written yet


def zero_tail(window: Window) -> bool:
    """Whether the last 4 KiB, or all of a shorter file, are zeros."""
    length = min(ZEROS, window.size)
    return length > 0 and not any(window.read(window.size - length, length))


def has_hole(fd: int, window: Window) -> bool:
    """Whether the file has a region that was never written, or long zeros at one of 64 sampled places.

    Most file systems know exactly what was never written (SEEK_HOLE); samples serve where they do not, and
    where a program wrote the zeros itself. To read all would cost a cold disk as much as the compression.
    """
    return _knows_hole(fd, window.size) or _sampled_zeros(window)


def _knows_hole(fd: int, size: int) -> bool:
    seek_hole = getattr(os, "SEEK_HOLE", None)
    if seek_hole is None:
        return False
    try:
        return os.lseek(fd, 0, seek_hole) < size
    except OSError as error:
        if error.errno in (errno.EINVAL, errno.ENXIO, errno.ENOTSUP, errno.ENOSYS):
            return False
        raise


def _sampled_zeros(window: Window) -> bool:
    last = window.size - ZEROS
    if last < 0:
        return False
    step = max(ZEROS, last // (_SAMPLES - 1))
    try:
        return any(not any(window.read(at, ZEROS)) for at in range(0, last + 1, step))
    except IncompleteError:
        return True


# -- JPEG: ITU-T T.81 annex B (markers), CIPA DC-007 (the index of further pictures, MPF)


def jpeg_end(window: Window) -> int:
    """The position after the last picture or video that the file is known to hold.

    Other data after the end marker is legitimate (padding, makers' trailers) and not judged.

    Raises:
        IncompleteError: a segment, an end marker, or part of an appended picture or video is missing.
        DoubtfulError: an index points beyond the end of the file; edited copies have such stale indexes too.
    """
    if window.read(window.size - 2, 2) == b"\xff\xd9":
        end = window.size
        index = _walk_headers(window, 0)[1]
    else:
        end, index = picture_end(window, 0)
        end = _tail_end(window, end)
    for position in index:
        if position >= window.size or window.rest(position, 2) != b"\xff\xd8":
            raise DoubtfulError("its index names a further picture that is not there")
    return end


def picture_end(window: Window, start: int) -> tuple[int, list[int]]:
    """The position after the picture at `start`, and where its MPF index says that others are."""
    at, index = _walk_headers(window, start)
    while True:
        at, marker = _next_marker(window, at)
        if marker == _EOI:
            return at, index
        if marker == _SOI:
            raise IncompleteError("another picture begins before its end marker")
        if marker not in _STANDALONE:
            at += window.number(at, 2)


def _walk_headers(window: Window, start: int) -> tuple[int, list[int]]:
    """The position of the first scan's coded data, and the positions of further pictures."""
    if window.read(start, 2) != b"\xff\xd8":
        raise IncompleteError("it does not begin as a JPEG")
    at, index = start + 2, []
    while True:
        at, marker = _next_marker(window, at)
        if marker == _EOI:
            raise IncompleteError("it holds no picture data")
        if marker in _STANDALONE:
            continue
        length = window.number(at, 2)
        window.read(at + length - 1, 1)
        if marker == _APP2 and window.rest(at + 2, 4) == _MPF:
            index = _further_pictures(window, at + 6)
        at += length
        if marker == _SOS:
            return at, index


def _next_marker(window: Window, at: int) -> tuple[int, int]:
    """The position after the next marker from `at` on, and its code."""
    stride = _SHORTEST_STRIDE
    while at < window.size:
        piece = window.rest(at, stride)
        stride = min(4 * stride, _LONGEST_STRIDE)
        if found := _MARKER.search(piece):
            return at + found.end(), found.group(1)[0]
        # A marker may be cut in two by the end of the piece.
        at += max(1, len(piece) - 1) if at + len(piece) < window.size else len(piece)
    raise IncompleteError("its end marker is missing")


def _further_pictures(window: Window, header: int) -> list[int]:
    """Positions of all pictures but the first; they count from `header`, where the MP header begins."""
    order = "little" if window.rest(header, 2) == b"II" else "big"
    try:
        directory = header + window.number(header + 4, 4, order)
        for entry in range(window.number(directory, 2, order)):
            at = directory + 2 + 12 * entry
            if window.number(at, 2, order) == _MP_ENTRIES:
                count = min(window.number(at + 4, 4, order) // 16, _MOST_PICTURES)
                table = header + window.number(at + 8, 4, order)
                return [header + window.number(table + 16 * i + 8, 4, order) for i in range(1, count)]
    except IncompleteError:
        raise DoubtfulError("its index of further pictures is damaged") from None
    return []


def _tail_end(window: Window, at: int) -> int:
    """The position after the pictures or the video that directly follow the first picture."""
    for _ in range(_MOST_PICTURES):
        head = window.rest(at, 32)
        if head[:3] == b"\xff\xd8\xff":
            at = picture_end(window, at)[0]
        elif head[4:8] == b"ftyp":
            try:
                return boxes_end(window, at)
            except EndlessError as error:  # nobody decodes the video
                raise DoubtfulError(str(error)) from None
        elif b"MotionPhoto_Data" in head and window.read(window.size - 4, 4) != b"SEFT":
            raise IncompleteError("the video after the picture is cut off")
        else:
            break
    return at


# -- boxes: ISO/IEC 14496-12 section 4.2 (HEIF, AVIF, JPEG XL in boxes, MP4)


def boxes_end(window: Window, start: int = 0) -> int:
    """The position after the last complete box from `start` on; what follows and is no box is not judged.

    Raises:
        IncompleteError: the last box is longer than the file, or there are zeros where a box should begin.
        EndlessError: the last box has no length of its own.
        DoubtfulError: it has more boxes than any picture.
    """
    at = start
    for _ in range(_MOST_BOXES):
        if at == window.size:
            return at
        length, header = window.number(at, 4), 8
        if length == 1:
            length, header = window.number(at + 8, 8), 16
        kind = window.read(at + 4, 4)
        if not kind.isascii() or not kind.strip(b"\0"):
            if any(window.rest(at, _LOOK_AHEAD)):
                return at
            raise IncompleteError("a part of it is not written yet")
        if length == 0:
            raise EndlessError("its last part has no length, so its end cannot be told")
        if length < header:
            return at
        if at + length > window.size:
            raise IncompleteError(f"{counted(at + length - window.size, 'byte')} missing at its end")
        at += length
    raise DoubtfulError("it has more parts than any picture")


# -- PNG, WebP and GIF, whose blocks carry their lengths; SVG, which is text


def png_end(window: Window) -> int:
    """The position after the IEND chunk (PNG, third edition, section 5.3).

    Raises:
        IncompleteError: a chunk is cut off or there is no IEND.
    """
    at = _PNG_SIGNATURE
    for _ in range(_MOST_CHUNKS):
        length, kind = window.number(at, 4), window.read(at + 4, 4)
        at += 12 + length
        if at > window.size:
            raise IncompleteError(f"{counted(at - window.size, 'byte')} missing from one of its parts")
        if kind == b"IEND":
            return at
        if not kind.isalpha():
            raise IncompleteError("a part of it is not written yet")
    raise DoubtfulError("it has more parts than any picture")


def riff_end(window: Window) -> int:
    """The position after the RIFF chunk that a WebP file is (RFC 9649 section 2.4).

    Raises:
        IncompleteError: the file is shorter than it says.
    """
    end = 8 + window.number(4, 4, "little")
    if end > window.size:
        raise IncompleteError(f"{counted(end - window.size, 'byte')} missing at its end")
    return end


def gif_end(window: Window) -> int:
    """The position after the trailer byte (GIF89a specification, section 27).

    Raises:
        IncompleteError: a block is cut off, there is no trailer, or no block stands where one should.
    """
    at = 13 + _colour_table(window.number(10, 1))
    while True:
        kind = window.read(at, 1)
        if kind == b"\x3b":
            return at + 1
        if kind == b"\x21":
            at = _sub_blocks_end(window, at + 2)
        elif kind == b"\x2c":
            at = _sub_blocks_end(window, at + 11 + _colour_table(window.number(at + 9, 1)))
        else:
            raise IncompleteError("a part of it is not written yet")


def _colour_table(flags: int) -> int:
    """Bytes of the colour table that packed flags announce."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _sub_blocks_end(window: Window, at: int) -> int:
    while length := window.number(at, 1):
        at += 1 + length
    return at + 1


def svg_end(window: Window) -> int:
    """The end of the file, when the document's last tag is near it.

    Raises:
        DoubtfulError: the closing tag was not found; it may have a prefix, or the file is cut off.
    """
    if b"</svg>" not in window.rest(max(0, window.size - _SVG_TAIL), _SVG_TAIL):
        raise DoubtfulError("its closing tag was not found")
    return window.size


# -- TIFF and BMP, which only say where their pixels are


def tiff_end(window: Window) -> int:
    """The highest position that any directory, value, strip or tile reaches (TIFF 6.0; BigTIFF alike).

    Raises:
        IncompleteError: something lies beyond the end of the file.
        DoubtfulError: the directories make a loop.
    """
    layout = _TiffLayout(window)
    end, at, seen = 0, layout.first, set[int]()
    while at:
        if at in seen or len(seen) >= _MOST_DIRECTORIES:
            raise DoubtfulError("its directories make a loop")
        seen.add(at)
        reach, at = _directory(layout, at)
        end = max(end, reach)
    if not seen:
        raise IncompleteError("its directory is not written yet")
    if end > window.size:
        raise IncompleteError(f"{counted(end - window.size, 'byte')} missing at its end")
    return end


class _TiffLayout:
    """Byte order and field widths of one TIFF."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self.order = "little" if window.read(0, 2) == b"II" else "big"
        self.big = window.number(2, 2, self.order) == 43
        self.word = 8 if self.big else 4
        self.entry = 20 if self.big else 12
        self.count_bytes = 8 if self.big else 2
        self.first = self.number(8 if self.big else 4, self.word)

    def number(self, at: int, length: int) -> int:
        return self.window.number(at, length, self.order)

    def values(self, kind: int, count: int, at: int) -> Iterator[int]:
        width = _TYPE_BYTES.get(kind, 1)
        return (self.number(at + width * i, width) for i in range(min(count, _MOST_VALUES)))


def _directory(layout: _TiffLayout, at: int) -> tuple[int, int]:
    """How far the directory at `at` reaches, and where the next one is."""
    entries = layout.number(at, layout.count_bytes)
    first = at + layout.count_bytes
    after = first + entries * layout.entry
    following = layout.number(after, layout.word)
    reach = after + layout.word
    fields: dict[int, tuple[int, int, int]] = {}
    for entry in range(entries):
        place = first + entry * layout.entry
        tag, kind = layout.number(place, 2), layout.number(place + 2, 2)
        count = layout.number(place + 4, layout.word)
        value, length = place + 4 + layout.word, count * _TYPE_BYTES.get(kind, 1)
        if length > layout.word:
            value = layout.number(value, layout.word)
            reach = max(reach, value + length)
        fields[tag] = (kind, count, value)
    if reach > layout.window.size:
        raise IncompleteError(f"{counted(reach - layout.window.size, 'byte')} missing at its end")
    return max(reach, _data_reach(layout, fields)), following


def _data_reach(layout: _TiffLayout, fields: dict[int, tuple[int, int, int]]) -> int:
    """How far the pixels reach that a directory names."""
    reach = 0
    for offsets, lengths in (*_OFFSETS.items(), _JPEG_PAIR):
        if offsets in fields and lengths in fields:
            pairs = zip(layout.values(*fields[offsets]), layout.values(*fields[lengths]), strict=False)
            reach = max(reach, *(position + length for position, length in pairs), 0)
    return reach


def bmp_end(window: Window) -> int:
    """The position after the pixels of a Windows bitmap.

    Raises:
        IncompleteError: the file is shorter than its pixels need.
        DoubtfulError: it is coded so that its header does not tell the length.
    """
    said, pixels, header = (window.number(at, 4, "little") for at in (2, 10, 14))
    if header == 12:
        width, height, bits, coding = *(window.number(at, 2, "little") for at in (18, 20, 24)), 0
    else:
        width, height = (abs(_signed(window, at)) for at in (18, 22))
        bits, coding = window.number(28, 2, "little"), window.number(30, 4, "little")
    if coding in (0, 3, 6):
        end = pixels + (width * bits + 31) // 32 * 4 * height
    elif said:
        end = said
    else:
        raise DoubtfulError("its header does not tell its length")
    if end > window.size:
        raise IncompleteError(f"{counted(end - window.size, 'byte')} missing at its end")
    return max(end, min(said, window.size))


def _signed(window: Window, at: int) -> int:
    return int.from_bytes(window.read(at, 4), "little", signed=True)
