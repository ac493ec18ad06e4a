"""Metadata items of HEIC and AVIF files (ISO/IEC 23008-12, item boxes of ISO/IEC 14496-12)."""

from collections.abc import Iterator
from dataclasses import dataclass

from homepress.compress.metadata.errors import Malformed
from homepress.compress.metadata.isobmff import Box, find_boxes, read_boxes

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
        for number, extents in _locations(data, boxes[b"iloc"], boxes.get(b"idat")):
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
        if version < 2:
            continue
        number = fields.take(2 if version == 2 else 4)
        fields.take(2)
        kind = fields.take(4).to_bytes(4, "big")
        fields.text()
        yield ItemInfo(number, kind, fields.text() if kind == b"mime" else b"")


def _wanted_items(data: bytes, box: Box) -> dict[int, ItemInfo]:
    """Each Exif or XMP item by its number."""
    infos = item_infos(data, box)
    return {info.number: info for info in infos if info.kind == b"Exif" or info.mime == _XMP}


def _locations(data: bytes, box: Box, idat: Box | None) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """Number and stretches (start, end) of each item that is stored in this file."""
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
        if method in (0, 1) and len(extents) == 1:
            yield number, extents
