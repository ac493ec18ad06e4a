"""Reading HEIC (with pillow-heif, where it is installed) and AVIF."""

import io
from collections.abc import Mapping
from typing import Any

from PIL import AvifImagePlugin

from homepress.compress.formats.images import Rgba, to_rgba
from homepress.compress.formats.optional import codec
from homepress.compress.formats.picture import CannotConvert, Picture
from homepress.compress.formats.reading.metadata import carried
from homepress.compress.formats.reading.opening import decoded, frame_count
from homepress.compress.formats.reading.upright import upright
from homepress.compress.metadata.heif_contents import further_contents
from homepress.compress.metadata.isobmff import find_boxes
from homepress.compress.pixels import MOST_PIXELS, TooManyPixels, Undecodable
from homepress.compress.verify import orientation
from homepress.imagetype import ImageType

AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # a worker is one of several

_PROPERTIES = (b"meta", b"iprp", b"ipco")
_SRGB_PRIMARIES = frozenset({1, 2})
_SRGB_TRANSFERS = frozenset({1, 2, 6, 13, 14, 15})
"""Codes of ITU-T H.273 tables 2 and 3 that mean sRGB, what viewers take for it, or nothing."""


def read(source: bytes, kind: ImageType) -> Picture:
    """Decode a still picture of 8 bits; see `read_picture`.

    Both formats store turning and mirroring outside of Exif, and decoders apply it.
    """
    if what := further_contents(source):
        raise CannotConvert(f"it holds {what}, which would be left behind")
    if _depth(source) > 8:
        raise CannotConvert("it has more than 8 bits a channel")
    rgba, packet = (_read_avif if kind is ImageType.AVIF else _read_heic)(source)
    along = carried(source, xmp=packet)
    if along.icc is None:
        _check_colours(source)
    return Picture(rgba, along.icc, along.exif, along.xmp)


def _read_avif(source: bytes) -> tuple[Rgba, bytes | None]:
    """Pixels and XMP packet of the main picture."""
    if frame_count(source, "AVIF") > 1:
        raise CannotConvert("it is animated")
    image = decoded(source, "AVIF")
    return upright(to_rgba(image), orientation(image)), _packet(image.info)


def _read_heic(source: bytes) -> tuple[Rgba, bytes | None]:
    """Pixels and XMP packet of the main picture; others, such as depth maps, have their own."""
    heif = codec("pillow_heif", "pillow-heif", "reading HEIC")
    heif.options.DECODE_THREADS = 1
    try:
        file = heif.open_heif(io.BytesIO(source))
        if len(file) != 1:
            raise CannotConvert(f"it holds {len(file)} pictures")
        if file[0].size[0] * file[0].size[1] > MOST_PIXELS:
            raise TooManyPixels(f"more than {MOST_PIXELS // 1_000_000} megapixels")
        return to_rgba(file[0].to_pillow()), _packet(file[0].info)
    except (OSError, SyntaxError, ValueError, RuntimeError, EOFError) as error:  # what pillow-heif raises
        raise Undecodable(str(error) or type(error).__name__) from error


def _packet(info: Mapping[Any, Any]) -> bytes | None:
    packet = info.get("xmp")
    return packet if isinstance(packet, bytes) and packet else None


def _depth(source: bytes) -> int:
    """The greatest number of bits that any item property tells (pixi, av1C, hvcC)."""
    depths = [8]
    for box in find_boxes(source, (*_PROPERTIES, b"pixi")):
        depths += box.content(source)[5:]
    for box in find_boxes(source, (*_PROPERTIES, b"av1C")):
        flags = box.content(source)[2:3] or b"\0"
        depths.append(10 if flags[0] & 0x40 else 8)
    for box in find_boxes(source, (*_PROPERTIES, b"hvcC")):
        depths += [8 + (minus & 7) for minus in box.content(source)[17:19]]
    return max(depths)


def _check_colours(source: bytes) -> None:
    """See that a picture without a profile is in sRGB (colour information of kind nclx)."""
    for box in find_boxes(source, (*_PROPERTIES, b"colr")):
        content = box.content(source)
        if content[:4] != b"nclx":
            continue
        primaries, transfer = (int.from_bytes(content[at : at + 2], "big") for at in (4, 6))
        if primaries not in _SRGB_PRIMARIES or transfer not in _SRGB_TRANSFERS:
            raise CannotConvert("its colours are wider than sRGB and it has no profile")
