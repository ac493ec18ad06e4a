"""Lossless recoding of one PNG picture with oxipng, or where there is no wheel of it with zlib.

oxipng sees the coded picture alone, never the other chunks, so it has no say in what becomes of them.
"""

import dataclasses
import importlib
import os
import zlib
from typing import Any

from homepress.compress.metadata.errors import DAMAGED, Malformed
from homepress.compress.png.coded import BrokenPicture, CodedPicture
from homepress.compress.png.pixels import Freedom, read_png

# oxipng takes a thread for each core unless told before its first use; a worker is one of several.
os.environ.setdefault("RAYON_NUM_THREADS", "1")

try:
    oxipng: Any = importlib.import_module("oxipng")
except ImportError:  # no wheel for this system (Windows on Arm, musl)
    oxipng = None

NAME = "zlib" if oxipng is None else "oxipng"
"""What recodes, for the history."""

# Up to so many pixels: level. Each step up costs about twice the time and gains about one percent.
_LEVELS = ((1_000_000, 4), (2_000_000, 3), (12_000_000, 2), (40_000_000, 1))
FASTEST = 0
"""The level for pictures beyond all others, and for quick estimates."""

NOTHING_ELSE = Freedom(depth=False, colour=False, grey=False)
"""Colour type and bit depth stay; only filters and compression are chosen anew."""

COLOURS_ONLY = Freedom(depth=True, colour=True, grey=False)
"""For a palette of our own making: it may be sorted, and its indices narrowed."""


def level_for(pixels: int) -> int:
    """oxipng's level for so many pixels, so that a huge picture does not take minutes."""
    return next((level for most, level in _LEVELS if pixels <= most), FASTEST)


def recode(
    picture: CodedPicture, freedom: Freedom = NOTHING_ELSE, *, level: int | None = None
) -> CodedPicture:
    """The smallest coding of the same pixels that is found; the picture itself when none is smaller.

    Interlacing stays. The caller compares the fingerprints of both.

    Args:
        picture: what to code anew.
        freedom: which changes of colour type and depth are allowed.
        level: 0 (fast) to 6; None chooses by the number of pixels.

    Raises:
        BrokenPicture: it does not decode.
    """
    if oxipng is None:
        return _compressed_again(picture)
    level = level_for(picture.header.pixels) if level is None else level
    try:
        if not picture.header.interlaced or freedom == NOTHING_ELSE:
            return _optimised(picture, freedom, level, oxipng.Interlacing.keep)
        # oxipng does not narrow interlaced samples: plain rows first, interlaced again afterwards
        plain = _optimised(picture, freedom, FASTEST, oxipng.Interlacing.off)
        result = _optimised(plain, NOTHING_ELSE, level, oxipng.Interlacing.on)
    except (oxipng.PngError, Malformed):
        raise BrokenPicture(DAMAGED) from None
    return result if len(result.stream) < len(picture.stream) else picture


def _optimised(picture: CodedPicture, freedom: Freedom, level: int, interlacing: object) -> CodedPicture:
    result = oxipng.optimize_from_memory(
        picture.as_png(),
        level=level,
        interlace=interlacing,
        force=interlacing is oxipng.Interlacing.on,  # else plain rows stay where they are fewer bytes
        strip=oxipng.StripChunks.none,
        optimize_alpha=False,
        bit_depth_reduction=freedom.depth,
        color_type_reduction=freedom.colour,
        palette_reduction=freedom.colour,
        grayscale_reduction=freedom.grey,
        scale_16=False,
    )
    return read_png(result).picture


def _compressed_again(picture: CodedPicture) -> CodedPicture:
    """The same filtered rows, compressed as well as zlib can."""
    try:
        stream = zlib.compress(zlib.decompress(picture.stream), 9)
    except zlib.error:
        raise BrokenPicture(DAMAGED) from None
    return dataclasses.replace(picture, stream=stream) if len(stream) < len(picture.stream) else picture
