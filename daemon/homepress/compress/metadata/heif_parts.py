"""What a HEIC or AVIF file holds besides one picture, its metadata and its thumbnail (ISO/IEC 23008-12)."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from homepress.compress.metadata.errors import Malformed, Refused, RewriteRefusal
from homepress.compress.metadata.exif import tiff_part
from homepress.compress.metadata.isobmff import (
    Box,
    ItemInfo,
    children_start,
    find_boxes,
    item_extents,
    item_infos,
    item_locations,
    item_properties,
    item_references,
    primary_item,
    property_links,
    read_boxes,
    reference_boxes,
)
from homepress.compress.model import Extra

_PLAIN = frozenset({b"ftyp", b"meta", b"mdat", b"free", b"skip", b"wide"})
_PLAIN_IN_META = frozenset(
    {
        b"hdlr",
        b"dinf",
        b"pitm",
        b"iloc",
        b"iinf",
        b"iref",
        b"iprp",
        b"idat",
        b"grpl",
        b"ipro",
        b"free",
        b"skip",
    }
)
_ABOUT_CODING = frozenset(
    {
        *(b"ispe", b"pixi", b"colr", b"irot", b"imir", b"clap", b"pasp", b"auxC", b"rloc", b"lsel"),
        *(b"hvcC", b"lhvC", b"avcC", b"vvcC", b"av1C", b"jpgC", b"j2kH", b"uncC", b"cmpd", b"cmpC", b"icef"),
        *(b"a1op", b"a1lx", b"clli", b"mdcv", b"cclv", b"tols", b"oinf", b"sbpm", b"free", b"skip"),
    }
)
"""Properties that say how a picture is coded and shown, of which a decoded picture has no need."""
_STEREO_PAIR = b"ster"
_SEQUENCE, _MOTION_VIDEO, SAMSUNG_BLOCKS = b"moov", b"mpvd", b"sefd"
_ALPHA = frozenset(
    {
        b"urn:mpeg:hevc:2015:auxid:1",
        b"urn:mpeg:avc:2015:auxid:1",
        b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha",
    }
)
_KNOWN_AUXILIARIES = (
    (b"gainmap", Extra.HDR, "an HDR gain map"),
    (b"auxid:2", Extra.DEPTH, "a depth map"),
    (b"disparity", Extra.DEPTH, "a depth map"),
    (b"depth", Extra.DEPTH, "a depth map"),
    (b"matte", Extra.DEPTH, "a matte"),
)
_XMP = b"application/rdf+xml"
_TONE_MAP = b"tmap"
_MADE_OF, _THUMBNAIL_OF, _AUXILIARY_OF, _DESCRIBES = b"dimg", b"thmb", b"auxl", b"cdsc"


@dataclass(frozen=True, slots=True)
class HeifExtra:
    """One thing that a copy of the picture would leave behind.

    Attributes:
        extra: its word for `drop`; None for what no word takes out.
        words: what it is.
        item: the number of its item; 0 where it is none.
    """

    extra: Extra | None
    words: str
    item: int = 0


class HeifItems:
    """The items of a file and how they belong together.

    Args:
        data: the file.

    Raises:
        Malformed: its boxes are broken.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._boxes: dict[bytes, Box] = {}
        for meta in find_boxes(data, (b"meta",)):
            self._boxes = {box.kind: box for box in read_boxes(data, children_start(data, meta), meta.end)}
            break
        boxes = self._boxes
        self.is_there = b"iinf" in boxes and b"pitm" in boxes
        """Whether there are items, and one of them is the picture."""
        self.infos: dict[int, ItemInfo] = {}
        self.primary = 0
        """The number of the picture."""
        self.references = item_references(data, boxes.get(b"iref"))
        if self.is_there:
            self.infos = {info.number: info for info in item_infos(data, boxes[b"iinf"])}
            self.primary = primary_item(data, boxes[b"pitm"])

    def content(self, number: int) -> bytes:
        """The bytes of an item that lies in one stretch; empty for others."""
        start, end = self.place(number)
        return self.data[start:end]

    def place(self, number: int) -> tuple[int, int]:
        """Where an item that lies in one stretch begins and ends; twice the same for others."""
        if b"iloc" in self._boxes:
            for other, extents in item_locations(self.data, self._boxes[b"iloc"], self._boxes.get(b"idat")):
                if other == number:
                    return extents[0]
        return 0, 0

    def properties(self, number: int) -> Iterator[Box]:
        """The properties of an item."""
        for parent in find_boxes(self.data, (b"meta", b"iprp")):
            inside = {box.kind: box for box in read_boxes(self.data, parent.content_start, parent.end)}
            if b"ipco" not in inside or b"ipma" not in inside:
                continue
            all_of_them = read_boxes(self.data, inside[b"ipco"].content_start, inside[b"ipco"].end)
            for place in item_properties(self.data, inside[b"ipma"]).get(number, []):
                if 0 < place <= len(all_of_them):
                    yield all_of_them[place - 1]

    def colours(self, number: int) -> tuple[bytes | None, bytes | None]:
        """An item's colour profile, and its code points (nclx): its own, or those of its tiles."""
        profile = codes = None
        for item in (number, *self.parts(number)):
            for box in self.properties(item):
                content = box.content(self.data)
                if box.kind == b"colr" and content[:4] in (b"prof", b"rICC"):
                    profile = profile or content[4:]
                elif box.kind == b"colr" and content[:4] == b"nclx":
                    codes = codes or content[4:]
            if profile or codes:
                break
        return profile, codes

    def beside_coding(self, number: int) -> set[bytes]:
        """The kinds of an item's properties that say more than how it is coded, such as a lens."""
        kinds = {box.kind for item in (number, *self.parts(number)) for box in self.properties(item)}
        return kinds - _ABOUT_CODING

    def descriptions(self) -> list[Box]:
        """The properties of all items that say more than how they are coded.

        Raises:
            Refused: readers have to know one to show its item.
        """
        found = []
        for parent in find_boxes(self.data, (b"meta", b"iprp")):
            inside = {box.kind: box for box in read_boxes(self.data, parent.content_start, parent.end)}
            if b"ipco" not in inside or b"ipma" not in inside:
                continue
            needed = {number for _, number, needed in property_links(self.data, inside[b"ipma"]) if needed}
            properties = read_boxes(self.data, inside[b"ipco"].content_start, inside[b"ipco"].end)
            for number, box in enumerate(properties, 1):
                if box.kind not in _ABOUT_CODING and number in needed:
                    name = box.kind.decode("latin-1")
                    raise Refused(RewriteRefusal.ISOBMFF, f"a property that readers have to know ({name})")
                if box.kind not in _ABOUT_CODING:
                    found.append(box)
        return found

    def unreached(self) -> list[tuple[int, int]]:
        """The stretches of the file's data that belong to no item: what edits left behind.

        None where an item is not said to end.
        """
        if b"iloc" not in self._boxes:
            return []
        reached = []
        for _, extents in item_extents(self.data, self._boxes[b"iloc"], self._boxes.get(b"idat")):
            if any(start == end for start, end in extents):
                return []
            reached += extents
        gaps = []
        for box in read_boxes(self.data):
            if box.kind != b"mdat":
                continue
            at = box.content_start
            for start, end in sorted([*reached, (box.end, box.end)]):
                if at < start <= box.end:
                    gaps.append((at, start))
                at = max(at, end)
        return gaps

    def pixels(self, number: int) -> int:
        """How many pixels an item has; 0 where it does not say."""
        for box in self.properties(number):
            if box.kind == b"ispe":
                content = box.content(self.data)
                return int.from_bytes(content[4:8], "big") * int.from_bytes(content[8:12], "big")
        return 0

    def is_stereo(self, left: int, right: int) -> bool:
        """Whether two items are said to be what the left and the right eye see."""
        wanted = struct.pack(">3I", 2, left, right)
        for groups in find_boxes(self.data, (b"meta", b"grpl")):
            for group in read_boxes(self.data, groups.content_start, groups.end):
                if group.kind == _STEREO_PAIR and group.content(self.data)[8:20] == wanted:
                    return True
        return False

    def foreign_boxes(self) -> list[Box]:
        """The boxes beside those of the items that no standard has there."""
        return [box for kind, box in self._boxes.items() if kind not in _PLAIN_IN_META]

    def belonging(self) -> set[int]:
        """The picture, its parts, its thumbnail and transparency, and theirs."""
        own = {self.primary}
        while True:
            found = set()
            for kind, source, targets in self.references:
                if kind == _MADE_OF and source in own:
                    found.update(targets)
                elif kind in (_THUMBNAIL_OF, _AUXILIARY_OF) and own.intersection(targets):
                    found.add(source)
            if found <= own:
                return own
            own |= found

    def described(self, number: int, kind: bytes) -> list[bytes]:
        """The metadata items of a kind, Exif or XMP ("mime"), that speak of an item.

        Such as speak of nothing in particular speak of the picture.
        """
        found = []
        for info in self.infos.values():
            if info.kind != kind or (kind == b"mime" and info.mime != _XMP):
                continue
            about = self._spoken_of(info.number)
            if number in about or (not about and number == self.primary):
                found.append(self.content(info.number))
        return found

    def describes_maps(self, number: int) -> bool:
        """Whether a metadata item speaks of auxiliary pictures or a gain map, and of nothing else."""
        maps = {source for kind, source, _ in self.references if kind == _AUXILIARY_OF}
        if (tone_map := self.tone_map()) is not None:
            maps |= {tone_map[0], *tone_map[1][1:]}
        about = set(self._spoken_of(number))
        return bool(about) and about <= maps - {self.primary}

    def _spoken_of(self, number: int) -> list[int]:
        return [
            target
            for link, source, targets in self.references
            if link == _DESCRIBES and source == number
            for target in targets
        ]

    def auxiliary_kind(self, number: int) -> bytes:
        """What an auxiliary picture says that it is; empty for others."""
        for box in self.properties(number):
            if box.kind == b"auxC":
                return box.content(self.data)[4:].partition(b"\0")[0]
        return b""

    def parts(self, number: int) -> list[int]:
        """The items that an item is made of, such as tiles."""
        return [
            target
            for kind, source, targets in self.references
            if kind == _MADE_OF and source == number
            for target in targets
        ]

    def tone_map(self) -> tuple[int, list[int]] | None:
        """The item that describes a gain map, and what it is made of: base and map."""
        for kind, source, targets in self.references:
            if kind == _MADE_OF and source in self.infos and self.infos[source].kind == _TONE_MAP:
                return source, targets
        return None

    def as_picture(self, number: int) -> bytes:
        """The file with another item in the place of the picture, so that decoders show that one."""
        out = bytearray(self.data)
        box = self._boxes[b"pitm"]
        at = box.content_start + 4
        out[at : box.end] = number.to_bytes(box.end - at, "big")
        if (links := self._boxes.get(b"iref")) is not None:
            width = 4 if out[links.content_start] else 2
            for entry in reference_boxes(self.data, links):
                source = int.from_bytes(out[entry.content_start : entry.content_start + width], "big")
                if source == number and entry.kind in (_AUXILIARY_OF, _THUMBNAIL_OF, _DESCRIBES):
                    out[entry.start + 4 : entry.start + 8] = b"skip"
        listed = self._boxes[b"iinf"]
        first = listed.content_start + (6 if out[listed.content_start] == 0 else 8)
        for entry in read_boxes(self.data, first, listed.end):
            width = 2 if out[entry.content_start] == 2 else 4
            start = entry.content_start + 4
            if int.from_bytes(out[start : start + width], "big") == number:
                out[entry.content_start + 3] &= 0xFE  # no longer hidden
        return bytes(out)


def heif_extras(data: bytes) -> tuple[HeifExtra, ...]:
    """What a file holds that a copy of its picture would leave behind.

    Tiles, transparency, thumbnails, Exif and XMP belong to the picture.

    Raises:
        Malformed: its boxes are broken.
    """
    return (*_boxes_beside(data), *_items_beside(HeifItems(data)))


def _boxes_beside(data: bytes) -> Iterator[HeifExtra]:
    for box in read_boxes(data):
        if box.kind == _SEQUENCE:
            yield HeifExtra(None, "a sequence of pictures")
        elif box.kind == _MOTION_VIDEO:
            yield HeifExtra(Extra.MOTION, "a motion video")
        elif box.kind not in _PLAIN:
            yield HeifExtra(Extra.MAKER, f"data of its maker ({box.kind.decode('latin-1')})")


def _items_beside(items: HeifItems) -> Iterator[HeifExtra]:
    named: set[int] = set()
    tone_map = items.tone_map()
    if tone_map is not None:
        named |= {tone_map[0], *tone_map[1]} - {items.primary}
        yield HeifExtra(Extra.HDR, "an HDR gain map", tone_map[1][-1])
    for kind, source, _ in items.references:
        if kind == _AUXILIARY_OF and source not in named and source in items.infos:
            named.add(source)
            name = items.auxiliary_kind(source)
            if name not in _ALPHA:
                known = (found for found in _KNOWN_AUXILIARIES if found[0] in name)
                _, extra, words = next(known, (b"", Extra.MAKER, "an auxiliary picture"))
                yield HeifExtra(extra, words, source)
    for box in items.foreign_boxes():
        yield HeifExtra(Extra.MAKER, f"data of its maker ({box.kind.decode('latin-1')})")
    own = items.belonging() | named
    parts = {target for kind, _, targets in items.references if kind == _MADE_OF for target in targets}
    small = {source for kind, source, targets in items.references if kind == _THUMBNAIL_OF and targets}
    for number, info in items.infos.items():
        if number in own | parts | small or info.kind == b"Exif" or info.mime == _XMP:
            continue
        yield _named_item(info)


def _named_item(info: ItemInfo) -> HeifExtra:
    if info.kind == _TONE_MAP:
        return HeifExtra(Extra.HDR, "an HDR gain map", info.number)
    if info.kind in (b"mime", b"uri "):
        return HeifExtra(Extra.MAKER, "data of a kind that is not known", info.number)
    return HeifExtra(Extra.PICTURES, "further pictures", info.number)


_EXIF_SEGMENT = b"\xff\xe1"


def exif_block(item: bytes) -> bytes:
    """The Exif block in an item, from its TIFF header on.

    Some phones write a whole JPEG segment there, and a thumbnail of their own behind it.

    Raises:
        Malformed: it ends before its header.
    """
    if len(item) < 4:
        raise Malformed("an Exif item without a header")
    start = 4 + int.from_bytes(item[:4], "big")
    end = len(item)
    if item[4:6] == _EXIF_SEGMENT and start < 16:
        end = min(end, 6 + int.from_bytes(item[6:8], "big"))
    return tiff_part(item[start:end])
