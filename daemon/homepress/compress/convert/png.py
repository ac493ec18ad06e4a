"""Reading PNG for another format or size: all that its chunks say, and 16 bits a channel."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from homepress.base.formats import ImageType
from homepress.compress.convert.along import Wanted, appended, pixel_shape, read_metadata, upright
from homepress.compress.convert.picture import (
    ANIMATED,
    CannotConvert,
    Picture,
    Rgba,
    dithered,
    shallow,
    unknown_data,
)
from homepress.compress.convert.png_colours import colour_profile
from homepress.compress.metadata import Malformed
from homepress.compress.metadata.png import TEXT_KINDS, XMP_KEYWORD, PngChunk, read_text
from homepress.compress.metadata.soundness import check_png_metadata
from homepress.compress.parts import Fate, fate
from homepress.compress.pixels import MOST_PIXELS, TooManyPixels, Undecodable
from homepress.compress.png.coded import BrokenPicture
from homepress.compress.png.pixels import PngFile, check_may_change, pixel_rows, read_png

_METRE = 39.3701  # inches
_SCALES = frozenset({b"sCAL", b"pCAL", b"oFFs", b"sTER"})
_DRAWN = frozenset(
    {
        *(b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"bKGD", b"hIST", b"sPLT", b"sBIT", b"iDOT"),
        *(b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP", b"pHYs", b"eXIf"),
    }
)
"""What the picture is made of, what is told in another way, and hints for screens of few colours."""
_READ_PROFILES = frozenset({"exif", "app1", "xmp"})
"""Profiles in text chunks that are metadata of the picture; others are texts that few programs read."""


def read_png_picture(source: bytes, wanted: Wanted) -> Picture:
    """Decode a still PNG; see `read.read_picture`."""
    file = read_png(source)
    check_may_change(file)
    check_png_metadata(file.chunks)
    _refuse_what_only_png_says(file)
    chunks, dropped = _other_chunks(file, wanted.target)
    dropped = (*dropped, *appended(file.trailing, wanted))
    if file.header.pixels > MOST_PIXELS:
        raise TooManyPixels(f"more than {MOST_PIXELS // 1_000_000} megapixels")
    along = read_metadata(source, iptc=wanted.target is ImageType.PNG)
    deep: NDArray[np.uint16] | None = None
    try:
        if file.header.depth < 16:
            rgba = upright(np.concatenate(list(_shallow_rows(file))), along.orientation)
        elif fate("16-bit", ImageType.PNG, wanted.target) is Fate.KEPT:
            deep = upright(_deep_pixels(file), along.orientation)
            rgba = shallow(deep)
        else:
            rgba = upright(np.concatenate(list(_shallow_rows(file))), along.orientation)
            dropped = ("16-bit", *dropped)
    except BrokenPicture as error:
        raise Undecodable(str(error)) from error
    density, aspect = _density(file)
    return Picture(
        rgba=rgba,
        deep=deep,
        icc=colour_profile(file, along.icc),
        exif=along.exif,
        xmp=along.xmp,
        density=density,
        aspect=aspect,
        chunks=chunks,
        dropped=dropped,
    )


def _refuse_what_only_png_says(file: PngFile) -> None:
    if file.is_animated:
        raise CannotConvert(ANIMATED)
    if scale := next((each.kind.decode() for each in file.chunks if each.kind in _SCALES), ""):
        raise CannotConvert(f"it says how large things in it are ({scale}), which would no longer be true")


def _shallow_rows(file: PngFile) -> Iterator[Rgba]:
    """The pixels in strips, of 8 bits a channel."""
    top = 0
    for rows in pixel_rows(file.picture):
        deep = file.header.depth == 16
        yield dithered(rows.astype(np.uint16), top) if deep else rows.astype(np.uint8, copy=False)
        top += len(rows)


def _deep_pixels(file: PngFile) -> NDArray[np.uint16]:
    deep = np.empty((file.header.height, file.header.width, 4), np.uint16)
    top = 0
    for rows in pixel_rows(file.picture):
        deep[top : top + len(rows)] = rows
        top += len(rows)
    return deep


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
                raise CannotConvert(unknown_data(each.kind))
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
    profile = text.raw_profile
    return text.keyword == XMP_KEYWORD or (profile is not None and profile[0] in _READ_PROFILES)


def _density(file: PngFile) -> tuple[tuple[float, float] | None, bytes]:
    """Pixels an inch; or the shape of pixels of no known size, as JFIF has it."""
    for each in file.chunks:
        if each.kind == b"pHYs" and len(each.body) == 9:
            across, down = (int.from_bytes(each.body[at : at + 4], "big") for at in (0, 4))
            if each.body[8] != 1:
                return None, pixel_shape(across, down)
            inches = across / _METRE, down / _METRE
            return (inches, b"") if min(inches) >= 1.0 else (None, pixel_shape(across, down))
    return None, b""
