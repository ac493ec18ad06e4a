"""Opening the pictures that somebody asks to see: bounded in pixels, gone when looked away.

Every decoding here is of a file of the user's own that the user chose to look at, in this short-lived
process, which cannot reach a network. What Pillow cannot read is shown as a plain sheet.
"""

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from PIL import Image, ImageChops, ImageFile, ImageOps, ImageStat

MOST_PIXELS = 120_000_000
"""Larger pictures are not opened at all."""

_HELD_PIXELS = 25_000_000
"""Larger pictures are held at half or a quarter of their size, about 75 MB each."""

TILE = 64
"""Side of a tile of the difference, in pixels of the picture."""


class NotShownError(Exception):
    """A picture that cannot be shown; the text says why."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A picture at several sizes, each half of the one before.

    Attributes:
        size: of the file's picture, upright, in pixels.
        levels: RGB images, the largest first.
    """

    size: tuple[int, int]
    levels: tuple[Image.Image, ...]

    def part(self, box: tuple[float, float, float, float], size: tuple[int, int]) -> Image.Image:
        """A part, given as shares of width and height (0 to 1), at a size in pixels."""
        wanted = size[0] / max(1e-9, box[2] - box[0])  # so wide would the whole be
        level = next((one for one in reversed(self.levels) if one.width >= wanted), self.levels[0])
        pixels = (box[0] * level.width, box[1] * level.height, box[2] * level.width, box[3] * level.height)
        enlarged = wanted >= 2 * level.width
        method = Image.Resampling.NEAREST if enlarged else Image.Resampling.BILINEAR
        return level.resize(size, method, box=pixels)


@dataclass(frozen=True, slots=True)
class Pair:
    """Before and after, ready to be looked at.

    Attributes:
        difference: where they differ, brightest where most; None when their shapes do not match.
        worst: the middle of the tile that differs most, as shares of width and height.
        worst_level: how much it differs there, root mean square of 0 to 255.
        mean_level: the same over the whole picture.
    """

    before: Sheet
    after: Sheet
    difference: Sheet | None
    worst: tuple[float, float]
    worst_level: float
    mean_level: float


def thumbnail(file: Path, side: int) -> Image.Image:
    """A small square, filled. Raises `NotShownError`."""
    image = _opened(file, (side * 2, side * 2))
    return ImageOps.fit(image, (side, side), Image.Resampling.BILINEAR)


def small(file: Path, longest: int) -> Image.Image:
    """The picture with a longest edge of at most `longest` pixels, RGB. Raises `NotShownError`."""
    image = _opened(file, (longest, longest))
    image.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    return image


def load_pair(before: Path, after: Path) -> Pair:
    """Open both and find where they differ most. Raises `NotShownError`."""
    first, second = sheet(before), sheet(after)
    return compare(first, second)


def sheet(file: Path) -> Sheet:
    """A picture with its smaller levels. Raises `NotShownError`."""
    image = _opened(file, None)
    size = image.size
    while image.width * image.height > _HELD_PIXELS:
        image = image.reduce(2)
    levels = [image]
    while min(levels[-1].size) > 256:
        levels.append(levels[-1].reduce(2))
    return Sheet(size, tuple(levels))


def compare(before: Sheet, after: Sheet) -> Pair:
    """Where two pictures differ."""
    one, other = before.levels[0], after.levels[0]
    if abs(one.width / one.height - other.width / other.height) > 0.02:
        return Pair(before, after, None, (0.5, 0.5), 0.0, 0.0)
    if other.size != one.size:
        other = other.resize(one.size, Image.Resampling.BILINEAR)
    difference = ImageChops.difference(one, other)
    squares = difference.convert("L").point([level * level for level in range(256)], "F")
    tiles = squares.reduce(TILE) if min(squares.size) >= TILE else squares
    level, place = _largest(tiles)
    mean = ImageStat.Stat(squares).mean[0] ** 0.5
    return Pair(before, after, _coloured(difference), place, level**0.5, mean)


def _largest(tiles: Image.Image) -> tuple[float, tuple[float, float]]:
    # One channel, so each value is one number.
    values = [cast(float, value) for value in tiles.get_flattened_data()]
    at = max(range(len(values)), key=values.__getitem__)
    x, y = at % tiles.width, at // tiles.width
    return float(values[at]), ((x + 0.5) / tiles.width, (y + 0.5) / tiles.height)


def _coloured(difference: Image.Image) -> Sheet:
    """Differences made visible: eight times as strong, from black over blue and red to white."""
    grey = difference.convert("L").point([min(255, value * 8) for value in range(256)])
    ramp = Image.merge(
        "RGB",
        (
            grey.point([min(255, max(0, (v - 64) * 2)) for v in range(256)]),
            grey.point([min(255, max(0, (v - 150) * 3)) for v in range(256)]),
            grey.point([min(255, v * 3) if v < 85 else max(60, 255 - (v - 85)) for v in range(256)]),
        ),
    )
    levels = [ramp]
    while min(levels[-1].size) > 256:
        levels.append(levels[-1].reduce(2))
    return Sheet(ramp.size, tuple(levels))


def _opened(file: Path, about: tuple[int, int] | None) -> Image.Image:
    """A picture, upright, RGB; decoded only as large as needed where the format can do that."""
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(file) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise NotShownError(
                        f"{image.width} × {image.height} pixels are more than this window opens"
                    )
                if about is not None:
                    image.draft("RGB", about)
                upright = ImageOps.exif_transpose(image)
                return _rgb(upright)
    except FileNotFoundError:
        raise NotShownError("the file is not there any more") from None
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, MemoryError) as error:
        raise NotShownError(str(error) or "it cannot be read") from error


def _rgb(image: Image.Image) -> Image.Image:
    """RGB; what is transparent stands on white, as in most viewers."""
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        ground = Image.new("RGBA", image.size, "white")
        ground.alpha_composite(image.convert("RGBA"))
        return ground.convert("RGB")
    if image.mode.startswith("I;16"):
        return image.convert("I").point(lambda value: value / 256).convert("L").convert("RGB")
    return image.convert("RGB")
