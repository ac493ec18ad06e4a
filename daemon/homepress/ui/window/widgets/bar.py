"""A thin bar for a share of a whole."""

import tkinter as tk

from PIL import Image, ImageDraw

from homepress.ui.window.theme import Theme
from homepress.ui.window.theme.drawing import OVERSAMPLING, opaque_photo

_HEIGHT = 8


class Bar(tk.Canvas):
    """A track of which a share, 0 to 1, is filled."""

    def __init__(self, parent: tk.Misc, theme: Theme, share: float = 0.0) -> None:
        super().__init__(
            parent,
            height=theme.px(_HEIGHT),
            width=10,
            background=theme.palette.card,
            highlightthickness=0,
            borderwidth=0,
        )
        self._theme = theme
        self._share = share
        self._image: tk.PhotoImage | None = None
        self.bind("<Configure>", lambda _: self._draw())

    def set(self, share: float) -> None:
        """Fill another share."""
        self._share = min(1.0, max(0.0, share))
        self._draw()

    def _draw(self) -> None:
        width, height, k = self.winfo_width(), self._theme.px(_HEIGHT), OVERSAMPLING
        if width < 2 * height:
            return
        image = Image.new("RGB", (width * k, height * k), self._theme.palette.card)
        draw = ImageDraw.Draw(image)
        end = (width * k - 1, height * k - 1)
        draw.rounded_rectangle((0, 0, *end), height * k / 2, fill=self._theme.palette.line)
        if self._share > 0:
            done = max(height * k, self._share * end[0])
            draw.rounded_rectangle((0, 0, done, end[1]), height * k / 2, fill=self._theme.palette.fill)
        self._image = opaque_photo(image.reduce(k), self)
        self.delete("all")
        self.create_image(0, 0, anchor="nw", image=self._image)
