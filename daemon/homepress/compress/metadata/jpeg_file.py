"""A whole JPEG file: the primary image, the indexes in its headers, and the parts of its tail."""

from dataclasses import dataclass

from homepress.compress.metadata.errors import Malformed, Refusal, Refused
from homepress.compress.metadata.gcontainer import INDEX_WORDS, Directory, read_directories
from homepress.compress.metadata.jpeg_headers import (
    EXTENDED_XMP_SIGNATURE,
    XMP_SIGNATURE,
    HeaderKind,
    header_kind,
    headers_of_kind,
)
from homepress.compress.metadata.jpeg_segments import JpegStream, Segment, parse_jpeg
from homepress.compress.metadata.jpeg_tail import Part, find_parts, unnamed_stretches
from homepress.compress.metadata.mpf import MpIndex, read_mpf
from homepress.compress.metadata.samsung import SefTrailer, read_sef

_DEPENDS_ON_CODING = frozenset({HeaderKind.JUMBF, HeaderKind.JPEG_HDR, HeaderKind.AVI1})


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
    directory: Directory
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
        if kind in _DEPENDS_ON_CODING:
            raise Refused(Refusal.DEPENDS_ON_CODING, f"{kind} in {segment.name}")
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
            raise Refused(Refusal.MPF, "two indexes")
        return read_mpf(stream, found[0]) if found else None
    except Refused:
        if strict:
            raise
        return None


def _read_directory(stream: JpegStream, *, strict: bool) -> tuple[Directory, Segment | None]:
    holders = headers_of_kind(stream, HeaderKind.XMP)
    try:
        directory, number = read_directories([xmp_packet(stream, segment) for segment in holders])
    except (Malformed, Refused) as error:
        if isinstance(error, Refused) and strict:
            raise
        if strict:
            raise Refused(Refusal.XMP, str(error)) from error
        return Directory(), None
    if strict:
        _refuse_extended_list(stream)
    return directory, holders[number] if holders else None


def _refuse_extended_list(stream: JpegStream) -> None:
    """A list in extended XMP cannot be mended: its parts are tied together by a digest."""
    for segment in headers_of_kind(stream, HeaderKind.EXTENDED_XMP):
        body = stream.payload(segment)[len(EXTENDED_XMP_SIGNATURE) :]
        if any(word in body for word in INDEX_WORDS):
            raise Refused(Refusal.GCONTAINER, "it is in extended XMP")


def xmp_packet(stream: JpegStream, segment: Segment) -> bytes:
    """The packet in an XMP segment."""
    return stream.payload(segment)[len(XMP_SIGNATURE) :]
