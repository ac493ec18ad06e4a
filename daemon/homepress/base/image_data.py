"""Which picture a file holds, told by its coded image data alone: metadata may come and go.

A rating, a tag or a caption is written into a file without touching the image. What identifies the image is a
hash of the parts that are decoded: found by walking lengths and markers, decoding nothing. Where a format is
too tangled for that (TIFF, HEIC, AVIF) or what it says does not add up, the whole file is hashed, so that the
worst a strange file can do is to be taken for a new one.
"""

import hashlib
import os
import re
from collections.abc import Callable, Generator, Iterator
from typing import Protocol

from homepress.base.formats import SNIFF_BYTES, ImageType, sniff
from homepress.base.override import override

PIECE = 1 << 18
"""Bytes that are read and hashed at a time."""

_BLOCK = 1 << 16
_MOST_STEPS = 300_000
"""More than any picture needs; a file can be made so that walking it would take hours. A second or two."""


class ImageContent(Protocol):
    """Bytes that can be read here and there."""

    size: int

    def read(self, at: int, length: int) -> bytes:
        """Up to `length` bytes from `at` on, fewer at the end."""


class FileContent(ImageContent):
    """An open file; what lies close together is read once."""

    def __init__(self, fd: int, size: int, on_read: Callable[[int], None] | None = None) -> None:
        """Read from `fd`, of which the first `size` bytes count; `on_read` gets the bytes of each read."""
        self.size = size
        self._fd = fd
        self._on_read = on_read
        self._at, self._block = 0, b""

    @override
    def read(self, at: int, length: int) -> bytes:
        length = min(length, self.size - at)
        if length <= 0:
            return b""
        offset = at - self._at
        if offset < 0 or offset + length > len(self._block):
            self._at, self._block, offset = at, self._from_file(at, max(length, _BLOCK)), 0
        return self._block[offset : offset + length]

    def _from_file(self, at: int, length: int) -> bytes:
        os.lseek(self._fd, at, os.SEEK_SET)
        parts, missing = [], min(length, self.size - at)
        while missing > 0 and (part := os.read(self._fd, missing)):
            parts.append(part)
            missing -= len(part)
            if self._on_read is not None:
                self._on_read(len(part))
        return b"".join(parts)


class BytesContent(ImageContent):
    """A whole file in memory."""

    def __init__(self, data: bytes) -> None:
        self.size = len(data)
        self._data = data

    @override
    def read(self, at: int, length: int) -> bytes:
        return self._data[at : at + length]


class _Tangled(Exception):  # noqa: N818 - not an error of anybody: the whole file is hashed instead
    """What the file says of itself does not add up."""


Part = tuple[int, int]
"""Position and length of bytes that are part of the image."""


class _Walk:
    """What the walks read from; they may take so many steps and no more."""

    def __init__(self, content: ImageContent) -> None:
        self.size = content.size
        self._content = content
        self._steps = 0

    def read(self, at: int, length: int) -> bytes:
        """Up to `length` bytes from `at` on; `_Tangled` when so many were asked for that it is no picture."""
        self._steps += 1
        if self._steps > _MOST_STEPS:
            raise _Tangled
        return self._content.read(at, length)

    def exactly(self, at: int, length: int) -> bytes:
        """The `length` bytes from `at` on; `_Tangled` where there are none."""
        if len(data := self.read(at, length)) < length:
            raise _Tangled
        return data


def image_digest(content: ImageContent) -> str:
    """SHA-256 of the coded image in a file, in hexadecimal digits; of all of it where it cannot be told.

    Raises:
        OSError: reading failed.
        EOFError: the file became shorter while it was read.
    """
    kind = sniff(content.read(0, SNIFF_BYTES))
    walk = _WALKS.get(kind) if kind is not None else None
    if kind is not None and walk is not None:
        try:
            return _hashed(content, str(kind), walk(_Walk(content)))
        except _Tangled:
            pass
    return _hashed(content, "file", iter([(0, content.size)]))


def _hashed(content: ImageContent, kind: str, parts: Iterator[Part]) -> str:
    """The kind comes first, so that equal bytes of two kinds are two images."""
    digest, size = hashlib.sha256(kind.encode() + b"\0"), 0
    for at, length in parts:
        if at + length > content.size:
            raise _Tangled
        end = at + length
        while at < end:
            piece = content.read(at, min(PIECE, end - at))
            if not piece:
                raise EOFError("it became shorter while it was read")
            digest.update(piece)
            at, size = at + len(piece), size + len(piece)
    if not size and content.size:
        raise _Tangled
    return digest.hexdigest()


# JPEG: ITU-T T.81 annex B. APPn and COM hold what is about the picture, but for Adobe's APP14, without which
# its colours cannot be told.
_SOI, _EOI, _SOS, _APP14, _COM = 0xD8, 0xD9, 0xDA, 0xEE, 0xFE
_STANDALONE = {0x01, *range(0xD0, 0xD8)}
# In coded data 0xFF is followed by 0x00 (stuffing), D0-D7 (restart) or 0xFF (fill); all else is a marker.
_SHORTEST_STRIDE = 1 << 12
_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]", re.DOTALL)


def _jpeg(walk: _Walk) -> Iterator[Part]:
    """The segments and the coded data of the first picture; previews and videos after it do not count."""
    at, scanned = 2, False
    while True:
        marker = walk.exactly(at, 2)
        code = marker[1]
        if marker[0] != 0xFF or code == 0 or code == _SOI:
            raise _Tangled
        if code == 0xFF:  # fill
            at += 1
            continue
        if code == _EOI:
            if not scanned:
                raise _Tangled
            return
        if code in _STANDALONE:
            at += 2
            continue
        length = int.from_bytes(walk.exactly(at + 2, 2), "big")
        if length < 2:
            raise _Tangled
        if code == _APP14 or not (0xE0 <= code <= 0xEF or code == _COM):
            yield at, 2 + length
        at += 2 + length
        if code == _SOS:
            scanned, at = True, (yield from _coded(walk, at))


def _coded(walk: _Walk, at: int) -> Generator[Part, None, int]:
    """The coded data from `at` on; where the next marker begins."""
    stride = _SHORTEST_STRIDE
    while len(piece := walk.read(at, stride)) > 1:
        stride = min(4 * stride, PIECE)
        if found := _MARKER.search(piece):
            yield at, found.start()
            return at + found.start()
        # A marker may be cut in two by the end of the piece.
        length = len(piece) - piece.endswith(b"\xff")
        yield at, length
        at += length
    raise _Tangled


# PNG, third edition, section 11, and APNG: what decodes, and in what order; where data is cut into chunks is
# no matter.
_PNG_IMAGE = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"acTL", b"fcTL", b"fdAT"}


def _png(walk: _Walk) -> Iterator[Part]:
    at, before = 8, b""
    while True:
        head = walk.exactly(at, 8)
        length, kind = int.from_bytes(head[:4], "big"), head[4:]
        if not kind.isalpha():
            raise _Tangled
        if kind == b"IEND":
            return
        if kind in _PNG_IMAGE:
            if kind != before or kind != b"IDAT":
                yield at + 4, 4
            yield at + 8, length
        at, before = at + 12 + length, kind


# WebP: RFC 9649 section 2.7. VP8X says what metadata there is, so it changes with them.
_WEBP_IMAGE = {b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF"}


def _webp(walk: _Walk) -> Iterator[Part]:
    end = min(walk.size, 8 + int.from_bytes(walk.exactly(4, 4), "little"))
    at = 12
    while at + 8 <= end:
        head = walk.exactly(at, 8)
        length = int.from_bytes(head[4:], "little")
        if head[:4] in _WEBP_IMAGE:
            yield at, 8 + length
        at += 8 + length + (length & 1)


def _gif(walk: _Walk) -> Iterator[Part]:
    """All blocks but comments and applications' own (GIF89a specification, sections 18 to 27)."""
    at = 13 + _colour_table(walk.exactly(10, 1)[0])
    yield 6, at - 6
    while True:
        kind = walk.exactly(at, 1)
        if kind == b"\x3b":
            return
        if kind == b"\x21":
            end = _sub_blocks_end(walk, at + 2)
            if walk.exactly(at + 1, 1) not in (b"\xfe", b"\xff"):
                yield at, end - at
        elif kind == b"\x2c":
            end = _sub_blocks_end(walk, at + 11 + _colour_table(walk.exactly(at + 9, 1)[0]))
            yield at, end - at
        else:
            raise _Tangled
        at = end


def _colour_table(flags: int) -> int:
    """Bytes of the colour table that packed flags announce."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _sub_blocks_end(walk: _Walk, at: int) -> int:
    while length := walk.exactly(at, 1)[0]:
        at += 1 + length
    return at + 1


def _jxl(walk: _Walk) -> Iterator[Part]:
    """The codestream in its boxes (ISO/IEC 18181-2); a bare codestream has no metadata beside it."""
    if walk.read(0, 2) == b"\xff\x0a":
        yield 0, walk.size
        return
    at = 0
    while at < walk.size:
        head = walk.exactly(at, 8)
        length, header, kind = int.from_bytes(head[:4], "big"), 8, head[4:]
        if length == 1:
            length, header = int.from_bytes(walk.exactly(at + 8, 8), "big"), 16
        elif length == 0:
            length = walk.size - at
        if length < header:
            raise _Tangled
        if kind in (b"jxlc", b"jxlp"):
            yield at + 4, 4
            yield at + header, length - header
        at += length


_WALKS: dict[ImageType, Callable[[_Walk], Iterator[Part]]] = {
    ImageType.JPEG: _jpeg,
    ImageType.PNG: _png,
    ImageType.WEBP: _webp,
    ImageType.GIF: _gif,
    ImageType.JXL: _jxl,
}
