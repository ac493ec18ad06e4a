"""Reading TIFF of one page and up to 16 bits."""

import sys
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from homepress.base.formats import ImageType
from homepress.compress.convert.along import Wanted, decoded, density, frame_count, read_metadata
from homepress.compress.convert.picture import CannotConvert, Picture, shallow, to_rgba, unknown_data
from homepress.compress.metadata.embedded import read_embedded
from homepress.compress.parts import Fate, fate
from homepress.compress.pixels import DECODER_ERRORS, open_picture, undecodable
from homepress.compress.pixels import colours as colours_in_words
from homepress.compress.score.ssimulacra2 import to_srgb

_BITS, _SAMPLE_FORMAT = 258, 339
_FURTHER = 330  # SubIFDs: smaller copies, or pictures of their own
_EXIF, _GPS = 0x8769, 0x8825
_SUBFILE, _EXTRA = 254, 338
_RAW = frozenset({50706, 50721, 33421})
"""DNG's version and colour matrix, and the pattern of a sensor's filters (TIFF/EP)."""
_LOST = (
    (frozenset({37724}), "Photoshop's layers"),
    (frozenset({33550, 33922, 34264, 34735, 34736, 34737, 42112, 42113}), "its place on the map (GeoTIFF)"),
    (frozenset({301, 318, 319, 342, 532}), "colours that are told without a profile"),
)
_CODING = frozenset(
    {
        *(254, 255, 256, 257, 258, 259, 262, 263, 264, 265, 266, 273, 274, 277, 278, 279, 280, 281, 284),
        *(286, 287, 288, 289, 290, 291, 292, 293, 297, 317, 320, 321, 322, 323, 324, 325, 332, 334, 338, 339),
        *(340, 341, 347, 512, 513, 514, 515, 517, 518, 519, 520, 521, 529, 530, 531, 532, 559, 32996, 32997),
        *(32998, 51023),
    }
)
"""Baseline tags and extensions that say how the pixels are stored, and hints for printers."""
_READ = frozenset({_EXIF, _GPS, 700, 33723, 34377, 34675})
"""Exif, place, XMP, IPTC (which refuses by itself), Photoshop's settings, profile."""
_TIFF_MODES = frozenset({"1", "L", "P", "RGB", "RGBA", "LA", "I;16", "I;16B"})
_INKS = "CMYK"
_DEEP_GREY = frozenset({"I;16", "I;16B"})
_PHOTOMETRIC, _PLANES, _EXTRA_ASSOCIATED, _PHOTOSHOP = 262, 284, 1, 34377
_OTHER_ORDER = {"L": "B", "B": "L", "N": "B" if sys.byteorder == "little" else "L"}
"""Of raw modes: the byte order whose high byte is the low one."""
_CARRIED = (
    *(0x010E, 0x010F, 0x0110, 0x0131, 0x0132, 0x013B, 0x8298, 0x011A, 0x011B, 0x0128),
    *(0x010D, 0x011D, 0x013C, 0x4746, 0x4749, *range(0x9C9B, 0x9CA0)),
)
"""Description, make, model, software, date, artist, copyright, density; names of document, page and computer,
rating, and what Windows writes: title, comment, author, keywords, subject."""


def read_tiff(source: bytes, wanted: Wanted) -> Picture:
    """Decode a TIFF of one page and up to 16 bits; see `read.read_picture`.

    Its Exif values are put into a block of their own, for in a TIFF they share directories with the picture.
    """
    if frame_count(source, "TIFF") > 1:
        raise CannotConvert("it has more than one page")
    opened = open_picture(source, ("TIFF",))
    tags = getattr(opened, "tag_v2", {})
    if _FURTHER in tags:
        raise CannotConvert("it holds further pictures, which would be left behind")
    _check_tags(tags)
    bits = set(tags.get(_BITS, (1,)))
    if (max(bits) > 8 and bits != {16}) or set(tags.get(_SAMPLE_FORMAT, (1,))) != {1}:
        raise CannotConvert("its channels have neither 8 nor 16 bits, or floating-point values")
    inks = opened.mode == _INKS
    if not inks and opened.mode not in _TIFF_MODES:
        raise CannotConvert(f"its colours are {colours_in_words(opened.mode)}")
    along = read_metadata(source, inks=inks)
    dropped = ("photoshop",) if _PHOTOSHOP in tags else ()
    deep = _deep_pixels(source) if bits == {16} else None
    if deep is not None:
        rgba = shallow(deep)
    else:
        image = decoded(source, "TIFF")  # Pillow turns it upright
        if inks:
            image = Image.fromarray(to_srgb(_INKS, read_embedded(source).icc)(np.asarray(image)))
            dropped = ("cmyk", *dropped)
        rgba = to_rgba(image)
    picture = Picture(
        rgba=rgba,
        deep=deep,
        icc=along.icc,
        exif=_exif(opened),
        xmp=along.xmp,
        density=density(opened) if tags.keys() >= _RESOLUTION else None,  # Pillow makes one up
        dropped=dropped,
    )
    keeps = fate("16-bit", ImageType.TIFF, wanted.target) is Fate.KEPT
    return picture if keeps else picture.with_8_bits()


_RESOLUTION = frozenset({282, 283})  # across, down


def _deep_pixels(source: bytes) -> NDArray[np.uint16]:
    """The pixels of a TIFF of 16 bits a channel, the right way up.

    Pillow has no colours of 16 bits and takes the high byte of each value; asked for values of the other byte
    order, it takes the low one.

    Raises:
        CannotConvert: the values are stored in a way that is not followed here.
        Undecodable: they do not decode.
    """
    opened = open_picture(source, ("TIFF",))
    tags = getattr(opened, "tag_v2", {})
    if opened.mode in _DEEP_GREY:
        grey = np.asarray(decoded(source, "TIFF")).astype(np.uint16)
        if tags.get(_PHOTOMETRIC) == 0:  # white is 0
            grey = ~grey
        deep = np.full((*grey.shape, 4), 65_535, np.uint16)
        deep[..., :3] = grey[..., None]
        return deep
    if opened.mode not in ("RGB", "RGBA") or tags.get(_PLANES, 1) != 1 or _EXTRA_ASSOCIATED in _extra(tags):
        raise CannotConvert("its 16 bits a channel are stored in a way that is not read")
    high = _plane(source, low=False)
    deep = np.full((*high.shape[:2], 4), 65_535, np.uint16)
    colours = deep[..., : high.shape[2]]
    colours[...] = high
    colours <<= 8
    del high
    colours |= _plane(source, low=True)
    return deep


def _plane(source: bytes, *, low: bool) -> NDArray[np.uint8]:
    """The high or the low bytes of all values."""
    opened = open_picture(source, ("TIFF",))
    tiles = []
    for tile in getattr(opened, "tile", []):
        kind, _, order = tile.args[0].partition(";16")
        if kind not in ("RGB", "RGBA") or order not in _OTHER_ORDER:
            raise CannotConvert("its 16 bits a channel are stored in a way that is not read")
        order = _OTHER_ORDER[order] if low else order
        tiles.append(tile._replace(args=(f"{kind};16{order}", *tile.args[1:])))
    setattr(opened, "tile", tiles)  # noqa: B010 (which is not in its type)
    try:
        opened.load()
    except DECODER_ERRORS as error:
        raise undecodable(error) from error
    return np.asarray(opened)


def _check_tags(tags: Mapping[int, object]) -> None:
    """See that a TIFF says nothing that would be lost.

    Raises:
        CannotConvert: it does, and what.
    """
    if tags.get(_SUBFILE, 0) not in (0, None) or tags.keys() & _RAW:
        raise CannotConvert("it is a raw file, or a smaller copy of another picture")
    if set(_extra(tags)) - {_EXTRA_ASSOCIATED, 2}:
        raise CannotConvert("it has a channel that is neither colour nor transparency")
    for held, words in _LOST:
        if held & tags.keys():
            raise CannotConvert(f"it holds {words}, which would be left behind")
    if unknown := sorted(tags.keys() - _CODING - set(_CARRIED) - _READ):
        raise CannotConvert(unknown_data(f"TIFF tag {unknown[0]}"))


def _extra(tags: Mapping[int, object]) -> tuple[object, ...]:
    """What channels beyond the colours are."""
    return as_tuple(tags.get(_EXTRA, ()))


def as_tuple(value: object) -> tuple[object, ...]:
    """A value of a tag as a tuple, whatever Pillow made of it."""
    return value if isinstance(value, tuple) else (value,)


def _exif(opened: Image.Image) -> bytes | None:
    """The values that describe the photograph, as a block of their own; None where there are none."""
    found = opened.getexif()
    block = Image.Exif()
    for tag in _CARRIED:
        if tag in found:
            block[tag] = found[tag]
    for directory in (_EXIF, _GPS):
        if values := found.get_ifd(directory):
            block.get_ifd(directory).update(values)
    return block.tobytes().removeprefix(b"Exif\0\0") if len(block) or _has_children(block) else None


def _has_children(block: Image.Exif) -> bool:
    return bool(block.get_ifd(_EXIF) or block.get_ifd(_GPS))
