"""How much memory the work on a picture takes, from what its header says: known before anything is decoded.

The figures are addresses, which is what systems bound: up to a third more than the memory in use. They were
measured with `python benchmarks/footprint.py`, which has each kind of work done by a process of its own and
takes the kernel's peak (proc(5), VmPeak): the greatest of photographs, drawings and transparent pictures.
"""

from dataclasses import dataclass
from typing import Final

from homepress.base.formats import ImageType
from homepress.compress.model import Recipe, needs_conversion

MOST_PIXELS: Final = 200_000_000
"""A picture with more pixels is refused before anything is decoded."""

BASE_BYTES: Final = 320_000_000
"""What a worker has when it has loaded everything and seen no picture, 203 MB, and what coders reserve
whatever the size of the picture, up to 100 MB."""

_MARGIN: Final = 1.1
"""Times what was measured, for what was not."""

_COPIES: Final = 4
"""So many times the bytes of the file: as they arrive, whole, without what is taken out, and coded anew."""

_DETAIL: Final = 14
"""The same for formats whose bytes tell how much detail there is, which takes memory of its own; a JPEG of
noise needs twice as much as a photograph of its size in pixels."""

_PLAIN: Final = frozenset({ImageType.PNG, ImageType.BMP, ImageType.TIFF, ImageType.GIF})
"""Formats of which a file may be large for other reasons."""

_IN_PLACE: Final = {ImageType.JPEG: 21.0, ImageType.PNG: 40.0, ImageType.WEBP: 52.0, ImageType.GIF: 13.0}
"""Bytes a pixel for the same picture in fewer bytes; other formats are left alone."""

LARGE_PIXELS: Final = 18_000_000
"""A picture with more pixels is too large to be held decoded more than once."""

_IN_BANDS: Final = 12.0
"""Bytes a pixel for a large JPEG in place, looked at band by band; those of inks are not. Of 19 to 50
megapixels 4.4 to 11.5 were measured, beside six times the bytes of the file (with numpy, ten times)."""

_WRITING: Final = {
    ImageType.JPEG: 30.0,
    ImageType.PNG: 50.0,
    ImageType.WEBP: 52.0,
    ImageType.AVIF: 63.0,
    ImageType.JXL: 58.0,
}
"""Bytes a pixel for a result in a format: the decoded source, the search for a quality, and the check."""

_ALPHA: Final = {ImageType.AVIF: 8.0}
"""Bytes a pixel more of a source that may be transparent."""

_WRITING_SMALL: Final = {ImageType.AVIF: 95.0, ImageType.JXL: 119.0}
"""The same for pictures of at most `_SMALL_PIXELS`, with which these codecs take more pains."""

_SMALL_PIXELS: Final = 8_000_000

_READING: Final = 20.0
"""Bytes a pixel to decode a source and to make it smaller in linear light."""

_HELD: Final = 4.0
"""Bytes a pixel of the decoded source, while a smaller one is written."""

_MAY_BE_DEEP: Final = frozenset({ImageType.PNG, ImageType.TIFF})
_READING_DEEP: Final = 28.0
_HELD_DEEP: Final = 14.0
"""The same where 16 bits a channel may be kept: from PNG and TIFF to PNG."""

_LOOKING: Final = 20.0
"""Bytes a pixel to decode a picture and make it small, for a comparison or to be shown."""


@dataclass(frozen=True, slots=True)
class PictureHeader:
    """What is known of a picture before it is decoded.

    Attributes:
        kind: its format.
        width: in pixels.
        height: likewise.
        file_bytes: of the file.
        inks: whether it is a JPEG of four components.
    """

    kind: ImageType
    width: int
    height: int
    file_bytes: int
    inks: bool = False

    @property
    def pixels(self) -> int:
        """Those that are decoded at a time: frames one by one, and none where they are too many."""
        pixels = self.width * self.height
        return pixels if pixels <= MOST_PIXELS else 0


def bytes_to_compress(picture: PictureHeader, recipe: Recipe) -> int:
    """The most memory that a worker takes for a picture and a recipe, itself included."""
    if not needs_conversion(picture.kind, recipe):
        return _in_all(_in_place(picture), picture)
    target = recipe.convert_to or picture.kind
    longest = max(picture.width, picture.height, 1)
    if not 0 < recipe.max_edge < longest:
        return _in_all(_to_write(target, picture.pixels, picture.kind), picture)
    small = round(picture.pixels * (recipe.max_edge / longest) ** 2)
    deep = target is ImageType.PNG and picture.kind in _MAY_BE_DEEP
    reading, held = (_READING_DEEP, _HELD_DEEP) if deep else (_READING, _HELD)
    work = max(picture.pixels * reading, picture.pixels * held + _to_write(target, small, picture.kind))
    return _in_all(work, picture)


def bytes_to_look_at(*pictures: PictureHeader) -> int:
    """The most memory that a worker takes to compare pictures with each other, or to show one."""
    return _in_all(sum(picture.pixels * _LOOKING for picture in pictures), *pictures)


def most_pixels(memory_bytes: int, target: ImageType) -> int:
    """How large a picture may be that becomes a format within so much memory, its file left aside."""
    work = (memory_bytes - BASE_BYTES) / _MARGIN
    each = _WRITING.get(target, 0.0) + _ALPHA.get(target, 0.0)
    return max(0, min(MOST_PIXELS, int(work / each))) if each else 0


def _in_place(picture: PictureHeader) -> float:
    each = _IN_PLACE.get(picture.kind, 0.0)
    if picture.kind is not ImageType.JPEG or picture.inks or picture.pixels <= LARGE_PIXELS:
        return picture.pixels * each
    return max(LARGE_PIXELS * each, picture.pixels * _IN_BANDS)  # never less than for one just small enough


def _to_write(target: ImageType, pixels: int, source: ImageType) -> float:
    alpha = 0.0 if source is ImageType.JPEG else _ALPHA.get(target, 0.0)
    large = pixels * (_WRITING.get(target, 0.0) + alpha)
    return max(large, min(pixels, _SMALL_PIXELS) * _WRITING_SMALL.get(target, 0.0))


def _in_all(work: float, *pictures: PictureHeader) -> int:
    files = sum(each.file_bytes * (_COPIES if each.kind in _PLAIN else _DETAIL) for each in pictures)
    return round(BASE_BYTES + files + _MARGIN * work)
