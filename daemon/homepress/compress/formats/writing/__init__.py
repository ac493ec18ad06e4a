"""Writing a picture in a format, at a quality floor or without loss, with its metadata."""

import importlib
from collections.abc import Iterable
from typing import cast

from homepress.compress.formats.picture import CannotConvert, Picture
from homepress.compress.formats.writing.written import Wish, Written
from homepress.compress.metadata.jpeg_segments import APP0, APP12, APP13, COM
from homepress.imagetype import ImageType

__all__ = ["Wish", "Written", "write_picture"]

_IPTC_RESOURCE = b"8BIM\x04\x04"
_LEFT_BEHIND = (
    (COM, b""),
    (APP0, b"JFXX"),
    (APP0, b"AVI1"),
    (APP12, b"Ducky"),
    (APP13, b"Photoshop "),
    (APP13, b"Adobe_Photoshop"),
)
"""Header segments without which a picture is whole: comments, a thumbnail, settings for printing, saving."""
_WRITERS = {
    ImageType.JPEG: "jpeg",
    ImageType.PNG: "png",
    ImageType.WEBP: "webp",
    ImageType.AVIF: "avif",
    ImageType.JXL: "jxl",
}


def write_picture(picture: Picture, kind: ImageType, wish: Wish) -> Written | None:
    """Write a picture.

    Args:
        picture: what to write.
        kind: the format.
        wish: how good it shall be.

    Returns:
        The file, or None where the format cannot keep the floor.

    Raises:
        CannotConvert: the format cannot carry what the picture holds, or cannot do without loss.
    """
    if kind is not ImageType.JPEG and any(_IPTC_RESOURCE in header for header in picture.jpeg_headers):
        raise CannotConvert(f"it has IPTC captions, which {kind.value.upper()} cannot carry")
    if kind is not ImageType.JPEG and (marker := _of_a_maker(picture.jpeg_headers)):
        raise CannotConvert(f"it holds a maker's own data (APP{marker & 0x0F}), which only JPEG carries")
    name = _WRITERS.get(kind)
    if name is None:
        raise CannotConvert(f"nothing is converted to {kind.value.upper()}")
    module = importlib.import_module(f"{__package__}.{name}")
    return cast("Written | None", module.write(picture, wish))


def _of_a_maker(headers: Iterable[bytes]) -> int | None:
    """The marker of a header segment that may hold anything, such as what a thermal camera measured."""
    for header in headers:
        marker, body = header[1], header[4:]
        if not any(marker == known and body.startswith(signature) for known, signature in _LEFT_BEHIND):
            return marker
    return None
