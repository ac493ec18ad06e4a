"""The frame header of a JPEG (ITU-T T.81 section B.2.2)."""

import enum
import re
import struct
from dataclasses import dataclass

from homepress.compress.metadata.errors import Malformed, NotParsed


class Process(enum.IntEnum):
    """Coding processes; the value is the SOF marker's second byte."""

    BASELINE = 0xC0
    EXTENDED = 0xC1
    PROGRESSIVE = 0xC2
    LOSSLESS = 0xC3
    DIFFERENTIAL = 0xC5
    DIFFERENTIAL_PROGRESSIVE = 0xC6
    DIFFERENTIAL_LOSSLESS = 0xC7
    ARITHMETIC = 0xC9
    ARITHMETIC_PROGRESSIVE = 0xCA
    ARITHMETIC_LOSSLESS = 0xCB
    ARITHMETIC_DIFFERENTIAL = 0xCD
    ARITHMETIC_DIFFERENTIAL_PROGRESSIVE = 0xCE
    ARITHMETIC_DIFFERENTIAL_LOSSLESS = 0xCF

    @property
    def is_common(self) -> bool:
        """Whether every decoder in use reads it: DCT with Huffman coding, not differential."""
        return self in (Process.BASELINE, Process.EXTENDED, Process.PROGRESSIVE)

    @property
    def is_arithmetic(self) -> bool:
        """Whether it is coded arithmetically."""
        return self >= Process.ARITHMETIC

    @property
    def is_lossless(self) -> bool:
        """Whether it is predictive (no DCT)."""
        return self & 3 == 3


@dataclass(frozen=True, slots=True)
class Component:
    """One component: its identifier, sampling factors (1 to 4) and quantisation table slot (0 to 3)."""

    identifier: int
    horizontal: int
    vertical: int
    table: int


@dataclass(frozen=True, slots=True)
class FrameHeader:
    """What a frame header says.

    Attributes:
        process: how it is coded.
        precision: bits per sample.
        width: pixels.
        height: pixels.
        components: one to four, in order.
    """

    process: Process
    precision: int
    width: int
    height: int
    components: tuple[Component, ...]

    @property
    def identifiers(self) -> tuple[int, ...]:
        """The component identifiers in order."""
        return tuple(component.identifier for component in self.components)

    @property
    def subsampling(self) -> str:
        """Chroma subsampling in the usual words ("4:4:4", "4:2:2", "4:2:0", "4:4:0", "4:1:1"), "grey" for one
        component, else the factors such as "2x2,1x1,2x2,1x1".
        """
        factors = [(component.horizontal, component.vertical) for component in self.components]
        if len(factors) == 1:
            return "grey"
        luma, chroma = factors[0], factors[1]
        regular = factors == [luma, chroma, chroma, luma][: len(factors)]
        ratio = (luma[0] / chroma[0], luma[1] / chroma[1])
        if regular and ratio in _SUBSAMPLING:
            return _SUBSAMPLING[ratio]
        return ",".join(f"{across}x{down}" for across, down in factors)


_SUBSAMPLING: dict[tuple[float, float], str] = {
    (1.0, 1.0): "4:4:4",
    (2.0, 1.0): "4:2:2",
    (2.0, 2.0): "4:2:0",
    (1.0, 2.0): "4:4:0",
    (4.0, 1.0): "4:1:1",
}
_MARKERS = frozenset(Process)


def is_frame_marker(marker: int) -> bool:
    """Whether a marker's second byte is one of SOF0 to SOF15."""
    return marker in _MARKERS


def read_frame(marker: int, body: bytes) -> FrameHeader:
    """Read a frame header.

    Args:
        marker: second byte of the SOF marker.
        body: what follows the segment's length field.

    Raises:
        Malformed: the length does not fit, or a size, component count or sampling factor is impossible. A
            height of 0 (given later by DNL) counts as impossible.
    """
    if len(body) < 6 or len(body) != 6 + 3 * body[5]:
        raise Malformed("a frame header of wrong length")
    precision, height, width, count = struct.unpack_from(">BHHB", body)
    if not (width and height and 1 <= count <= 4):
        raise Malformed(f"a frame of {width} by {height} pixels and {count} components")
    components = tuple(
        Component(body[at], body[at + 1] >> 4, body[at + 1] & 15, body[at + 2])
        for at in range(6, len(body), 3)
    )
    for component in components:
        if not (1 <= component.horizontal <= 4 and 1 <= component.vertical <= 4 and component.table <= 3):
            raise Malformed("impossible sampling factors or table in the frame header")
    if len({component.identifier for component in components}) != count:
        raise Malformed("two components of the same name")
    return FrameHeader(Process(marker), precision, width, height, components)


# The marker segments of a JPEG stream (ITU-T T.81 annex B), walked strictly.
#
# Strict means: nothing but fill bytes between segments, one frame, at least one scan, an end. A decoder may
# forgive more; a program that replaces files must not, for it could not say where each byte belongs.

EOI, SOS, COM = 0xD9, 0xDA, 0xFE
DQT, DHT, DAC, DRI = 0xDB, 0xC4, 0xCC, 0xDD
APP0, APP1, APP2, APP11, APP12, APP13, APP14 = 0xE0, 0xE1, 0xE2, 0xEB, 0xEC, 0xED, 0xEE
START_OF_IMAGE, END_OF_IMAGE = b"\xff\xd8", b"\xff\xd9"

MOST_SEGMENTS = 20_000
"""More than any real file has; keeps the cost of a hostile one low."""

_TABLES = frozenset({DQT, DHT, DAC, DRI})
_HEADERS = frozenset({*range(0xE0, 0xF0), COM})
_DNL = 0xDC
# What ends entropy-coded data: a marker that is neither a stuffed zero, a restart nor a fill byte (B.1.1.5).
_AFTER_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


@dataclass(frozen=True, slots=True)
class Segment:
    """One marker segment; positions count from the start of the file.

    Attributes:
        marker: second byte of the marker, such as 0xE1 for APP1.
        start: position of the marker's 0xFF.
        body_end: end of what its length field covers.
        end: the same, but for SOS the end of the entropy-coded data that follows.
    """

    marker: int
    start: int
    body_end: int
    end: int

    @property
    def is_header(self) -> bool:
        """Whether it is an APPn or a comment, which carry metadata and no coded picture."""
        return self.marker in _HEADERS

    @property
    def name(self) -> str:
        """Its usual name for messages: "APP1", "DQT"."""
        if 0xE0 <= self.marker <= 0xEF:
            return f"APP{self.marker - 0xE0}"
        named = {COM: "COM", DQT: "DQT", DHT: "DHT", DAC: "DAC", DRI: "DRI", SOS: "SOS"}
        return named.get(self.marker, f"SOF{self.marker - 0xC0}")


@dataclass(frozen=True, slots=True, eq=False)
class JpegStream:
    """One coded image, from SOI to EOI, within the bytes of a file.

    Attributes:
        data: the whole file, which may go on after `end`.
        start: position of SOI.
        end: position just after EOI.
        segments: all segments between the two, in order.
        frame: size, process and components of the picture.
    """

    data: bytes
    start: int
    end: int
    segments: tuple[Segment, ...]
    frame: FrameHeader

    def payload(self, segment: Segment) -> bytes:
        """What a segment carries after marker and length; of SOS the scan header alone."""
        return self.data[segment.start + 4 : segment.body_end]

    def raw(self, segment: Segment) -> bytes:
        """A segment byte for byte, marker and (for SOS) entropy-coded data included."""
        return self.data[segment.start : segment.end]

    @property
    def headers(self) -> tuple[Segment, ...]:
        """The APPn and COM segments."""
        return tuple(segment for segment in self.segments if segment.is_header)

    @property
    def coding(self) -> tuple[Segment, ...]:
        """Tables, frame header and scans: what a decoder needs to make pixels."""
        return tuple(segment for segment in self.segments if not segment.is_header)

    @property
    def scans(self) -> tuple[Segment, ...]:
        """The SOS segments, each with its entropy-coded data."""
        return tuple(segment for segment in self.segments if segment.marker == SOS)

    @property
    def has_late_header(self) -> bool:
        """Whether an APPn or COM segment stands after the first scan."""
        first = self.scans[0].start
        return any(segment.is_header and segment.start > first for segment in self.segments)

    @property
    def tail(self) -> bytes:
        """What the file holds after EOI."""
        return self.data[self.end :]


def parse_jpeg(data: bytes, start: int = 0, limit: int | None = None) -> JpegStream:
    """Walk one JPEG stream in time linear in its length.

    Args:
        data: the bytes of the file.
        start: position of the stream's SOI.
        limit: position where the stream must have ended; None is the end of `data`.

    Raises:
        Malformed: no SOI or EOI, a segment cut short, bytes between segments, a marker that has no place
            in a single-frame image, or a frame header that makes no sense.
    """
    limit = len(data) if limit is None else min(limit, len(data))
    if not 0 <= start <= limit - 2 or data[start : start + 2] != START_OF_IMAGE:
        raise Malformed("no JPEG starts here", start)
    segments: list[Segment] = []
    frame: Segment | None = None
    position = start + 2
    while (position := _next_marker(data, position, limit)) is not None and data[position + 1] != EOI:
        segment = _read_segment(data, position, limit)
        if segment.marker == SOS and frame is None:
            raise Malformed("a scan without a frame header", position)
        if is_frame_marker(segment.marker):
            if frame is not None:
                raise Malformed("two frames in one image", position)
            frame = segment
        segments.append(segment)
        if len(segments) > MOST_SEGMENTS:
            raise Malformed("too many segments", position)
        position = segment.end
    if frame is None or not any(segment.marker == SOS for segment in segments):
        raise Malformed("no picture in it", start)
    header = read_frame(frame.marker, data[frame.start + 4 : frame.body_end])
    return JpegStream(data, start, position + 2, tuple(segments), header)


def picture_only(stream: JpegStream) -> bytes:
    """The image alone: what an encoder or decoder needs for right pixels, and nothing it could trip over.

    That is SOI, the JFIF and Adobe segments that fix the colour model, the coding, EOI. Fed with more, Pillow
    opens a multi-picture file as MPO and other tools copy headers of their choice.
    """
    return b"".join((START_OF_IMAGE, *map(stream.raw, picture_segments(stream)), END_OF_IMAGE))


def picture_segments(stream: JpegStream) -> list[Segment]:
    """The segments of `picture_only`, in order."""
    return [
        segment
        for segment in stream.segments
        if not segment.is_header or is_jfif(stream, segment) or is_adobe(stream, segment)
    ]


def is_jfif(stream: JpegStream, segment: Segment) -> bool:
    """Whether a segment is a JFIF header that decoders heed (14 bytes or more, as libjpeg asks)."""
    body = stream.data[segment.start + 4 : min(segment.body_end, segment.start + 18)]
    return segment.marker == APP0 and body.startswith(b"JFIF\0") and len(body) == 14


def is_adobe(stream: JpegStream, segment: Segment) -> bool:
    """Whether a segment is Adobe's APP14 with the colour transform (12 bytes or more)."""
    body = stream.data[segment.start + 4 : min(segment.body_end, segment.start + 16)]
    return segment.marker == APP14 and body.startswith(b"Adobe") and len(body) == 12


def _next_marker(data: bytes, position: int, limit: int) -> int:
    """Position of the marker that must stand here, fill bytes skipped."""
    if position < limit and data[position] != 0xFF:
        raise Malformed("bytes between segments", position)
    while position + 1 < limit and data[position + 1] == 0xFF:
        position += 1
    if position + 2 > limit:
        raise Malformed("it ends before its end-of-image marker", truncated=True)
    return position


def _read_segment(data: bytes, position: int, limit: int) -> Segment:
    marker = data[position + 1]
    known = marker in _HEADERS or marker in _TABLES or marker == SOS or is_frame_marker(marker)
    if marker == _DNL:
        raise NotParsed("its height follows its first scan (DNL)", position)
    if not known:
        raise Malformed("a marker that does not belong there", position)
    if position + 4 > limit:
        raise Malformed("a segment is cut short", position, truncated=True)
    length = int.from_bytes(data[position + 2 : position + 4], "big")
    if length < 2:
        raise Malformed("a segment of impossible length", position)
    body_end = position + 2 + length
    if body_end > limit:
        raise Malformed("a segment is cut short", position, truncated=True)
    if marker != SOS:
        return Segment(marker, position, body_end, body_end)
    following = _AFTER_SCAN.search(data, body_end, limit)
    if following is None:
        raise Malformed("a scan is cut short", position, truncated=True)
    return Segment(marker, position, body_end, following.start())


# What the APPn and COM segments of a JPEG hold, told by marker and signature.

EXIF_SIGNATURE = b"Exif\0\0"
XMP_SIGNATURE = b"http://ns.adobe.com/xap/1.0/\0"
EXTENDED_XMP_SIGNATURE = b"http://ns.adobe.com/xmp/extension/\0"
ICC_SIGNATURE = b"ICC_PROFILE\0"
MPF_SIGNATURE = b"MPF\0"
ISO_GAIN_MAP_SIGNATURE = b"urn:iso:std:iso:ts:21496:-1\0"


class HeaderKind(enum.StrEnum):
    """The kinds of header that something here treats in its own way."""

    JFIF = "JFIF"
    AVI1 = "AVI1"
    EXIF = "Exif"
    XMP = "XMP"
    EXTENDED_XMP = "extended XMP"
    ICC = "ICC profile"
    MPF = "MPF"
    ISO_GAIN_MAP = "ISO 21496-1"
    JUMBF = "JUMBF"
    JPEG_HDR = "JPEG-HDR"
    PHOTOSHOP = "Photoshop"
    ADOBE = "Adobe"
    COMMENT = "comment"
    OTHER = "other"


# The Exif signature ends in two zeros, but readers accept any sixth byte.
_SIGNATURES: tuple[tuple[int, bytes, HeaderKind], ...] = (
    (APP0, b"JFIF\0", HeaderKind.JFIF),
    (APP0, b"AVI1", HeaderKind.AVI1),
    (APP1, EXIF_SIGNATURE[:5], HeaderKind.EXIF),
    (APP1, XMP_SIGNATURE, HeaderKind.XMP),
    (APP1, EXTENDED_XMP_SIGNATURE, HeaderKind.EXTENDED_XMP),
    (APP2, ICC_SIGNATURE, HeaderKind.ICC),
    (APP2, MPF_SIGNATURE, HeaderKind.MPF),
    (APP2, ISO_GAIN_MAP_SIGNATURE, HeaderKind.ISO_GAIN_MAP),
    (APP11, b"JP", HeaderKind.JUMBF),
    (APP11, b"HDR_RI", HeaderKind.JPEG_HDR),
    (APP13, b"Photoshop ", HeaderKind.PHOTOSHOP),
    (APP13, b"Adobe_Photoshop", HeaderKind.PHOTOSHOP),
    (APP14, b"Adobe", HeaderKind.ADOBE),
    (COM, b"", HeaderKind.COMMENT),
)
_LONGEST = max(len(signature) for _, signature, _ in _SIGNATURES)


def header_kind(stream: JpegStream, segment: Segment) -> HeaderKind:
    """The kind of one APPn or COM segment."""
    body = stream.data[segment.start + 4 : min(segment.body_end, segment.start + 4 + _LONGEST)]
    for marker, signature, kind in _SIGNATURES:
        if segment.marker == marker and body.startswith(signature):
            return kind
    return HeaderKind.OTHER


def headers_of_kind(stream: JpegStream, kind: HeaderKind) -> list[Segment]:
    """All header segments of one kind, in order."""
    return [segment for segment in stream.headers if header_kind(stream, segment) is kind]
