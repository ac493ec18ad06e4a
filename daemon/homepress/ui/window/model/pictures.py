"""Opening the pictures that somebody asks to see: bounded in pixels, gone when looked away.

Nothing is decoded here: this process can reach other programs on this computer, and a picture may have been
made to attack its decoder. The starter of the window supplies the decoder. What cannot be read is shown as a
plain sheet.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from PIL import Image, ImageChops

MOST_PIXELS = 120_000_000
"""Larger pictures are not opened at all."""

_HELD_PIXELS = 25_000_000
"""Larger pictures are held at half or a quarter of their size, about 75 MB each."""

Opener = Callable[[Path, int, bool, int, int], tuple[tuple[int, int], tuple[int, int], bytes]]
"""Decodes a file apart from this process.

It is given the file, the longest edge (0: any), whether to fill a square of that edge instead, the most
pixels to give, and the most to decode. It gives full size, size and RGB bytes, or OSError or ValueError.
"""

_opener: Opener | None = None

TILE = 64
"""Side of a tile of the difference, in pixels of the picture."""


def open_with(opener: Opener | None) -> None:
    """Have pictures decoded by `opener` from now on."""
    global _opener
    _opener = opener


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

    def part(
        self, box: tuple[float, float, float, float], size: tuple[int, int], *, rough: bool = False
    ) -> Image.Image:
        """A part, given as shares of width and height (0 to 1), at a size in pixels; `rough` is quicker."""
        wanted = size[0] / max(1e-9, box[2] - box[0])  # so wide would the whole be
        level = next((one for one in reversed(self.levels) if one.width >= wanted), self.levels[0])
        pixels = (box[0] * level.width, box[1] * level.height, box[2] * level.width, box[3] * level.height)
        enlarged = rough or wanted >= 2 * level.width
        method = Image.Resampling.NEAREST if enlarged else Image.Resampling.BILINEAR
        return level.resize(size, method, box=pixels)


@dataclass(frozen=True, slots=True)
class Pair:
    """Before and after, ready to be looked at.

    Attributes:
        difference: where they differ, brightest where most; None when their shapes do not match.
        worst: the middle of the tile that differs most, as shares of width and height.
        worst_level: how much it differs there, root mean square of 0 to 255.
    """

    before: Sheet
    after: Sheet
    difference: Sheet | None
    worst: tuple[float, float]
    worst_level: float


def thumbnail(file: Path, side: int) -> Image.Image:
    """A small square, filled. Raises `NotShownError`."""
    return _opened(file, side, fill=True)[1]


def small(file: Path, longest: int) -> Image.Image:
    """The picture with a longest edge of at most `longest` pixels, RGB. Raises `NotShownError`."""
    return _opened(file, longest)[1]


def load_pair(before: Path, after: Path) -> Pair:
    """Open both and find where they differ most. Raises `NotShownError`."""
    first, second = sheet(before), sheet(after)
    return compare(first, second)


def sheet(file: Path) -> Sheet:
    """A picture with its smaller levels. Raises `NotShownError`."""
    size, image = _opened(file)
    levels = [image]
    while min(levels[-1].size) > 256:
        levels.append(levels[-1].reduce(2))
    return Sheet(size, tuple(levels))


def compare(before: Sheet, after: Sheet) -> Pair:
    """Where two pictures differ."""
    one, other = before.levels[0], after.levels[0]
    if abs(one.width / one.height - other.width / other.height) > 0.02:
        return Pair(before, after, None, (0.5, 0.5), 0.0)
    if other.size != one.size:
        other = other.resize(one.size, Image.Resampling.BILINEAR)
    difference = ImageChops.difference(one, other)
    squares = difference.convert("L").point([level * level for level in range(256)], "F")
    tiles = squares.reduce(TILE) if min(squares.size) >= TILE else squares
    level, place = _largest(tiles)
    return Pair(before, after, _coloured(difference), place, level**0.5)


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


def _opened(file: Path, edge: int = 0, *, fill: bool = False) -> tuple[tuple[int, int], Image.Image]:
    """The full size of a picture, and the picture itself, upright, RGB, no larger than asked for."""
    if _opener is None:
        raise NotShownError("nothing here can open pictures")
    try:
        full_size, size, rgb = _opener(file, edge, fill, _HELD_PIXELS, MOST_PIXELS)
    except FileNotFoundError:
        raise NotShownError("the file is not there any more") from None
    except (OSError, ValueError) as error:
        raise NotShownError(str(error) or "it cannot be read") from error
    return full_size, Image.frombytes("RGB", size, rgb)


_LARGEST = 16.0


@dataclass(frozen=True, slots=True)
class Viewport:
    """A picture of `width` by `height` pixels seen through an area of `across` by `down` screen pixels.

    Attributes:
        zoom: screen pixels for each pixel of the picture.
        x, y: the point of the picture in the middle of the area.
        fitted: whether the whole picture shall be seen, whatever the area's size.
    """

    width: int
    height: int
    across: int
    down: int
    zoom: float = 1.0
    x: float = 0.0
    y: float = 0.0
    fitted: bool = True

    def fit(self) -> "Viewport":
        """The whole picture; small pictures are not enlarged."""
        zoom = min(self.across / max(1, self.width), self.down / max(1, self.height), 1.0)
        return replace(self, zoom=max(zoom, 1e-4), x=self.width / 2, y=self.height / 2, fitted=True)

    def resized(self, across: int, down: int) -> "Viewport":
        """The same through an area of another size."""
        view = replace(self, across=max(1, across), down=max(1, down))
        return view.fit() if self.fitted else view._kept()

    def zoomed(self, factor: float, at: tuple[float, float] | None = None) -> "Viewport":
        """Larger or smaller by a factor; the picture's point under `at` (in the area) stays where it is."""
        at = at or (self.across / 2, self.down / 2)
        least = min(self.fit().zoom, 1.0)
        zoom = min(_LARGEST, max(least, self.zoom * factor))
        px, py = self.point(*at)
        x = px - (at[0] - self.across / 2) / zoom
        y = py - (at[1] - self.down / 2) / zoom
        return replace(self, zoom=zoom, x=x, y=y, fitted=False)._kept()

    def at_full_size(self) -> "Viewport":
        """One pixel of the picture on one of the screen."""
        return self.zoomed(1.0 / self.zoom)

    def panned(self, dx: float, dy: float) -> "Viewport":
        """Moved by pixels of the screen: the picture follows the hand."""
        return replace(self, x=self.x - dx / self.zoom, y=self.y - dy / self.zoom, fitted=False)._kept()

    def centred(self, x: float, y: float) -> "Viewport":
        """With a point of the picture in the middle."""
        return replace(self, x=x, y=y, fitted=False)._kept()

    def point(self, x: float, y: float) -> tuple[float, float]:
        """The picture's point at a place of the area."""
        return self.x + (x - self.across / 2) / self.zoom, self.y + (y - self.down / 2) / self.zoom

    def place(self, x: float, y: float) -> tuple[float, float]:
        """The place in the area of a point of the picture."""
        return (x - self.x) * self.zoom + self.across / 2, (y - self.y) * self.zoom + self.down / 2

    def seen(self) -> tuple[tuple[float, float, float, float], tuple[int, int, int, int]]:
        """The part of the picture that is seen, and where in the area it stands: left, top, right, bottom."""
        left, top = (max(0.0, value) for value in self.point(0, 0))
        right, bottom = self.point(self.across, self.down)
        right, bottom = min(float(self.width), right), min(float(self.height), bottom)
        if right <= left or bottom <= top:
            return (0.0, 0.0, 1.0, 1.0), (0, 0, 1, 1)
        x0, y0 = self.place(left, top)
        x1, y1 = self.place(right, bottom)
        stands = (round(x0), round(y0), max(round(x0) + 1, round(x1)), max(round(y0) + 1, round(y1)))
        return (left, top, right, bottom), stands

    def _kept(self) -> "Viewport":
        """With no empty margin where the picture is larger than the area; what fits is in the middle."""

        def axis(middle: float, length: int, room: int) -> float:
            if length * self.zoom <= room:
                return length / 2
            half = room / self.zoom / 2
            return min(length - half, max(half, middle))

        return replace(self, x=axis(self.x, self.width, self.across), y=axis(self.y, self.height, self.down))
