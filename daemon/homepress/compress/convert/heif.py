"""Reading HEIC (with pillow-heif, where it is installed) and AVIF."""

import dataclasses
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import AvifImagePlugin

from homepress.base.formats import ImageType
from homepress.base.units import counted
from homepress.compress.convert import gain as gain_map
from homepress.compress.convert.along import Wanted, decoded, frame_count, read_metadata, upright
from homepress.compress.convert.beside import map_jpeg, naming, turned
from homepress.compress.convert.picture import (
    ANIMATED,
    STRIP,
    CannotConvert,
    Picture,
    Rgba,
    codec,
    dithered,
    to_image,
    to_rgba,
)
from homepress.compress.convert.profile import profile_of_code_points
from homepress.compress.metadata import Malformed, Refused
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
from homepress.compress.pixels import (
    MOST_PIXELS,
    KindNotRead,
    TooManyPixels,
    Undecodable,
    orientation,
    undecodable,
)

AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # a worker is one of several

_EIGHT = 8
_MOST_FURTHER = 16_000_000
"""Pixels of further pictures that go along in all, however small the first is."""
_PROPERTIES, _DEEP = "properties", "deep"
_DEEP_MODES = frozenset({"I;16", "RGB;16", "RGBA;16"})
_HDR_TRANSFERS = frozenset({16, 18})
"""PQ and HLG, by the same table as below."""
_SRGB_PRIMARIES = frozenset({1, 2})
_SRGB_TRANSFERS = frozenset({1, 2, 6, 13, 14, 15})
"""Codes of ITU-T H.273 tables 2 and 3 that mean sRGB, what viewers take for it, or nothing."""


def read_heic(source: bytes, wanted: Wanted) -> Picture:
    """Decode a still HEIC; see `read.read_picture`."""
    return _read(source, ImageType.HEIC, wanted)


def read_avif(source: bytes, wanted: Wanted) -> Picture:
    """Decode a still AVIF; see `read.read_picture`."""
    return _read(source, ImageType.AVIF, wanted)


def _read(source: bytes, kind: ImageType, wanted: Wanted) -> Picture:
    """Decode a still picture of 8 bits.

    Both formats store turning and mirroring outside of Exif, and decoders apply it.
    """
    items = HeifItems(source)
    extras = heif_extras(source)
    _check_item(items, items.primary, kind)
    carried = _carried_extras(source, extras, wanted)
    _check_further(items, carried.pictures)
    picture = _read_item(items, items.primary, kind, wanted)
    gain = None
    if carried.gain is not None:
        shown = to_image(_pixels(items.as_picture(carried.gain.item), kind))
        gain = gain_map.from_heif(items, carried.gain, shown, picture.exif)
    numbers = [extra.item for extra in carried.pictures]
    held = {one.extra for one in extras}
    dropped: list[str] = [extra for extra in Extra if extra in wanted.drop and extra in held]
    if any(items.beside_coding(number) for number in (items.primary, *numbers)):
        dropped.append(_PROPERTIES)
    if any(_depth(items, number) > _EIGHT for number in (items.primary, *numbers)):
        dropped.append(_DEEP)
    return dataclasses.replace(
        picture,
        gain=gain,
        maps=tuple(_map(items, extra, kind) for extra in carried.maps),
        others=tuple(_read_further(items, number, kind, wanted) for number in numbers),
        stereo=len(numbers) == 1 and items.is_stereo(items.primary, numbers[0]),
        trailer=carried.trailer,
        dropped=tuple(dropped),
    )


def _read_item(items: HeifItems, number: int, kind: ImageType, wanted: Wanted) -> Picture:
    """One picture of a file, with its metadata."""
    profile, codes = items.colours(number)
    if profile is None and codes is not None:
        profile = _profile(codes)
    rgba = _pixels(items.data if number == items.primary else items.as_picture(number), kind)
    along = read_metadata(
        items.data,
        exif=[exif_block(item) for item in items.described(number, b"Exif")],
        xmp=[without_indexes(each, wanted.drop) for each in items.described(number, b"mime")],
        profile=profile,
    )
    return Picture(rgba, along.icc, along.exif, along.xmp)


def _read_further(items: HeifItems, number: int, kind: ImageType, wanted: Wanted) -> Picture:
    try:
        _check_item(items, number, kind)
        return _read_item(items, number, kind, wanted)
    except (CannotConvert, Undecodable) as error:
        raise CannotConvert(
            f"a further picture in it cannot be read ({error}); to take those out, drop pictures"
        ) from error


def _check_item(items: HeifItems, number: int, kind: ImageType) -> None:
    """See that a picture is of a kind that is read here, and shown right by every screen.

    Raises:
        CannotConvert: it is not shown so.
        KindNotRead: it is of another kind.
    """
    if number in items.infos and items.infos[number].kind == b"unci":
        raise KindNotRead("it is stored uncompressed")
    profile, codes = items.colours(number)
    if profile is None and codes is not None:
        _profile(codes)
    _check_shape(items, number, kind)


def _pixels(source: bytes, kind: ImageType) -> Rgba:
    return (_read_avif if kind is ImageType.AVIF else _read_heic)(source)


def _map(items: HeifItems, extra: HeifExtra, kind: ImageType) -> bytes:
    """A depth map or matte as a JPEG.

    Raises:
        CannotConvert: it cannot be said in one.
    """
    if _depth(items, extra.item) > _EIGHT or any(box.kind == b"imir" for box in items.properties(extra.item)):
        raise CannotConvert(_which_stays(extra, "which is stored in a way that JPEG lacks"))
    turns = [
        (box.content(items.data) or b"\0")[0] & 3
        for box in items.properties(extra.item)
        if box.kind == b"irot"
    ]
    values = _pixels(items.as_picture(extra.item), kind)[..., 0]
    packets = items.described(extra.item, b"mime")
    name = items.auxiliary_kind(extra.item)
    try:
        packet = turned(naming(packets[0] if packets else None, name), sum(turns) % 4)
        return map_jpeg(np.ascontiguousarray(values), packet)
    except Malformed as error:
        raise CannotConvert(_which_stays(extra, f"which JPEG cannot carry ({error})")) from error


def _which_stays(extra: HeifExtra, why: str) -> str:
    return f"it holds {extra.words}, {why}; to take that out, drop {extra.extra}"


def _check_further(items: HeifItems, pictures: Sequence[HeifExtra]) -> None:
    """See that a file's further pictures are no more than are held at once.

    Raises:
        CannotConvert: they are.
    """
    pixels = sum(items.pixels(extra.item) for extra in pictures)
    if pixels > max(items.pixels(items.primary), _MOST_FURTHER):
        raise CannotConvert(
            f"it holds {counted(len(pictures), 'further picture')}, more than go into one JPEG; "
            "to take them out, drop pictures"
        )


@dataclass(slots=True)
class _Carried:
    """What goes along, of all that a file holds besides its picture."""

    gain: HeifExtra | None = None
    maps: list[HeifExtra] = field(default_factory=list)
    pictures: list[HeifExtra] = field(default_factory=list)
    trailer: bytes = b""


def _carried_extras(source: bytes, extras: Sequence[HeifExtra], wanted: Wanted) -> _Carried:
    """What goes along to the wanted format.

    Raises:
        CannotConvert: there is something else, which was not asked to be taken out.
    """
    carried = _Carried()
    jpeg = wanted.target is ImageType.JPEG
    stays: dict[Extra, str] = {}
    for extra in extras:
        if extra.extra is None:
            raise CannotConvert(f"it holds {extra.words}, which would be left behind")
        if extra.extra in wanted.drop:
            continue
        if jpeg and extra.extra is Extra.HDR and extra.item:
            carried.gain = carried.gain or extra
        elif jpeg and extra.extra is Extra.DEPTH:
            carried.maps.append(extra)
        elif jpeg and extra.extra is Extra.PICTURES:
            carried.pictures.append(extra)
        elif jpeg and (blocks := _samsung_blocks(source, extra)):
            carried.trailer = blocks
        else:
            stays.setdefault(extra.extra, extra.words)
    if stays:
        raise CannotConvert(
            f"it holds {' and '.join(stays.values())}, which {wanted.target.value.upper()} cannot carry; "
            f"to take that out, drop {', '.join(stays)}"
        )
    return carried


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
        raise CannotConvert(ANIMATED)
    image = decoded(source, "AVIF")
    return upright(to_rgba(image), orientation(image))


def _read_heic(source: bytes) -> Rgba:
    """The pixels of the picture; more than 8 bits a channel are dithered."""
    heif = codec("pillow_heif", "pillow-heif", "reading HEIC")
    heif.options.DECODE_THREADS = 0
    try:
        main = _main_picture(heif, source, to_8_bits=False)
        if main.mode in _DEEP_MODES:
            return _shallow(np.asarray(main), int(main.info["bit_depth"]))
        if ";" in main.mode:  # such as transparency that is multiplied into the colours already
            main = _main_picture(heif, source, to_8_bits=True)
        return to_rgba(main.to_pillow())
    except (OSError, SyntaxError, ValueError, RuntimeError, EOFError) as error:  # what pillow-heif raises
        raise undecodable(error) from error


def _main_picture(heif: ModuleType, source: bytes, *, to_8_bits: bool) -> Any:
    """The picture that programs show; nothing of it is decoded yet."""
    file = heif.open_heif(io.BytesIO(source), convert_hdr_to_8bit=to_8_bits)
    if not len(file):
        raise Undecodable("there is no picture in it")
    main = next((one for one in file if one.info.get("primary")), file[0])
    if not all(main.size):
        raise Undecodable("it does not say its size in pixels")
    if main.size[0] * main.size[1] > MOST_PIXELS:
        raise TooManyPixels(f"more than {MOST_PIXELS // 1_000_000} megapixels")
    return main


def _shallow(values: NDArray[np.uint16], depth: int) -> Rgba:
    """Values of 10 or 12 bits, with zeros behind as pillow-heif gives them, in 8, dithered.

    With the first bits again in place of the zeros, white is the highest number of 16 bits.
    """
    colours = values.reshape(*values.shape[:2], -1)
    height, width, channels = colours.shape
    out = np.empty((height, width, 4), np.uint8)
    for top in range(0, height, STRIP):
        rows = colours[top : top + STRIP]
        deep = np.full((len(rows), width, 4), 65_535, np.uint16)
        deep[..., : max(3, channels)] = rows | (rows >> depth)
        out[top : top + STRIP] = dithered(deep, top)
    return out


def _depth(items: HeifItems, picture: int) -> int:
    """The greatest number of bits that a picture's properties tell (pixi, av1C, hvcC)."""
    depths = [_EIGHT]
    for number in (picture, *items.parts(picture)):
        for box in items.properties(number):
            content = box.content(items.data)
            if box.kind == b"pixi":
                depths += content[5:]
            elif box.kind == b"av1C":
                depths.append(10 if (content[2:3] or b"\0")[0] & 0x40 else 8)
            elif box.kind == b"hvcC":
                depths += [8 + (minus & 7) for minus in content[17:19]]
    return max(depths)


def _profile(codes: bytes) -> bytes | None:
    """The profile of a picture that has code points (nclx) instead; None for sRGB, which needs none.

    Raises:
        CannotConvert: it is HDR, or its colours are not known here.
    """
    primaries, transfer = (int.from_bytes(codes[at : at + 2], "big") for at in (0, 2))
    if transfer in _HDR_TRANSFERS:
        raise CannotConvert(
            "its picture is HDR itself (PQ or HLG); one for other screens is made by the camera or an editor"
        )
    if primaries in _SRGB_PRIMARIES and transfer in _SRGB_TRANSFERS:
        return None
    profile = profile_of_code_points(primaries, transfer)
    if profile is None:
        raise CannotConvert("its colours are of a kind that is not known here, and it has no profile")
    return profile


def _check_shape(items: HeifItems, number: int, kind: ImageType) -> None:
    """See that a picture has square pixels, and that all that is decoded is meant to be seen.

    Raises:
        CannotConvert: it has not, or is to be cropped, which the reader of AVIF does not do.
    """
    for box in items.properties(number):
        content = box.content(items.data)
        if box.kind == b"pasp" and content[:4] != content[4:8]:
            raise CannotConvert("its pixels are not square")
        if box.kind == b"clap" and kind is ImageType.AVIF:
            raise CannotConvert("it is to be shown cropped, which is not done here")
