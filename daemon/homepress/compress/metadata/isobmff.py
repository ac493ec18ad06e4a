"""Boxes of ISO/IEC 14496-12, and what the items of a HEIF or AVIF file are (ISO/IEC 23008-12)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from homepress.compress.metadata.errors import Malformed

# The boxes of ISO base media files (ISO/IEC 14496-12): MP4 in motion photos, HEIC, AVIF, JPEG XL.

MOST_BOXES = 50_000


@dataclass(frozen=True, slots=True)
class Box:
    """One box.

    Attributes:
        kind: its four letters.
        start: position of its size field in the file.
        content_start: position after size, kind and, where the size is 64 bits wide, that.
        end: position after it.
    """

    kind: bytes
    start: int
    content_start: int
    end: int

    def content(self, data: bytes) -> bytes:
        """What it carries."""
        return data[self.content_start : self.end]


def read_boxes(data: bytes, start: int = 0, end: int | None = None) -> list[Box]:
    """The boxes from `start` to `end`, one after the other, not those inside them.

    Raises:
        Malformed: a box that is shorter than its header or longer than what holds it.
    """
    end = len(data) if end is None else min(end, len(data))
    boxes = []
    at = start
    while at < end:
        box = _read_box(data, at, end)
        boxes.append(box)
        if len(boxes) > MOST_BOXES:
            raise Malformed("too many boxes", at)
        at = box.end
    return boxes


def find_boxes(data: bytes, path: tuple[bytes, ...], start: int = 0, end: int | None = None) -> Iterator[Box]:
    """All boxes at a path such as (b"moov", b"udta"); a `meta` box on the way counts as a full box.

    Raises:
        Malformed: as `read_boxes`.
    """
    for box in read_boxes(data, start, end):
        if box.kind != path[0]:
            continue
        if len(path) == 1:
            yield box
        else:
            yield from find_boxes(data, path[1:], children_start(data, box), box.end)


def children_start(data: bytes, box: Box) -> int:
    """Where the boxes inside a container begin.

    A `meta` box is a full box with four more bytes, except in QuickTime files.
    """
    if box.kind == b"meta" and data[box.content_start + 4 : box.content_start + 8] != b"hdlr":
        return min(box.content_start + 4, box.end)
    return box.content_start


def make_box(kind: bytes, content: bytes) -> bytes:
    """A box of less than 4 GB."""
    return (8 + len(content)).to_bytes(4, "big") + kind + content


def _read_box(data: bytes, at: int, end: int) -> Box:
    if at + 8 > end:
        raise Malformed("a box is cut short", at, truncated=True)
    size = int.from_bytes(data[at : at + 4], "big")
    content = at + 8
    if size == 1:
        size = int.from_bytes(data[at + 8 : at + 16], "big")
        content = at + 16
    elif size == 0:
        size = end - at
    if content > at + size:
        raise Malformed("a box shorter than its header", at)
    if at + size > end:
        raise Malformed("a box is longer than what holds it", at, truncated=end == len(data))
    return Box(data[at + 4 : at + 8], at, content, at + size)


# Metadata items of HEIC and AVIF files (ISO/IEC 23008-12, item boxes of ISO/IEC 14496-12).

MOST_ITEMS = 10_000
_XMP = b"application/rdf+xml"


@dataclass(frozen=True, slots=True)
class HeifItem:
    """One item: its type ("Exif", "mime", "hvc1" ...), MIME type when it has one, and bytes."""

    kind: bytes
    mime: bytes
    data: bytes


@dataclass(frozen=True, slots=True)
class ItemInfo:
    """What the item information box says of an item: number, type, MIME type when it has one."""

    number: int
    kind: bytes
    mime: bytes


class ItemReader:
    """Big-endian integers one after the other; an end too early is `Malformed`."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    def take(self, size: int) -> int:
        """The next integer, of `size` bytes."""
        end = self.at + size
        if end > len(self._data):
            raise Malformed("an item box is cut short")
        value = int.from_bytes(self._data[self.at : end], "big")
        self.at = end
        return value

    def text(self) -> bytes:
        """The next text, up to its zero or the end."""
        end = self._data.find(b"\0", self.at)
        value = self._data[self.at : end if end >= 0 else None]
        self.at += len(value) + 1
        return value


def metadata_items(data: bytes) -> Iterator[HeifItem]:
    """The Exif and XMP items of a file.

    Raises:
        Malformed: the item boxes are broken.
    """
    for meta in find_boxes(data, (b"meta",)):
        boxes = {box.kind: box for box in read_boxes(data, min(meta.content_start + 4, meta.end), meta.end)}
        if b"iinf" not in boxes or b"iloc" not in boxes:
            continue
        wanted = _wanted_items(data, boxes[b"iinf"])
        for number, extents in item_locations(data, boxes[b"iloc"], boxes.get(b"idat")):
            if number in wanted:
                info = wanted[number]
                yield HeifItem(info.kind, info.mime, b"".join(data[start:end] for start, end in extents))


def colour_profile(data: bytes) -> bytes | None:
    """The first ICC profile among the item properties.

    Raises:
        Malformed: the property boxes are broken.
    """
    for box in find_boxes(data, (b"meta", b"iprp", b"ipco", b"colr")):
        content = box.content(data)
        if content[:4] in (b"prof", b"rICC"):
            return content[4:]
    return None


def item_infos(data: bytes, box: Box) -> Iterator[ItemInfo]:
    """The entries of an item information box ("iinf").

    Raises:
        Malformed: it is broken.
    """
    content = box.content(data)
    reader = ItemReader(content[:8])
    version = reader.take(4) >> 24
    reader.take(4 if version else 2)
    for entry in read_boxes(data, box.content_start + reader.at, box.end):
        fields = ItemReader(entry.content(data))
        version = fields.take(4) >> 24
        number = fields.take(4 if version > 2 else 2)
        fields.take(2)
        kind = fields.take(4).to_bytes(4, "big") if version > 1 else b"mime"
        fields.text()
        yield ItemInfo(number, kind, fields.text() if kind == b"mime" else b"")


def _wanted_items(data: bytes, box: Box) -> dict[int, ItemInfo]:
    """Each Exif or XMP item by its number."""
    infos = item_infos(data, box)
    return {info.number: info for info in infos if info.kind == b"Exif" or info.mime == _XMP}


def item_locations(data: bytes, box: Box, idat: Box | None) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """Number and stretch (start, end) of each item that is stored in one piece in this file."""
    for number, extents in item_extents(data, box, idat):
        if len(extents) == 1:
            yield number, extents


def item_extents(data: bytes, box: Box, idat: Box | None) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """Number and stretches (start, end) of each item; none for one that is stored within another item."""
    reader = ItemReader(box.content(data))
    version = reader.take(4) >> 24
    sizes = reader.take(2)
    offset_size, length_size = sizes >> 12, sizes >> 8 & 15
    base_size, index_size = sizes >> 4 & 15, (sizes & 15) if version else 0
    count = reader.take(4 if version == 2 else 2)
    if count > MOST_ITEMS:
        raise Malformed("too many items")
    for _ in range(count):
        number = reader.take(4 if version == 2 else 2)
        method = reader.take(2) & 15 if version else 0
        reader.take(2)
        base = reader.take(base_size)
        if method == 1 and idat is not None:
            base += idat.content_start
        extents = []
        for _ in range(reader.take(2)):
            reader.take(index_size)
            start = base + reader.take(offset_size)
            extents.append((start, start + reader.take(length_size)))
        yield number, extents if method in (0, 1) else []


def primary_item(data: bytes, box: Box) -> int:
    """The number of the item that is the picture ("pitm").

    Raises:
        Malformed: the box is cut short.
    """
    reader = ItemReader(box.content(data))
    version = reader.take(4) >> 24
    return reader.take(4 if version else 2)


def item_references(data: bytes, box: Box | None) -> list[tuple[bytes, int, list[int]]]:
    """Kind, source and targets of each reference between items ("iref").

    Raises:
        Malformed: the box is broken.
    """
    if box is None:
        return []
    width = 4 if ItemReader(box.content(data)[:4]).take(4) >> 24 else 2
    found = []
    for entry in reference_boxes(data, box):
        reader = ItemReader(entry.content(data))
        source = reader.take(width)
        found.append((entry.kind, source, [reader.take(width) for _ in range(reader.take(2))]))
    return found


def reference_boxes(data: bytes, box: Box) -> Iterable[Box]:
    """The boxes of one reference each.

    Raises:
        Malformed: they are broken.
    """
    start = box.content_start + 4
    if start > box.end:
        raise Malformed("a box of references is cut short", box.start)
    return read_boxes(data, start, box.end)


def item_properties(data: bytes, box: Box) -> dict[int, list[int]]:
    """The properties of each item ("ipma"), by their numbers from 1 on in the box of properties.

    Raises:
        Malformed: the box is broken.
    """
    found: dict[int, list[int]] = {}
    for item, number, _ in property_links(data, box):
        found.setdefault(item, []).append(number)
    return found


def property_links(data: bytes, box: Box) -> list[tuple[int, int, bool]]:
    """Item, number of a property, and whether readers that do not know the property may not show the item.

    Raises:
        Malformed: the box is broken.
    """
    reader = ItemReader(box.content(data))
    head = reader.take(4)
    wide_item, wide_property = head >> 24, head & 1
    count = reader.take(4)
    if count > MOST_ITEMS:
        raise Malformed("too many items")
    links = []
    top = 15 if wide_property else 7
    for _ in range(count):
        item = reader.take(4 if wide_item else 2)
        for _ in range(reader.take(1)):
            value = reader.take(2 if wide_property else 1)
            links.append((item, value & ((1 << top) - 1), bool(value >> top)))
    return links
