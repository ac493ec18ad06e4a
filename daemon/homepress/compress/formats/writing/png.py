"""Writing PNG."""

import zlib

import numpy as np

from homepress.compress.formats import png
from homepress.compress.formats.images import is_grey, is_opaque
from homepress.compress.formats.picture import Picture
from homepress.compress.formats.png_file import read_png
from homepress.compress.formats.png_picture import CodedPicture, ColourType, PngHeader
from homepress.compress.formats.png_pixels import fingerprint
from homepress.compress.formats.png_recode import NAME, recode
from homepress.compress.formats.writing.written import Wish, Written, refuse_grey_profile, wants_grey
from homepress.compress.metadata.png_chunks import write_chunks
from homepress.compress.metadata.png_text import XMP_KEYWORD
from homepress.compress.pixels import Undecodable
from homepress.compress.recipe import Recipe
from homepress.compress.result import Compressed, ScoreKind

_METRE = 39.3701  # inches


def write(picture: Picture, wish: Wish) -> Written | None:
    """Write a PNG: without loss, or in fewer colours where the floor allows; see `write_picture`."""
    plain = quickly_coded(picture)
    source = _wrapped(plain, picture)
    file = read_png(source)
    if wish.floor is not None and wish.palette:
        result = png.compress(source, Recipe(floor=wish.floor, palette=True))
        if isinstance(result, Compressed) and not result.lossless:
            return Written(result.data, result.score, result.score_kind, False, result.method)
    data = file.with_picture(recode(plain, file.freedom))
    if fingerprint(read_png(data).picture) != fingerprint(plain):
        raise Undecodable("the result does not decode to the same pixels")
    return Written(data, 100.0, ScoreKind.FULL, True, NAME)


def quickly_coded(picture: Picture) -> CodedPicture:
    """The picture in the smallest kind of PNG that holds it, compressed quickly."""
    grey = is_grey(picture.rgba) and wants_grey(picture)
    opaque = is_opaque(picture.rgba)
    if not grey:
        refuse_grey_profile(picture, "it")
    colour = {
        (True, True): ColourType.GREY,
        (True, False): ColourType.GREY_ALPHA,
        (False, True): ColourType.RGB,
        (False, False): ColourType.RGBA,
    }[grey, opaque]
    channels = [0] if grey else [0, 1, 2]
    values = picture.rgba[..., channels if opaque else [*channels, 3]]
    width, height = picture.size
    rows = np.zeros((height, 1 + width * len(values[0, 0])), np.uint8)
    rows[:, 1:] = values.reshape(height, -1)
    header = PngHeader(width, height, 8, colour, interlaced=False)
    return CodedPicture(header, b"", None, zlib.compress(rows.data, 1))


def _wrapped(plain: CodedPicture, picture: Picture) -> bytes:
    """A PNG file of the picture with its metadata."""
    chunks = [(b"IHDR", plain.header.write())]
    if picture.icc is not None:
        chunks.append((b"iCCP", b"icc\0\0" + zlib.compress(picture.icc, 9)))
    if picture.density is not None:
        across, down = (round(each * _METRE).to_bytes(4, "big") for each in picture.density)
        chunks.append((b"pHYs", across + down + b"\1"))
    if picture.exif is not None:
        chunks.append((b"eXIf", picture.exif))
    if picture.xmp is not None:
        chunks.append((b"iTXt", XMP_KEYWORD + bytes(5) + picture.xmp))
    return write_chunks([*chunks, (b"IDAT", plain.stream), (b"IEND", b"")])
