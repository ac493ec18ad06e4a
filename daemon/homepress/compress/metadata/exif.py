"""Exif: the image file directories of TIFF, what stands in them, and changing values in place.

TIFF 6.0 section 2, Exif 2.32 (CIPA DC-008). Exif blocks of real cameras hold dangling offsets and odd
types; a reader skips those entries.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from homepress.compress.metadata.errors import Malformed

# Image file directories of TIFF (TIFF 6.0 section 2), the structure inside every Exif block.
#
# Exif blocks of real cameras hold dangling offsets and odd types; a reader skips those entries.

EXIF_IFD, GPS_IFD, INTEROPERABILITY_IFD = 0x8769, 0x8825, 0xA005
MOST_DIRECTORIES = 16
MOST_ENTRIES = 4_000
ENTRY_BYTES = 12

_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}
_TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_SHORT, _LONG, _IFD = 3, 4, 13
_INLINE = 4
"""Values of up to four bytes stand in the entry itself."""


@dataclass(frozen=True, slots=True)
class TagEntry:
    """One entry of a directory; positions count from the start of the block.

    Attributes:
        at: position of the 12-byte entry.
        tag: what it is.
        kind: TIFF type, 1 to 13.
        count: how many values it says it has.
        start: position of its value.
        size: bytes of its value; 0 when the type is unknown or the value lies outside the block.
    """

    at: int
    tag: int
    kind: int
    count: int
    start: int
    size: int

    @property
    def is_readable(self) -> bool:
        """Whether its value is there."""
        return self.size > 0

    @property
    def is_inline(self) -> bool:
        """Whether its value stands in the entry."""
        return self.start == self.at + 8


@dataclass(frozen=True, slots=True)
class Directory:
    """One directory: its position, entries, position after its table, and the next one's position or 0."""

    at: int
    entries: tuple[TagEntry, ...]
    end: int
    following: int

    def find(self, tag: int) -> TagEntry | None:
        """The first readable entry with a tag."""
        return next((entry for entry in self.entries if entry.tag == tag and entry.is_readable), None)


@dataclass(frozen=True, slots=True, eq=False)
class TiffBlock:
    """A block of bytes that directories point into.

    Attributes:
        data: the block; all offsets count from its start.
        order: "<" or ">", for struct.
        first: position of its first directory.
    """

    data: bytes
    order: str
    first: int

    def directory(self, at: int) -> Directory:
        """Read the directory at a position.

        Raises:
            Malformed: it leaves the block, or has more than `MOST_ENTRIES` entries.
        """
        if not 0 <= at <= len(self.data) - 2:
            raise Malformed("a directory outside its block", at)
        count = self._unpack("H", at)
        if count > MOST_ENTRIES:
            raise Malformed("a directory of too many entries", at)
        table_end = at + 2 + ENTRY_BYTES * count
        if table_end > len(self.data):
            raise Malformed("a directory is cut short", at)
        entries = tuple(self._entry(at + 2 + ENTRY_BYTES * number) for number in range(count))
        has_following = table_end + 4 <= len(self.data)
        return Directory(at, entries, table_end, self._unpack("I", table_end) if has_following else 0)

    def number(self, entry: TagEntry) -> int | None:
        """The first value of a SHORT, LONG or IFD entry; None for other types."""
        if entry.kind == _SHORT:
            return self._unpack("H", entry.start)
        return self._unpack("I", entry.start) if entry.kind in (_LONG, _IFD) else None

    def value(self, entry: TagEntry) -> bytes:
        """The bytes of an entry's value."""
        return self.data[entry.start : entry.start + entry.size]

    def child(self, directory: Directory, tag: int) -> Directory | None:
        """The directory that an entry points to, or None when there is no such entry or nothing there."""
        entry = directory.find(tag)
        at = None if entry is None else self.number(entry)
        if not at:
            return None
        try:
            return self.directory(at)
        except Malformed:
            return None

    def chain(self) -> Iterator[Directory]:
        """The main directories, each leading to the next: the picture, then the thumbnail.

        Raises:
            Malformed: the first directory is broken. The chain just ends where a later one is.
        """
        directory = self.directory(self.first)
        seen = {directory.at}
        yield directory
        while directory.following and directory.following not in seen and len(seen) < MOST_DIRECTORIES:
            seen.add(directory.following)
            try:
                directory = self.directory(directory.following)
            except Malformed:
                return
            yield directory

    def _entry(self, at: int) -> TagEntry:
        tag, kind, count = struct.unpack_from(self.order + "HHI", self.data, at)
        size = _TYPE_BYTES.get(kind, 0) * count
        start = at + 8 if size <= _INLINE else self._unpack("I", at + 8)
        readable = start + size <= len(self.data)
        return TagEntry(at, tag, kind, count, start, size if readable else 0)

    def _unpack(self, layout: str, at: int) -> int:
        value: int = struct.unpack_from(self.order + layout, self.data, at)[0]
        return value


def read_tiff(data: bytes) -> TiffBlock:
    """Open a TIFF block.

    Raises:
        Malformed: no TIFF header.
    """
    order = _ORDERS.get(data[:4])
    if order is None or len(data) < 8:
        raise Malformed("no TIFF header")
    first: int = struct.unpack_from(order + "I", data, 4)[0]
    return TiffBlock(data, order, first)


# What an Exif block says that Homepress needs to know (CIPA DC-008).

UPRIGHT = 1
_ORIENTATION = 0x0112
_POSITION_TAGS = frozenset({0x0002, 0x0004, 0x0014, 0x0016, 0x001C})
"""Latitude, longitude, both of the destination, and the name of the area."""


def read_exif(payload: bytes) -> TiffBlock:
    """Open an Exif block, with or without its "Exif" signature before the TIFF header.

    Raises:
        Malformed: no TIFF header.
    """
    return read_tiff(tiff_part(payload))


def tiff_part(payload: bytes) -> bytes:
    """An Exif block without its signature."""
    return payload[6:] if payload.startswith(b"Exif\0") else payload


def orientation(payload: bytes) -> int:
    """How a picture is to be turned, 1 (as it is) to 8, as the Exif tag Orientation says.

    A block that cannot be read, or a value that means nothing, counts as 1, as viewers take it.
    """
    try:
        block = read_exif(payload)
        entry = block.directory(block.first).find(_ORIENTATION)
    except Malformed:
        return UPRIGHT
    # Several values in one entry mean nothing.
    value = None if entry is None or not entry.is_inline else block.number(entry)
    return value if value is not None and 1 <= value <= 8 else UPRIGHT


def says_orientation(payload: bytes) -> bool | None:
    """Whether an Exif block says how a picture is to be turned; None where programs read it differently.

    The tag is a SHORT, or a LONG. Some programs read it from other types too, others do not.
    """
    try:
        block = read_exif(payload)
        entry = block.directory(block.first).find(_ORIENTATION)
    except Malformed:
        return False
    if entry is None:
        return False
    return True if entry.is_inline and block.number(entry) is not None else None


def has_position(payload: bytes) -> bool:
    """Whether an Exif block holds coordinates or the name of a place."""
    try:
        block = read_exif(payload)
        gps = [block.child(directory, GPS_IFD) for directory in block.chain()]
    except Malformed:
        return False
    return any(
        entry.tag in _POSITION_TAGS and any(block.value(entry))
        for directory in gps
        if directory is not None
        for entry in directory.entries
    )


# Small changes to an Exif block that leave every other byte where it is (TIFF 6.0, CIPA DC-008).
#
# Nothing moves, so offsets that nobody knows of (maker notes) stay true. A block that cannot be read is
# handed back as it came.

_THUMBNAIL_OFFSET, _THUMBNAIL_LENGTH = 0x0201, 0x0202
_PICTURE_SIZE = (0x0100, 0x0101)
_PHOTO_SIZE = (0xA002, 0xA003)
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


_SUBJECT_AREA, _SUBJECT_LOCATION = 0x9214, 0xA214
_FOCAL_PLANE = (0xA20E, 0xA20F)
_RATIONAL = 5


def scaled(block: bytes, share: float) -> bytes:
    """The block of a picture with a share of each edge: places in pixels, and pixels of the sensor, follow.

    A block that cannot be read is handed back as it came.
    """
    try:
        tiff = read_tiff(block)
        photo = tiff.child(tiff.directory(tiff.first), EXIF_IFD)
    except Malformed:
        return block
    out = bytearray(block)
    for entry in () if photo is None else photo.entries:
        if entry.tag in (_SUBJECT_AREA, _SUBJECT_LOCATION) and entry.kind == _SHORT and entry.is_readable:
            for at in range(entry.start, entry.start + entry.size, 2):
                value = struct.unpack_from(tiff.order + "H", block, at)[0]
                struct.pack_into(tiff.order + "H", out, at, round(value * share))
        elif entry.tag in _FOCAL_PLANE and entry.kind == _RATIONAL and entry.size == 8:
            above, below = struct.unpack_from(tiff.order + "II", block, entry.start)
            if below and above * share <= 0xFFFF_FFFF // 1000:
                finer = 1000 if below <= 0xFFFF_FFFF // 1000 else 1
                struct.pack_into(
                    tiff.order + "II", out, entry.start, round(above * share * finer), below * finer
                )
    return bytes(out)
