"""Decoding with Pillow, in full or not at all, within a limit of pixels.

Every decoder error counts as "not whole": a truncated picture is never completed by guesswork
(`ImageFile.LOAD_TRUNCATED_IMAGES` stays off).
"""

import hashlib
import io
import struct
import warnings
from collections.abc import Iterator, Sequence

from PIL import Image

MOST_PIXELS = 200_000_000
"""Pictures with more pixels are left alone: decoding them would take more memory than a worker has."""

Image.MAX_IMAGE_PIXELS = MOST_PIXELS

_STRIP_PIXELS = 1 << 19


class Undecodable(Exception):  # noqa: N818 (reads as a verdict)
    """The bytes do not decode in full; the message says what the decoder said."""


class TooManyPixels(Exception):  # noqa: N818 (reads as a verdict)
    """The picture has more than `MOST_PIXELS` pixels; the message says how large it is."""


def open_picture(data: bytes, formats: Sequence[str]) -> Image.Image:
    """Open a picture without decoding its pixels, and check its size.

    Args:
        data: the bytes of the file.
        formats: Pillow's names of the formats that are tried, such as "JPEG".

    Raises:
        TooManyPixels: it has more than `MOST_PIXELS` pixels.
        Undecodable: its headers cannot be read.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(data), formats=list(formats))
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise TooManyPixels(f"more than {MOST_PIXELS // 1_000_000} megapixels") from error
    except DECODER_ERRORS as error:
        raise Undecodable(str(error) or type(error).__name__) from error
    return picture


def decode(data: bytes, formats: Sequence[str]) -> Image.Image:
    """Open a picture and decode all pixels of its first frame.

    Raises:
        TooManyPixels: it has more than `MOST_PIXELS` pixels.
        Undecodable: the bytes do not decode in full.
    """
    picture = open_picture(data, formats)
    try:
        picture.load()
    except DECODER_ERRORS as error:
        raise Undecodable(str(error) or type(error).__name__) from error
    return picture


# What Pillow's decoders raise on bad bytes, by their source: OSError and SyntaxError on purpose, the others
# where a header lies about sizes.
DECODER_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    OverflowError,
    EOFError,
    ZeroDivisionError,
    struct.error,
)


def strips(picture: Image.Image) -> Iterator[Image.Image]:
    """A decoded picture in strips of whole rows, top to bottom, so that copies of its pixels stay small."""
    width, height = picture.size
    rows = max(_STRIP_PIXELS // width, 1)
    for top in range(0, height, rows):
        yield picture.crop((0, top, width, min(top + rows, height)))


def fingerprint(picture: Image.Image) -> str:
    """A digest of mode, size, palette and pixels: equal for two pictures only if all of these are."""
    digest = hashlib.sha256(f"{picture.mode} {picture.size}".encode())
    palette = picture.getpalette("RGBA") if picture.mode in ("P", "PA") else None
    digest.update(bytes(palette or ()))
    for strip in strips(picture):
        digest.update(strip.tobytes())
    return digest.hexdigest()
