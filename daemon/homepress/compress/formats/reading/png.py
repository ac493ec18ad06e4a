"""Reading PNG."""

import numpy as np

from homepress.compress.formats.picture import CannotConvert, Picture
from homepress.compress.formats.png_file import PngFile, check_may_change, has_usual_gamma, read_png
from homepress.compress.formats.png_picture import BrokenPicture
from homepress.compress.formats.png_pixels import pixel_rows
from homepress.compress.formats.reading.metadata import carried
from homepress.compress.formats.reading.upright import upright
from homepress.compress.metadata.soundness import check_png_metadata
from homepress.compress.pixels import MOST_PIXELS, TooManyPixels, Undecodable
from homepress.imagetype import ImageType

_HDR = (b"cICP", b"mDCV", b"cLLI")
_METRE = 39.3701  # inches


def read(source: bytes, kind: ImageType) -> Picture:  # noqa: ARG001 (every reader offers this)
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
    along = carried(source)
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
