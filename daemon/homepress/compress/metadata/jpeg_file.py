"""A JPEG file as a whole: its primary picture, and what is appended to it."""

import enum
import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from homepress.base.units import counted
from homepress.compress.metadata.appended import (
    INDEX_WORDS,
    MOTION_PHOTO_DATA,
    ContainerDirectory,
    MpIndex,
    SefTrailer,
    read_directories,
    read_mpf,
    read_sef,
)
from homepress.compress.metadata.errors import Malformed, Refused, RewriteRefusal
from homepress.compress.metadata.jpeg_segments import (
    EXTENDED_XMP_SIGNATURE,
    START_OF_IMAGE,
    XMP_SIGNATURE,
    HeaderKind,
    JpegStream,
    Segment,
    header_kind,
    headers_of_kind,
    parse_jpeg,
)

# What stands behind a JPEG's primary image, found through every index that names it.
#
# Pictures (multi-picture format, gain maps), videos (motion photos), vendors' trailers: each becomes a
# `Part`. What no index names is let through only when nothing can depend on where it stands.

MOST_PARTS = 64


class Media(enum.StrEnum):
    """What a part is, by its first bytes."""

    JPEG = "JPEG"
    VIDEO = "MP4"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of the tail that an index names.

    Attributes:
        label: which index and entry names it, such as "MPF picture 2" or "item GainMap".
        media: what it is.
        start: position in the file.
        end: position after it.
    """

    label: str
    media: Media
    start: int
    end: int


_PADDING = b"\0\xff\n\r "
_PICTURE = re.compile(rb"\xff\xd8\xff|ftyp")
# AFCP, ZIP and PDF store positions from the start of the file.
_ABSOLUTE = re.compile(rb"AXS[!*]|PK\x05\x06|%%EOF")


def find_parts(
    data: bytes, primary_end: int, mpf: MpIndex | None, directory: ContainerDirectory, sef: SefTrailer | None
) -> tuple[Part, ...]:
    """All named parts, in order of position; one stretch may be named by two indexes.

    Raises:
        Refused: an index points to something that is not there, or the tail holds a picture, a video or a
            structure with absolute positions that no index names.
    """
    if primary_end == len(data):
        return ()
    parts: list[Part] = []
    if sef is not None:
        parts += _sef_parts(data, sef)
    if mpf is not None:
        parts += _mpf_parts(data, primary_end, mpf)
    parts += _place_items(data, primary_end, mpf, directory, sef)
    if directory.micro_video_offset and not any(part.media is Media.VIDEO for part in parts):
        parts.append(_micro_video(data, primary_end, directory.micro_video_offset))
    if len(parts) > MOST_PARTS:
        raise Refused(RewriteRefusal.UNINDEXED, "too many parts")
    parts.sort(key=lambda part: (part.start, part.end))
    _check_gaps(data, primary_end, parts)
    return tuple(parts)


def is_live(mpf: MpIndex, number: int) -> bool:
    """Whether an entry other than the primary's names anything."""
    return number > 0 and mpf.entries[number].size > 0


def media_at(data: bytes, start: int) -> Media:
    """What starts at a position."""
    if data[start : start + 3] == START_OF_IMAGE + b"\xff":
        return Media.JPEG
    return Media.VIDEO if data[start + 4 : start + 8] == b"ftyp" else Media.OTHER


def _sef_parts(data: bytes, sef: SefTrailer) -> Iterable[Part]:
    for block in sef.blocks:
        media = media_at(data, block.data_start) if block.kind == MOTION_PHOTO_DATA else Media.OTHER
        yield Part(f"Samsung block {block.name or f'{block.kind:04x}'}", media, block.start, block.end)
    yield Part("Samsung directory", Media.OTHER, sef.directory_start, len(data))


def _mpf_parts(data: bytes, primary_end: int, mpf: MpIndex) -> list[Part]:
    """Its pictures. The primary's size, which many cameras store wrong, is not used."""
    if mpf.entries[0].offset != 0:
        raise Refused(RewriteRefusal.MPF, "the first picture is not the primary")
    if len(mpf.entries) > MOST_PARTS:
        raise Refused(RewriteRefusal.MPF, "too many pictures")
    parts = []
    for number, entry in enumerate(mpf.entries):
        if not is_live(mpf, number):
            continue
        start, end = mpf.position(entry), mpf.position(entry) + entry.size
        label = f"MPF picture {number + 1}"
        if not primary_end <= start < end <= len(data):
            raise Refused(RewriteRefusal.MPF, f"{label} lies outside the appended data")
        parts.append(Part(label, media_at(data, start), start, end))
    parts.sort(key=lambda part: part.start)
    if any(before.end > after.start for before, after in itertools.pairwise(parts)):
        raise Refused(RewriteRefusal.MPF, "two pictures overlap")
    for part in parts:
        try:
            parse_jpeg(data, part.start, part.end)
        except Malformed as error:
            raise Refused(RewriteRefusal.MPF, f"{part.label}: {error}") from error
    return parts


def _place_items(
    data: bytes, primary_end: int, mpf: MpIndex | None, directory: ContainerDirectory, sef: SefTrailer | None
) -> list[Part]:
    """The items of a GContainer list, tried from each place where writers are known to start them."""
    if len(directory.items) < 2:
        return []
    total = sum(item.length + item.padding for item in directory.items[1:])
    starts = [primary_end + directory.items[0].padding, len(data) - total]
    if mpf is not None and len(mpf.entries) > 1:
        starts.append(mpf.position(mpf.entries[1]))
    if sef is not None:
        starts.append(sef.start - total)
    for start in starts:
        parts = _items_from(data, primary_end, directory, start)
        if parts is not None:
            return parts
    raise Refused(RewriteRefusal.GCONTAINER, "no place fits its items")


def _items_from(
    data: bytes, primary_end: int, directory: ContainerDirectory, start: int
) -> list[Part] | None:
    """The items one after the other from `start`, or None if one of them is not what the list says."""
    parts = []
    at = start
    for item in directory.items[1:]:
        media = media_at(data, at) if at >= 0 else Media.OTHER
        wanted = Media.VIDEO if item.is_video else Media.JPEG if item.mime == "image/jpeg" else media
        if at < primary_end or at + item.length > len(data) or media is not wanted:
            return None
        parts.append(Part(f"item {item.semantic or item.mime}", media, at, at + item.length))
        at += item.length + item.padding
    return parts


def _micro_video(data: bytes, primary_end: int, offset: int) -> Part:
    start = len(data) - offset
    if start < primary_end or media_at(data, start) is not Media.VIDEO:
        raise Refused(RewriteRefusal.GCONTAINER, "MicroVideoOffset leads to no video")
    return Part("MicroVideo", Media.VIDEO, start, len(data))


def unnamed_stretches(parts: Sequence[Part], start: int, end: int) -> list[tuple[int, int]]:
    """The stretches of a tail, from `start` to `end`, that no part covers; parts are in order."""
    stretches = []
    at = start
    for part in parts:
        if part.start > at:
            stretches.append((at, part.start))
        at = max(at, part.end)
    return stretches + ([(at, end)] if at < end else [])


def _check_gaps(data: bytes, primary_end: int, parts: Sequence[Part]) -> None:
    """Refuse unnamed stretches that something else must be pointing into."""
    for start, end in unnamed_stretches(parts, primary_end, len(data)):
        gap = data[start:end]
        if not gap.strip(_PADDING):
            continue
        if _PICTURE.search(gap) is not None:
            raise Refused(RewriteRefusal.UNINDEXED)
        if _ABSOLUTE.search(gap) is not None:
            raise Refused(RewriteRefusal.ABSOLUTE_TAIL)


# A whole JPEG file: the primary image, the indexes in its headers, and the parts of its tail.

DEPENDS_ON_CODING = frozenset({HeaderKind.JUMBF, HeaderKind.JPEG_HDR, HeaderKind.AVI1})
"""Headers of which no other coding of their picture may be made."""


@dataclass(frozen=True, slots=True, eq=False)
class JpegFile:
    """A JPEG file whose every index was followed.

    Attributes:
        stream: the primary image.
        mpf: the multi-picture index, if there is one.
        directory: Google's list of items; empty without one.
        directory_segment: the XMP segment that holds the list.
        sef: Samsung's trailer.
        parts: what the indexes name in the tail, in order; empty when there is no tail.
    """

    stream: JpegStream
    mpf: MpIndex | None
    directory: ContainerDirectory
    directory_segment: Segment | None
    sef: SefTrailer | None
    parts: tuple[Part, ...]

    @property
    def has_tail(self) -> bool:
        """Whether anything follows the primary image."""
        return self.stream.end < len(self.stream.data)

    @property
    def unnamed(self) -> list[tuple[int, int]]:
        """Start and end of what no index names in the tail: padding and trailers of other kinds."""
        return unnamed_stretches(self.parts, self.stream.end, len(self.stream.data))


def read_jpeg_file(data: bytes) -> JpegFile:
    """Read a JPEG file and follow its indexes.

    An index that is broken while nothing is appended is dead already and is left alone.

    Raises:
        Malformed: the primary image is not a well-formed stream.
        Refused: an index cannot be followed, or something depends on the coding or on absolute positions.
    """
    stream = parse_jpeg(data)
    for segment in stream.headers:
        kind = header_kind(stream, segment)
        if kind in DEPENDS_ON_CODING:
            raise Refused(RewriteRefusal.DEPENDS_ON_CODING, f"{kind} in {segment.name}")
    has_tail = stream.end < len(data)
    mpf = _read_mpf(stream, strict=has_tail)
    directory, holder = _read_directory(stream, strict=has_tail)
    sef = read_sef(data, stream.end)
    parts = find_parts(data, stream.end, mpf, directory, sef)
    return JpegFile(stream, mpf, directory, holder, sef, parts)


def _read_mpf(stream: JpegStream, *, strict: bool) -> MpIndex | None:
    found = headers_of_kind(stream, HeaderKind.MPF)
    try:
        if len(found) > 1:
            raise Refused(RewriteRefusal.MPF, "two indexes")
        return read_mpf(stream, found[0]) if found else None
    except Refused:
        if strict:
            raise
        return None


def _read_directory(stream: JpegStream, *, strict: bool) -> tuple[ContainerDirectory, Segment | None]:
    holders = headers_of_kind(stream, HeaderKind.XMP)
    try:
        directory, number = read_directories([xmp_packet(stream, segment) for segment in holders])
    except (Malformed, Refused) as error:
        if isinstance(error, Refused) and strict:
            raise
        if strict:
            raise Refused(RewriteRefusal.XMP, str(error)) from error
        return ContainerDirectory(), None
    if strict:
        _refuse_extended_list(stream)
    return directory, holders[number] if holders else None


def _refuse_extended_list(stream: JpegStream) -> None:
    """A list in extended XMP cannot be updated: its parts are tied together by a digest."""
    for segment in headers_of_kind(stream, HeaderKind.EXTENDED_XMP):
        body = stream.payload(segment)[len(EXTENDED_XMP_SIGNATURE) :]
        if any(word in body for word in INDEX_WORDS):
            raise Refused(RewriteRefusal.GCONTAINER, "it is in extended XMP")


def xmp_packet(stream: JpegStream, segment: Segment) -> bytes:
    """The packet in an XMP segment."""
    return stream.payload(segment)[len(XMP_SIGNATURE) :]


# What a JPEG holds besides one picture, in words.

_HDRGM = b"http://ns.adobe.com/hdr-gain-map/1.0/"
_APPLE_HDR = b"http://ns.apple.com/HDRGainMap/1.0/"


@dataclass(frozen=True, slots=True)
class JpegContents:
    """What a JPEG holds.

    Attributes:
        headers: kinds of header present, such as "Exif" and "ICC profile", each once.
        pictures: how many pictures, the primary among them.
        gain_maps: which descriptions of a gain map there are: "hdrgm", "ISO 21496-1", "Apple".
        indexes: which indexes name what is appended: "MPF", "GContainer", "MicroVideo", "Samsung".
        has_video: whether a video is appended.
        unnamed_bytes: bytes behind the primary image that no index names.
    """

    headers: tuple[HeaderKind, ...]
    pictures: int
    gain_maps: tuple[str, ...]
    indexes: tuple[str, ...]
    has_video: bool
    unnamed_bytes: int

    @property
    def is_plain(self) -> bool:
        """Whether there is nothing but one picture and its headers."""
        return self.pictures == 1 and not self.has_video and not self.indexes and not self.unnamed_bytes

    def __str__(self) -> str:
        """In words: "3 pictures, gain map (hdrgm), motion video"; empty for a plain JPEG."""
        words = [f"{self.pictures} pictures"] if self.pictures > 1 else []
        words += [f"gain map ({', '.join(self.gain_maps)})"] if self.gain_maps else []
        words += ["motion video"] if self.has_video else []
        words += ["Samsung trailer"] if "Samsung" in self.indexes else []
        words += [f"{counted(self.unnamed_bytes, 'byte')} of another trailer"] if self.unnamed_bytes else []
        return ", ".join(words)


def describe_jpeg(data: bytes) -> JpegContents:
    """Say what a JPEG holds.

    Raises:
        Malformed, Refused: as `read_jpeg_file`.
    """
    file = read_jpeg_file(data)
    spans = {(part.start, part.end) for part in file.parts if part.media is Media.JPEG}
    streams = [file.stream, *(parse_jpeg(data, start, end) for start, end in sorted(spans))]
    kinds = dict.fromkeys(header_kind(file.stream, segment) for segment in file.stream.headers)
    return JpegContents(
        headers=tuple(kinds),
        pictures=len(streams),
        gain_maps=_gain_maps(streams) if len(streams) > 1 else (),
        indexes=_indexes(file),
        has_video=any(part.media is Media.VIDEO or "MotionPhoto" in part.label for part in file.parts),
        unnamed_bytes=sum(end - start for start, end in file.unnamed),
    )


def _gain_maps(streams: list[JpegStream]) -> tuple[str, ...]:
    found = dict.fromkeys(("hdrgm", "ISO 21496-1", "Apple"), False)
    for stream in streams:
        packets = [xmp_packet(stream, segment) for segment in headers_of_kind(stream, HeaderKind.XMP)]
        found["hdrgm"] |= any(_HDRGM in packet for packet in packets)
        found["Apple"] |= any(_APPLE_HDR in packet for packet in packets)
        found["ISO 21496-1"] |= bool(headers_of_kind(stream, HeaderKind.ISO_GAIN_MAP))
    return tuple(name for name, there in found.items() if there)


def _indexes(file: JpegFile) -> tuple[str, ...]:
    if not file.has_tail:
        return ()
    present = {
        "MPF": file.mpf is not None and len(file.mpf.entries) > 1,
        "GContainer": len(file.directory.items) > 1,
        "MicroVideo": file.directory.micro_video_offset > 0,
        "Samsung": file.sef is not None,
    }
    return tuple(name for name, there in present.items() if there)
