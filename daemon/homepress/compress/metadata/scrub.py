"""Taking what is private out of files of every format: `share` and `strip`."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass

from homepress.base.formats import ImageType, sniff
from homepress.compress.metadata.appended import HARMLESS_BLOCKS, MOTION_PHOTO_DATA, SefTrailer, read_sef
from homepress.compress.metadata.embedded import read_embedded
from homepress.compress.metadata.errors import Malformed, Refused, RewriteRefusal
from homepress.compress.metadata.exif import UPRIGHT, tiff_part
from homepress.compress.metadata.gif import (
    ICC_APPLICATION,
    LOOP_APPLICATIONS,
    GifBlock,
    GifBlockKind,
    read_gif,
)
from homepress.compress.metadata.heif_parts import HeifItems, exif_block
from homepress.compress.metadata.isobmff import Box, ItemInfo, find_boxes, read_boxes
from homepress.compress.metadata.jpeg_file import JpegFile, Media, Part, read_jpeg_file
from homepress.compress.metadata.jpeg_segments import (
    END_OF_IMAGE,
    START_OF_IMAGE,
    XMP_SIGNATURE,
    HeaderKind,
    JpegStream,
    Segment,
    header_kind,
    is_adobe,
    is_jfif,
    parse_jpeg,
)
from homepress.compress.metadata.png import (
    TEXT_KINDS,
    XMP_KEYWORD,
    PngChunk,
    read_chunks,
    read_text,
    write_chunks,
)
from homepress.compress.metadata.scrub_tags import (
    gain_map_exif,
    is_map_packet,
    map_xmp,
    share_exif,
    share_xmp,
)
from homepress.compress.metadata.webp import EXIF, PICTURE_CHUNKS, VP8X, XMP, RiffChunk, read_webp, write_webp

# The video of a motion photo without place and names, in the same length.

_INSIDE = {b"": b"moov", b"moov": b"trak", b"trak": b"mdia"}
"""Which box inside which is opened, from the file down; players look in no other place."""
_EMPTIED = frozenset({b"udta", b"meta", b"uuid", b"free", b"skip"})
"""User data, metadata and vendors' boxes, where place and device names live; and what earlier edits left."""

_SILENT_TRACKS = frozenset({b"vide", b"soun", b"hint"})
_POSES = tuple(
    b"application/" + name
    for name in (b"motionphoto-image-meta", b"microvideo-image-meta", b"microvideo-meta-stream")
)
"""Google's timed metadata: how each frame lies to the still picture."""


def share_video(data: bytes, start: int, end: int) -> bytes:
    """The bytes of an MP4 from `start` to `end` with user data and metadata boxes blanked.

    The boxes become `free` and zeros, so no sample moves.

    Raises:
        Refused: the boxes cannot be followed, or a track of timed metadata may hold a place.
    """
    out = bytearray(data[start:end])
    try:
        _refuse_tracks(data, start, end)
        _empty(data, (start, end), out, start)
    except Malformed as error:
        raise Refused(RewriteRefusal.ISOBMFF, str(error)) from error
    return bytes(out)


def _empty(data: bytes, span: tuple[int, int], out: bytearray, shift: int, kind: bytes = b"") -> None:
    """Blank metadata in the boxes of a span, which is the inside of a box of this kind."""
    for box in read_boxes(data, *span):
        if box.kind in _EMPTIED:
            _blank(box, out, shift)
        elif box.kind == _INSIDE.get(kind):
            _empty(data, (box.content_start, box.end), out, shift, box.kind)


def _blank(box: Box, out: bytearray, shift: int) -> None:
    out[box.start + 4 - shift : box.start + 8 - shift] = b"free"
    out[box.content_start - shift : box.end - shift] = bytes(box.end - box.content_start)


def _refuse_tracks(data: bytes, start: int, end: int) -> None:
    """Refuse tracks other than picture, sound and poses: a camera's movement or place, second by second."""
    for track in find_boxes(data, (b"moov", b"trak"), start, end):
        for handler in find_boxes(data, (b"mdia", b"hdlr"), track.content_start, track.end):
            kind = handler.content(data)[8:12]
            is_pose = any(word in data[track.start : track.end] for word in _POSES)
            if kind not in _SILENT_TRACKS and not is_pose:
                raise Refused(RewriteRefusal.ISOBMFF, f"a track of kind {kind.decode('ascii', 'replace')}")


# JPEG files for sharing, and stripped.

_WHOLE = frozenset({HeaderKind.ADOBE, HeaderKind.ICC, HeaderKind.MPF, HeaderKind.ISO_GAIN_MAP})
_THUMBNAIL_SIZE = slice(12, 14)


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


def _share_stream(stream: JpegStream, out: bytearray, xmp: Callable[[bytes], bytes] = share_xmp) -> None:
    for segment in stream.headers:
        out[segment.start + 4 : segment.end] = _shared_payload(stream, segment, xmp)


def _shared_payload(stream: JpegStream, segment: Segment, xmp: Callable[[bytes], bytes]) -> bytes:
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
        packet = xmp(body[len(XMP_SIGNATURE) :])
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
        raise Refused(RewriteRefusal.UNSUPPORTED, f"{part.label} is neither picture nor video")


def _share_picture(data: bytes, part: Part, out: bytearray) -> None:
    try:
        stream = parse_jpeg(data, part.start, part.end)
    except Malformed as error:
        raise Refused(RewriteRefusal.GCONTAINER, f"{part.label}: {error}") from error
    is_map = is_map_packet(b"".join(stream.payload(each) for each in stream.headers))
    _share_stream(stream, out, map_xmp if is_map else share_xmp)
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
    elif block.kind not in HARMLESS_BLOCKS:
        out[block.data_start : block.end] = bytes(block.end - block.data_start)


def share_blocks(blocks: bytes) -> bytes:
    """Samsung's blocks on their own, as HEIC has them in a box, with what share empties in a JPEG emptied.

    Raises:
        Refused: they cannot be followed.
    """
    trailer = read_sef(b"\0" + blocks, 1)
    out = bytearray(blocks)
    for block in trailer.blocks if trailer is not None else ():
        if block.kind not in HARMLESS_BLOCKS:
            out[block.data_start - 1 : block.end - 1] = bytes(block.end - block.data_start)
    return bytes(out)


def _prove(file: JpegFile, result: bytes) -> None:
    """Read the result afresh: same coding, and every index leads where it led."""
    again = read_jpeg_file(result)
    old, new = ([part.stream.raw(segment) for segment in part.stream.coding] for part in (file, again))
    if old != new or file.parts != again.parts or len(result) != len(file.stream.data):
        raise Refused(RewriteRefusal.PROOF, "scrubbing moved something")


# PNG files for sharing, and stripped.

PNG_PICTURE = frozenset(
    {
        *(b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"bKGD", b"hIST", b"sPLT", b"sBIT"),
        *(b"acTL", b"fcTL", b"fdAT", b"pHYs", b"sTER"),
        *(b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP", b"mDCV", b"cLLI"),
    }
)
"""What makes the picture look as it does."""

_SHARED = PNG_PICTURE | {b"tIME", b"oFFs", b"pCAL", b"sCAL"}
_SHARED_KEYWORDS = frozenset({b"Software", b"Creation Time", b"Source"})
_SHARED_PREFIXES = (b"date:", b"Raw profile type icc", b"Raw profile type icm")


def share_png(data: bytes) -> bytes:
    """A PNG for sharing: picture, colour, dates and software stay, Exif and XMP are scrubbed, the rest goes.

    Raises:
        Malformed: not a well-formed PNG.
    """
    kept = []
    for chunk in read_chunks(data).chunks:
        body = _shared_body(chunk)
        if body is not None:
            kept.append((chunk.kind, body))
    return write_chunks(kept)


def strip_png(data: bytes) -> bytes:
    """A PNG with nothing but the picture, its colour and its pixel density.

    Raises:
        Malformed: not a well-formed PNG.
    """
    return write_chunks(
        (chunk.kind, chunk.body) for chunk in read_chunks(data).chunks if chunk.kind in PNG_PICTURE
    )


def _shared_body(chunk: PngChunk) -> bytes | None:
    """The body of a chunk for sharing; None for one that goes."""
    if chunk.kind in _SHARED:
        return chunk.body
    if chunk.kind == b"eXIf":
        block = share_exif(tiff_part(chunk.body))
        return block if any(block) else None
    return _shared_text(chunk) if chunk.kind in TEXT_KINDS else None


def _shared_text(chunk: PngChunk) -> bytes | None:
    try:
        text = read_text(chunk.kind, chunk.body)
    except Malformed:
        return None
    if text.keyword == XMP_KEYWORD:
        packet = share_xmp(text.text)
        stored = zlib.compress(packet, 9) if text.compressed else packet
        return chunk.body[: text.text_start] + stored if any(packet) else None
    kept = text.keyword in _SHARED_KEYWORDS or text.keyword.startswith(_SHARED_PREFIXES)
    return chunk.body if kept else None


# WebP files for sharing, and stripped.

_KEPT = PICTURE_CHUNKS | {VP8X, b"ICCP"}


def share_webp(data: bytes) -> bytes:
    """A WebP for sharing: picture, colour profile, scrubbed Exif and XMP.

    Raises:
        Malformed: not a well-formed WebP.
    """
    return _rebuilt([(chunk.kind, _shared_riff_body(chunk)) for chunk in read_webp(data).chunks])


def strip_webp(data: bytes) -> bytes:
    """A WebP with nothing but picture and colour profile.

    Raises:
        Malformed: not a well-formed WebP.
    """
    return _rebuilt(
        [(chunk.kind, chunk.body if chunk.kind in _KEPT else b"") for chunk in read_webp(data).chunks]
    )


def _shared_riff_body(chunk: RiffChunk) -> bytes:
    """The body of a chunk for sharing; empty for one that goes."""
    if chunk.kind in _KEPT:
        return chunk.body
    if chunk.kind == b"EXIF":
        block = tiff_part(chunk.body)
        shared = share_exif(block)
        return chunk.body.removesuffix(block) + shared if any(shared) else b""
    if chunk.kind == b"XMP ":
        packet = share_xmp(chunk.body)
        return packet if any(packet) else b""
    return b""


def _rebuilt(chunks: list[tuple[bytes, bytes]]) -> bytes:
    """A file of the chunks that are not empty, with the flags of its header put right."""
    kept = [(kind, body) for kind, body in chunks if body or kind in PICTURE_CHUNKS]
    present = {kind for kind, _ in kept}
    gone = (0 if b"EXIF" in present else EXIF) | (0 if b"XMP " in present else XMP)
    return write_webp(
        (kind, bytes((body[0] & ~gone,)) + body[1:] if kind == VP8X else body) for kind, body in kept
    )


# GIF files without comments and metadata; sharing and stripping are the same for them.

_GIF_PICTURE_BLOCKS = frozenset({GifBlockKind.IMAGE, GifBlockKind.GRAPHIC_CONTROL, GifBlockKind.PLAIN_TEXT})


def share_gif(data: bytes) -> bytes:
    """A GIF with its images, timing, looping and colour profile; comments, XMP and other extensions go.

    Raises:
        Malformed: not a well-formed GIF.
    """
    file = read_gif(data)
    kept = [data[block.start : block.end] for block in file.blocks if _stays(block)]
    return b"".join((data[: file.blocks_start], *kept, data[file.end - 1 : file.end]))


def _stays(block: GifBlock) -> bool:
    return block.kind in _GIF_PICTURE_BLOCKS or block.application in LOOP_APPLICATIONS | {ICC_APPLICATION}


# HEIC, AVIF and JPEG XL: metadata is overwritten where it stands, so no position changes.

_HEIF_KEPT = frozenset({b"ftyp", b"meta", b"mdat"})
_NO_TAGS = b"II*\0\x08\0\0\0\0\0\0\0\0\0"
_NO_XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"
_XMP_TYPE = b"application/rdf+xml"
_APPLES_GAIN_MAP = b"apple:photo:2020:aux:hdrgainmap"
_JXL_PLAIN = frozenset({b"JXL ", b"ftyp", b"jxlc", b"jxlp", b"jxll", b"jxli", b"jhgm"})
"""Codestreams, how they are found, and the gain map, which is coded like them."""
_RECONSTRUCTION = b"jbrd"


def share_heif(data: bytes) -> bytes:
    """A HEIC or AVIF for sharing, in the same length; turning, colours, gain map and depth stay.

    Raises:
        Malformed: its boxes are broken.
        Refused: something in it cannot be followed.
    """
    return _scrubbed_heif(data, share_exif, share_xmp, strips=False)


def strip_heif(data: bytes) -> bytes:
    """A HEIC or AVIF with no tags and no makers' data, in the same length.

    Gain maps, depth maps and mattes keep what says what their values mean; of Apple's maker note that is how
    bright its gain map makes the picture.

    Raises:
        Malformed: its boxes are broken.
        Refused: something in it cannot be followed.
    """
    items = HeifItems(data)
    is_apples = any(
        _APPLES_GAIN_MAP in items.auxiliary_kind(source)
        for kind, source, _ in items.references
        if kind == b"auxl"
    )
    exif = gain_map_exif if is_apples else _nothing
    return _scrubbed_heif(data, exif, _nothing, strips=True)


def _nothing(block: bytes) -> bytes:
    return block[:0]


def _scrubbed_heif(
    data: bytes, exif: Callable[[bytes], bytes], xmp: Callable[[bytes], bytes], *, strips: bool
) -> bytes:
    out = bytearray(data)
    for box in read_boxes(data):
        if box.kind == b"moov":
            raise Refused(RewriteRefusal.ISOBMFF, "a sequence of pictures")
        if box.kind == b"mpvd" and not strips:
            out[box.content_start : box.end] = share_video(data, box.content_start, box.end)
        elif box.kind not in _HEIF_KEPT:
            _blank(box, out, 0)
    items = HeifItems(data)
    for box in (*items.foreign_boxes(), *items.descriptions()):
        _blank(box, out, 0)
    for start, end in items.unreached():
        out[start:end] = bytes(end - start)
    for number, info in items.infos.items():
        start, end = items.place(number)
        if info.kind not in (b"Exif", b"mime", b"uri "):
            continue
        if start == end:
            raise Refused(RewriteRefusal.ISOBMFF, "metadata in several pieces")
        of_map = items.describes_maps(number)
        out[start:end] = _scrubbed_item(info, data[start:end], exif, map_xmp if of_map else xmp)
    return bytes(out)


def _scrubbed_item(
    info: ItemInfo, item: bytes, exif: Callable[[bytes], bytes], xmp: Callable[[bytes], bytes]
) -> bytes:
    """An item with less in it, in the same length."""
    if info.kind == b"Exif":
        block = exif_block(item)
        shared = exif(block)
        kept = shared if any(shared) else _NO_TAGS
        return (bytes(4) + kept).ljust(len(item), b"\0")[: len(item)]
    if info.mime == _XMP_TYPE:
        packet = xmp(item)
        kept = packet if any(packet) else _NO_XMP
        return kept.ljust(len(item))[: len(item)]
    return bytes(len(item))


def share_jxl(data: bytes) -> bytes:
    """A JPEG XL for sharing, in the same length.

    Raises:
        Malformed: its boxes are broken.
        Refused: it is to give back a JPEG bit for bit, metadata and all.
    """
    return _scrubbed_jxl(data, share_exif, share_xmp)


def strip_jxl(data: bytes) -> bytes:
    """A JPEG XL with no tags, in the same length.

    Raises:
        Malformed, Refused: as `share_jxl`.
    """
    return _scrubbed_jxl(data, _nothing, _nothing)


def _scrubbed_jxl(data: bytes, exif: Callable[[bytes], bytes], xmp: Callable[[bytes], bytes]) -> bytes:
    if data.startswith(b"\xff\x0a"):
        return data  # a bare codestream, which has no metadata
    out = bytearray(data)
    kinds = {b"Exif": ItemInfo(0, b"Exif", b""), b"xml ": ItemInfo(0, b"mime", _XMP_TYPE)}
    for box in read_boxes(data):
        if box.kind == _RECONSTRUCTION:
            raise Refused(RewriteRefusal.DEPENDS_ON_CODING, "it gives a JPEG back, with all that was in it")
        if box.kind in kinds:
            out[box.content_start : box.end] = _scrubbed_item(kinds[box.kind], box.content(data), exif, xmp)
        elif box.kind not in _JXL_PLAIN:
            _blank(box, out, 0)
    return bytes(out)


# Files for sharing (`share`) and files stripped of all metadata (`strip`).

_SHARE: dict[ImageType, Callable[[bytes], bytes]] = {
    ImageType.JPEG: share_jpeg,
    ImageType.PNG: share_png,
    ImageType.WEBP: share_webp,
    ImageType.GIF: share_gif,
    ImageType.HEIC: share_heif,
    ImageType.AVIF: share_heif,
    ImageType.JXL: share_jxl,
}
_STRIP: dict[ImageType, Callable[[bytes], bytes]] = {
    ImageType.JPEG: strip_jpeg,
    ImageType.PNG: strip_png,
    ImageType.WEBP: strip_webp,
    ImageType.GIF: share_gif,
    ImageType.HEIC: strip_heif,
    ImageType.AVIF: strip_heif,
    ImageType.JXL: strip_jxl,
}
_TURNED_ELSEWHERE = frozenset({ImageType.HEIC, ImageType.AVIF, ImageType.JXL})
"""Formats that do not go by Exif for how a picture is to be turned."""


@dataclass(frozen=True, slots=True)
class Stripped:
    """A file without metadata.

    Attributes:
        data: the file.
        orientation: how the source said its picture is to be turned, 1 to 8. Nothing in `data` says it any
            more: unless it is 1 the caller turns the pixels.
    """

    data: bytes
    orientation: int


def share(data: bytes) -> bytes:
    """A file without location, serial numbers, names, descriptions and embedded thumbnail.

    Orientation, colour profile, dates, make, model and exposure stay; no pixel changes. A JPEG keeps its
    length, gain maps, further pictures and video; blanked headers can be dropped later with
    `swap_primary(..., trim=True)`.

    Raises:
        Malformed: the file's structure is broken.
        Refused: another format, or something in it cannot be vouched for.
    """
    return _edit(data, _SHARE)


def strip(data: bytes) -> Stripped:
    """A file with its picture, animation and colour profile, and nothing else.

    What is appended to a JPEG goes too: gain map, further pictures, video.

    Raises:
        Malformed: the file's structure is broken.
        Refused: another format.
    """
    stripped = _edit(data, _STRIP)
    turned = UPRIGHT if sniff(data[:64]) in _TURNED_ELSEWHERE else read_embedded(data).orientation
    return Stripped(stripped, turned)


def _edit(data: bytes, editors: dict[ImageType, Callable[[bytes], bytes]]) -> bytes:
    image_type = sniff(data[:64])
    if image_type not in editors:
        raise Refused(RewriteRefusal.UNSUPPORTED, str(image_type or "unknown"))
    return editors[image_type](data)
