"""Reading a picture of any format in full, upright, with its metadata, or saying what would be lost."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from PIL import Image

from homepress.base.formats import ImageType
from homepress.compress.convert.along import IN_WORDS, Wanted, density, read_metadata, upright
from homepress.compress.convert.heif import read_avif, read_heic
from homepress.compress.convert.jxl import check_boxes, decode_jxl, read_header, to_jpeg
from homepress.compress.convert.picture import ANIMATED, CannotConvert, Picture, to_rgba
from homepress.compress.convert.plain import read_bmp_picture, read_gif_picture, read_webp_picture
from homepress.compress.convert.png import read_png_picture
from homepress.compress.convert.tiff import read_tiff
from homepress.compress.jpeg.whole import JPEG_FORMATS, decode_whole, obstacle
from homepress.compress.metadata import JpegStream, parse_jpeg, picture_only
from homepress.compress.metadata.embedded import read_embedded
from homepress.compress.metadata.exif import UPRIGHT
from homepress.compress.metadata.jpeg_file import read_jpeg_file, xmp_packet
from homepress.compress.metadata.jpeg_segments import HeaderKind, header_kind, headers_of_kind, is_jfif
from homepress.compress.metadata.jpeg_tail import JpegTail, held_extras, taken_out
from homepress.compress.metadata.soundness import check_jpeg_metadata
from homepress.compress.model import Extra
from homepress.compress.pixels import MOST_PIXELS, TooManyPixels, colours, open_picture
from homepress.compress.score.ssimulacra2 import to_srgb

# Reading JPEG.

_REBUILT = frozenset(
    {HeaderKind.JFIF, HeaderKind.ADOBE, HeaderKind.EXIF, HeaderKind.XMP, HeaderKind.ICC, HeaderKind.MPF}
)
_REGIONS = (b"http://www.metadataworkinggroup.com/schemas/regions/", b"http://ns.microsoft.com/photo/1.2/")
"""Faces in pictures, as the Metadata Working Group and Microsoft have them."""
_INKS = "CMYK"
_JPEG_MODES = frozenset({"L", "RGB", _INKS})


def _read_jpeg(source: bytes, wanted: Wanted) -> Picture:
    """Decode a JPEG; what stands behind its picture goes along to another JPEG. See `read_picture`.

    Inks become sRGB through their profile; without one, as screens show them that know no better: each ink
    takes its share of one colour's light, and black its share of all three.
    """
    source, dropped = taken_out(source, wanted.drop)
    stream = parse_jpeg(source)
    kinds = {header_kind(stream, segment) for segment in stream.headers}
    if kinds & {HeaderKind.JUMBF, HeaderKind.JPEG_HDR}:
        raise CannotConvert("it is signed or carries further layers")
    file = read_jpeg_file(source)
    held = held_extras(file)
    if held and wanted.target is not ImageType.JPEG:
        raise CannotConvert(_left_behind(held, wanted.target))
    tail = JpegTail(file, {}) if file.has_tail and wanted.target is ImageType.JPEG else None
    if trouble := obstacle(stream):
        raise CannotConvert(trouble)
    check_jpeg_metadata(stream)
    opened = open_picture(picture_only(stream), JPEG_FORMATS)
    if opened.mode not in _JPEG_MODES:
        raise CannotConvert(f"its colours are {colours(opened.mode)}")
    inks = opened.mode == _INKS
    aspect = _aspect(stream)
    named = () if wanted.target is ImageType.JPEG else _unsaid(stream)
    packets = [xmp_packet(stream, segment) for segment in headers_of_kind(stream, HeaderKind.XMP)]
    if len(packets) > 1:
        raise CannotConvert("it has more than one block of Exif or XMP")
    along = read_metadata(source, iptc=True, xmp=packets, inks=inks)
    exif, xmp, turn = along.exif, along.xmp, along.orientation
    has_regions = any(mark in packet for packet in packets for mark in _REGIONS)
    if has_regions and turn != UPRIGHT and wanted.target is not ImageType.JPEG:
        raise CannotConvert("it says where faces are, which would no longer be true once it is turned")
    # What goes along lies as the picture was stored, and so must the picture.
    if tail is not None or (has_regions and wanted.target is ImageType.JPEG):
        exif, xmp, turn = tail_exif(stream), packets[0] if packets else None, UPRIGHT
    pixels = decode_whole(stream)[:, :]
    if inks:
        pixels = to_srgb(_INKS, read_embedded(source).icc)(pixels)
    return Picture(
        rgba=upright(to_rgba(Image.fromarray(pixels)), turn),
        icc=along.icc,
        exif=exif,
        xmp=xmp,
        density=density(opened),
        jpeg_headers=_headers(stream),
        tail=tail,
        aspect=aspect,
        dropped=(*dropped, *(("cmyk",) if inks else ()), *named),
    )


def _aspect(stream: JpegStream) -> bytes:
    """Unit and shape of the pixels in the JFIF header, where they are not square; else nothing."""
    for segment in stream.headers:
        if is_jfif(stream, segment):
            body = stream.payload(segment)
            return body[7:12] if body[8:10] != body[10:12] and any(body[8:10]) and any(body[10:12]) else b""
    return b""


def _unsaid(stream: JpegStream) -> tuple[str, ...]:
    """What other formats have no place for, in the words of the table of parts."""
    kinds = {HeaderKind.COMMENT: "comment", HeaderKind.PHOTOSHOP: "photoshop"}
    return tuple(word for kind, word in kinds.items() if headers_of_kind(stream, kind))


def tail_exif(stream: JpegStream) -> bytes | None:
    """The Exif block as it is, orientation and all."""
    blocks = headers_of_kind(stream, HeaderKind.EXIF)
    return stream.payload(blocks[0])[6:] if blocks else None


def _left_behind(held: Mapping[Extra, object], target: ImageType) -> str:
    names = ", ".join(extra.value for extra in Extra if extra in held)
    what = ", ".join(words for extra, words in IN_WORDS.items() if extra in held)
    return f"it holds {what}, which {target.value.upper()} cannot carry; to take that out, drop {names}"


def _headers(stream: JpegStream) -> tuple[bytes, ...]:
    """The header segments that are not built anew, whole."""
    return tuple(
        stream.raw(segment) for segment in stream.headers if header_kind(stream, segment) not in _REBUILT
    )


# Reading JPEG XL (with pillow-jxl-plugin, where it is installed).


def _read_jxl(source: bytes, wanted: Wanted) -> Picture:
    """Decode a still JPEG XL of 8 bits; see `read_picture`."""
    header = read_header(source)
    dropped = check_boxes(source, wanted)
    if header.animated:
        raise CannotConvert(ANIMATED)
    if header.depth != 8:
        depth = f"{header.depth} bits" if header.depth else "floating-point numbers"
        raise CannotConvert(f"it has {depth} a channel, of which only 8 bits can be read here")
    if header.width * header.height > MOST_PIXELS:
        raise TooManyPixels(f"more than {MOST_PIXELS // 1_000_000} megapixels")
    if (jpeg := to_jpeg(source)) is not None:
        picture = _read_jpeg(jpeg, wanted)
        return replace(picture, dropped=(*picture.dropped, *dropped))
    if header.extra_channels:
        raise CannotConvert("it has a channel that is neither colour nor transparency")
    decoded = decode_jxl(source)
    along = read_metadata(source)
    rgba = np.ascontiguousarray(decoded.rgba)
    return Picture(rgba, decoded.icc, along.exif, along.xmp, dropped=dropped)


_READERS: dict[ImageType, Callable[[bytes, Wanted], Picture]] = {
    ImageType.JPEG: _read_jpeg,
    ImageType.PNG: read_png_picture,
    ImageType.WEBP: read_webp_picture,
    ImageType.GIF: read_gif_picture,
    ImageType.BMP: read_bmp_picture,
    ImageType.TIFF: read_tiff,
    ImageType.HEIC: read_heic,
    ImageType.AVIF: read_avif,
    ImageType.JXL: _read_jxl,
}


def read_picture(source: bytes, kind: ImageType, wanted: Wanted) -> Picture:
    """Decode a picture that is to be converted or resized.

    Args:
        source: the bytes of the file.
        kind: their format.
        wanted: what it is read for.

    Raises:
        CannotConvert: it holds something that would be lost: more frames, more bits, a gain map.
        Malformed, Refused: its structure is broken or cannot be followed.
        Undecodable: it does not decode in full.
        TooManyPixels: it is too large to decode.
    """
    read = _READERS.get(kind)
    if read is None:
        raise CannotConvert(f"{kind.value.upper()} is not converted")
    return read(source, wanted)
