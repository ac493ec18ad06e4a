"""Reading a picture of any format in full, upright, with its metadata, or saying what would be lost."""

import io
import re
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import AvifImagePlugin, Image

from homepress.base.formats import FORMATS, ImageType
from homepress.compress.convert.jxl import CODESTREAM, decode_jxl, read_header, to_jpeg
from homepress.compress.convert.picture import CannotConvert, Picture, Rgba, codec, to_rgba
from homepress.compress.jpeg.whole import JPEG_FORMATS, decode_whole, obstacle
from homepress.compress.metadata import JpegStream, describe_jpeg, parse_jpeg, picture_only
from homepress.compress.metadata.embedded import read_embedded
from homepress.compress.metadata.exif import UPRIGHT, without_orientation
from homepress.compress.metadata.isobmff import find_boxes, further_contents, read_boxes
from homepress.compress.metadata.jpeg_segments import HeaderKind, header_kind
from homepress.compress.metadata.soundness import (
    check_jpeg_metadata,
    check_png_metadata,
    check_webp_metadata,
    exif_damage,
)
from homepress.compress.metadata.webp import read_webp
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


def read_metadata(source: bytes, *, iptc: bool = False, xmp: bytes | None = None) -> CarriedMetadata:
    """What is carried over.

    Args:
        source: the bytes of the file.
        iptc: whether IPTC captions are taken care of elsewhere.
        xmp: the packet of the main picture, where a file may hold those of others too.

    Raises:
        CannotConvert: there is metadata that has no place in other formats.
        Malformed: the file's structure is broken.
    """
    found = read_embedded(source)
    packets = found.xmp if xmp is None else (xmp,)
    if len(found.exif) > 1 or len(packets) > 1:
        raise CannotConvert("it has more than one block of Exif or XMP")
    if not iptc and any(_IPTC_RESOURCE in block or block[:1] == b"\x1c" for block in found.iptc):
        raise CannotConvert("it has IPTC captions, which other formats cannot carry")
    if found.icc is not None and found.icc[16:20] not in (_RGB, _GREY):
        raise CannotConvert("its colours are neither RGB nor grey")
    if found.exif and (damage := exif_damage(found.exif[0])):
        raise CannotConvert(damage)
    exif = without_orientation(found.exif[0]) if found.exif else None
    packet = _XMP_ORIENTATION.sub(rb"\g<1>1", packets[0]) if packets else None
    return CarriedMetadata(found.icc, exif, packet, found.orientation)


# Reading WebP, GIF and BMP: formats that Pillow decodes without losing depth.

_BMP_PROFILES = (b"DEBM", b"KNIL")  # "MBED" and "LINK", the way round that they are stored
_MODES = frozenset({"1", "L", "P", "RGB", "RGBA", "LA", "PA"})


def _read_plain(source: bytes, kind: ImageType) -> Picture:
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


def _read_png(source: bytes, kind: ImageType) -> Picture:  # noqa: ARG001 (every reader offers this)
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


def _read_jpeg(source: bytes, kind: ImageType) -> Picture:  # noqa: ARG001 (every reader offers this)
    """Decode a JPEG that holds one picture and nothing else; see `read_picture`."""
    contents = describe_jpeg(source)
    if not contents.is_plain:
        raise CannotConvert(f"it holds more than one picture: {contents}")
    if HeaderKind.JUMBF in contents.headers or HeaderKind.JPEG_HDR in contents.headers:
        raise CannotConvert("it is signed or carries further layers")
    stream = parse_jpeg(source)
    if trouble := obstacle(stream):
        raise CannotConvert(trouble)
    check_jpeg_metadata(stream)
    opened = open_picture(picture_only(stream), JPEG_FORMATS)
    if opened.mode not in _JPEG_MODES:
        raise CannotConvert(f"its colours are {opened.mode}")
    image = Image.fromarray(decode_whole(stream)[:, :])
    along = read_metadata(source, iptc=True)
    return Picture(
        rgba=upright(to_rgba(image), along.orientation),
        icc=along.icc,
        exif=along.exif,
        xmp=along.xmp,
        density=density(opened),
        jpeg_headers=_headers(stream),
    )


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


def _read_tiff(source: bytes, kind: ImageType) -> Picture:  # noqa: ARG001 (every reader offers this)
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

_PROPERTIES = (b"meta", b"iprp", b"ipco")
_SRGB_PRIMARIES = frozenset({1, 2})
_SRGB_TRANSFERS = frozenset({1, 2, 6, 13, 14, 15})
"""Codes of ITU-T H.273 tables 2 and 3 that mean sRGB, what viewers take for it, or nothing."""


def _read_heif(source: bytes, kind: ImageType) -> Picture:
    """Decode a still picture of 8 bits; see `read_picture`.

    Both formats store turning and mirroring outside of Exif, and decoders apply it.
    """
    if what := further_contents(source):
        raise CannotConvert(f"it holds {what}, which would be left behind")
    if _depth(source) > 8:
        raise CannotConvert("it has more than 8 bits a channel")
    rgba, packet = (_read_avif if kind is ImageType.AVIF else _read_heic)(source)
    along = read_metadata(source, xmp=packet)
    if along.icc is None:
        _check_colours(source)
    return Picture(rgba, along.icc, along.exif, along.xmp)


def _read_avif(source: bytes) -> tuple[Rgba, bytes | None]:
    """Pixels and XMP packet of the main picture."""
    if frame_count(source, "AVIF") > 1:
        raise CannotConvert("it is animated")
    image = decoded(source, "AVIF")
    return upright(to_rgba(image), orientation(image)), _packet(image.info)


def _read_heic(source: bytes) -> tuple[Rgba, bytes | None]:
    """Pixels and XMP packet of the main picture; others, such as depth maps, have their own."""
    heif = codec("pillow_heif", "pillow-heif", "reading HEIC")
    heif.options.DECODE_THREADS = 0
    try:
        file = heif.open_heif(io.BytesIO(source))
        if len(file) != 1:
            raise CannotConvert(f"it holds {len(file)} pictures")
        if file[0].size[0] * file[0].size[1] > MOST_PIXELS:
            raise TooManyPixels(f"more than {MOST_PIXELS // 1_000_000} megapixels")
        return to_rgba(file[0].to_pillow()), _packet(file[0].info)
    except (OSError, SyntaxError, ValueError, RuntimeError, EOFError) as error:  # what pillow-heif raises
        raise Undecodable(str(error) or type(error).__name__) from error


def _packet(info: Mapping[Any, Any]) -> bytes | None:
    packet = info.get("xmp")
    return packet if isinstance(packet, bytes) and packet else None


def _depth(source: bytes) -> int:
    """The greatest number of bits that any item property tells (pixi, av1C, hvcC)."""
    depths = [8]
    for box in find_boxes(source, (*_PROPERTIES, b"pixi")):
        depths += box.content(source)[5:]
    for box in find_boxes(source, (*_PROPERTIES, b"av1C")):
        flags = box.content(source)[2:3] or b"\0"
        depths.append(10 if flags[0] & 0x40 else 8)
    for box in find_boxes(source, (*_PROPERTIES, b"hvcC")):
        depths += [8 + (minus & 7) for minus in box.content(source)[17:19]]
    return max(depths)


def _check_colours(source: bytes) -> None:
    """See that a picture without a profile is in sRGB (colour information of kind nclx)."""
    for box in find_boxes(source, (*_PROPERTIES, b"colr")):
        content = box.content(source)
        if content[:4] != b"nclx":
            continue
        primaries, transfer = (int.from_bytes(content[at : at + 2], "big") for at in (4, 6))
        if primaries not in _SRGB_PRIMARIES or transfer not in _SRGB_TRANSFERS:
            raise CannotConvert("its colours are wider than sRGB and it has no profile")


# Reading JPEG XL (with pillow-jxl-plugin, where it is installed).

_COMPRESSED = b"brob"


def _read_jxl(source: bytes, kind: ImageType) -> Picture:  # noqa: ARG001 (every reader offers this)
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
        return _read_jpeg(jpeg, ImageType.JPEG)
    if not source.startswith(CODESTREAM) and any(box.kind == _COMPRESSED for box in read_boxes(source)):
        raise CannotConvert("its metadata is compressed (Brotli)")
    decoded = decode_jxl(source)
    along = read_metadata(source)
    return Picture(np.ascontiguousarray(decoded.rgba), decoded.icc, along.exif, along.xmp)


_READERS: dict[ImageType, Callable[[bytes, ImageType], Picture]] = {
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


def read_picture(source: bytes, kind: ImageType) -> Picture:
    """Decode a picture that is to be converted or resized.

    Args:
        source: the bytes of the file.
        kind: their format.

    Raises:
        CannotConvert: it holds something that would be lost: more frames, more bits, a gain map.
        Malformed, Refused: its structure is broken or cannot be followed.
        Undecodable: it does not decode in full.
        TooManyPixels: it is too large to decode.
    """
    read = _READERS.get(kind)
    if read is None:
        raise CannotConvert(f"{kind.value.upper()} is not converted")
    return read(source, kind)
