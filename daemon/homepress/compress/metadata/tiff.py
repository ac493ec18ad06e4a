"""Image file directories of TIFF (TIFF 6.0 section 2), the structure inside every Exif block.

Exif blocks of real cameras hold dangling offsets and odd types; a reader skips those entries.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from homepress.compress.metadata.errors import Malformed

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
class Entry:
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
    entries: tuple[Entry, ...]
    end: int
    following: int

    def find(self, tag: int) -> Entry | None:
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

    def number(self, entry: Entry) -> int | None:
        """The first value of a SHORT, LONG or IFD entry; None for other types."""
        if entry.kind == _SHORT:
            return self._unpack("H", entry.start)
        return self._unpack("I", entry.start) if entry.kind in (_LONG, _IFD) else None

    def value(self, entry: Entry) -> bytes:
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

    def _entry(self, at: int) -> Entry:
        tag, kind, count = struct.unpack_from(self.order + "HHI", self.data, at)
        size = _TYPE_BYTES.get(kind, 0) * count
        start = at + 8 if size <= _INLINE else self._unpack("I", at + 8)
        readable = start + size <= len(self.data)
        return Entry(at, tag, kind, count, start, size if readable else 0)

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
