"""What lies over the pictures: labels that can be read on any picture, and the knob of the slider."""

import tkinter as tk
from dataclasses import dataclass
from typing import Literal

from PIL import Image, ImageDraw

from homepress.ui.window.theme import Theme
from homepress.ui.window.theme.drawing import OVERSAMPLING, photo

_GROUND = (10, 14, 18, 205)
_KNOB = 34


@dataclass(frozen=True, slots=True)
class Tag:
    """A dark ground and the text on it."""

    ground: tk.PhotoImage
    text: str

    def draw(self, canvas: tk.Canvas, x: int, y: int, anchor: Literal["nw", "ne"]) -> None:
        """Draw it with a corner at a place."""
        width, height = self.ground.width(), self.ground.height()
        left = x if anchor == "nw" else x - width
        canvas.create_image(left, y, anchor="nw", image=self.ground)
        middle = (left + width / 2, y + height / 2)
        canvas.create_text(middle, text=self.text, fill="white", font="hp-strong")


def tag(theme: Theme, text: str, master: tk.Misc) -> Tag:
    """A tag as wide as its text needs."""
    font = theme.font("strong")
    width = font.measure(text) + theme.px(20)
    height = font.metrics("linespace") + theme.px(10)
    k = OVERSAMPLING
    ground = Image.new("RGBA", (width * k, height * k), (*_GROUND[:3], 0))
    ImageDraw.Draw(ground).rounded_rectangle(
        (0, 0, width * k - 1, height * k - 1), theme.px(7) * k, fill=_GROUND
    )
    return Tag(photo(ground.reduce(k), master), text)


def knob_image(theme: Theme, master: tk.Misc) -> tk.PhotoImage:
    """A white disc with two arrows."""
    side = theme.px(_KNOB) * OVERSAMPLING
    image = Image.new("RGBA", (side, side), (255, 255, 255, 0))
    draw = ImageDraw.Draw(image)
    draw.ellipse((0, 0, side - 1, side - 1), fill=(10, 14, 18, 90))
    rim = side * 0.04
    draw.ellipse((rim, rim, side - 1 - rim, side - 1 - rim), fill="white")
    accent = "#0d766e"
    for way in (-1, 1):
        middle = side / 2
        tip, back = middle + way * side * 0.3, middle + way * side * 0.12
        draw.polygon([(tip, middle), (back, middle - side * 0.17), (back, middle + side * 0.17)], fill=accent)
    return photo(image.reduce(OVERSAMPLING), master)
