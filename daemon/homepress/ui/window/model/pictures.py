"""Opening the pictures that somebody asks to see: bounded in pixels, gone when looked away.

Nothing is decoded here: this process can reach other programs on this computer, and a picture may have been
made to attack its decoder. The starter of the window supplies the decoder. What cannot be read is shown as a
plain sheet.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from homepress.base.system_errors import in_words

MOST_PIXELS = 120_000_000
"""Larger pictures are not opened at all."""

_HELD_PIXELS = 25_000_000
"""More of a picture is not brought into this process at a time."""

_ROUGH, _OVERVIEW = 700, 2048
"""Longer edges, in pixels, of what is seen first of a picture, and of what is held of all of it."""

Part = tuple[float, float, float, float]
"""Left, top, right and bottom as shares of the whole picture, 0 to 1."""

WHOLE: Part = (0.0, 0.0, 1.0, 1.0)


class PictureOpener(Protocol):
    """Decodes pictures apart from this process."""

    def __call__(
        self,
        file: Path,
        edge: int,
        fill: bool,
        most_pixels: int,
        most_decoded: int,
        part: Part | None = None,
        rough: bool = False,
    ) -> tuple[tuple[int, int], tuple[int, int], bytes]:
        """Full size, size and RGB bytes of a picture.

        Args:
            file: where it is.
            edge: the longest edge; 0 for any.
            fill: whether to fill a square of that edge instead.
            most_pixels: so many are given at most.
            most_decoded: pictures with more pixels are not decoded.
            part: what of it to give, from a copy that is held for further parts; None for all of it.
            rough: whether a quick impression is enough.

        Raises:
            OSError, ValueError: it cannot be opened; the text says why.
        """


_opener: PictureOpener | None = None
_prepare: Callable[[bool], object] | None = None
_locate: Callable[[Path], bool] | None = None


def open_with(
    opener: PictureOpener | None,
    prepare: Callable[[bool], object] | None = None,
    locate: Callable[[Path], bool] | None = None,
) -> None:
    """Have pictures decoded by `opener` from now on.

    Args:
        opener: decodes them apart.
        prepare: does what is said at `be_ready`.
        locate: says of a file whether it tells where it was taken, or raises as `opener` does.
    """
    global _opener, _prepare, _locate
    _opener, _prepare, _locate = opener, prepare, locate


def be_ready(*, fresh: bool) -> None:
    """Have what decodes pictures started; if `fresh`, holding nothing of those before. For threads."""
    if _prepare is not None:
        _prepare(fresh)


class NotShownError(Exception):
    """A picture that cannot be shown; the text says why."""


@dataclass(frozen=True, slots=True)
class Pixels:
    """A part of a picture, decoded.

    Attributes:
        part: which.
        size: width and height in pixels; fewer than the picture has there, where it was reduced.
        data: rows from top to bottom, three bytes a pixel; of differences one.
    """

    part: Part
    size: tuple[int, int]
    data: bytes


@dataclass(frozen=True, slots=True)
class Sheet:
    """A picture of which a small copy is held; parts of it are decoded when they are looked at.

    Attributes:
        file: where it is.
        size: of the file's picture, upright, in pixels.
        overview: all of it, reduced.
        is_rough: whether that is a first impression.
    """

    file: Path
    size: tuple[int, int]
    overview: Pixels
    is_rough: bool = False

    def part(self, part: Part, edge: int) -> Pixels:
        """A part with a longer edge of at most `edge` pixels, never enlarged. Raises `NotShownError`."""
        return _opened(self.file, edge, part=part)[1]

    @property
    def is_reduced(self) -> bool:
        """Whether the overview shows less than the picture has."""
        return max(self.size) > max(self.overview.size)


@dataclass(frozen=True, slots=True)
class Pair:
    """Before and after, ready to be looked at.

    Attributes:
        worst: the middle of the tile that differs most, as shares of width and height; None while that was
            not looked for.
        worst_level: how much it differs there, root mean square of 0 to 255.
        difference: how much they differ everywhere, reduced as the overviews are; None while not measured.
    """

    before: Sheet
    after: Sheet
    worst: tuple[float, float] | None = None
    worst_level: float = 0.0
    difference: Pixels | None = None

    @property
    def matches(self) -> bool:
        """Whether they have the same shape, so that there is a difference to see."""
        one, other = self.before.size, self.after.size
        return abs(one[0] / one[1] - other[0] / other[1]) <= 0.02


def thumbnail(file: Path, side: int) -> Pixels:
    """A small square, filled. Raises `NotShownError`."""
    return _opened(file, side, fill=True)[1]


def tells_place(file: Path) -> bool:
    """Whether a picture tells where it was taken, as far as that can be found out."""
    try:
        return _locate is not None and _locate(file)
    except (OSError, ValueError):
        return False


def small(file: Path, longest: int) -> Pixels:
    """The picture with a longest edge of at most `longest` pixels. Raises `NotShownError`."""
    return _opened(file, longest)[1]


def rough_sheet(file: Path) -> Sheet:
    """A first impression of a picture, as quick as possible. Raises `NotShownError`."""
    return Sheet(file, *_opened(file, _ROUGH, rough=True), is_rough=True)


def sheet(file: Path) -> Sheet:
    """A picture, decoded in full once. Raises `NotShownError`."""
    return Sheet(file, *_opened(file, _OVERVIEW, part=WHOLE))


def _opened(
    file: Path, edge: int, *, fill: bool = False, part: Part | None = None, rough: bool = False
) -> tuple[tuple[int, int], Pixels]:
    """The full size of a picture, and what was asked of it, upright."""
    if _opener is None:
        raise NotShownError("nothing here can open pictures")
    try:
        full_size, size, rgb = _opener(file, edge, fill, _HELD_PIXELS, MOST_PIXELS, part, rough)
    except FileNotFoundError:
        raise NotShownError("the file is not there any more") from None
    except OSError as error:
        raise NotShownError(in_words(error)) from error
    except ValueError as error:
        raise NotShownError(str(error) or "it cannot be read") from error
    return full_size, Pixels(part or WHOLE, size, rgb)


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

    def halved(self) -> "Viewport":
        """The same with half of the screen's pixels in each direction."""
        across, down = max(1, self.across // 2), max(1, self.down // 2)
        return replace(self, across=across, down=down, zoom=self.zoom / 2)

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
