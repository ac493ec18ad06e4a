"""Reading HEIC (with pillow-heif, where it is installed) and AVIF."""

import io
from collections.abc import Sequence

from PIL import AvifImagePlugin

from homepress.base.formats import ImageType
from homepress.compress.convert import gain as gain_map
from homepress.compress.convert.along import Wanted, decoded, frame_count, read_metadata, upright
from homepress.compress.convert.picture import CannotConvert, Picture, Rgba, codec, to_image, to_rgba
from homepress.compress.metadata import Refused
from homepress.compress.metadata.appended import MOTION_PHOTO_DATA, read_sef
from homepress.compress.metadata.heif_parts import (
    SAMSUNG_BLOCKS,
    HeifExtra,
    HeifItems,
    exif_block,
    heif_extras,
)
from homepress.compress.metadata.isobmff import read_boxes
from homepress.compress.metadata.jpeg_tail import without_indexes
from homepress.compress.model import Extra
from homepress.compress.parts import Fate, fate
from homepress.compress.pixels import MOST_PIXELS, TooManyPixels, Undecodable, orientation, undecodable

AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # a worker is one of several

_HDR_TRANSFERS = (b"\x10", b"\x12")
"""PQ and HLG, by the same table as below."""
_SRGB_PRIMARIES = frozenset({1, 2})
_SRGB_TRANSFERS = frozenset({1, 2, 6, 13, 14, 15})
"""Codes of ITU-T H.273 tables 2 and 3 that mean sRGB, what viewers take for it, or nothing."""


def read_heif(source: bytes, kind: ImageType, wanted: Wanted) -> Picture:
    """Decode a still picture of 8 bits; see `read_picture`.

    Both formats store turning and mirroring outside of Exif, and decoders apply it.
    """
    extras = heif_extras(source)
    for extra in extras:
        if extra.extra is None:
            raise CannotConvert(f"it holds {extra.words}, which would be left behind")
    gain, trailer = _carried_extras(source, extras, wanted)
    items = HeifItems(source)
    _check_depth(items, kind, wanted.target)
    rgba = (_read_avif if kind is ImageType.AVIF else _read_heic)(source)
    blocks = [exif_block(item) for item in items.described(items.primary, b"Exif")]
    packets = [without_indexes(each, wanted.drop) for each in items.described(items.primary, b"mime")]
    along = read_metadata(source, exif=blocks, xmp=packets)
    if along.icc is None:
        _check_colours(items)
    shown = None
    if gain is not None:
        other = items.as_picture(gain.item)
        pixels = (_read_avif if kind is ImageType.AVIF else _read_heic)(other)
        shown = gain_map.from_heif(items, gain, to_image(pixels), blocks[0] if blocks else None)
    dropped = tuple(
        extra for extra in Extra if extra in wanted.drop and any(one.extra is extra for one in extras)
    )
    return Picture(rgba, along.icc, along.exif, along.xmp, gain=shown, trailer=trailer, dropped=dropped)


def _carried_extras(
    source: bytes, extras: Sequence[HeifExtra], wanted: Wanted
) -> tuple[HeifExtra | None, bytes]:
    """The gain map and the trailer that go along, of all that a file holds besides its picture.

    Raises:
        CannotConvert: there is something else, which was not asked to be taken out.
    """
    gain, trailer = None, b""
    for extra in extras:
        if extra.extra in wanted.drop:
            continue
        if wanted.target is ImageType.JPEG and extra.extra is Extra.HDR and extra.item:
            gain = gain or extra
        elif wanted.target is ImageType.JPEG and (blocks := _samsung_blocks(source, extra)):
            trailer = blocks
        else:
            word = extra.extra.value if extra.extra else ""
            raise CannotConvert(
                f"it holds {extra.words}, which {wanted.target.value.upper()} cannot carry; "
                f"to take that out, drop: {word}"
            )
    return gain, trailer


def _samsung_blocks(source: bytes, extra: HeifExtra) -> bytes:
    """The blocks in Samsung's box, which are those that end its JPEGs; empty where it is not that box."""
    if extra.extra is not Extra.MAKER or extra.item:
        return b""
    for box in read_boxes(source):
        if box.kind == SAMSUNG_BLOCKS:
            content = box.content(source)
            try:
                trailer = read_sef(b"\0" + content, 1)
            except Refused:
                return b""
            if trailer is None or trailer.start != 1:
                return b""
            return b"" if any(one.kind == MOTION_PHOTO_DATA for one in trailer.blocks) else content
    return b""


def _read_avif(source: bytes) -> Rgba:
    """The pixels of the picture."""
    if frame_count(source, "AVIF") > 1:
        raise CannotConvert("it is animated")
    image = decoded(source, "AVIF")
    return upright(to_rgba(image), orientation(image))


def _read_heic(source: bytes) -> Rgba:
    """The pixels of the picture."""
    heif = codec("pillow_heif", "pillow-heif", "reading HEIC")
    heif.options.DECODE_THREADS = 0
    try:
        file = heif.open_heif(io.BytesIO(source))
        if not len(file):
            raise Undecodable("there is no picture in it")
        main = next((one for one in file if one.info.get("primary")), file[0])
        if main.size[0] * main.size[1] > MOST_PIXELS:
            raise TooManyPixels(f"more than {MOST_PIXELS // 1_000_000} megapixels")
        return to_rgba(main.to_pillow())
    except (OSError, SyntaxError, ValueError, RuntimeError, EOFError) as error:  # what pillow-heif raises
        raise undecodable(error) from error


def _check_depth(items: HeifItems, kind: ImageType, target: ImageType) -> None:
    """See that a picture of more than 8 bits a channel is SDR, and goes where there are no more than 8.

    Raises:
        CannotConvert: it is not, or does not.
    """
    if _depth(items) <= 8:
        return
    if fate("deep", kind, target) is Fate.REFUSED:
        raise CannotConvert("it has more than 8 bits a channel")
    for box in items.properties(items.primary):
        content = box.content(items.data)
        if box.kind == b"colr" and content[:4] == b"nclx" and content[7:8] in _HDR_TRANSFERS:
            raise CannotConvert("it is HDR without a picture for other screens (PQ or HLG)")


def _depth(items: HeifItems) -> int:
    """The greatest number of bits that the picture's properties tell (pixi, av1C, hvcC)."""
    depths = [8]
    for number in (items.primary, *items.parts(items.primary)):
        for box in items.properties(number):
            content = box.content(items.data)
            if box.kind == b"pixi":
                depths += content[5:]
            elif box.kind == b"av1C":
                depths.append(10 if (content[2:3] or b"\0")[0] & 0x40 else 8)
            elif box.kind == b"hvcC":
                depths += [8 + (minus & 7) for minus in content[17:19]]
    return max(depths)


def _check_colours(items: HeifItems) -> None:
    """See that a picture without a profile is in sRGB (colour information of kind nclx)."""
    for box in items.properties(items.primary):
        content = box.content(items.data)
        if box.kind != b"colr" or content[:4] != b"nclx":
            continue
        primaries, transfer = (int.from_bytes(content[at : at + 2], "big") for at in (4, 6))
        if primaries not in _SRGB_PRIMARIES or transfer not in _SRGB_TRANSFERS:
            raise CannotConvert("its colours are wider than sRGB and it has no profile")
