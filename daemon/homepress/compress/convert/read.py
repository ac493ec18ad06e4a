"""Reading a picture of any format in full, upright, with its metadata, or saying what would be lost."""

from collections.abc import Callable, Iterator, Mapping

import numpy as np
from PIL import Image

from homepress.base.formats import FORMATS, ImageType
from homepress.compress.convert.along import (
    IN_WORDS,
    Wanted,
    decoded,
    density,
    frame_count,
    read_metadata,
    upright,
)
from homepress.compress.convert.bmp import check_bmp
from homepress.compress.convert.heif import read_heif
from homepress.compress.convert.jxl import CODESTREAM, decode_jxl, read_header, to_jpeg
from homepress.compress.convert.picture import CannotConvert, Picture, Rgba, dithered, to_rgba
from homepress.compress.convert.png_colours import colour_profile
from homepress.compress.convert.tiff import read_tiff
from homepress.compress.jpeg.whole import JPEG_FORMATS, decode_whole, obstacle
from homepress.compress.metadata import JpegStream, Malformed, parse_jpeg, picture_only
from homepress.compress.metadata.embedded import read_embedded
from homepress.compress.metadata.exif import UPRIGHT
from homepress.compress.metadata.isobmff import read_boxes
from homepress.compress.metadata.jpeg_file import read_jpeg_file, xmp_packet
from homepress.compress.metadata.jpeg_segments import HeaderKind, header_kind, headers_of_kind, is_jfif
from homepress.compress.metadata.jpeg_tail import JpegTail, held_extras, taken_out
from homepress.compress.metadata.png import TEXT_KINDS, XMP_KEYWORD, PngChunk, read_text
from homepress.compress.metadata.soundness import (
    check_jpeg_metadata,
    check_png_metadata,
    check_webp_metadata,
)
from homepress.compress.metadata.webp import PICTURE_CHUNKS, VP8X, read_webp
from homepress.compress.model import Extra
from homepress.compress.parts import Fate, fate
from homepress.compress.pixels import (
    MOST_PIXELS,
    TooManyPixels,
    Undecodable,
    open_picture,
)
from homepress.compress.png.pixels import (
    BrokenPicture,
    PngFile,
    check_may_change,
    pixel_rows,
    read_png,
)
from homepress.compress.score.ssimulacra2 import to_srgb

# Reading WebP, GIF and BMP: formats that Pillow decodes without losing depth.

_MODES = frozenset({"1", "L", "P", "RGB", "RGBA", "LA", "PA"})


def _read_plain(source: bytes, kind: ImageType, wanted: Wanted) -> Picture:  # noqa: ARG001
    """Decode a still picture; see `read_picture`."""
    if kind is ImageType.WEBP:
        file = read_webp(source)
        check_webp_metadata(file)
        known = PICTURE_CHUNKS | {VP8X, b"ICCP", b"EXIF", b"XMP "}
        if other := next((each.kind for each in file.chunks if each.kind not in known), b""):
            what = "is signed" if other == b"C2PA" else "holds data of a kind that is not known"
            raise CannotConvert(f"it {what} (chunk {other.decode('latin-1').strip()})")
    if kind is ImageType.BMP:
        check_bmp(source)
    if frame_count(source, FORMATS[kind].pillow[0]) > 1:
        raise CannotConvert("it is animated")
    image = decoded(source, FORMATS[kind].pillow[0])
    if image.mode not in _MODES:
        raise CannotConvert(f"its pixels are of another kind ({image.mode})")
    along = read_metadata(source)
    return Picture(
        rgba=upright(to_rgba(image), along.orientation),
        icc=along.icc,
        exif=along.exif,
        xmp=along.xmp,
        density=density(image),
    )


# Reading PNG.

_METRE = 39.3701  # inches
_SCALES = frozenset({b"sCAL", b"pCAL", b"oFFs", b"sTER"})
_DRAWN = frozenset(
    {
        *(b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"bKGD", b"hIST", b"sPLT", b"sBIT", b"iDOT"),
        *(b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP", b"pHYs", b"eXIf"),
    }
)
"""What the picture is made of, what is told in another way, and hints for screens of few colours."""


def _read_png(source: bytes, kind: ImageType, wanted: Wanted) -> Picture:  # noqa: ARG001
    """Decode a still PNG; see `read_picture`."""
    file = read_png(source)
    check_may_change(file)
    check_png_metadata(file.chunks)
    if file.is_animated:
        raise CannotConvert("it is animated")
    deep = file.header.depth == 16
    if deep and fate("16-bit", ImageType.PNG, wanted.target) is Fate.REFUSED:
        raise CannotConvert("it has 16 bits a channel, and a PNG would keep 8 of them; convert it for that")
    if scale := next((each.kind.decode() for each in file.chunks if each.kind in _SCALES), ""):
        raise CannotConvert(f"it says how large things in it are ({scale}), which would no longer be true")
    chunks, dropped = _other_chunks(file, wanted.target)
    if file.header.pixels > MOST_PIXELS:
        raise TooManyPixels(f"more than {MOST_PIXELS // 1_000_000} megapixels")
    along = read_metadata(source)
    try:
        rgba = np.concatenate(list(_shallow_rows(file)))
    except BrokenPicture as error:
        raise Undecodable(str(error)) from error
    return Picture(
        rgba=upright(rgba, along.orientation),
        icc=colour_profile(file, along.icc),
        exif=along.exif,
        xmp=along.xmp,
        density=_density(file),
        chunks=chunks,
        dropped=("16-bit", *dropped) if deep else dropped,
    )


def _shallow_rows(file: PngFile) -> Iterator[Rgba]:
    """The pixels in strips, of 8 bits a channel."""
    top = 0
    for rows in pixel_rows(file.picture):
        deep = file.header.depth == 16
        yield dithered(rows.astype(np.uint16), top) if deep else rows.astype(np.uint8, copy=False)
        top += len(rows)


def _other_chunks(
    file: PngFile, target: ImageType
) -> tuple[tuple[tuple[bytes, bytes], ...], tuple[str, ...]]:
    """The chunks that go along to another PNG, and what is left out of other formats.

    Raises:
        CannotConvert: a chunk is not known, and the target is no PNG.
    """
    chunks, texts = [], False
    for each in file.chunks:
        if each.kind in _DRAWN or (each.kind in TEXT_KINDS and _is_read(each)):
            continue
        if each.kind not in TEXT_KINDS and each.kind != b"tIME":
            if fate("unknown", ImageType.PNG, target) is Fate.REFUSED:
                raise CannotConvert(f"it holds data of a kind that is not known (chunk {each.kind.decode()})")
        else:
            texts = True
        chunks.append((each.kind, each.body))
    if target is ImageType.PNG:
        return tuple(chunks), ()
    return (), ("text",) if texts else ()


def _is_read(chunk: PngChunk) -> bool:
    """Whether a text chunk is metadata that is taken along in another way."""
    try:
        text = read_text(chunk.kind, chunk.body)
    except Malformed:
        return False
    return text.keyword == XMP_KEYWORD or text.raw_profile is not None


def _density(file: PngFile) -> tuple[float, float] | None:
    for each in file.chunks:
        if each.kind == b"pHYs" and len(each.body) == 9 and each.body[8] == 1:
            across, down = (int.from_bytes(each.body[at : at + 4], "big") / _METRE for at in (0, 4))
            return (across, down) if across >= 1.0 and down >= 1.0 else None
    return None


# Reading JPEG.

_REBUILT = frozenset(
    {HeaderKind.JFIF, HeaderKind.ADOBE, HeaderKind.EXIF, HeaderKind.XMP, HeaderKind.ICC, HeaderKind.MPF}
)
_REGIONS = (b"http://www.metadataworkinggroup.com/schemas/regions/", b"http://ns.microsoft.com/photo/1.2/")
"""Faces in pictures, as the Metadata Working Group and Microsoft have them."""
_INKS = "CMYK"
_JPEG_MODES = frozenset({"L", "RGB", _INKS})


def _read_jpeg(source: bytes, kind: ImageType, wanted: Wanted) -> Picture:  # noqa: ARG001
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
        raise CannotConvert(f"its colours are {opened.mode}")
    inks = opened.mode == _INKS
    aspect = _aspect(stream)
    if aspect and wanted.target is not ImageType.JPEG:
        raise CannotConvert("its pixels are not square, which only JPEG can say here")
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
    return f"it holds {what}, which {target.value.upper()} cannot carry; to take that out, drop: {names}"


def _headers(stream: JpegStream) -> tuple[bytes, ...]:
    """The header segments that are not built anew, whole."""
    return tuple(
        stream.raw(segment) for segment in stream.headers if header_kind(stream, segment) not in _REBUILT
    )


# Reading JPEG XL (with pillow-jxl-plugin, where it is installed).

_COMPRESSED = b"brob"


def _read_jxl(source: bytes, kind: ImageType, wanted: Wanted) -> Picture:  # noqa: ARG001
    """Decode a still JPEG XL of 8 bits; see `read_picture`."""
    header = read_header(source)
    if header.animated:
        raise CannotConvert("it is animated")
    if header.depth != 8:
        depth = f"{header.depth} bits" if header.depth else "floating-point numbers"
        raise CannotConvert(f"it has {depth} a channel")
    if header.width * header.height > MOST_PIXELS:
        raise TooManyPixels(f"more than {MOST_PIXELS // 1_000_000} megapixels")
    if (jpeg := to_jpeg(source)) is not None:
        return _read_jpeg(jpeg, ImageType.JPEG, wanted)
    if not source.startswith(CODESTREAM) and any(box.kind == _COMPRESSED for box in read_boxes(source)):
        raise CannotConvert("its metadata is compressed (Brotli)")
    decoded = decode_jxl(source)
    along = read_metadata(source)
    return Picture(np.ascontiguousarray(decoded.rgba), decoded.icc, along.exif, along.xmp)


_READERS: dict[ImageType, Callable[[bytes, ImageType, Wanted], Picture]] = {
    ImageType.JPEG: _read_jpeg,
    ImageType.PNG: _read_png,
    ImageType.WEBP: _read_plain,
    ImageType.GIF: _read_plain,
    ImageType.BMP: _read_plain,
    ImageType.TIFF: read_tiff,
    ImageType.HEIC: read_heif,
    ImageType.AVIF: read_heif,
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
    return read(source, kind, wanted)
