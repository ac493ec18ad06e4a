"""Small changes to an Exif block that leave every other byte where it is (TIFF 6.0, CIPA DC-008).

Nothing moves, so offsets that nobody knows of (maker notes) stay true. A block that cannot be read is handed
back as it came.
"""

import struct

from homepress.compress.metadata.errors import Malformed
from homepress.compress.metadata.tiff import (
    ENTRY_BYTES,
    EXIF_IFD,
    GPS_IFD,
    INTEROPERABILITY_IFD,
    Directory,
    TiffBlock,
    read_tiff,
)

_ORIENTATION = 0x0112
_THUMBNAIL_OFFSET, _THUMBNAIL_LENGTH = 0x0201, 0x0202
_PICTURE_SIZE = (0x0100, 0x0101)
_PHOTO_SIZE = (0xA002, 0xA003)
_SHORT, _LONG = 3, 4
_HEADER_BYTES = 8


def without_orientation(block: bytes) -> bytes:
    """The block of a picture that was turned upright: no orientation, and no thumbnail lying on its side.

    A block that says "upright", or nothing, is handed back as it came.
    """
    try:
        tiff = read_tiff(block)
        first = tiff.directory(tiff.first)
    except Malformed:
        return block
    entry = first.find(_ORIENTATION)
    if entry is None:
        return block
    turned = tiff.number(entry) not in (None, 0, 1)
    # All of them: behind the first, which counts, a block may have others.
    kept = [block[one.at : one.at + ENTRY_BYTES] for one in first.entries if one.tag != _ORIENTATION]
    end = min(first.end + 4, len(block))
    table = b"".join(kept) + block[first.end : end]
    out = bytearray(block)
    out[first.at + 2 : end] = table.ljust(end - first.at - 2, b"\0")
    struct.pack_into(tiff.order + "H", out, first.at, len(kept))
    return without_thumbnail(bytes(out)) if turned else bytes(out)


def without_thumbnail(block: bytes) -> bytes:
    """The block without the directory of its thumbnail and the thumbnail itself."""
    try:
        tiff = read_tiff(block)
        directories = list(tiff.chain())
    except Malformed:
        return block
    if len(directories) < 2:
        return block
    kept = [(0, _HEADER_BYTES), *_reach(tiff, directories[0])]
    out = bytearray(block)
    struct.pack_into(tiff.order + "I", out, directories[0].end, 0)
    for directory in directories[1:]:
        for start, end in (*_stretches(tiff, directory), *_thumbnail(tiff, directory)):
            if all(end <= its_start or its_end <= start for its_start, its_end in kept):
                out[start:end] = bytes(end - start)
    used = max(end for _, end in kept)
    used += used % 2
    return bytes(out) if any(out[used:]) else bytes(out[:used])


def with_size(block: bytes, width: int, height: int) -> bytes:
    """The block with the picture's size put right wherever it tells it."""
    try:
        tiff = read_tiff(block)
        first = tiff.directory(tiff.first)
    except Malformed:
        return block
    out = bytearray(block)
    photo = tiff.child(first, EXIF_IFD)
    for directory, tags in ((first, _PICTURE_SIZE), (photo, _PHOTO_SIZE)):
        for tag, value in zip(tags, (width, height), strict=True):
            entry = directory.find(tag) if directory is not None else None
            if entry is None or not entry.is_inline:
                continue
            if entry.kind == _LONG:
                struct.pack_into(tiff.order + "I", out, entry.start, value)
            elif entry.kind == _SHORT and value <= 0xFFFF:
                struct.pack_into(tiff.order + "H", out, entry.start, value)
    return bytes(out)


def _reach(tiff: TiffBlock, first: Directory) -> list[tuple[int, int]]:
    """Every stretch of the block that the main directory and its children use."""
    found = _stretches(tiff, first)
    for tag in (EXIF_IFD, GPS_IFD):
        child = tiff.child(first, tag)
        found += _stretches(tiff, child) if child is not None else []
    photo = tiff.child(first, EXIF_IFD)
    interoperability = tiff.child(photo, INTEROPERABILITY_IFD) if photo is not None else None
    return found + (_stretches(tiff, interoperability) if interoperability is not None else [])


def _stretches(tiff: TiffBlock, directory: Directory) -> list[tuple[int, int]]:
    """Where a directory's table and its values lie."""
    table = (directory.at, min(directory.end + 4, len(tiff.data)))
    return [
        table,
        *((entry.start, entry.start + entry.size) for entry in directory.entries if entry.is_readable),
    ]


def _thumbnail(tiff: TiffBlock, directory: Directory) -> list[tuple[int, int]]:
    """Where the picture that a thumbnail's directory points to lies."""
    offset, length = directory.find(_THUMBNAIL_OFFSET), directory.find(_THUMBNAIL_LENGTH)
    if offset is None or length is None:
        return []
    start, size = tiff.number(offset) or 0, tiff.number(length) or 0
    return [(start, start + size)] if start and start + size <= len(tiff.data) else []
