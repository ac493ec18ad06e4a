"""PNG: recoded without loss, every other chunk kept byte for byte."""

import hashlib

from homepress.compress.formats.png_file import PngFile, check_may_change, read_png
from homepress.compress.formats.png_picture import BrokenPicture
from homepress.compress.formats.png_pixels import fingerprint
from homepress.compress.formats.png_recode import recode
from homepress.compress.metadata.errors import Malformed, Refused
from homepress.compress.recipe import Recipe
from homepress.compress.result import Compressed, Reason, ScoreKind, Unchanged
from homepress.imagetype import ImageType

MOST_PIXELS = 200_000_000
"""Larger pictures are left alone: decoding them would take more memory than a worker has."""


def compress(source: bytes, recipe: Recipe) -> Compressed | Unchanged:  # noqa: ARG001
    """Compress one PNG.

    Args:
        source: the bytes of the file.
        recipe: what is asked; here the floor, the palette and the metadata policy count.

    Returns:
        The smaller PNG with equal pixels, or why it stays as it is.
    """
    try:
        file = read_png(source)
        check_may_change(file)
        if file.header.pixels > MOST_PIXELS:
            return _unchanged(Reason.TOO_LARGE, f"{file.header.width} by {file.header.height} pixels")
        return _lossless(source, file)
    except Malformed as broken:
        return _unchanged(Reason.BROKEN, str(broken), retry=True)
    except BrokenPicture as broken:
        return _unchanged(Reason.BROKEN, str(broken), retry=True)
    except Refused as refused:
        return _unchanged(Reason.CANNOT_KEEP_WHOLE, refused.detail)


def _lossless(source: bytes, file: PngFile) -> Compressed | Unchanged:
    picture = file.picture
    pixels = fingerprint(picture)
    result = file.with_picture(recode(picture, file.freedom))
    if fingerprint(read_png(result).picture) != pixels:
        return _unchanged(Reason.VERIFY_FAILED, "the pixels of the result differ")
    if len(result) > 0.98 * len(source) or len(source) - len(result) < 1000:
        return _unchanged(Reason.SAVES_TOO_LITTLE)
    return Compressed(
        data=result,
        sha256=hashlib.sha256(result).hexdigest(),
        image_type=ImageType.PNG,
        source_type=ImageType.PNG,
        width=file.header.width,
        height=file.header.height,
        score=100.0,
        score_kind=ScoreKind.FULL,
        lossless=True,
        method="PNG recoded without loss",
    )


def _unchanged(reason: Reason, detail: str = "", *, retry: bool = False) -> Unchanged:
    return Unchanged(reason, detail, ImageType.PNG, retry)
