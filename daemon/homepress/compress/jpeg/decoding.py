"""Decoding JPEGs: strictly into an array where that goes, else with Pillow.

Both decode with libjpeg-turbo and give the same pixels, to the bit. Pillow passes over what libjpeg warns of;
simplejpeg can be told not to.
"""

from typing import Final

import simplejpeg

from homepress.compress.pixels import decode, open_picture
from homepress.compress.raster import Pixels, Raster, Windowed

JPEG_FORMATS: Final = ("JPEG", "MPO")
"""Pillow's names: a JPEG with a multi-picture index is an MPO to it."""

_COLOURS: Final = {"L": "GRAY", "RGB": "RGB"}
"""By Pillow's mode; inks stay with Pillow, which knows that Adobe's are stored inverted."""


def decode_jpeg(data: bytes) -> Windowed:
    """All pixels of the first picture of a JPEG.

    Raises:
        TooManyPixels: it has more than `pixels.MOST_PIXELS` pixels.
        Undecodable: it does not decode.
    """
    pixels = decode_strictly(data)
    return Raster(decode(data, JPEG_FORMATS)) if pixels is None else pixels


def decode_strictly(data: bytes) -> Pixels | None:
    """All pixels of the first picture of a JPEG if libjpeg has nothing to say against it.

    With Huffman codes, libjpeg warns when a code needs bits beyond the end of its scan or restart interval
    (`jpeg_fill_bit_buffer` in jdhuff.c), and when a restart marker is not the expected one or bytes are left
    over (jdmarker.c). So what decodes without a warning has all the data that its scans should have.

    Returns:
        The pixels; None if there was a warning or an error, and for pictures of inks.

    Raises:
        TooManyPixels: it has more than `pixels.MOST_PIXELS` pixels.
        Undecodable: its headers cannot be read.
    """
    picture = open_picture(data, JPEG_FORMATS)  # sees to the number of pixels before any memory is taken
    if picture.mode not in _COLOURS:
        return None
    try:
        pixels: Pixels = simplejpeg.decode_jpeg(data, _COLOURS[picture.mode], strict=True)
    except ValueError:
        return None
    return pixels[..., 0] if picture.mode == "L" else pixels
