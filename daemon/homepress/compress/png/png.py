"""PNG: recoded without loss, or in fewer colours where the floor holds; every other chunk byte for byte."""

import dataclasses

from homepress.base.formats import ImageType
from homepress.compress import savings
from homepress.compress.metadata.embedded import read_embedded
from homepress.compress.metadata.errors import Malformed, Refused
from homepress.compress.metadata.soundness import check_png_metadata
from homepress.compress.model import Compressed, Reason, Recipe, ScoreKind, Unchanged
from homepress.compress.pixels import MOST_PIXELS, TooManyPixels, not_read
from homepress.compress.png import apng
from homepress.compress.png.coded import BrokenPicture
from homepress.compress.png.fewer import HIGHEST_FLOOR, may_reduce, reduce_colours
from homepress.compress.png.pixels import PngFile, check_may_change, check_stream, fingerprint, read_png
from homepress.compress.png.recode import COLOURS_ONLY, FASTEST, NAME, NOTHING_ELSE, recode
from homepress.compress.score.ssimulacra2 import to_srgb

_WORTH_LOSS = 0.9
"""A result with fewer colours must be this much smaller than a quick lossless one, too."""


def compress(source: bytes, recipe: Recipe) -> Compressed | Unchanged:
    """Compress one PNG or APNG.

    Args:
        source: the bytes of the file.
        recipe: what is asked; here the floor and the palette count.

    Returns:
        The smaller PNG, or why it stays as it is.

    Raises:
        TooManyPixels: the picture is too large to decode.
    """
    try:
        file = read_png(source)
        check_may_change(file)
        check_png_metadata(file.chunks)
        if file.header.pixels > MOST_PIXELS:
            raise TooManyPixels(f"more than {MOST_PIXELS // 1_000_000} megapixels")
        if file.is_animated:
            return apng.compress(source, file)
        return _compress(source, file, recipe)
    except (Malformed, BrokenPicture) as error:
        return not_read(error, ImageType.PNG)
    except Refused as refused:
        return Unchanged(Reason.CANNOT_KEEP_WHOLE, str(refused), ImageType.PNG)


def _compress(source: bytes, file: PngFile, recipe: Recipe) -> Compressed | Unchanged:
    check_stream(file.picture)
    lossy = recipe.palette and savings.saves_enough(len(source), 0, lossless=False)
    if lossy and recipe.floor is not None and recipe.floor < HIGHEST_FLOOR and may_reduce(file):
        result = _fewer_colours(source, file, recipe.floor)
        if isinstance(result, Compressed):
            return result
    return _lossless(source, file)


def _lossless(source: bytes, file: PngFile) -> Compressed | Unchanged:
    wanted = fingerprint(file.picture)
    at_depth = dataclasses.replace(file.freedom, depth=False)
    for freedom in dict.fromkeys((file.freedom, at_depth, NOTHING_ELSE)):
        picture = recode(file.picture, freedom)
        if not file.carries(picture):
            continue
        data = file.with_picture(picture)
        if not savings.saves_enough(len(source), len(data), lossless=True):
            return Unchanged(Reason.SAVES_TOO_LITTLE, source_type=ImageType.PNG)
        if fingerprint(read_png(data).picture) == wanted:
            size = (file.header.width, file.header.height)
            return savings.lossless_result(source, data, ImageType.PNG, size, NAME)
    return Unchanged(Reason.VERIFY_FAILED, "the pixels of the result differ", ImageType.PNG)


def _fewer_colours(source: bytes, file: PngFile, floor: float) -> Compressed | Unchanged:
    reduced = reduce_colours(file, floor, to_srgb("RGB", read_embedded(source).icc))
    if reduced is None:
        return Unchanged(Reason.FLOOR_NOT_REACHED, source_type=ImageType.PNG)
    picture = recode(reduced.picture, COLOURS_ONLY)
    if not file.carries(picture):
        return Unchanged(Reason.SAVES_TOO_LITTLE, source_type=ImageType.PNG)
    data = file.with_picture(picture)
    quick = len(recode(file.picture, file.freedom, level=FASTEST).stream)
    if len(data) > _WORTH_LOSS * quick:
        return Unchanged(Reason.SAVES_TOO_LITTLE, source_type=ImageType.PNG)
    if fingerprint(read_png(data).picture) != fingerprint(reduced.picture):
        return Unchanged(Reason.VERIFY_FAILED, "the pixels of the result differ", ImageType.PNG)
    size = (file.header.width, file.header.height)
    method = f"{reduced.colours} colours, {NAME}"
    return savings.lossy_result(source, data, ImageType.PNG, size, method, reduced.score, ScoreKind.FULL)
