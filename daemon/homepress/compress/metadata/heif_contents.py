"""What a HEIC or AVIF file holds besides one picture, its metadata and its thumbnail (ISO/IEC 23008-12)."""

from collections.abc import Iterable

from homepress.compress.metadata.errors import Malformed
from homepress.compress.metadata.heif_items import ItemInfo, ItemReader, item_infos
from homepress.compress.metadata.isobmff import Box, children_start, find_boxes, read_boxes

_PLAIN = frozenset({b"ftyp", b"meta", b"mdat", b"free", b"skip", b"wide"})
_SEQUENCE, _MOTION_VIDEO = b"moov", b"mpvd"
_ALPHA = frozenset(
    {
        b"urn:mpeg:hevc:2015:auxid:1",
        b"urn:mpeg:avc:2015:auxid:1",
        b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha",
    }
)
_KNOWN_AUXILIARIES = (
    (b"gainmap", "an HDR gain map"),
    (b"auxid:2", "a depth map"),
    (b"disparity", "a depth map"),
    (b"depth", "a depth map"),
    (b"matte", "a matte"),
)
_TONE_MAP = b"tmap"
_XMP = b"application/rdf+xml"
_MADE_OF, _THUMBNAIL_OF, _AUXILIARY_OF = b"dimg", b"thmb", b"auxl"


def further_contents(data: bytes) -> str:
    """What a file holds that a copy of its picture would leave behind, in words; empty when nothing.

    Tiles, transparency, thumbnails, Exif and XMP belong to the picture.

    Raises:
        Malformed: its boxes are broken.
    """
    for box in read_boxes(data):
        if box.kind == _SEQUENCE:
            return "a sequence of pictures"
        if box.kind == _MOTION_VIDEO:
            return "a motion video"
        if box.kind not in _PLAIN:
            return f"data of its maker ({box.kind.decode('latin-1')})"
    for box in find_boxes(data, (b"meta", b"iprp", b"ipco", b"auxC")):
        kind = box.content(data)[4:].partition(b"\0")[0]
        if kind not in _ALPHA:
            return next((name for mark, name in _KNOWN_AUXILIARIES if mark in kind), "an auxiliary picture")
    for meta in find_boxes(data, (b"meta",)):
        if found := _further_items(data, meta):
            return found
    return ""


def _further_items(data: bytes, meta: Box) -> str:
    boxes = {box.kind: box for box in read_boxes(data, children_start(data, meta), meta.end)}
    if b"iinf" not in boxes or b"pitm" not in boxes:
        return ""
    items = {info.number: info for info in item_infos(data, boxes[b"iinf"])}
    own = _belonging(_primary(data, boxes[b"pitm"]), _references(data, boxes.get(b"iref")))
    for number, info in items.items():
        if number not in own and (name := _name(info)):
            return name
    return ""


def _name(info: ItemInfo) -> str:
    """What an item is that is not part of the picture; empty for metadata that is carried."""
    if info.kind == b"Exif" or info.mime == _XMP:
        return ""
    if info.kind == _TONE_MAP:
        return "an HDR gain map"
    if info.kind in (b"mime", b"uri "):
        return "data of a kind that is not known"
    return "further pictures"


def _belonging(primary: int, references: list[tuple[bytes, int, list[int]]]) -> set[int]:
    """The picture, its parts, its thumbnail and transparency, and theirs."""
    own = {primary}
    while True:
        found = set()
        for kind, source, targets in references:
            if kind == _MADE_OF and source in own:
                found.update(targets)
            elif kind in (_THUMBNAIL_OF, _AUXILIARY_OF) and own.intersection(targets):
                found.add(source)
        if found <= own:
            return own
        own |= found


def _primary(data: bytes, box: Box) -> int:
    reader = ItemReader(box.content(data))
    version = reader.take(4) >> 24
    return reader.take(4 if version else 2)


def _references(data: bytes, box: Box | None) -> list[tuple[bytes, int, list[int]]]:
    """Kind, source and targets of each reference between items."""
    if box is None:
        return []
    width = 4 if ItemReader(box.content(data)[:4]).take(4) >> 24 else 2
    found = []
    for entry in _entries(data, box):
        reader = ItemReader(entry.content(data))
        source = reader.take(width)
        found.append((entry.kind, source, [reader.take(width) for _ in range(reader.take(2))]))
    return found


def _entries(data: bytes, box: Box) -> Iterable[Box]:
    start = box.content_start + 4
    if start > box.end:
        raise Malformed("a box of references is cut short", box.start)
    return read_boxes(data, start, box.end)
