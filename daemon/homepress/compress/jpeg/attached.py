"""JPEGs attached to a JPEG, such as gain maps: coded anew without loss.

The primary picture is none of this module's business. What is attached is never coded with loss, and whatever
does not fit stays byte for byte.
"""

import warnings
from collections.abc import Iterator
from typing import Final

from PIL import Image

from homepress.compress.core.library import CompiledCore, Loaded
from homepress.compress.jpeg.smallest import recoded
from homepress.compress.jpeg.whole import (
    JPEG_FORMATS,
    MOST_SCANS,
    check_codes,
    decode_jpeg,
    decode_whole,
    obstacle,
    pixels_of,
)
from homepress.compress.metadata import JpegStream, Malformed, Refused, parse_jpeg, picture_only
from homepress.compress.metadata.jpeg_container import replace_parts, replaceable_parts, swap_primary
from homepress.compress.metadata.jpeg_file import JpegFile, read_jpeg_file
from homepress.compress.metadata.jpeg_tables import is_redefined
from homepress.compress.pixels import (
    DECODER_ERRORS,
    Remembered,
    TooManyPixels,
    Undecodable,
    open_picture,
)

_LEAST_BYTES: Final = 2_048
"""Of an attached JPEG: there is next to nothing to gain in smaller ones."""

_MOST_TIMES: Final = 4
"""So many times the pixels of its primary picture all that are coded anew may have, none of them more than it
has: time and memory were counted by the primary's."""


def with_smaller_parts(data: bytes) -> bytes:
    """A JPEG in which the JPEGs attached to it take fewer bytes, or the same bytes where none can.

    Each that was coded anew decodes to the same pixels and has the same headers in the same order. The file
    was read again: its indexes lead to all that they led to before.

    Without the compiled core nothing is done.

    Args:
        data: a file that `read_jpeg_file` reads.
    """
    core = Loaded.core
    if core is None:  # MozJPEG's pass, used for primary pictures then, may abort on a broken one
        return data
    try:
        file = read_jpeg_file(data)
        smaller = dict(_smaller_parts(file, core))
        if not smaller:
            return data
        result = replace_parts(data, smaller)
        return result if _seen_by_others(data) == _seen_by_others(result) else data
    except (Malformed, Refused, Undecodable, TooManyPixels, MemoryError):
        return data


def _smaller_parts(file: JpegFile, core: CompiledCore) -> Iterator[tuple[int, bytes]]:
    """Where each begins that can be smaller, and its new bytes."""
    most = pixels_of(file.stream)
    left = _MOST_TIMES * most
    for start, end in replaceable_parts(file):
        stream = parse_jpeg(file.stream.data[start:end])
        pixels = pixels_of(stream)
        if end - start < _LEAST_BYTES or pixels > min(most, left) or len(stream.scans) > MOST_SCANS:
            continue
        left -= pixels
        if (made := _smaller(stream, core)) is not None:
            yield start, made


def _smaller(stream: JpegStream, core: CompiledCore) -> bytes | None:
    """One attached JPEG in fewer bytes, proven to be the same; None where that cannot be had."""
    try:
        if obstacle(stream) or is_redefined(stream):
            return None
        pixels = Remembered(decode_whole(stream))
        check_codes(stream)
        made = swap_primary(stream.data, recoded(core, parse_jpeg(picture_only(stream))))
        if len(made) >= len(stream.data) or _headers(parse_jpeg(made)) != _headers(stream):
            return None
        return made if pixels.are_those_of(decode_jpeg(made)) else None
    except (ValueError, Refused, Undecodable, TooManyPixels):
        return None


def _headers(stream: JpegStream) -> list[bytes]:
    return list(map(stream.raw, stream.headers))


def _seen_by_others(data: bytes) -> list[tuple[object, ...]]:
    """Size and colours of each picture that Pillow finds in a file, or what it says where it finds none."""
    picture = open_picture(data, JPEG_FORMATS)
    seen: list[tuple[object, ...]] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of sizes that nobody decodes
        for number in range(getattr(picture, "n_frames", 1)):
            try:
                picture.seek(number)
                seen.append((picture.size, picture.mode))
            except (*DECODER_ERRORS, Image.DecompressionBombError) as error:
                seen.append((type(error),))
    return seen
