"""Reading a picture of any format in full, upright, with its metadata, or saying why that loses something."""

import importlib
from typing import cast

from homepress.compress.formats.picture import CannotConvert, Picture
from homepress.imagetype import ImageType

__all__ = ["read_picture"]

_READERS = {
    ImageType.JPEG: "jpeg",
    ImageType.PNG: "png",
    ImageType.WEBP: "plain",
    ImageType.GIF: "plain",
    ImageType.BMP: "plain",
    ImageType.TIFF: "tiff",
    ImageType.HEIC: "heif",
    ImageType.AVIF: "heif",
    ImageType.JXL: "jxl",
}


def read_picture(source: bytes, kind: ImageType) -> Picture:
    """Decode a picture that is to be converted or resized.

    Args:
        source: the bytes of the file.
        kind: their format.

    Raises:
        CannotConvert: it holds something that would be lost: more frames, more bits, a gain map.
        Malformed, Refused: its structure is broken or cannot be followed.
        Undecodable: it does not decode in full.
        TooManyPixels: it is too large to decode.
    """
    name = _READERS.get(kind)
    if name is None:
        raise CannotConvert(f"{kind.value.upper()} is not converted")
    module = importlib.import_module(f"{__package__}.{name}")
    return cast(Picture, module.read(source, kind))
