"""Writing a picture in a format, at a quality floor or without loss, with its metadata."""

import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from homepress.base.formats import ImageType
from homepress.compress.aim import EncodeResult, Scorer, code_at_floor, may_win
from homepress.compress.convert.avif import AvifCodec, write_avif
from homepress.compress.convert.jxl import JxlCodec, encode_jxl_lossless
from homepress.compress.convert.picture import (
    CannotConvert,
    Picture,
    Rgba,
    is_grey,
    is_opaque,
    to_image,
    without_alpha,
)
from homepress.compress.jpeg.encoder import RateDistortionEncoder
from homepress.compress.jpeg.lossy import code
from homepress.compress.metadata import Refused
from homepress.compress.metadata.embedded import jpeg_profile_segments
from homepress.compress.metadata.isobmff import make_box
from homepress.compress.metadata.jpeg_segments import (
    APP0,
    APP1,
    APP12,
    APP13,
    COM,
    EXIF_SIGNATURE,
    EXTENDED_XMP_SIGNATURE,
    XMP_SIGNATURE,
    parse_jpeg,
)
from homepress.compress.metadata.jpeg_tail import (
    GAIN_MAP_TYPE,
    STEREO_TYPE,
    UNDEFINED_TYPE,
    AppendedPicture,
    with_pictures,
)
from homepress.compress.metadata.png import XMP_KEYWORD, write_chunks
from homepress.compress.metadata.webp import ALPHA, EXIF, ICC, VP8X, XMP, read_webp, write_webp
from homepress.compress.model import Compressed, Recipe, ScoreKind
from homepress.compress.parts import Fate, fate
from homepress.compress.pixels import Raster, Undecodable
from homepress.compress.png import png
from homepress.compress.png.coded import CodedPicture, ColourType, PngHeader
from homepress.compress.png.pixels import fingerprint, read_png
from homepress.compress.png.recode import NAME, recode
from homepress.compress.score.ssimulacra2 import to_srgb
from homepress.compress.webp import MOST_EDGE, WebpCodec, encode_lossless, same_pixels

# What is asked of a writer, and what it gives.

_GREY = b"GRAY"


@dataclass(frozen=True, slots=True)
class EncodeOptions:
    """How good a written picture shall be.

    Attributes:
        floor: the least score; None asks for the same pixels.
        palette: whether a PNG may have fewer colours.
        most: bytes of a result with loss that is of use; 0 sets none.
    """

    floor: float | None
    palette: bool = True
    most: int = 0


@dataclass(frozen=True, slots=True)
class EncodedFile:
    """A file.

    Attributes:
        data: its bytes.
        score: against the picture it was made from; 100 for the same pixels.
        kind: how the score was measured.
        lossless: whether every pixel is the same.
        method: in words for the history.
    """

    data: bytes
    score: float
    kind: ScoreKind
    lossless: bool
    method: str


def scorer_of(picture: Picture) -> Scorer:
    """A judge of results of this picture."""
    return Scorer(picture.rgba, to_srgb("RGB", picture.icc))


def is_srgb(icc: bytes) -> bool:
    """Whether a profile means sRGB, so that nothing is lost without it."""
    levels = np.arange(0, 256, 15, dtype=np.uint8)
    grid = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(1, -1, 3)
    return np.array_equal(to_srgb("RGB", icc)(grid), grid)


def refuse_grey_profile(picture: Picture, name: str) -> None:
    """See that a format which has only colour is not given a profile for grey.

    Raises:
        CannotConvert: it would be.
    """
    if picture.icc is not None and picture.icc[16:20] == _GREY:
        raise CannotConvert(f"its profile is for grey, and {name} stores colours")


def wants_grey(picture: Picture) -> bool:
    """Whether a picture without colour may be stored as grey: unless its profile is for colour."""
    return picture.icc is None or picture.icc[16:20] == _GREY


# Writing JPEG with the encoder that JPEGs are made smaller with.

_MOST_EDGE = 65_500
"""Pixels along an edge that libjpeg takes."""
_MOST_BODY = 65_533
_INCHES = 1


def _write_jpeg(picture: Picture, options: EncodeOptions) -> EncodedFile | None:
    """Write a JPEG at the floor; see `write_picture`."""
    if options.floor is None:
        raise CannotConvert("JPEG is not written without loss")
    image = jpeg_image(picture)
    encoder = RateDistortionEncoder()
    shown = to_srgb(image.mode, picture.icc)
    coded = code(Raster(image), shown, options.floor, encoder, fine_colour=True, most=options.most)
    if coded is None:
        return None
    others = []
    for other in picture.others:
        written = _write_jpeg(other, options)
        if written is None:
            return None
        others.append(written)
    data = jpeg_file(coded.coding.smallest(), picture, [one.data for one in others])
    if not coded.is_shown_by(data):
        raise Undecodable("coding the JPEG in fewer bytes changed its pixels")
    sampling = "grey" if image.mode == "L" else coded.sampling
    method = f"{encoder.name} {coded.quality:g}, {sampling}"
    score = min([coded.score, *(one.score for one in others)])
    return EncodedFile(data, score, coded.kind, False, method)


def jpeg_file(stream: bytes, picture: Picture, others: Sequence[bytes]) -> bytes:
    """The file of a picture: its coding, its metadata, and what goes behind it.

    Args:
        stream: the picture, coded in as few bytes as can be.
        picture: what it shows.
        others: its further pictures, coded.

    Raises:
        CannotConvert: there is no room for its metadata, or for an index.
    """
    return _with_extras(_wrapped(stream, picture), picture, others)


def _with_extras(data: bytes, picture: Picture, others: Sequence[bytes]) -> bytes:
    """The JPEG with what goes behind it: gain map, video, trailer, and the indexes that name them.

    Args:
        data: the primary.
        picture: what it shows.
        others: its further pictures, coded.

    Raises:
        CannotConvert: there is no room for an index.
    """
    try:
        if picture.tail is not None:
            return picture.tail.attached(data)
        pictures = [AppendedPicture(each) for each in picture.maps]
        pictures += [
            AppendedPicture(each, STEREO_TYPE if picture.stereo else UNDEFINED_TYPE) for each in others
        ]
        if picture.gain is not None:
            kind = UNDEFINED_TYPE if picture.gain.curve is None else GAIN_MAP_TYPE
            pictures.insert(0, AppendedPicture(picture.gain.jpeg(), kind))
        if pictures:
            return with_pictures(data, pictures, picture.trailer)
    except Refused as refused:
        raise CannotConvert(str(refused)) from refused
    return data + picture.trailer


def jpeg_image(picture: Picture) -> Image.Image:
    """The pixels of a picture as a JPEG codes them: grey or in colours.

    Raises:
        CannotConvert: no JPEG can show it.
    """
    if refuse_as_jpeg(picture):
        return Image.fromarray(np.ascontiguousarray(picture.rgba[..., 0]))
    return Image.fromarray(without_alpha(picture.rgba))


def refuse_as_jpeg(picture: Picture) -> bool:
    """See that a JPEG can show a picture; whether it will be a grey one.

    Raises:
        CannotConvert: it cannot.
    """
    if not is_opaque(picture.rgba):
        raise CannotConvert("it has transparency, which JPEG cannot carry")
    if max(picture.size) > _MOST_EDGE:
        raise CannotConvert(f"JPEG has at most {_MOST_EDGE:,} pixels along an edge")
    if is_grey(picture.rgba) and wants_grey(picture):
        return True
    refuse_grey_profile(picture, "it")
    return False


def _wrapped(stream: bytes, picture: Picture) -> bytes:
    """The JPEG with its metadata behind the JFIF header.

    Raises:
        CannotConvert: a block is too long for a segment.
    """
    parsed = parse_jpeg(stream)
    added = []
    if picture.exif is not None:
        added.append(_segment(EXIF_SIGNATURE + picture.exif, "Exif"))
    packet = picture.tail.packet(picture.xmp) if picture.tail else picture.xmp
    if packet is not None:
        added.append(_segment(XMP_SIGNATURE + packet, "XMP"))
    if picture.icc is not None:
        added.append(jpeg_profile_segments(picture.icc))
    headers = [_with_density(parsed.raw(segment), picture) for segment in parsed.headers]
    coding = [parsed.raw(segment) for segment in parsed.coding]
    return b"".join((b"\xff\xd8", *headers, *added, *picture.jpeg_headers, *coding, b"\xff\xd9"))


def _segment(body: bytes, name: str) -> bytes:
    if len(body) > _MOST_BODY:
        raise CannotConvert(f"its {name} block is longer than JPEG can carry")
    return bytes((0xFF, APP1)) + (len(body) + 2).to_bytes(2, "big") + body


def _with_density(raw: bytes, picture: Picture) -> bytes:
    """A JFIF header that tells the picture's density; other segments as they are."""
    if raw[4:9] != b"JFIF\0":
        return raw
    if picture.aspect:
        return raw[:11] + picture.aspect + raw[16:]
    if picture.density is None:
        return raw
    across, down = (round(each).to_bytes(2, "big") for each in picture.density)
    return raw[:11] + bytes((_INCHES,)) + across + down + raw[16:]


# Writing PNG.

_METRE = 39.3701  # inches


def _write_png(picture: Picture, options: EncodeOptions) -> EncodedFile | None:
    """Write a PNG: without loss, or in fewer colours where the floor allows; see `write_picture`."""
    plain = quickly_coded(picture)
    source = png_wrapped(plain, picture)
    file = read_png(source)
    if options.floor is not None and options.palette and picture.deep is None:
        result = png.compress(source, Recipe(floor=options.floor, palette=True))
        if isinstance(result, Compressed) and not result.lossless:
            return EncodedFile(result.data, result.score, result.score_kind, False, result.method)
    data = file.with_picture(recode(plain, file.freedom))
    if fingerprint(read_png(data).picture) != fingerprint(plain):
        raise Undecodable("the result does not decode to the same pixels")
    return EncodedFile(data, 100.0, ScoreKind.FULL, True, NAME)


def quickly_coded(picture: Picture) -> CodedPicture:
    """The picture in the smallest kind of PNG that holds it, compressed quickly."""
    pixels = picture.pixels
    grey = is_grey(pixels) and wants_grey(picture)
    opaque = is_opaque(pixels)
    if not grey:
        refuse_grey_profile(picture, "it")
    colour = {
        (True, True): ColourType.GREY,
        (True, False): ColourType.GREY_ALPHA,
        (False, True): ColourType.RGB,
        (False, False): ColourType.RGBA,
    }[grey, opaque]
    channels = [0] if grey else [0, 1, 2]
    values = pixels[..., channels if opaque else [*channels, 3]]
    if picture.deep is not None:
        values = values.astype(">u2", order="C").view(np.uint8)
    width, height = picture.size
    body = values.reshape(height, -1)
    rows = np.zeros((height, 1 + body.shape[1]), np.uint8)
    rows[:, 1:] = body
    header = PngHeader(width, height, 8 if picture.deep is None else 16, colour, interlaced=False)
    return CodedPicture(header, b"", None, zlib.compress(rows.data, 1))


def png_wrapped(plain: CodedPicture, picture: Picture) -> bytes:
    """A PNG file of the picture with its metadata."""
    chunks = [(b"IHDR", plain.header.write())]
    if picture.icc is not None:
        chunks.append((b"iCCP", b"icc\0\0" + zlib.compress(picture.icc, 9)))
    if picture.density is not None:
        across, down = (round(each * _METRE).to_bytes(4, "big") for each in picture.density)
        chunks.append((b"pHYs", across + down + b"\1"))
    elif picture.aspect:
        across, down = (each.rjust(4, b"\0") for each in (picture.aspect[1:3], picture.aspect[3:5]))
        chunks.append((b"pHYs", across + down + b"\0"))
    if picture.exif is not None:
        chunks.append((b"eXIf", picture.exif))
    if picture.xmp is not None:
        chunks.append((b"iTXt", XMP_KEYWORD + bytes(5) + picture.xmp))
    return write_chunks([*chunks, *picture.chunks, (b"IDAT", plain.stream), (b"IEND", b"")])


# Writing WebP.


def _write_webp(picture: Picture, options: EncodeOptions) -> EncodedFile | None:
    """Write a WebP: lossless where that is smaller than at the floor, or asked for; see `write_picture`."""
    refuse_as_webp(picture)
    image = to_image(picture.rgba)
    coded = None
    if options.floor is not None:
        scorer = scorer_of(picture)
        coded = code_at_floor(picture.rgba, scorer, options.floor, WebpCodec(), most=options.most)
        if coded is not None and not may_win(_lossless, picture.rgba, scorer, coded, WebpCodec()):
            return _lossy(picture, coded)
    exact = _lossless(picture.rgba)
    if coded is not None and len(coded.data) < len(exact):
        return _lossy(picture, coded)
    if not same_pixels(image, exact):
        raise Undecodable("the result does not decode to the same pixels")
    return EncodedFile(webp_wrapped(exact, picture), 100.0, ScoreKind.FULL, True, "lossless WebP")


def refuse_as_webp(picture: Picture) -> None:
    """See that a WebP can show a picture.

    Raises:
        CannotConvert: it cannot.
    """
    if max(picture.size) > MOST_EDGE:
        raise CannotConvert(f"WebP has at most {MOST_EDGE:,} pixels along an edge")
    refuse_grey_profile(picture, "WebP")


def _lossless(rgba: Rgba) -> bytes:
    image = to_image(rgba)
    return encode_lossless(image if image.mode == "RGBA" else image.convert("RGB"))


def _lossy(picture: Picture, coded: EncodeResult) -> EncodedFile:
    method = f"WebP {coded.setting:g}"
    return EncodedFile(webp_wrapped(coded.data, picture), coded.score, coded.kind, False, method)


def webp_wrapped(data: bytes, picture: Picture) -> bytes:
    """The WebP with its metadata (RFC 9649 section 2.7: ICCP before the picture, EXIF and XMP behind)."""
    if picture.icc is None and picture.exif is None and picture.xmp is None:
        return data
    file = read_webp(data)
    coding = [(chunk.kind, chunk.body) for chunk in file.chunks if chunk.kind != VP8X]
    lossless = file.first(b"VP8L")
    alpha = file.flags & ALPHA or (ALPHA if lossless is not None and lossless.body[4] & 0x10 else 0)
    flags = alpha
    before, behind = [], []
    if picture.icc is not None:
        flags |= ICC
        before.append((b"ICCP", picture.icc))
    if picture.exif is not None:
        flags |= EXIF
        behind.append((b"EXIF", picture.exif))
    if picture.xmp is not None:
        flags |= XMP
        behind.append((b"XMP ", picture.xmp))
    size = b"".join((edge - 1).to_bytes(3, "little") for edge in picture.size)
    return write_webp([(VP8X, bytes((flags, 0, 0, 0)) + size), *before, *coding, *behind])


# Writing AVIF.

_MOST_AVIF_EDGE = 32_768
"""The limit of libavif's reader, which most programs have."""


def _write_avif(picture: Picture, options: EncodeOptions) -> EncodedFile | None:
    """Write an AVIF at the floor; see `write_picture`."""
    if options.floor is None:
        raise CannotConvert("AVIF is not written without loss")
    refuse_as_avif(picture)
    codec = AvifCodec()
    coded = code_at_floor(picture.rgba, scorer_of(picture), options.floor, codec, most=options.most)
    if coded is None:
        return None
    data = avif_file(picture, coded.setting)
    if not np.array_equal(codec.decode(data), coded.pixels):
        raise Undecodable("the result does not decode to the pixels that were scored")
    check_avif_alpha(picture, coded.pixels)
    return EncodedFile(data, coded.score, coded.kind, False, f"AVIF {coded.setting:g}")


def refuse_as_avif(picture: Picture) -> None:
    """See that an AVIF can show a picture.

    Raises:
        CannotConvert: it cannot.
    """
    if max(picture.size) > _MOST_AVIF_EDGE:
        raise CannotConvert(f"AVIF has at most {_MOST_AVIF_EDGE:,} pixels along an edge, as readers take it")
    refuse_grey_profile(picture, "AVIF")


def avif_file(picture: Picture, setting: float) -> bytes:
    """The file of a picture at a setting of the codec."""
    return write_avif(picture.rgba, round(setting), icc=picture.icc, exif=picture.exif, xmp=picture.xmp)


def check_avif_alpha(picture: Picture, pixels: Rgba) -> None:
    """See that transparency came out exactly.

    Raises:
        CannotConvert: it did not.
    """
    if not np.array_equal(pixels[..., 3], picture.rgba[..., 3]):
        raise CannotConvert("its transparency cannot be carried exactly in AVIF here")


# Writing JPEG XL.


def _write_jxl(picture: Picture, options: EncodeOptions) -> EncodedFile | None:
    """Write a JPEG XL: lossless where that is smaller than at the floor, or asked for; see `write_picture`.

    The codec takes no profile, so only pictures in sRGB are written.
    """
    refuse_as_jxl(picture)
    codec = JxlCodec()
    coded = None
    if options.floor is not None:
        scorer = scorer_of(picture)
        coded = code_at_floor(picture.rgba, scorer, options.floor, codec, most=options.most)
        if coded is not None and not np.array_equal(coded.pixels[..., 3], picture.rgba[..., 3]):
            coded = None  # soft edges would come out otherwise
        if coded is not None and not may_win(encode_jxl_lossless, picture.rgba, scorer, coded, codec):
            return _jxl_lossy(picture, coded)
    exact = encode_jxl_lossless(picture.rgba)
    if coded is not None and len(coded.data) < len(exact):
        return _jxl_lossy(picture, coded)
    if not np.array_equal(codec.decode(exact), picture.rgba):
        raise Undecodable("the result does not decode to the same pixels")
    return EncodedFile(jxl_wrapped(exact, picture), 100.0, ScoreKind.FULL, True, "lossless JPEG XL")


def refuse_as_jxl(picture: Picture) -> None:
    """See that a JPEG XL can show a picture.

    Raises:
        CannotConvert: it cannot.
    """
    if picture.icc is not None and not is_srgb(picture.icc):
        raise CannotConvert("its colour profile cannot be carried in JPEG XL here")


def _jxl_lossy(picture: Picture, coded: EncodeResult) -> EncodedFile:
    method = f"JPEG XL {coded.setting:g}"
    return EncodedFile(jxl_wrapped(coded.data, picture), coded.score, coded.kind, False, method)


def jxl_wrapped(data: bytes, picture: Picture) -> bytes:
    """The container with its metadata behind the picture (ISO/IEC 18181-2: boxes "Exif" and "xml ")."""
    parts = [data]
    if picture.exif is not None:
        parts.append(make_box(b"Exif", bytes(4) + picture.exif))
    if picture.xmp is not None:
        parts.append(make_box(b"xml ", picture.xmp))
    return b"".join(parts)


# Writing a picture in a format, at a quality floor or without loss, with its metadata.

_IPTC_RESOURCE = b"8BIM\x04\x04"
_LEFT_BEHIND = (
    (COM, b""),
    (APP0, b"JFXX"),
    (APP0, b"AVI1"),
    (APP12, b"Ducky"),
    (APP13, b"Photoshop "),
    (APP13, b"Adobe_Photoshop"),
)
"""Header segments without which a picture is whole: comments, a thumbnail, settings for printing, saving."""
_SQUARE_ONLY = frozenset({ImageType.WEBP, ImageType.AVIF, ImageType.JXL})
_WRITERS: dict[ImageType, Callable[[Picture, EncodeOptions], EncodedFile | None]] = {
    ImageType.JPEG: _write_jpeg,
    ImageType.PNG: _write_png,
    ImageType.WEBP: _write_webp,
    ImageType.AVIF: _write_avif,
    ImageType.JXL: _write_jxl,
}


def write_picture(picture: Picture, kind: ImageType, options: EncodeOptions) -> EncodedFile | None:
    """Write a picture.

    Args:
        picture: what to write.
        kind: the format.
        options: how good it shall be.

    Returns:
        The file, or None where the format cannot keep the floor.

    Raises:
        CannotConvert: the format cannot carry what the picture holds, or cannot do without loss.
    """
    refuse_unwritable(picture, kind)
    return _WRITERS[kind](picture, options)


def refuse_unwritable(picture: Picture, kind: ImageType) -> None:
    """See that a format is written, and can carry what a picture holds beside its pixels.

    Raises:
        CannotConvert: it cannot, or is not.
    """
    if kind in _SQUARE_ONLY and not picture.has_square_pixels:
        raise CannotConvert(f"its pixels are not square, which {kind.value.upper()} cannot say")
    if kind is not ImageType.JPEG and (refused := _refused_header(picture.jpeg_headers, kind)):
        raise CannotConvert(f"it has {refused}, which {kind.value.upper()} cannot carry")
    if kind not in _WRITERS:
        raise CannotConvert(f"nothing is converted to {kind.value.upper()}")


def _refused_header(headers: Iterable[bytes], target: ImageType) -> str:
    """The first header segment that another format would lose and the table of parts does not let go."""
    for header in headers:
        marker, body = header[1], header[4:]
        part, words = "header", f"a maker's own data (APP{marker & 0x0F})"
        if _IPTC_RESOURCE in header:
            part, words = "iptc", "IPTC captions"
        elif body.startswith(EXTENDED_XMP_SIGNATURE):
            part, words = "extended-xmp", "XMP of more than one segment"
        elif any(marker == known and body.startswith(signature) for known, signature in _LEFT_BEHIND):
            continue
        # JPEG XL keeps them where it is made of the JPEG itself, not of its pixels.
        if target is ImageType.JXL or fate(part, ImageType.JPEG, target) is Fate.REFUSED:
            return words
    return ""
