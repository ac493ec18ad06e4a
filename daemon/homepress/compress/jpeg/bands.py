"""Decoding large JPEGs in bands, and comparing them without holding all their pixels."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import simplejpeg

from homepress.compress.jpeg.entropy import CodedRows
from homepress.compress.jpeg.model import Sampling
from homepress.compress.jpeg.whole import decode_jpeg, decode_strictly
from homepress.compress.metadata import parse_jpeg
from homepress.compress.metadata.errors import DAMAGED
from homepress.compress.pixels import BAND_STEP, Band, Pixels, Remembered, Undecodable, is_large

_BAND_PIXELS: Final = 1 << 21
_COLOURS: Final = 3
_INKS: Final = 4


def decode_bands(picture: CodedRows) -> Iterator[Band]:
    """The decoded pixels of a picture: in bands where it is large, else all at once.

    A row of units more is decoded above and below each band, for decoders interpolate colours between rows.

    Raises:
        Undecodable: the picture does not decode.
    """
    width, height = picture.headers.size
    if not is_large(width, height) or len(picture.headers.layout.kinds) == _INKS:
        yield Band(0, decode_jpeg(picture.stream()))
        return
    edge = picture.headers.layout.unit_edge
    step = max(_BAND_PIXELS // width // BAND_STEP, 1) * BAND_STEP
    for top in range(0, height, step):
        bottom = min(top + step, height)
        first, last = max(top // edge - 1, 0), min(-(-bottom // edge) + 1, len(picture.rows))
        pixels = decode_strictly(picture.band(first, last))
        if pixels is None:
            raise Undecodable("a band of a picture that was coded here is broken")
        yield Band(top, pixels[top - first * edge : bottom - first * edge])


def same_pixels(first: bytes, second: bytes) -> bool:
    """Whether two JPEGs decode to the same pixels.

    Of large ones with halved colours, which progressive decoders hold in full beside their pixels, brightness
    is compared first and then the picture at half its size. There libjpeg uses every coefficient of the
    colours: it decodes whole blocks of them beside halves of those of brightness (jdmaster.c,
    `jpeg_calc_output_dimensions`).

    Raises:
        Undecodable: one does not decode.
    """
    frame = parse_jpeg(first).frame
    large = is_large(frame.width, frame.height)
    if not large or frame.subsampling != Sampling.QUARTER or len(frame.components) != _COLOURS:
        return Remembered(decode_jpeg(first)).are_those_of(decode_jpeg(second))
    if parse_jpeg(second).frame.subsampling != frame.subsampling:
        return False
    return all(
        np.array_equal(_view(first, colours, factor), _view(second, colours, factor))
        for colours, factor in (("GRAY", 1), ("RGB", 2))
    )


def _view(data: bytes, colours: str, factor: int) -> Pixels:
    """A JPEG in some colours, at a whole part of its size."""
    height, width, *_ = simplejpeg.decode_jpeg_header(data)
    try:
        pixels: Pixels = simplejpeg.decode_jpeg(
            data,
            colours,
            min_height=-(-height // factor),
            min_width=-(-width // factor),
            min_factor=factor,
            strict=True,
        )
    except ValueError as error:
        raise Undecodable(DAMAGED) from error
    return pixels
