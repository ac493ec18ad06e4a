"""Shapes with smooth edges, drawn larger and scaled down; images as Tk takes them."""

import io
import tkinter as tk
from dataclasses import dataclass

from PIL import Image, ImageDraw

from homepress.ui.window.theme.palette import rgb

OVERSAMPLING = 4
"""So many times larger is drawn what is scaled down afterwards."""


@dataclass(frozen=True, slots=True)
class Box:
    """A round box; lengths in pixels of the screen.

    Attributes:
        size: of the whole image, margin included.
        radius: of the corners.
        fill: the inside; None for nothing.
        outline: the edge; None for none.
        ring: a second edge around it, `gap` away: where the keyboard is.
        margin: kept free around the box, so that a ring has room.
    """

    size: tuple[int, int]
    radius: int
    fill: str | None = None
    outline: str | None = None
    outline_width: int = 1
    ring: str | None = None
    ring_width: int = 2
    margin: int = 0


def box(shape: Box) -> Image.Image:
    """The box as RGBA."""
    k = OVERSAMPLING
    width, height = shape.size
    # Transparent pixels have the colour of their neighbours, so that no dark seam appears when scaled.
    seam = rgb(shape.ring or shape.outline or shape.fill or "#808080")
    image = Image.new("RGBA", (width * k, height * k), (*seam, 0))
    draw = ImageDraw.Draw(image)
    if shape.ring:
        _rounded(draw, shape, 0, None, shape.ring, shape.ring_width)
    _rounded(draw, shape, shape.margin, shape.fill, shape.outline, shape.outline_width)
    return image.reduce(k)


def _rounded(
    draw: ImageDraw.ImageDraw, shape: Box, inset: int, fill: str | None, outline: str | None, width: int
) -> None:
    k = OVERSAMPLING
    right, bottom = (shape.size[0] - inset) * k - 1, (shape.size[1] - inset) * k - 1
    radius = (shape.radius + shape.margin - inset) * k
    draw.rounded_rectangle(
        (inset * k, inset * k, right, bottom),
        radius,
        fill=fill,
        outline=outline,
        width=width * k if outline else 0,
    )


def photo(image: Image.Image, master: tk.Misc) -> tk.PhotoImage:
    """The image for Tk. PNG works in every build of Tk, and a small one is read in no time."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return tk.PhotoImage(master=master, data=buffer.getvalue(), format="png")


def opaque_photo(image: Image.Image, master: tk.Misc) -> tk.PhotoImage:
    """A picture without transparency for Tk, by the shortest way: PPM is its plain pixels."""
    size = b"P6 %d %d 255\n" % image.size
    return tk.PhotoImage(master=master, data=size + image.convert("RGB").tobytes(), format="ppm")
