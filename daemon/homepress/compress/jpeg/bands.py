"""Decoding large JPEGs in bands, and comparing them without holding all their pixels."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import simplejpeg

from homepress.compress.jpeg.entropy import CodedRows
from homepress.compress.jpeg.model import Sampling
from homepress.compress.jpeg.whole import decode_jpeg, decode_strictly
from homepress.compress.metadata import ColourModel, JpegStream, colour_model, parse_jpeg
from homepress.compress.metadata.errors import DAMAGED
from homepress.compress.metadata.jpeg_segments import END_OF_IMAGE, START_OF_IMAGE, picture_segments
from homepress.compress.pixels import BAND_STEP, Band, Pixels, Remembered, Undecodable, is_large

_BAND_PIXELS: Final = 1 << 21
_INKS: Final = 4
_JFIF: Final = b"\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0"
_NO_TRANSFORM: Final = b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0\0"
"""Adobe's header (Technical Note 5116) that says that components are colours: they are given as they are."""


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
    """Whether the first pictures of two JPEGs decode to the same pixels.

    Progressive decoders hold all coefficients beside the pixels. So of large pictures with halved colours the
    planes are compared, as they are before colours are enlarged and converted: brightness in full, then all
    of them at half the size. There libjpeg makes whole blocks of the colours beside halves of those of
    brightness (jdmaster.c, `jpeg_calc_output_dimensions`), so that these planes are whole too.

    Raises:
        Undecodable, Malformed: one does not decode.
    """
    pair = parse_jpeg(first), parse_jpeg(second)
    if any(_has_halved_colours(stream) and _is_large(stream) for stream in pair):
        if not all(_has_halved_colours(stream) for stream in pair):
            return False
        views = ((_JFIF, "GRAY", 1), (_NO_TRANSFORM, "RGB", 2))
        return all(np.array_equal(_planes(pair[0], *view), _planes(pair[1], *view)) for view in views)
    return Remembered(decode_jpeg(first)).are_those_of(decode_jpeg(second))


def _is_large(stream: JpegStream) -> bool:
    return is_large(stream.frame.width, stream.frame.height)


def _has_halved_colours(stream: JpegStream) -> bool:
    return colour_model(stream) is ColourModel.YCC and stream.frame.subsampling == Sampling.QUARTER


def _planes(stream: JpegStream, header: bytes, colours: str, factor: int) -> Pixels:
    """A picture under a header that says what its components are, at a whole part of its size."""
    coded = (stream.raw(each) for each in picture_segments(stream) if not each.is_header)
    width, height = (-(-edge // factor) for edge in (stream.frame.width, stream.frame.height))
    try:
        pixels: Pixels = simplejpeg.decode_jpeg(
            b"".join((START_OF_IMAGE, header, *coded, END_OF_IMAGE)),
            colours,
            min_height=height,
            min_width=width,
            min_factor=factor,
            strict=True,
        )
    except ValueError as error:
        raise Undecodable(DAMAGED) from error
    return pixels
