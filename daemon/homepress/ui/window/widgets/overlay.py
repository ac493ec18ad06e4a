"""What lies over the pictures: labels that can be read on any picture, and the knob of the slider."""

import tkinter as tk

from PIL import Image, ImageDraw, ImageFont

from homepress.ui.window.theme import Theme
from homepress.ui.window.theme.drawing import OVERSAMPLING, photo

_GROUND = (10, 14, 18, 205)
_KNOB = 34


def tag_image(theme: Theme, text: str, master: tk.Misc) -> tk.PhotoImage:
    """A dark tag, as wide as its text needs; Tk draws the text itself, so the tag carries it as pixels."""
    font = theme.font("strong")
    width = font.measure(text) + theme.px(20)
    height = font.metrics("linespace") + theme.px(10)
    k = OVERSAMPLING
    ground = Image.new("RGBA", (width * k, height * k), (*_GROUND[:3], 0))
    ImageDraw.Draw(ground).rounded_rectangle(
        (0, 0, width * k - 1, height * k - 1), theme.px(7) * k, fill=_GROUND
    )
    ground = ground.reduce(k)
    draw = ImageDraw.Draw(ground)
    face = ImageFont.load_default(theme.px(13))
    draw.text((width / 2, height / 2), text, font=face, fill="white", anchor="mm")
    return photo(ground, master)


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
