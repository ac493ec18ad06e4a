"""Indexes of what is appended to a JPEG: Google containers in XMP, MPF (CIPA DC-007), Samsung."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from homepress.compress.metadata.errors import Malformed, Refused, RewriteRefusal
from homepress.compress.metadata.jpeg_segments import JpegStream, Segment
from homepress.compress.metadata.xmp import XmpElement, parse_xmp

# Google's list of appended items: GContainer and MicroVideo in XMP (Ultra HDR, Motion Photo).
#
# Where an item stands is not stored but follows from the order: after the primary and its padding, each
# item's length and padding. Only the primary's own length, which real files leave at 0, changes with its
# coding.

ITEM = "http://ns.google.com/photos/1.0/container/item/"
CAMERA = "http://ns.google.com/photos/1.0/camera/"
INDEX_WORDS = (b"MicroVideoOffset", b"photos/1.0/container/item")
"""What an extended XMP that holds such a list must contain."""

MOST_ITEMS = 64


@dataclass(frozen=True, slots=True)
class ContainerItem:
    """One entry of the list; lengths in bytes."""

    semantic: str
    mime: str
    length: int
    padding: int

    @property
    def is_video(self) -> bool:
        """Whether it is the video of a motion photo."""
        return self.mime.startswith("video/") or self.semantic == "MotionPhoto"


@dataclass(frozen=True, slots=True)
class ContainerDirectory:
    """What one XMP packet says about the tail.

    Attributes:
        items: the list, the primary first; empty without one.
        micro_video_offset: bytes from the start of the video to the end of the file; 0 without one.
        length_span: place in the packet of the primary's stored length when that is not 0, and of the
            quote or end tag that closes it: (start of the number, end of what closes it).
    """

    items: tuple[ContainerItem, ...] = ()
    micro_video_offset: int = 0
    length_span: tuple[int, int] | None = None


def read_directory(packet: bytes) -> ContainerDirectory:
    """Read the list in an XMP packet.

    Raises:
        Malformed: the packet is no well-formed XMP.
        Refused: a number in the list is none, or there are too many items.
    """
    items: list[ContainerItem] = []
    span: tuple[int, int] | None = None
    micro_video = 0
    for element in parse_xmp(packet).walk():
        properties = dict(element.properties())
        micro_video = _number(properties, f"{CAMERA} MicroVideoOffset") or micro_video
        if f"{ITEM} Semantic" not in properties and f"{ITEM} Mime" not in properties:
            continue
        item = ContainerItem(
            properties.get(f"{ITEM} Semantic", ""),
            properties.get(f"{ITEM} Mime", ""),
            _number(properties, f"{ITEM} Length"),
            _number(properties, f"{ITEM} Padding"),
        )
        if not items and item.length:
            span = _length_span(element)
        items.append(item)
        if len(items) > MOST_ITEMS:
            raise Refused(RewriteRefusal.GCONTAINER, "too many items")
    return ContainerDirectory(tuple(items), micro_video, span)


def updated_length(packet: bytes, directory: ContainerDirectory, length: int) -> bytes:
    """The bytes that state the primary's new length in place of `directory.length_span`, as many as before.

    Raises:
        Refused: the new number has more digits than the old one.
    """
    if directory.length_span is None:
        raise Refused(RewriteRefusal.GCONTAINER, "the primary's length is not stored")
    return _in_its_place(packet, directory.length_span, length)


def updated_lengths(packet: bytes, lengths: Mapping[int, int]) -> list[tuple[int, bytes]]:
    """Where a packet states the lengths of some items, and what goes there instead, as many bytes as before.

    Args:
        packet: the packet.
        lengths: the new ones, by the number of the item, the primary's being 0.

    Raises:
        Malformed: the packet is no well-formed XMP, or an item states no length.
        Refused: a new number has more digits than the old one.
    """
    items = _stated_items(packet) if lengths else []
    spans = {number: _length_span(items[number]) for number in lengths}
    return [(span[0], _in_its_place(packet, span, lengths[number])) for number, span in spans.items()]


def with_item_lengths(packet: bytes, lengths: Mapping[int, int]) -> bytes:
    """A packet that states other lengths for some items, by their number, the primary's being 0.

    Raises:
        Malformed: the packet is no well-formed XMP, or an item states no length.
    """
    items = _stated_items(packet)
    for number in sorted(lengths, reverse=True):
        start, end = _length_span(items[number])
        packet = packet[:start] + _stated(packet, (start, end), lengths[number]) + packet[end:]
    return packet


def _stated_items(packet: bytes) -> list[XmpElement]:
    return [
        element
        for element in parse_xmp(packet).walk()
        if {f"{ITEM} Semantic", f"{ITEM} Mime"} & dict(element.properties()).keys()
    ]


def _stated(packet: bytes, span: tuple[int, int], length: int) -> bytes:
    """A length, and what closes the old one."""
    close = packet[span[0] : span[1]].lstrip(b"0123456789 \t\r\n")
    return b"%d%b" % (length, close)


def _in_its_place(packet: bytes, span: tuple[int, int], length: int) -> bytes:
    """A length in as many bytes as the old one: blanks behind the quote or the end tag mean nothing."""
    updated = _stated(packet, span, length)
    if len(updated) > span[1] - span[0]:
        raise Refused(RewriteRefusal.GCONTAINER, "no room for a new length")
    return updated.ljust(span[1] - span[0])


def read_directories(packets: list[bytes]) -> tuple[ContainerDirectory, int]:
    """The list of a file and the number of the packet that holds it; an empty list if none does.

    Raises:
        Malformed: a packet is no well-formed XMP.
        Refused: see `read_directory`; or two packets hold one.
    """
    found, holder = ContainerDirectory(), 0
    for number, packet in enumerate(packets):
        directory = read_directory(packet)
        if not directory.items and not directory.micro_video_offset:
            continue
        if found.items or found.micro_video_offset:
            raise Refused(RewriteRefusal.GCONTAINER, "two lists")
        found, holder = directory, number
    return found, holder


def _number(properties: Mapping[str, str], name: str) -> int:
    text = properties.get(name, "")
    if not text:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise Refused(RewriteRefusal.GCONTAINER, f"{name.rpartition(' ')[2]} is no number")
    return int(text)


def _length_span(item: XmpElement) -> tuple[int, int]:
    for attribute in item.attributes:
        if attribute.name == f"{ITEM} Length":
            return attribute.value_start, attribute.end
    for child in item.children:
        if child.name == f"{ITEM} Length":
            return child.content_start, child.end
    raise Malformed("a length without a place")


# The multi-picture index of a JPEG (CIPA DC-007, "MPF").
#
# Every offset in it counts from the MP header, which is 8 bytes into its APP2 segment; the first picture's
# offset is stored as 0 and means the start of the file.

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
        raise Refused(RewriteRefusal.MPF, "no MP header")

    def unpack(layout: str, at: int) -> tuple[int, ...]:
        if not base <= at <= segment.end - struct.calcsize(order + layout):
            raise Refused(RewriteRefusal.MPF, "a position outside its segment")
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
                raise Refused(RewriteRefusal.MPF, "an entry table of impossible length")
            table = (base + value, count // _ENTRY_BYTES)
    if table is None or number != table[1]:
        raise Refused(RewriteRefusal.MPF, "the number of pictures is not that of its table")
    entries = []
    for index in range(table[1]):
        at = table[0] + _ENTRY_BYTES * index
        attributes, size, offset, _, _ = unpack("IIIHH", at)
        entries.append(MpEntry(at, attributes, size, offset))
    return MpIndex(segment, order, tuple(entries))


def make_mpf(entries: Sequence[tuple[int, int, int]]) -> bytes:
    """The payload of an APP2 segment with an index of its own; entries are (attributes, size, offset)."""
    table_at = 8 + 2 + 3 * 12 + 4
    out = [b"MPF\0MM\0*", struct.pack(">IH", 8, 3)]
    out.append(struct.pack(">HHI4s", 0xB000, _UNDEFINED, 4, b"0100"))
    out.append(struct.pack(">HHII", _NUMBER_OF_IMAGES, 4, 1, len(entries)))
    out.append(struct.pack(">HHIII", _MP_ENTRY, _UNDEFINED, _ENTRY_BYTES * len(entries), table_at, 0))
    out += [struct.pack(">IIIHH", *entry, 0, 0) for entry in entries]
    return b"".join(out)


def updated_entry(index: MpIndex, entry: MpEntry, size: int, offset: int) -> tuple[int, bytes]:
    """The bytes that put size and offset into an entry, and their place relative to the segment's start.

    Raises:
        Refused: one of the two does not fit into 32 bits.
    """
    if not (0 <= size <= 0xFFFF_FFFF and 0 <= offset <= 0xFFFF_FFFF):
        raise Refused(RewriteRefusal.MPF, "a position that does not fit")
    return entry.at - index.segment.start + 4, struct.pack(index.order + "II", size, offset)


# Samsung's trailer of named blocks ("SEF"), which ends the file.
#
# The file ends in the length of a directory and "SEFT"; the directory starts with "SEFH" and gives for each
# block its distance back from there. All positions are relative to the trailer, so it moves as a whole.

MOTION_PHOTO_DATA = 0x0A30
_TIME = 0x0A01
HARMLESS_BLOCKS = frozenset({MOTION_PHOTO_DATA, _TIME})
"""The kinds that tell of nobody, where the video is without names and places."""
MOST_BLOCKS = 64
_FOOT = 8
"""Length of the directory and "SEFT"."""


@dataclass(frozen=True, slots=True)
class SefBlock:
    """One block, from its own header on: its type, place in the file, and name.

    `data_start` is where its data begins, after header and name.
    """

    kind: int
    name: str
    start: int
    end: int
    data_start: int


@dataclass(frozen=True, slots=True)
class SefTrailer:
    """The blocks of a trailer and the place of its directory, which runs to the end of the file."""

    blocks: tuple[SefBlock, ...]
    directory_start: int

    @property
    def start(self) -> int:
        """Where the first block starts."""
        return min((block.start for block in self.blocks), default=self.directory_start)


def read_sef(data: bytes, floor: int) -> SefTrailer | None:
    """The trailer at the end of a file, or None when there is none.

    Args:
        data: the whole file.
        floor: position before which nothing of a trailer can stand (the end of the primary image).

    Raises:
        Refused: a trailer that cannot be followed, or the older kind that stores absolute positions.
    """
    if len(data) - floor < 6:
        return None
    if data.endswith(b"QDIOBS"):
        raise Refused(RewriteRefusal.SAMSUNG, "a Sound & Shot trailer stores absolute positions")
    if not data.endswith(b"SEFT") or len(data) - floor < _FOOT + 12:
        return None
    foot = len(data) - _FOOT
    top = foot - struct.unpack_from("<I", data, foot)[0]
    if not floor <= top <= foot - 12 or data[top : top + 4] != b"SEFH":
        raise Refused(RewriteRefusal.SAMSUNG, "its directory is not where it should be")
    count = struct.unpack_from("<I", data, top + 8)[0]
    if count > MOST_BLOCKS or top + 12 + 12 * count > foot:
        raise Refused(RewriteRefusal.SAMSUNG, "its directory is too short")
    blocks = []
    for index in range(count):
        _, kind, back, size = struct.unpack_from("<HHII", data, top + 12 + 12 * index)
        if back > top - floor or not 8 <= size <= back:
            raise Refused(RewriteRefusal.SAMSUNG, "a block outside the trailer")
        blocks.append(_read_block(data, kind, top - back, top - back + size))
    return SefTrailer(tuple(blocks), top)


def _read_block(data: bytes, kind: int, start: int, end: int) -> SefBlock:
    length = struct.unpack_from("<I", data, start + 4)[0]
    if length > end - start - 8:
        raise Refused(RewriteRefusal.SAMSUNG, "a block with a name longer than itself")
    name = data[start + 8 : start + 8 + min(length, 64)].decode("ascii", "replace")
    return SefBlock(kind, name, start, end, start + 8 + length)
