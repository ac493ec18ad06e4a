"""Opening pictures with Pillow and asking them things that make it read on."""

import struct

from PIL import Image

from homepress.compress.pixels import Undecodable, decode, open_picture

# What Pillow's readers raise on bad bytes; RuntimeError comes from libavif's.
_READER_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    EOFError,
    RuntimeError,
    struct.error,
)


def frame_count(source: bytes, format_name: str) -> int:
    """How many frames or pages a picture has.

    Raises:
        Undecodable: its structure is broken.
        TooManyPixels: as `open_picture`.
    """
    try:
        return int(getattr(open_picture(source, (format_name,)), "n_frames", 1))
    except _READER_ERRORS as error:
        raise Undecodable(str(error) or type(error).__name__) from error


def decoded(source: bytes, format_name: str) -> Image.Image:
    """A picture with all pixels of its first frame.

    Raises:
        Undecodable: the bytes do not decode in full.
        TooManyPixels: as `open_picture`.
    """
    try:
        return decode(source, (format_name,))
    except RuntimeError as error:
        raise Undecodable(str(error)) from error
