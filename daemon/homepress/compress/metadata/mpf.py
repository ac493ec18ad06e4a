"""The multi-picture index of a JPEG (CIPA DC-007, "MPF").

Every offset in it counts from the MP header, which is 8 bytes into its APP2 segment; the first picture's
offset is stored as 0 and means the start of the file.
"""

import struct
from dataclasses import dataclass

from homepress.compress.metadata.errors import Refusal, Refused
from homepress.compress.metadata.jpeg_segments import JpegStream, Segment

_HEADER_AT = 8
"""Marker, length and "MPF\\0" come before the MP header."""
_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}
_NUMBER_OF_IMAGES, _MP_ENTRY = 0xB001, 0xB002
_UNDEFINED = 7
_ENTRY_BYTES = 16


@dataclass(frozen=True, slots=True)
class MpEntry:
    """One picture in the index.

    Attributes:
        at: position of the 16-byte entry in the file.
        attributes: flags and type, such as 0x030000 for the primary or 0x050000 for a gain map.
        size: bytes, as stored.
        offset: bytes from the MP header, as stored; 0 for the primary.
    """

    at: int
    attributes: int
    size: int
    offset: int


@dataclass(frozen=True, slots=True)
class MpIndex:
    """The index of a file.

    Attributes:
        segment: the APP2 segment that holds it.
        order: "<" or ">", for struct.
        entries: all pictures, the primary first.
    """

    segment: Segment
    order: str
    entries: tuple[MpEntry, ...]

    @property
    def base(self) -> int:
        """Position of the MP header, the zero of all offsets."""
        return self.segment.start + _HEADER_AT

    def position(self, entry: MpEntry) -> int:
        """Where a picture other than the primary starts in the file."""
        return self.base + entry.offset


def read_mpf(stream: JpegStream, segment: Segment) -> MpIndex:
    """Read the index in one APP2 segment.

    Raises:
        Refused: the header, directory or entry table is broken or leaves the segment.
    """
    base = segment.start + _HEADER_AT
    order = _ORDERS.get(stream.data[base : base + 4])
    if order is None or base + 8 > segment.end:
        raise Refused(Refusal.MPF, "no MP header")

    def unpack(layout: str, at: int) -> tuple[int, ...]:
        if not base <= at <= segment.end - struct.calcsize(order + layout):
            raise Refused(Refusal.MPF, "a position outside its segment")
        return struct.unpack_from(order + layout, stream.data, at)

    directory = base + unpack("I", base + 4)[0]
    number: int | None = None
    table: tuple[int, int] | None = None
    for index in range(unpack("H", directory)[0]):
        tag, kind, count, value = unpack("HHII", directory + 2 + 12 * index)
        if tag == _NUMBER_OF_IMAGES:
            number = value
        elif tag == _MP_ENTRY:
            if kind != _UNDEFINED or not count or count % _ENTRY_BYTES:
                raise Refused(Refusal.MPF, "an entry table of impossible length")
            table = (base + value, count // _ENTRY_BYTES)
    if table is None or number != table[1]:
        raise Refused(Refusal.MPF, "the number of pictures is not that of its table")
    entries = []
    for index in range(table[1]):
        at = table[0] + _ENTRY_BYTES * index
        attributes, size, offset, _, _ = unpack("IIIHH", at)
        entries.append(MpEntry(at, attributes, size, offset))
    return MpIndex(segment, order, tuple(entries))


def mended_entry(index: MpIndex, entry: MpEntry, size: int, offset: int) -> tuple[int, bytes]:
    """The bytes that put size and offset into an entry, and their place relative to the segment's start.

    Raises:
        Refused: one of the two does not fit into 32 bits.
    """
    if not (0 <= size <= 0xFFFF_FFFF and 0 <= offset <= 0xFFFF_FFFF):
        raise Refused(Refusal.MPF, "a position that does not fit")
    return entry.at - index.segment.start + 4, struct.pack(index.order + "II", size, offset)
