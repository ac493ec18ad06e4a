"""What stands behind a JPEG's primary image: told by kind, taken out, carried along to another primary."""

import contextlib
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from homepress.compress.metadata.appended import (
    CAMERA,
    ITEM,
    ContainerItem,
    make_mpf,
    updated_entry,
    with_item_lengths,
)
from homepress.compress.metadata.errors import Malformed, Refused, RewriteRefusal
from homepress.compress.metadata.gain_map import HDRGM, with_directory
from homepress.compress.metadata.jpeg_file import (
    JpegFile,
    Media,
    Part,
    is_live,
    read_jpeg_file,
    xmp_packet,
)
from homepress.compress.metadata.jpeg_segments import (
    APP1,
    APP2,
    END_OF_IMAGE,
    ISO_GAIN_MAP_SIGNATURE,
    START_OF_IMAGE,
    XMP_SIGNATURE,
    HeaderKind,
    JpegStream,
    header_kind,
    headers_of_kind,
    parse_jpeg,
)
from homepress.compress.metadata.xmp import without_properties
from homepress.compress.model import Extra

GAIN_MAP_TYPE = 0x050000
"""Of an entry of the multi-picture index (ISO 21496-1 annex)."""
STEREO_TYPE, UNDEFINED_TYPE, _PRIMARY_TYPE = 0x020002, 0, 0x030000
"""Others of CIPA DC-007: one of a pair for two eyes, anything, the picture that programs show."""
_CONTAINER = "http://ns.google.com/photos/1.0/container/"
_DEPTH_SPACES = (
    "http://ns.google.com/photos/1.0/depthmap/",
    "http://ns.google.com/photos/1.0/image/",
    "http://ns.google.com/photos/dd/1.0/",
)
"""Google's depth maps and what they were made from, in XMP itself (GDepth, GImage, dynamic depth)."""
_APPLE_GAIN_MAP = (b"HDRGainMap", b"hdrgainmap")
_APPLE_DEPTH = (b"disparity", b"matte", b"depth")
_DEPTH_ITEMS = frozenset({"depth", "confidence", "original"})
_PADDING = b"\0\xff\n\r \t"
_ALL = frozenset(Extra)
_JPEG_START = START_OF_IMAGE + b"\xff"
_EXTENDED = "http://ns.adobe.com/xmp/note/ HasExtendedXMP"
_MOST_BODY = 65_533


def held_extras(file: JpegFile) -> dict[Extra, int]:
    """What a file holds beside its picture, in bytes of each kind; a stray byte or padding is nothing."""
    held: dict[Extra, int] = {}
    for start, end in {(part.start, part.end) for part in file.parts}:
        named = [part for part in file.parts if (part.start, part.end) == (start, end)]
        extra = _extra_of(file, named)
        held[extra] = held.get(extra, 0) + end - start
    stray = sum(end - start for start, end in file.unnamed if file.stream.data[start:end].strip(_PADDING))
    if stray > 1:
        held[Extra.MAKER] = held.get(Extra.MAKER, 0) + stray
    depth = sum(
        len(file.stream.payload(segment))
        for segment in file.stream.headers
        if any(space.encode() in file.stream.payload(segment) for space in _DEPTH_SPACES)
    )
    if depth:
        held[Extra.DEPTH] = held.get(Extra.DEPTH, 0) + depth
    return held


def gain_map_part(file: JpegFile) -> Part | None:
    """The gain map among the parts, if there is one."""
    for part in file.parts:
        same = [other for other in file.parts if (other.start, other.end) == (part.start, part.end)]
        if _extra_of(file, same) is Extra.HDR:
            return part
    return None


def _extra_of(file: JpegFile, named: list[Part]) -> Extra:
    """What one stretch is, by all the indexes that name it."""
    part = named[0]
    labels = " ".join(one.label for one in named).lower()
    if part.media is Media.VIDEO or "motionphoto" in labels:
        return Extra.MOTION
    if part.label.startswith("Samsung"):
        return Extra.MAKER
    if part.media is not Media.JPEG:
        return Extra.DEPTH if any(word in labels for word in _DEPTH_ITEMS) else Extra.MAKER
    if "gainmap" in labels or _is_gain_map(file, part):
        return Extra.HDR
    words = b" ".join(_packets(file, part))
    if any(word in labels for word in _DEPTH_ITEMS) or any(word in words for word in _APPLE_DEPTH):
        return Extra.DEPTH
    return Extra.PICTURES


def _is_gain_map(file: JpegFile, part: Part) -> bool:
    if file.mpf is not None:
        for entry in file.mpf.entries[1:]:
            is_it = file.mpf.position(entry) == part.start
            if is_it and entry.attributes & 0xFFFFFF == GAIN_MAP_TYPE:
                return True
    stream = _stream(file, part)
    if stream is None:
        return False
    packets = _packets(file, part)
    return bool(headers_of_kind(stream, HeaderKind.ISO_GAIN_MAP)) or any(
        HDRGM.encode() in packet or any(mark in packet for mark in _APPLE_GAIN_MAP) for packet in packets
    )


def _stream(file: JpegFile, part: Part) -> JpegStream | None:
    try:
        return parse_jpeg(file.stream.data, part.start, part.end)
    except Malformed:
        return None


def _packets(file: JpegFile, part: Part) -> list[bytes]:
    stream = _stream(file, part)
    return (
        []
        if stream is None
        else [xmp_packet(stream, each) for each in headers_of_kind(stream, HeaderKind.XMP)]
    )


# Taking out.


@dataclass(frozen=True, slots=True)
class AppendedPicture:
    """A picture to go behind a primary.

    Attributes:
        data: a JPEG.
        kind: its type in the multi-picture index.
    """

    data: bytes
    kind: int = UNDEFINED_TYPE


def taken_out(data: bytes, drop: frozenset[Extra]) -> tuple[bytes, tuple[Extra, ...]]:
    """A JPEG without some of what it holds beside its picture, and what of it was there.

    Raises:
        Malformed: not a well-formed JPEG.
        Refused: something is to stay that cannot be told from what goes, or cannot be indexed anew.
    """
    try:
        file = read_jpeg_file(data)
    except Refused as refused:
        stream = parse_jpeg(data)
        named = unread_extras(data, stream.end)
        told = refused.code is RewriteRefusal.UNINDEXED and drop.issuperset(named)
        if refused.code is RewriteRefusal.DEPENDS_ON_CODING or not named or not (told or drop == _ALL):
            return data, ()
        return _primary(stream, _ALL), named
    held = held_extras(file)
    going = tuple(extra for extra in Extra if extra in held and extra in drop)
    if not going:
        return data, ()
    staying = held.keys() - drop
    kept = _staying(file, staying)
    primary = _primary(file.stream, frozenset(going) if kept else _ALL, with_hdr=Extra.HDR in staying)
    result = with_pictures(primary, [picture for _, picture in kept]) if kept else primary
    if held_extras(read_jpeg_file(result)).keys() != staying:
        names = ", ".join(sorted(staying - {Extra.HDR}))
        raise Refused(
            RewriteRefusal.UNSUPPORTED, f"{', '.join(going)} cannot be taken out while {names} stays"
        )
    return result, going


def unread_extras(data: bytes, at: int) -> tuple[Extra, ...]:
    """What stands behind a picture whose indexes cannot be followed.

    Pictures are told by their first bytes; what else is there counts as a maker's, a video's too.
    """
    found = set()
    with contextlib.suppress(Malformed):
        while data.startswith(_JPEG_START, at := _without_padding(data, at)):
            at = parse_jpeg(data, at).end
            found.add(Extra.PICTURES)
    if at < len(data):
        found |= {Extra.MAKER, Extra.MOTION} if b"ftyp" in data[at:] else {Extra.MAKER}
    return tuple(extra for extra in Extra if extra in found)


def _without_padding(data: bytes, at: int) -> int:
    """The next byte that is no padding before a JPEG; 0xFF may be one, but begins a JPEG too."""
    while at < len(data) and data[at] in b"\0\n\r\t ":
        at += 1
    return at


def _staying(file: JpegFile, staying: Set[Extra]) -> list[tuple[Extra, AppendedPicture]]:
    """The pictures behind the primary that stay, the gain map first."""
    types = {}
    if file.mpf is not None:
        types = {file.mpf.position(entry): entry.attributes & 0xFFFFFF for entry in file.mpf.entries[1:]}
    found = []
    for start, end in sorted({(part.start, part.end) for part in file.parts if part.media is Media.JPEG}):
        extra = _extra_of(file, [part for part in file.parts if (part.start, part.end) == (start, end)])
        if extra in staying:
            kind = GAIN_MAP_TYPE if extra is Extra.HDR else types.get(start, UNDEFINED_TYPE)
            found.append((extra, AppendedPicture(file.stream.data[start:end], kind)))
    return sorted(found, key=lambda one: one[0] is not Extra.HDR)


def _primary(stream: JpegStream, going: frozenset[Extra], *, with_hdr: bool = False) -> bytes:
    """The primary image with its own headers, without indexes of what stands behind it."""
    pieces = [START_OF_IMAGE]
    loses_depth = Extra.DEPTH in going
    for segment in stream.segments:
        raw, kind = stream.raw(segment), header_kind(stream, segment) if segment.is_header else None
        if kind is HeaderKind.MPF or (kind is HeaderKind.ISO_GAIN_MAP and not with_hdr):
            continue
        if kind is HeaderKind.EXTENDED_XMP and loses_depth and _has_depth(stream):
            continue
        if kind is HeaderKind.XMP:
            raw = _xmp_segment(without_indexes(xmp_packet(stream, segment), going, _has_depth(stream)))
        pieces.append(raw)
    return b"".join((*pieces, END_OF_IMAGE))


def _has_depth(stream: JpegStream) -> bool:
    found = headers_of_kind(stream, HeaderKind.EXTENDED_XMP) + headers_of_kind(stream, HeaderKind.XMP)
    return any(space.encode() in stream.payload(each) for each in found for space in _DEPTH_SPACES)


def without_indexes(packet: bytes, going: frozenset[Extra], has_depth: bool = False) -> bytes:
    """An XMP packet that lists nothing as appended and names no gain map.

    Args:
        packet: the packet; one that is no XMP comes back as it is.
        going: what else is taken out: what it says of a motion photo, of depth.
        has_depth: whether it, or its extension, holds a depth map.
    """

    def goes(name: str) -> bool:
        space, _, local = name.rpartition(" ")
        if space in (_CONTAINER, ITEM, HDRGM):
            return True
        if space == CAMERA:
            return Extra.MOTION in going and local.startswith(("MotionPhoto", "MicroVideo"))
        if Extra.DEPTH in going and has_depth:
            return space.startswith(_DEPTH_SPACES) or name == _EXTENDED
        return False

    try:
        return without_properties(packet, goes)
    except Malformed:
        return packet


# Putting behind another primary.


@dataclass(frozen=True, slots=True, eq=False)
class JpegTail:
    """What a file holds behind its primary, on its way to another coding of that.

    Attributes:
        file: where it comes from.
        replaced: new bytes of parts by where these begin, such as a gain map in another size.
    """

    file: JpegFile
    replaced: Mapping[int, bytes]

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self._data())

    def packet(self, packet: bytes | None) -> bytes | None:
        """The primary's XMP packet with the lengths of replaced parts put right."""
        directory = self.file.directory
        if packet is None or not self.replaced or len(directory.items) < 2:
            return packet
        lengths: dict[int, int] = {}
        items = [part for part in self.file.parts if part.label.startswith("item ")]
        for number, part in enumerate(sorted(items, key=lambda part: part.start), 1):
            if part.start in self.replaced:
                lengths[number] = len(self.replaced[part.start])
        return with_item_lengths(packet, lengths)

    def attached(self, primary: bytes) -> bytes:
        """A primary image with all of this behind it.

        Raises:
            Refused: the result does not read back as it should.
        """
        mpf = self.file.mpf
        if mpf is not None:
            raw = self.file.stream.raw(mpf.segment)
            at = coding_start(primary)
            end = len(primary) + len(raw)
            base = at + 8
            out = bytearray(raw)
            for number, entry in enumerate(mpf.entries):
                size, offset = end, entry.offset
                if number:
                    if not is_live(mpf, number):
                        continue
                    start = mpf.position(entry)
                    size = len(self.replaced.get(start, bytes(entry.size)))
                    offset = end + self._moved(start) - base
                place, data = updated_entry(mpf, entry, size, offset)
                out[place : place + len(data)] = data
            primary = primary[:at] + bytes(out) + primary[at:]
        result = primary + self._data()
        self._prove(result)
        return result

    def _moved(self, position: int) -> int:
        """Where a position of the old tail is in the new one, counted from its start."""
        shift = sum(
            len(data) - (self._part_end(start) - start)
            for start, data in self.replaced.items()
            if start < position
        )
        return position - self.file.stream.end + shift

    def _part_end(self, start: int) -> int:
        return next(part.end for part in self.file.parts if part.start == start)

    def _data(self) -> bytes:
        data, at, pieces = self.file.stream.data, self.file.stream.end, []
        for start in sorted(self.replaced):
            pieces += [data[at:start], self.replaced[start]]
            at = self._part_end(start)
        return b"".join((*pieces, data[at:]))

    def _prove(self, result: bytes) -> None:
        again = read_jpeg_file(result)
        old = [
            (part.label, self.replaced.get(part.start, self.file.stream.data[part.start : part.end]))
            for part in self.file.parts
        ]
        if old != [(part.label, result[part.start : part.end]) for part in again.parts]:
            raise Refused(RewriteRefusal.PROOF, "what stands behind the picture")


def with_pictures(primary: bytes, pictures: Sequence[AppendedPicture], trailer: bytes = b"") -> bytes:
    """A plain primary with pictures behind it, all indexed; with a gain map it is an Ultra HDR JPEG.

    Args:
        primary: a JPEG that nothing follows and that names no gain map.
        pictures: a gain map with its own description comes first.
        trailer: what stands behind all and is self-contained, such as Samsung's blocks.

    Raises:
        Refused: the index has no room, or the result does not read back as it should.
    """
    stream = parse_jpeg(primary)
    headers = [stream.raw(each) for each in stream.headers]
    if pictures[0].kind == GAIN_MAP_TYPE:
        headers = _naming_gain_map(stream, len(pictures[0].data))
    coding = b"".join(map(stream.raw, stream.coding)) + END_OF_IMAGE
    before = b"".join((START_OF_IMAGE, *headers))
    blank = _segment(APP2, make_mpf([(0, 0, 0)] * (1 + len(pictures))))
    end = len(before) + len(blank) + len(coding)
    stereo = [one.kind for one in pictures] == [STEREO_TYPE]
    entries = [(STEREO_TYPE if stereo else _PRIMARY_TYPE, end, 0)]
    for one in pictures:
        at = end + sum(size for _, size, _ in entries[1:])
        entries.append((one.kind, len(one.data), at - len(before) - 8))
    behind = [one.data for one in pictures]
    result = b"".join((before, _segment(APP2, make_mpf(entries)), coding, *behind, trailer))
    again = read_jpeg_file(result)
    places = sorted({(part.start, part.end) for part in again.parts if part.media is Media.JPEG})
    if [result[start:end] for start, end in places] != behind:
        raise Refused(RewriteRefusal.PROOF, "a picture behind the first")
    if pictures[0].kind == GAIN_MAP_TYPE and gain_map_part(again) is None:
        raise Refused(RewriteRefusal.PROOF, "the gain map")
    return result


def _naming_gain_map(stream: JpegStream, length: int) -> list[bytes]:
    """A primary's headers with those that say that a gain map of so many bytes follows."""
    packets = headers_of_kind(stream, HeaderKind.XMP)
    item = ContainerItem("GainMap", "image/jpeg", length, 0)
    packet = with_directory(xmp_packet(stream, packets[0]) if packets else None, [item])
    headers = [stream.raw(each) for each in stream.headers if each not in packets]
    where = 1 if headers and headers[0][4:9] == b"JFIF\0" else 0
    where += sum(header[4:10] == b"Exif\0\0" for header in headers[where:])
    headers.insert(where, _xmp_segment(packet))
    if not headers_of_kind(stream, HeaderKind.ISO_GAIN_MAP):
        headers.append(_segment(APP2, ISO_GAIN_MAP_SIGNATURE + bytes(4)))
    return headers


def coding_start(jpeg: bytes) -> int:
    """Where a JPEG's tables, frame and scans begin, headers before them."""
    return parse_jpeg(jpeg).coding[0].start


def _xmp_segment(packet: bytes) -> bytes:
    return _segment(APP1, XMP_SIGNATURE + packet)


def _segment(marker: int, body: bytes) -> bytes:
    if len(body) > _MOST_BODY:
        raise Refused(RewriteRefusal.GCONTAINER, "its XMP has no room for the index")
    return bytes((0xFF, marker)) + (len(body) + 2).to_bytes(2, "big") + body
