"""Fewer pixels, and a picture under a size in bytes."""

import functools
import math
from collections.abc import Callable, Set
from dataclasses import replace

import numpy as np

from homepress.base.formats import ImageType
from homepress.compress.convert.fit_png import PngFit, may_fit_whole
from homepress.compress.convert.gain import scaled_tail
from homepress.compress.convert.hdr import Reduction
from homepress.compress.convert.picture import CannotConvert, Picture, scale_down, shallow
from homepress.compress.convert.write import EncodedFile, EncodeOptions, write_picture
from homepress.compress.metadata.errors import Malformed
from homepress.compress.metadata.exif import scaled, with_size, without_thumbnail
from homepress.compress.metadata.xmp import with_values
from homepress.compress.model import LOWEST_FLOOR
from homepress.compress.png.fewer import MOST_PIXELS as MOST_PALETTE_PIXELS
from homepress.compress.png.palette import Colours
from homepress.compress.savings import SHARES, shrunk
from homepress.compress.score.tiles import EDGE, cells, draw

# Smaller pictures, with all that is said of their size.


def resized(picture: Picture, size: tuple[int, int], *, thrifty: bool = False) -> Picture:
    """A picture at another size; its Exif block tells the new size and holds no thumbnail.

    Args:
        picture: the picture.
        size: width and height in pixels, none larger than before.
        thrifty: whether each byte counts, those of a gain map too.
    """
    if size == picture.size:
        return picture
    share = max(size) / max(picture.size)
    deep = None if picture.deep is None else scale_down(picture.deep, size)
    rgba = shallow(deep) if deep is not None else scale_down(picture.rgba, size)
    base = Reduction(picture.rgba, rgba, fine=not thrifty)
    exif = picture.exif
    if exif is not None:
        exif = scaled(with_size(without_thumbnail(exif), *size), share)
    return replace(
        picture,
        rgba=rgba,
        deep=deep,
        exif=exif,
        xmp=None if picture.xmp is None else _scaled_xmp(picture.xmp, size, share),
        tail=scaled_tail(picture.tail.file, base) if picture.tail else None,
        gain=picture.gain.scaled(base) if picture.gain else None,
        others=tuple(resized(each, shrunk(each.size, share)) for each in picture.others),
    )


_EXIF_XMP, _TIFF_XMP = "http://ns.adobe.com/exif/1.0/ ", "http://ns.adobe.com/tiff/1.0/ "
_DIMENSIONS = "http://ns.adobe.com/xap/1.0/sType/Dimensions# "
_PANORAMA = "http://ns.google.com/photos/1.0/panorama/ "
_WIDTHS = frozenset({_EXIF_XMP + "PixelXDimension", _TIFF_XMP + "ImageWidth", _DIMENSIONS + "w"})
_HEIGHTS = frozenset({_EXIF_XMP + "PixelYDimension", _TIFF_XMP + "ImageLength", _DIMENSIONS + "h"})
"""Those of `Dimensions` are what regions of faces apply to; the regions themselves are shares of it."""


def _scaled_xmp(packet: bytes, size: tuple[int, int], share: float) -> bytes:
    """The packet with the picture's new size, and places told in pixels; as it is if broken."""

    def change(name: str, value: str) -> str | None:
        if name in _WIDTHS | _HEIGHTS:
            return str(size[name in _HEIGHTS])
        if name.startswith(_PANORAMA) and name.endswith("Pixels") and value.isdigit():
            return str(round(int(value) * share))
        return None

    try:
        return with_values(packet, change)
    except Malformed:
        return packet


# What a picture is expected to come to, in bytes, at a floor and a share of its edges.
#
# Sizes grow with the floor along much the same curve in all pictures, and with the edge as a power of it.
# Where on the curve a picture lies, a mosaic of its own tiles tells for little; attempts tell it exactly.

LEAST_STEP = 0.5
"""Points of the floor that are worth another attempt."""

_GROWTH = (
    (30.0, -1.6),
    (50.0, -1.2),
    (60.0, -0.92),
    (70.0, -0.57),
    (80.0, 0.0),
    (85.0, 0.35),
    (90.0, 0.78),
    (95.0, 1.3),
    (100.0, 2.0),
)
"""The logarithm of a picture's size at a floor, relative to that at 80: about the same for all pictures."""
_GROWTH_WITH_EDGE = 1.7
"""Power of the edge with which sizes grow: fine detail is lost where pictures shrink."""
_FULL_ENOUGH = 0.12  # in logarithms: a result that leaves less room than this is good enough
_AIM = 0.03  # how far under the limit is aimed at
_HOPELESS = 0.35  # by how much the least size may be expected to exceed the limit and still be tried
_HOPELESS_BY_SAMPLE = 0.15  # the same where a mosaic was written

_SURELY = 0.3  # by how much a size by a mosaic has to exceed the limit for nobody to try it
_GUESSED_AIM = 0.07  # how far under the limit is aimed at as long as only a mosaic was written

_SIDE = 8
"""Tiles along a mosaic's edge; whole blocks meet at their borders, so these cost no bytes."""
_WORTH_A_SAMPLE = 4 * (_SIDE * EDGE) ** 2
"""Pixels of a picture from which on a mosaic saves more than it costs."""
_SAMPLE_SHARE, _SAMPLE_FLOOR = 0.5, 55.0

Write = Callable[[Picture, EncodeOptions], EncodedFile | None]


class Sizes:
    """What attempts came to, and what others are expected to come to.

    Args:
        limit: the size that is asked for, in bytes.
    """

    def __init__(self, limit: int) -> None:
        self._limit = math.log(limit)
        self._offsets: dict[float, float] = {}
        """By floor, how far a size was from the common curve, full size in pixels assumed."""
        self._power = _GROWTH_WITH_EDGE
        self._hopeless = _HOPELESS
        self._is_guess = False
        self._scale, self._beside = 1.0, 0
        self.least: int | None = None
        """Bytes of the smallest attempt."""
        self.forgiving = False
        """Whether nothing counts as hopeless, because nothing is left to be tried after it."""

    def sample(self, picture: Picture, options: EncodeOptions, write: Write) -> None:
        """Write a mosaic of the picture's tiles a few times, if that is worth it, and expect accordingly.

        Args:
            picture: the picture in full size.
            options: how good it may be at most.
            write: writes a picture.
        """
        width, height = picture.size
        if options.floor is None or width * height < _WORTH_A_SAMPLE or min(width, height) < EDGE:
            return
        mosaic = _mosaic(picture)
        self._scale = width * height / (mosaic.size[0] * mosaic.size[1])
        self._beside = picture.beside
        middle = EncodeOptions(min(_SAMPLE_FLOOR, options.floor), options.palette)
        size = self._expect(mosaic, middle, write)
        if size is None:
            return
        end = LOWEST_FLOOR if self._expected(1.0, middle.floor or 0.0) > self._limit else options.floor
        self._expect(mosaic, EncodeOptions(end, options.palette), write)
        if self._expected(1.0, LOWEST_FLOOR) > self._limit:
            half = round(mosaic.size[0] * _SAMPLE_SHARE), round(mosaic.size[1] * _SAMPLE_SHARE)
            if (written := write(resized(mosaic, half), middle)) is not None:
                self._power = math.log(len(written.data) / size) / math.log(_SAMPLE_SHARE)
                self._hopeless = _HOPELESS_BY_SAMPLE

    def _expect(self, mosaic: Picture, options: EncodeOptions, write: Write) -> int | None:
        """Write the mosaic at one floor and expect accordingly; its bytes, or None where there are none."""
        written = write(mosaic, options)
        if written is None or options.floor is None:
            return None
        whole = len(written.data) * self._scale + self._beside
        self._offsets[options.floor] = math.log(whole) - self._growth(1.0, options.floor)
        self._is_guess = True
        return len(written.data)

    def misses(self, floor: float) -> bool:
        """Whether the picture in full size surely takes more than is asked for."""
        return bool(self._offsets) and self._expected(1.0, floor) > self._limit + _SURELY

    def learn(self, share: float, floor: float, written: EncodedFile) -> bool:
        """Take note of an attempt; says whether it fits."""
        size = len(written.data)
        self.note(size)
        if self._is_guess:  # what a mosaic errs by, it errs by at all floors
            error = math.log(size) - self._expected(share, floor)
            self._offsets = {other: offset + error for other, offset in self._offsets.items()}
            self._is_guess = False
        self._offsets[floor] = math.log(size) - self._growth(share, floor)
        return math.log(size) <= self._limit

    def note(self, size: int) -> None:
        """Take note of how small the picture got."""
        self.least = size if self.least is None else min(self.least, size)

    def is_full_enough(self, written: EncodedFile) -> bool:
        """Whether a higher floor would hardly fit as well."""
        return self._limit - math.log(len(written.data)) < _FULL_ENOUGH

    def is_hopeless(self, share: float) -> bool:
        """Whether not even the lowest floor is expected to fit."""
        if self.forgiving or not self._offsets:
            return False
        return self._expected(share, LOWEST_FLOOR) > self._limit + self._hopeless

    def floor_that_fits(self, share: float, low: float, high: float, tried: Set[float]) -> float:
        """The highest floor between two that is expected to fit; an end itself unless it was tried."""
        if not self._offsets or self._fits(share, high):
            return high if high not in tried else (low + high) / 2
        if not self._fits(share, low):
            return low if low not in tried else (low + high) / 2
        while high - low > LEAST_STEP / 4:
            middle = (low + high) / 2
            low, high = (middle, high) if self._fits(share, middle) else (low, middle)
        return round(low, 1)

    def _fits(self, share: float, floor: float) -> bool:
        return self._expected(share, floor) <= self._limit - (_GUESSED_AIM if self._is_guess else _AIM)

    def _expected(self, share: float, floor: float) -> float:
        """The logarithm of the size at a floor: the curve, moved as the nearest attempts say."""
        return self._growth(share, floor) + _interpolated(sorted(self._offsets.items()), floor)

    def _growth(self, share: float, floor: float) -> float:
        return _interpolated(_GROWTH, floor) + self._power * math.log(share)


def _mosaic(picture: Picture) -> Picture:
    """Tiles of a picture that stand for all of it, as a picture of their own without metadata."""
    tiles = draw(cells(picture.rgba[..., :3]), _SIDE * _SIDE)
    side = math.isqrt(len(tiles))
    cut = [picture.rgba[tile.top : tile.top + EDGE, tile.left : tile.left + EDGE] for tile in tiles]
    rows = [np.concatenate(cut[row * side : (row + 1) * side], axis=1) for row in range(side)]
    rgba = np.ascontiguousarray(np.concatenate(rows, axis=0))
    return Picture(rgba, picture.icc)


def _interpolated(points: "list[tuple[float, float]] | tuple[tuple[float, float], ...]", at: float) -> float:
    """The value of a broken line at a place; beyond its ends that of the end."""
    below = [point for point in points if point[0] <= at]
    above = [point for point in points if point[0] >= at]
    if not below or not above:
        return (points[0] if not below else points[-1])[1]
    (left, low), (right, high) = below[-1], above[0]
    return low if right == left else low + (high - low) * (at - left) / (right - left)


# Making a picture fit under a size in bytes: lower quality first, then fewer pixels.
#
# Writing a large picture is dear. So each attempt is chosen by what a mosaic of its tiles, and the attempts
# before it, came to.

_ATTEMPTS = 4
"""How often a picture is written at one size in pixels, at most."""
_LEAST_EDGE = 32


class CannotFit(Exception):  # noqa: N818 (reads as a verdict)
    """The picture cannot be made that small; the message says how small it got."""


class Fitting:
    """The search for a picture in at most so many bytes, at about the best floor that does.

    Args:
        picture: what to write.
        kind: the format.
        options: how good it may be at most; its floor is where the search begins.
        limit: bytes.

    Raises:
        CannotConvert: as `write_picture`.
    """

    def __init__(self, picture: Picture, kind: ImageType, options: EncodeOptions, limit: int) -> None:
        self.picture = picture
        self._kind = kind
        self._wish = options
        self._limit = limit
        self._sizes = Sizes(limit)
        if kind is ImageType.PNG:  # has no quality that sizes grow with
            return
        self._sizes.sample(picture, options, lambda sample, options: write_picture(sample, kind, options))

    @property
    def needs_a_lower_floor(self) -> bool:
        """Whether the floor that is wished for surely takes too many bytes."""
        if self._kind is ImageType.PNG:
            return not may_fit_whole(self.picture, self._limit) and not _is_drawing(self.picture)
        return self._wish.floor is not None and self._sizes.misses(self._wish.floor)

    def write(self) -> tuple[EncodedFile, Picture]:
        """The file, and the picture that it shows, which may have fewer pixels.

        Raises:
            CannotFit: not even the lowest floor and the fewest pixels do, or no loss is allowed.
            CannotConvert: as `write_picture`.
        """
        picture, options, sizes = self.picture, self._wish, self._sizes
        if self._kind is ImageType.PNG and options.floor is not None:
            return self._write_png(options)
        shares = [share for share in SHARES if share == 1.0 or _may_shrink(picture, share, options)]
        for share in shares:
            sizes.forgiving = share == shares[-1]
            if sizes.is_hopeless(share):
                continue
            smaller = picture
            if share != 1.0:
                smaller = resized(picture, shrunk(picture.size, share), thrifty=True)
            found = _best_floor(functools.partial(write_picture, smaller, self._kind), options, share, sizes)
            if found is not None:
                return found, smaller
        raise self._refusal()

    def _write_png(self, options: EncodeOptions) -> tuple[EncodedFile, Picture]:
        """As `write`, with coarser levels or fewer colours."""
        if may_fit_whole(self.picture, self._limit):
            written = write_picture(self.picture, self._kind, options)
            if written is not None and self._sizes.learn(1.0, options.floor or 0.0, written):
                return written, self.picture
        for share in SHARES:
            if share != 1.0 and not _may_shrink(self.picture, share, options):
                continue
            picture = self.picture
            if share != 1.0:
                picture = resized(picture, shrunk(picture.size, share))
            fitting = PngFit(picture, self._limit)
            if (written := fitting.write()) is not None:
                return written, picture
            self._sizes.note(fitting.least)
        raise self._refusal()

    def _refusal(self) -> CannotFit | CannotConvert:
        sizes, options = self._sizes, self._wish
        if sizes.least is None:
            return CannotConvert("no result keeps the quality floor")
        reason = "without loss" if options.floor is None else f"at a quality of {LOWEST_FLOOR:g}"
        return CannotFit(f"{sizes.least:,} bytes is the least {reason}, {self._limit:,} were asked for")


def _is_drawing(picture: Picture) -> bool:
    width, height = picture.size
    return width * height <= MOST_PALETTE_PIXELS and not Colours(picture.rgba).of_photograph


def _may_shrink(picture: Picture, share: float, options: EncodeOptions) -> bool:
    return options.floor is not None and min(shrunk(picture.size, share)) >= _LEAST_EDGE


def _best_floor(
    write: Callable[[EncodeOptions], EncodedFile | None], options: EncodeOptions, share: float, sizes: Sizes
) -> EncodedFile | None:
    """The result of about the highest floor that fits at one size in pixels; None where none does.

    Args:
        write: writes the picture.
        options: how good it may be at most.
        share: of the full edge that the picture has.
        sizes: what is known of this picture; learns more.
    """
    if options.floor is None:
        written = write(options)
        return written if written is not None and sizes.learn(share, 100.0, written) else None
    fitting: EncodedFile | None = None
    low, high = LOWEST_FLOOR, options.floor
    tried: set[float] = set()
    for _ in range(_ATTEMPTS):
        floor = sizes.floor_that_fits(share, low, high, tried)
        tried.add(floor)
        written = write(EncodeOptions(floor, options.palette))
        if written is not None and sizes.learn(share, floor, written):
            fitting, low = written, floor
            if floor == options.floor or sizes.is_full_enough(written):
                break
        else:
            high = floor
            if floor <= LOWEST_FLOOR or (fitting is None and sizes.is_hopeless(share)):
                break
        if high - low < LEAST_STEP and fitting is not None:
            break
    return fitting
