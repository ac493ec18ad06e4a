"""Reading a picture of any format in full, upright, with its metadata, or saying what would be lost."""

import dataclasses
import io
import re
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import AvifImagePlugin, Image

from homepress.base.formats import FORMATS, ImageType
from homepress.compress.convert import gain as gain_map
from homepress.compress.convert.jxl import CODESTREAM, decode_jxl, read_header, to_jpeg
from homepress.compress.convert.picture import CannotConvert, Picture, Rgba, codec, to_image, to_rgba
from homepress.compress.jpeg.whole import JPEG_FORMATS, decode_whole, obstacle
from homepress.compress.metadata import JpegStream, Refused, parse_jpeg, picture_only
from homepress.compress.metadata.appended import MOTION_PHOTO_DATA, read_sef
from homepress.compress.metadata.embedded import read_embedded
from homepress.compress.metadata.exif import UPRIGHT, without_orientation
from homepress.compress.metadata.heif_parts import (
    SAMSUNG_BLOCKS,
    HeifExtra,
    HeifItems,
    exif_block,
    heif_extras,
)
from homepress.compress.metadata.isobmff import read_boxes
from homepress.compress.metadata.jpeg_file import read_jpeg_file, xmp_packet
from homepress.compress.metadata.jpeg_segments import HeaderKind, header_kind, headers_of_kind
from homepress.compress.metadata.jpeg_tail import JpegTail, held_extras, taken_out, without_indexes
from homepress.compress.metadata.soundness import (
    check_jpeg_metadata,
    check_png_metadata,
    check_webp_metadata,
    exif_damage,
)
from homepress.compress.metadata.webp import read_webp
from homepress.compress.model import Extra
from homepress.compress.pixels import (
    MOST_PIXELS,
    TooManyPixels,
    Undecodable,
    decode,
    open_picture,
    orientation,
)
from homepress.compress.png.pixels import (
    BrokenPicture,
    PngFile,
    check_may_change,
    has_usual_gamma,
    pixel_rows,
    read_png,
)

# Turning stored pixels the way an orientation asks for (CIPA DC-008, tag Orientation).


def upright(rgba: Rgba, orientation: int) -> Rgba:
    """The pixels turned and mirrored so that no orientation is needed any more.

    Args:
        rgba: height x width x 4 as stored.
        orientation: 1 to 8; 5 to 8 swap width and height.
    """
    if orientation >= 5:
        rgba = rgba.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        rgba = rgba[:, ::-1]
    if orientation in (3, 4, 7, 8):
        rgba = rgba[::-1]
    return np.ascontiguousarray(rgba)


# Opening pictures with Pillow and asking them things that make it read on.

# What Pillow's readers raise on bad bytes; RuntimeError comes from libavif's.
_READER_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    EOFError,
    RuntimeError,
    struct.error,
)


def frame_count(source: bytes, format_name: str) -> int:
    """How many frames or pages a picture has.

    Raises:
        Undecodable: its structure is broken.
        TooManyPixels: as `open_picture`.
    """
    try:
        return int(getattr(open_picture(source, (format_name,)), "n_frames", 1))
    except _READER_ERRORS as error:
        raise Undecodable(str(error) or type(error).__name__) from error


def decoded(source: bytes, format_name: str) -> Image.Image:
    """A picture with all pixels of its first frame.

    Raises:
        Undecodable: the bytes do not decode in full.
        TooManyPixels: as `open_picture`.
    """
    try:
        return decode(source, (format_name,))
    except RuntimeError as error:
        raise Undecodable(str(error)) from error


# The metadata that goes along when a picture changes its format.

_IPTC_RESOURCE = b"8BIM\x04\x04"
_XMP_ORIENTATION = re.compile(rb"(tiff:Orientation\s*(?:=\s*[\"']|>))[2-8](?=[\"'<])")
_RGB, _GREY = b"RGB ", b"GRAY"


@dataclass(frozen=True, slots=True)
class CarriedMetadata:
    """Metadata of an upright picture.

    Attributes:
        icc: its colour profile.
        exif: its Exif block, without orientation.
        xmp: its XMP packet.
        orientation: how the stored pixels are to be turned.
    """

    icc: bytes | None
    exif: bytes | None
    xmp: bytes | None
    orientation: int = UPRIGHT


def read_metadata(
    source: bytes,
    *,
    iptc: bool = False,
    exif: Sequence[bytes] | None = None,
    xmp: Sequence[bytes] | None = None,
) -> CarriedMetadata:
    """What is carried over.

    Args:
        source: the bytes of the file.
        iptc: whether IPTC captions are taken care of elsewhere.
        exif: the blocks of the main picture, where a file may hold those of others too.
        xmp: its packets, likewise.

    Raises:
        CannotConvert: there is metadata that has no place in other formats.
        Malformed: the file's structure is broken.
    """
    found = read_embedded(source)
    packets = found.xmp if xmp is None else tuple(xmp)
    if exif is not None:
        found = dataclasses.replace(found, exif=tuple(exif))
    if len(found.exif) > 1 or len(packets) > 1:
        raise CannotConvert("it has more than one block of Exif or XMP")
    if not iptc and any(_IPTC_RESOURCE in block or block[:1] == b"\x1c" for block in found.iptc):
        raise CannotConvert("it has IPTC captions, which other formats cannot carry")
    if found.icc is not None and found.icc[16:20] not in (_RGB, _GREY):
        raise CannotConvert("its colours are neither RGB nor grey")
    if found.exif and (damage := exif_damage(found.exif[0])):
        raise CannotConvert(damage)
    block = without_orientation(found.exif[0]) if found.exif else None
    packet = _XMP_ORIENTATION.sub(rb"\g<1>1", packets[0]) if packets else None
    return CarriedMetadata(found.icc, block, packet, found.orientation)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a picture is read for.

    Attributes:
        target: the format that it will be written in.
        drop: what is taken out.
    """

    target: ImageType
    drop: frozenset[Extra] = frozenset()


_IN_WORDS = {
    Extra.HDR: "an HDR gain map",
    Extra.DEPTH: "a depth map or matte",
    Extra.MOTION: "a motion video",
    Extra.PICTURES: "further pictures",
    Extra.MAKER: "data of its maker",
}

# Reading WebP, GIF and BMP: formats that Pillow decodes without losing depth.

_BMP_PROFILES = (b"DEBM", b"KNIL")  # "MBED" and "LINK", the way round that they are stored
_MODES = frozenset({"1", "L", "P", "RGB", "RGBA", "LA", "PA"})


def _read_plain(source: bytes, kind: ImageType, wanted: Wanted) -> Picture:  # noqa: ARG001
    """Decode a still picture; see `read_picture`."""
    if kind is ImageType.WEBP:
        check_webp_metadata(read_webp(source))
    if frame_count(source, FORMATS[kind].pillow[0]) > 1:
        raise CannotConvert("it is animated")
    image = decoded(source, FORMATS[kind].pillow[0])
    if image.mode not in _MODES:
        raise CannotConvert(f"its pixels are of another kind ({image.mode})")
    if kind is ImageType.BMP and _has_own_colours(source):
        raise CannotConvert("it holds or names a colour profile, which is not read from BMP")
    along = read_metadata(source)
    return Picture(
        rgba=upright(to_rgba(image), along.orientation),
        icc=along.icc,
        exif=along.exif,
        xmp=along.xmp,
        density=density(image),
    )


def _has_own_colours(bmp: bytes) -> bool:
    """Whether a BMP's header (version 4 or 5) says that a profile is embedded or linked."""
    header = int.from_bytes(bmp[14:18], "little")
    return header >= 108 and bmp[70:74] in _BMP_PROFILES


def density(image: Image.Image) -> tuple[float, float] | None:
    """Pixels an inch, across and down, as the container says; None where it does not, or nonsense."""
    value = image.info.get("dpi")
    if not isinstance(value, tuple) or len(value) != 2:
        return None
    across, down = float(value[0]), float(value[1])
    return (across, down) if 1.0 <= across <= 65_535.0 and 1.0 <= down <= 65_535.0 else None


# Reading PNG.

_HDR = (b"cICP", b"mDCV", b"cLLI")
_METRE = 39.3701  # inches


def _read_png(source: bytes, kind: ImageType, wanted: Wanted) -> Picture:  # noqa: ARG001
    """Decode a still PNG of up to 8 bits; see `read_picture`."""
    file = read_png(source)
    check_may_change(file)
    check_png_metadata(file.chunks)
    if file.is_animated:
        raise CannotConvert("it is animated")
    if file.header.depth == 16:
        raise CannotConvert("it has 16 bits a channel")
    if any(file.has(chunk) for chunk in _HDR):
        raise CannotConvert("its colours are described by cICP, which only PNG carries here")
    if file.has(b"gAMA") and not (file.has(b"sRGB") or file.has(b"iCCP") or has_usual_gamma(file)):
        raise CannotConvert("it has a tone curve of its own (gAMA)")
    if file.header.pixels > MOST_PIXELS:
        raise TooManyPixels(f"more than {MOST_PIXELS // 1_000_000} megapixels")
    along = read_metadata(source)
    try:
        rgba = np.concatenate(list(pixel_rows(file.picture))).astype(np.uint8, copy=False)
    except BrokenPicture as error:
        raise Undecodable(str(error)) from error
    return Picture(
        rgba=upright(rgba, along.orientation),
        icc=along.icc,
        exif=along.exif,
        xmp=along.xmp,
        density=_density(file),
    )


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
_JPEG_MODES = frozenset({"L", "RGB"})


def _read_jpeg(source: bytes, kind: ImageType, wanted: Wanted) -> Picture:  # noqa: ARG001
    """Decode a JPEG; what stands behind its picture goes along to another JPEG. See `read_picture`."""
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
    image = Image.fromarray(decode_whole(stream)[:, :])
    packets = [xmp_packet(stream, segment) for segment in headers_of_kind(stream, HeaderKind.XMP)]
    if len(packets) > 1:
        raise CannotConvert("it has more than one block of Exif or XMP")
    along = read_metadata(source, iptc=True, xmp=packets)
    exif, xmp, turn = along.exif, along.xmp, along.orientation
    if tail is not None:  # what goes along lies as the picture was stored, and so must the picture
        exif, xmp, turn = tail_exif(stream), packets[0] if packets else None, UPRIGHT
    return Picture(
        rgba=upright(to_rgba(image), turn),
        icc=along.icc,
        exif=exif,
        xmp=xmp,
        density=density(opened),
        jpeg_headers=_headers(stream),
        tail=tail,
        dropped=dropped,
    )


def tail_exif(stream: JpegStream) -> bytes | None:
    """The Exif block as it is, orientation and all."""
    blocks = headers_of_kind(stream, HeaderKind.EXIF)
    return stream.payload(blocks[0])[6:] if blocks else None


def _left_behind(held: Mapping[Extra, object], target: ImageType) -> str:
    names = ", ".join(extra.value for extra in Extra if extra in held)
    what = ", ".join(words for extra, words in _IN_WORDS.items() if extra in held)
    return f"it holds {what}, which {target.value.upper()} cannot carry; to take that out, drop: {names}"


def _headers(stream: JpegStream) -> tuple[bytes, ...]:
    """The header segments that are not built anew, whole."""
    return tuple(
        stream.raw(segment) for segment in stream.headers if header_kind(stream, segment) not in _REBUILT
    )


# Reading TIFF.

_BITS, _SAMPLE_FORMAT = 258, 339
_FURTHER = 330  # SubIFDs: smaller copies, or pictures of their own
_EXIF, _GPS = 0x8769, 0x8825
_TIFF_MODES = frozenset({"1", "L", "P", "RGB", "RGBA", "LA"})
_CARRIED = (
    *(0x010E, 0x010F, 0x0110, 0x0131, 0x0132, 0x013B, 0x8298, 0x011A, 0x011B, 0x0128),
    *(0x010D, 0x011D, 0x013C, 0x4746, 0x4749, *range(0x9C9B, 0x9CA0)),
)
"""Description, make, model, software, date, artist, copyright, density; names of document, page and computer,
rating, and what Windows writes: title, comment, author, keywords, subject."""


def _read_tiff(source: bytes, kind: ImageType, wanted: Wanted) -> Picture:  # noqa: ARG001
    """Decode a TIFF of one page and up to 8 bits; see `read_picture`.

    Its Exif values are put into a block of their own, for in a TIFF they share directories with the picture.
    """
    if frame_count(source, "TIFF") > 1:
        raise CannotConvert("it has more than one page")
    opened = open_picture(source, ("TIFF",))
    tags = getattr(opened, "tag_v2", {})
    if _FURTHER in tags:
        raise CannotConvert("it holds further pictures, which would be left behind")
    if max(tags.get(_BITS, (1,))) > 8 or set(tags.get(_SAMPLE_FORMAT, (1,))) != {1}:
        raise CannotConvert("it has more than 8 bits a channel")
    if opened.mode not in _TIFF_MODES:
        raise CannotConvert(f"its colours are {opened.mode}")
    along = read_metadata(source)
    exif = _exif(opened)
    image = decoded(source, "TIFF")  # Pillow turns it upright
    return Picture(rgba=to_rgba(image), icc=along.icc, exif=exif, xmp=along.xmp, density=density(image))


def _exif(opened: Image.Image) -> bytes | None:
    """The values that describe the photograph, as a block of their own; None where there are none."""
    found = opened.getexif()
    block = Image.Exif()
    for tag in _CARRIED:
        if tag in found:
            block[tag] = found[tag]
    for directory in (_EXIF, _GPS):
        if values := found.get_ifd(directory):
            block.get_ifd(directory).update(values)
    return block.tobytes().removeprefix(b"Exif\0\0") if len(block) or _has_children(block) else None


def _has_children(block: Image.Exif) -> bool:
    return bool(block.get_ifd(_EXIF) or block.get_ifd(_GPS))


# Reading HEIC (with pillow-heif, where it is installed) and AVIF.

AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # a worker is one of several

_SRGB_PRIMARIES = frozenset({1, 2})
_SRGB_TRANSFERS = frozenset({1, 2, 6, 13, 14, 15})
"""Codes of ITU-T H.273 tables 2 and 3 that mean sRGB, what viewers take for it, or nothing."""


def _read_heif(source: bytes, kind: ImageType, wanted: Wanted) -> Picture:
    """Decode a still picture of 8 bits; see `read_picture`.

    Both formats store turning and mirroring outside of Exif, and decoders apply it.
    """
    extras = heif_extras(source)
    for extra in extras:
        if extra.extra is None:
            raise CannotConvert(f"it holds {extra.words}, which would be left behind")
    gain, trailer = _carried_extras(source, extras, wanted)
    items = HeifItems(source)
    if _depth(items) > 8:
        raise CannotConvert("it has more than 8 bits a channel")
    rgba = (_read_avif if kind is ImageType.AVIF else _read_heic)(source)
    blocks = [exif_block(item) for item in items.described(items.primary, b"Exif")]
    packets = [without_indexes(each, wanted.drop) for each in items.described(items.primary, b"mime")]
    along = read_metadata(source, exif=blocks, xmp=packets)
    if along.icc is None:
        _check_colours(items)
    shown = None
    if gain is not None:
        other = items.as_picture(gain.item)
        pixels = (_read_avif if kind is ImageType.AVIF else _read_heic)(other)
        shown = gain_map.from_heif(items, gain, to_image(pixels), blocks[0] if blocks else None)
    dropped = tuple(
        extra for extra in Extra if extra in wanted.drop and any(one.extra is extra for one in extras)
    )
    return Picture(rgba, along.icc, along.exif, along.xmp, gain=shown, trailer=trailer, dropped=dropped)


def _carried_extras(
    source: bytes, extras: Sequence[HeifExtra], wanted: Wanted
) -> tuple[HeifExtra | None, bytes]:
    """The gain map and the trailer that go along, of all that a file holds besides its picture.

    Raises:
        CannotConvert: there is something else, which was not asked to be taken out.
    """
    gain, trailer = None, b""
    for extra in extras:
        if extra.extra in wanted.drop:
            continue
        if wanted.target is ImageType.JPEG and extra.extra is Extra.HDR and extra.item:
            gain = gain or extra
        elif wanted.target is ImageType.JPEG and (blocks := _samsung_blocks(source, extra)):
            trailer = blocks
        else:
            word = extra.extra.value if extra.extra else ""
            raise CannotConvert(
                f"it holds {extra.words}, which {wanted.target.value.upper()} cannot carry; "
                f"to take that out, drop: {word}"
            )
    return gain, trailer


def _samsung_blocks(source: bytes, extra: HeifExtra) -> bytes:
    """The blocks in Samsung's box, which are those that end its JPEGs; empty where it is not that box."""
    if extra.extra is not Extra.MAKER or extra.item:
        return b""
    for box in read_boxes(source):
        if box.kind == SAMSUNG_BLOCKS:
            content = box.content(source)
            try:
                trailer = read_sef(b"\0" + content, 1)
            except Refused:
                return b""
            if trailer is None or trailer.start != 1:
                return b""
            return b"" if any(one.kind == MOTION_PHOTO_DATA for one in trailer.blocks) else content
    return b""


def _read_avif(source: bytes) -> Rgba:
    """The pixels of the picture."""
    if frame_count(source, "AVIF") > 1:
        raise CannotConvert("it is animated")
    image = decoded(source, "AVIF")
    return upright(to_rgba(image), orientation(image))


def _read_heic(source: bytes) -> Rgba:
    """The pixels of the picture."""
    heif = codec("pillow_heif", "pillow-heif", "reading HEIC")
    heif.options.DECODE_THREADS = 0
    try:
        file = heif.open_heif(io.BytesIO(source))
        if not len(file):
            raise Undecodable("there is no picture in it")
        main = next((one for one in file if one.info.get("primary")), file[0])
        if main.size[0] * main.size[1] > MOST_PIXELS:
            raise TooManyPixels(f"more than {MOST_PIXELS // 1_000_000} megapixels")
        return to_rgba(main.to_pillow())
    except (OSError, SyntaxError, ValueError, RuntimeError, EOFError) as error:  # what pillow-heif raises
        raise Undecodable(str(error) or type(error).__name__) from error


def _depth(items: HeifItems) -> int:
    """The greatest number of bits that the picture's properties tell (pixi, av1C, hvcC)."""
    depths = [8]
    for number in (items.primary, *items.parts(items.primary)):
        for box in items.properties(number):
            content = box.content(items.data)
            if box.kind == b"pixi":
                depths += content[5:]
            elif box.kind == b"av1C":
                depths.append(10 if (content[2:3] or b"\0")[0] & 0x40 else 8)
            elif box.kind == b"hvcC":
                depths += [8 + (minus & 7) for minus in content[17:19]]
    return max(depths)


def _check_colours(items: HeifItems) -> None:
    """See that a picture without a profile is in sRGB (colour information of kind nclx)."""
    for box in items.properties(items.primary):
        content = box.content(items.data)
        if box.kind != b"colr" or content[:4] != b"nclx":
            continue
        primaries, transfer = (int.from_bytes(content[at : at + 2], "big") for at in (4, 6))
        if primaries not in _SRGB_PRIMARIES or transfer not in _SRGB_TRANSFERS:
            raise CannotConvert("its colours are wider than sRGB and it has no profile")


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
    ImageType.TIFF: _read_tiff,
    ImageType.HEIC: _read_heif,
    ImageType.AVIF: _read_heif,
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
