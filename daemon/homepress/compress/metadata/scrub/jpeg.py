"""JPEG files for sharing, and stripped."""

from homepress.compress.metadata.errors import Malformed, Refusal, Refused
from homepress.compress.metadata.jpeg_file import JpegFile, read_jpeg_file
from homepress.compress.metadata.jpeg_headers import XMP_SIGNATURE, HeaderKind, header_kind
from homepress.compress.metadata.jpeg_segments import (
    END_OF_IMAGE,
    START_OF_IMAGE,
    JpegStream,
    Segment,
    is_adobe,
    is_jfif,
    parse_jpeg,
)
from homepress.compress.metadata.jpeg_tail import Media, Part
from homepress.compress.metadata.samsung import MOTION_PHOTO_DATA, SefTrailer
from homepress.compress.metadata.scrub.exif import share_exif
from homepress.compress.metadata.scrub.video import share_video
from homepress.compress.metadata.scrub.xmp import share_xmp

_WHOLE = frozenset({HeaderKind.ADOBE, HeaderKind.ICC, HeaderKind.MPF, HeaderKind.ISO_GAIN_MAP})
_THUMBNAIL_SIZE = slice(12, 14)
_TIME_BLOCK = 0x0A01
_HARMLESS_BLOCKS = frozenset({MOTION_PHOTO_DATA, _TIME_BLOCK})


def share_jpeg(data: bytes) -> bytes:
    """A JPEG for sharing: same length, same coding, every index and position as before.

    Scrubbed are the headers of the primary and of every appended picture, user data of an appended video,
    Samsung's blocks but for video and time, and what no index names.

    Raises:
        Malformed: not a well-formed JPEG.
        Refused: something in it cannot be followed or vouched for.
    """
    file = read_jpeg_file(data)
    out = bytearray(data)
    _share_stream(file.stream, out)
    for start, end in {(part.start, part.end): None for part in file.parts}:
        named = [part for part in file.parts if (part.start, part.end) == (start, end)]
        _share_part(file, named[0], out)
    for start, end in file.unnamed:
        out[start:end] = bytes(end - start)
    result = bytes(out)
    _prove(file, result)
    return result


def strip_jpeg(data: bytes) -> bytes:
    """The primary image with its colour profile and what fixes its colours and density; nothing else.

    Raises:
        Malformed: not a well-formed JPEG.
    """
    stream = parse_jpeg(data)
    pieces = [START_OF_IMAGE]
    for segment in stream.segments:
        if is_jfif(stream, segment):
            body = stream.payload(segment)[:12] + b"\0\0"
            pieces.append(stream.raw(segment)[:2] + (len(body) + 2).to_bytes(2, "big") + body)
        elif (
            not segment.is_header
            or is_adobe(stream, segment)
            or header_kind(stream, segment) is HeaderKind.ICC
        ):
            pieces.append(stream.raw(segment))
    return b"".join((*pieces, END_OF_IMAGE))


def _share_stream(stream: JpegStream, out: bytearray) -> None:
    for segment in stream.headers:
        out[segment.start + 4 : segment.end] = _shared_payload(stream, segment)


def _shared_payload(stream: JpegStream, segment: Segment) -> bytes:
    """The payload of a header for sharing, in the same length; zeros for one that goes."""
    body = stream.payload(segment)
    kind = header_kind(stream, segment)
    if kind in _WHOLE:
        return body
    if kind is HeaderKind.JFIF:
        has_thumbnail = any(body[_THUMBNAIL_SIZE])
        return body[:12].ljust(len(body), b"\0") if has_thumbnail else body
    if kind is HeaderKind.EXIF:
        block = share_exif(body[6:])
        return body[:6] + block if any(block) else bytes(len(body))
    if kind is HeaderKind.XMP:
        packet = share_xmp(body[len(XMP_SIGNATURE) :])
        return XMP_SIGNATURE + packet if any(packet) else bytes(len(body))
    return bytes(len(body))


def _share_part(file: JpegFile, part: Part, out: bytearray) -> None:
    data = file.stream.data
    if part.media is Media.JPEG and not part.label.startswith("Samsung"):
        _share_picture(data, part, out)
    elif part.label.startswith("Samsung"):
        if file.sef is not None:
            _share_block(data, file.sef, part, out)
    elif part.media is Media.VIDEO:
        trailer = file.sef.start if file.sef is not None else part.end
        end = trailer if part.start < trailer < part.end else part.end
        out[part.start : end] = share_video(data, part.start, end)
    elif part.end > part.start:
        raise Refused(Refusal.UNSUPPORTED, f"{part.label} is neither picture nor video")


def _share_picture(data: bytes, part: Part, out: bytearray) -> None:
    try:
        stream = parse_jpeg(data, part.start, part.end)
    except Malformed as error:
        raise Refused(Refusal.GCONTAINER, f"{part.label}: {error}") from error
    _share_stream(stream, out)
    out[stream.end : part.end] = bytes(part.end - stream.end)


def _share_block(data: bytes, trailer: SefTrailer, part: Part, out: bytearray) -> None:
    """Scrub one Samsung block: its data, or the video in it; names and directory stay."""
    block = next(
        (block for block in trailer.blocks if (block.start, block.end) == (part.start, part.end)), None
    )
    if block is None:
        return  # the directory
    if block.kind == MOTION_PHOTO_DATA:
        out[block.data_start : block.end] = share_video(data, block.data_start, block.end)
    elif block.kind not in _HARMLESS_BLOCKS:
        out[block.data_start : block.end] = bytes(block.end - block.data_start)


def _prove(file: JpegFile, result: bytes) -> None:
    """Read the result afresh: same coding, and every index leads where it led."""
    again = read_jpeg_file(result)
    old, new = ([part.stream.raw(segment) for segment in part.stream.coding] for part in (file, again))
    if old != new or file.parts != again.parts or len(result) != len(file.stream.data):
        raise Refused(Refusal.PROOF, "scrubbing moved something")
