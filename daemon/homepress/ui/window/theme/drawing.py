"""Shapes with smooth edges, drawn larger and scaled down; images as Tk takes them."""

import struct
import tkinter as tk
import zlib
from dataclasses import dataclass

from PIL import Image, ImageDraw

from homepress.ui.window.theme.palette import rgb

OVERSAMPLING = 4
"""So many times larger is drawn what is scaled down afterwards."""


@dataclass(frozen=True, slots=True)
class Box:
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


def box(shape: Box) -> Image.Image:
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
    draw: ImageDraw.ImageDraw, shape: Box, inset: int, paint: tuple[str | None, str | None, int]
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
