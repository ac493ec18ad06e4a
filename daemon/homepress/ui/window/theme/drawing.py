"""Shapes with smooth edges, drawn larger and scaled down, and the line icons that are made of them."""

import enum
import math
import struct
import tkinter as tk
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from PIL import Image, ImageDraw

from homepress.ui.window.theme.palette import rgb

# Shapes with smooth edges, drawn larger and scaled down; images as Tk takes them.

OVERSAMPLING = 4
"""Shapes are drawn larger by this factor and scaled down afterwards."""


@dataclass(frozen=True, slots=True)
class BoxShape:
    """A round box; lengths in pixels of the screen.

    Attributes:
        size: of the image.
        radius: of the outer corners.
        ground: what it stands on, seen around its corners.
        fill: the inside; None for the ground.
        outline: the edge; None for none.
        ring: an edge around the box, which then begins `margin` further in: where the keyboard is.
    """

    size: tuple[int, int]
    radius: int
    ground: str
    fill: str | None = None
    outline: str | None = None
    outline_width: int = 1
    ring: str | None = None
    ring_width: int = 2
    margin: int = 3


def box(shape: BoxShape) -> Image.Image:
    """The box as RGB."""
    k = OVERSAMPLING
    width, height = shape.size
    image = Image.new("RGB", (width * k, height * k), shape.ground)
    draw = ImageDraw.Draw(image)
    if shape.ring:
        _rounded(draw, shape, 0, (None, shape.ring, shape.ring_width))
    inset = shape.margin if shape.ring else 0
    _rounded(draw, shape, inset, (shape.fill, shape.outline, shape.outline_width))
    return image.reduce(k)


def _rounded(
    draw: ImageDraw.ImageDraw, shape: BoxShape, inset: int, paint: tuple[str | None, str | None, int]
) -> None:
    k, (fill, outline, width) = OVERSAMPLING, paint
    right, bottom = (shape.size[0] - inset) * k - 1, (shape.size[1] - inset) * k - 1
    draw.rounded_rectangle(
        (inset * k, inset * k, right, bottom),
        max(1, shape.radius - inset) * k,
        fill=fill,
        outline=outline,
        width=width * k if outline else 0,
    )


def stretched(image: Image.Image, border: int, size: tuple[int, int]) -> Image.Image:
    """The image made larger in its middle; its `border` stays as it is.

    Tk fills a control by laying the middle of its picture out like tiles. Few large tiles are painted in no
    time; hundreds of small ones are seen coming.
    """
    across, down = (_parts(old, new, border) for old, new in zip(image.size, size, strict=True))
    made = Image.new(image.mode, size)
    for left, right, x, width in across:
        for top, bottom, y, height in down:
            part = image.crop((left, top, right, bottom))
            made.paste(part.resize((width, height), Image.Resampling.NEAREST), (x, y))
    return made


def _parts(old: int, new: int, border: int) -> tuple[tuple[int, int, int, int], ...]:
    """Begin and end in the old image, begin and length in the new one: of both borders and the middle."""
    return (
        (0, border, 0, border),
        (border, old - border, border, new - 2 * border),
        (old - border, old, new - border, border),
    )


def photo(image: Image.Image, master: tk.Misc) -> tk.PhotoImage:
    """The image for Tk, RGB or RGBA. PNG works in every build of Tk, and a small one is read in no time."""
    if image.mode == "RGB":
        return opaque_photo(image, master)
    return tk.PhotoImage(master=master, data=_png(image), format="png")


def opaque_photo(image: Image.Image, master: tk.Misc) -> tk.PhotoImage:
    """A picture without transparency for Tk, by the shortest way: PPM is its plain pixels."""
    size = b"P6 %d %d 255\n" % image.size
    return tk.PhotoImage(master=master, data=size + image.convert("RGB").tobytes(), format="ppm")


def _png(image: Image.Image) -> bytes:
    """A small RGBA image as PNG (ISO/IEC 15948); Pillow's own writer takes longer to load than this."""
    row = 4 * image.width
    pixels = image.tobytes()
    rows = b"".join(b"\0" + pixels[at : at + row] for at in range(0, len(pixels), row))  # filter: none
    header = struct.pack(">2I5B", *image.size, 8, 6, 0, 0, 0)  # eight bits, RGBA
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 1)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )


def clear(colour: str) -> tuple[int, int, int, int]:
    """Transparent, but of the colour of what is drawn next to it: no dark seam appears when scaled."""
    return (*rgb(colour), 0)


# Line icons, described on a grid of 24 by 24 and drawn at any size.

_GRID = 24
_STROKE = 1.8

Line: TypeAlias = Sequence[tuple[float, float]]


class Icon(enum.Enum):
    """What can be shown."""

    FOLDER = "folder"
    ACTIVITY = "activity"
    COMPARE = "compare"
    CHART = "chart"
    SHIELD = "shield"
    SLIDERS = "sliders"
    START = "start"
    CHECK = "check"
    WARNING = "warning"
    PAUSE = "pause"
    PLUS = "plus"
    SEARCH = "search"
    CHEVRON = "chevron"
    BACK = "back"
    CLOCK = "clock"
    CROSS = "cross"
    SAME = "same"
    PICTURE = "picture"
    STOP = "stop"
    DOWN = "down"


def _arc(x: float, y: float, radius: float, begin: float, end: float) -> list[tuple[float, float]]:
    """Part of a circle as a line; angles in degrees, clockwise from the right."""
    steps = max(2, round(abs(end - begin) / 10))
    angles = [math.radians(begin + (end - begin) * n / steps) for n in range(steps + 1)]
    return [(x + radius * math.cos(a), y + radius * math.sin(a)) for a in angles]


def _frame(left: float, top: float, right: float, bottom: float, radius: float) -> list[tuple[float, float]]:
    """A rectangle with round corners as a line."""
    corners = (
        (right - radius, top + radius, -90),
        (right - radius, bottom - radius, 0),
        (left + radius, bottom - radius, 90),
        (left + radius, top + radius, 180),
    )
    line = [point for x, y, begin in corners for point in _arc(x, y, radius, begin, begin + 90)]
    return [*line, line[0]]


_FOLDER = [(3, 18), (3, 6), (9, 6), (11, 8.5), (21, 8.5), (21, 18.5), (3.5, 18.5), (3, 18)]
_SHIELD = [(12, 3), (19.5, 6), (19.5, 12), (17.5, 16.5), (12, 21), (6.5, 16.5), (4.5, 12), (4.5, 6), (12, 3)]
_TRIANGLE = [(12, 4), (21, 19.5), (3, 19.5), (12, 4)]

_LINES: dict[Icon, tuple[Line, ...]] = {
    Icon.FOLDER: (_FOLDER,),
    Icon.ACTIVITY: tuple([(9, y), (20, y)] for y in (6, 12, 18))
    + tuple([(4, y), (5, y)] for y in (6, 12, 18)),
    Icon.COMPARE: (
        _frame(3, 5, 21, 19, 2),
        [(12, 3), (12, 21)],
        [(6.5, 10), (4.8, 12), (6.5, 14)],
        [(17.5, 10), (19.2, 12), (17.5, 14)],
    ),
    Icon.CHART: ([(5, 19.5), (5, 12)], [(12, 19.5), (12, 5)], [(19, 19.5), (19, 9)]),
    Icon.SHIELD: (_SHIELD, [(8.7, 11.8), (11.2, 14.2), (15.4, 9.4)]),
    Icon.SLIDERS: (
        [(4, 7), (12, 7)],
        _arc(15, 7, 2.4, 0, 360),
        [(18, 7), (20, 7)],
        [(4, 17), (6, 17)],
        _arc(9, 17, 2.4, 0, 360),
        [(12, 17), (20, 17)],
    ),
    Icon.START: (_arc(12, 12, 9, 0, 360), [(10, 8.5), (15.5, 12), (10, 15.5), (10, 8.5)]),
    Icon.CHECK: ([(5, 12.5), (10, 17.5), (19.5, 7)],),
    Icon.WARNING: (_TRIANGLE, [(12, 10), (12, 14)], [(12, 16.9), (12, 17)]),
    Icon.PAUSE: ([(8.5, 6), (8.5, 18)], [(15.5, 6), (15.5, 18)]),
    Icon.PLUS: ([(12, 5), (12, 19)], [(5, 12), (19, 12)]),
    Icon.SEARCH: (_arc(10.5, 10.5, 6, 0, 360), [(15, 15), (20, 20)]),
    Icon.CHEVRON: ([(9, 6), (15, 12), (9, 18)],),
    Icon.DOWN: ([(6, 9), (12, 15), (18, 9)],),
    Icon.BACK: ([(15, 6), (9, 12), (15, 18)],),
    Icon.CLOCK: (_arc(12, 12, 9, 0, 360), [(12, 7), (12, 12.5), (15.5, 14.5)]),
    Icon.CROSS: ([(6.5, 6.5), (17.5, 17.5)], [(17.5, 6.5), (6.5, 17.5)]),
    Icon.SAME: ([(6, 9.5), (18, 9.5)], [(6, 14.5), (18, 14.5)]),
    Icon.PICTURE: (
        _frame(3, 5, 21, 19, 2),
        [(4, 17), (9, 11.5), (13, 15.5), (16, 13), (20, 17)],
        _arc(15.8, 9, 1.2, 0, 360),
    ),
    Icon.STOP: (_frame(6.5, 6.5, 17.5, 17.5, 1.5),),
}


def drawn(icon: Icon, size: int, colour: str) -> Image.Image:
    """An icon of `size` by `size` pixels as RGBA."""
    unit = size * OVERSAMPLING / _GRID
    image = Image.new("RGBA", (size * OVERSAMPLING,) * 2, clear(colour))
    draw = ImageDraw.Draw(image)
    width, half = _STROKE * unit, _STROKE * unit / 2
    for line in _LINES[icon]:
        points = [(x * unit, y * unit) for x, y in line]
        draw.line(points, fill=colour, width=round(width), joint="curve")
        for x, y in (points[0], points[-1]):  # round ends
            draw.ellipse((x - half, y - half, x + half, y + half), fill=colour)
    return image.reduce(OVERSAMPLING)
