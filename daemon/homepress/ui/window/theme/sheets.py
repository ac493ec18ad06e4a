"""The pictures that ttk elements are made of: each is drawn once, when it is first wanted, and kept alive."""

import tkinter as tk
from collections.abc import Sequence
from dataclasses import replace
from tkinter import ttk
from typing import Any, TypeAlias

from PIL import Image

from homepress.ui.window.theme.drawing import Box, box, photo, stretched
from homepress.ui.window.theme.measure import Measure
from homepress.ui.window.theme.palette import Palette

SURFACES = ("page", "card", "nav")

State: TypeAlias = tuple[tuple[str, ...], Box]
"""How a control looks in some states of ttk, such as ("focus", "active")."""


class Sheets:
    """Makes elements for one look.

    Attributes:
        measure, style, colours: what they are made with.
    """

    def __init__(self, measure: Measure, root: tk.Misc) -> None:
        self.measure = measure
        self.style = ttk.Style(root)
        self.colours: Palette = measure.palette
        self._root = root
        self._boxes: dict[tuple[Box, int], tk.PhotoImage] = {}
        self._others: list[tk.PhotoImage] = []

    def ground(self, surface: str) -> str:
        """The colour of a surface."""
        return self.colours.page if surface == "page" else self.colours.card

    def keep(self, image: Image.Image) -> tk.PhotoImage:
        """The image for Tk, kept alive."""
        self._others.append(photo(image, self._root))
        return self._others[-1]

    def back(
        self,
        name: str,
        usual: Box,
        states: Sequence[State] = (),
        *,
        border: int,
        padding: tuple[int, int] = (0, 0),
    ) -> None:
        """Make an element from boxes with a stretching middle; lengths in pixels of the design."""
        px = self.measure.px
        pictures: Any = [(*words, self._picture(shape, border)) for words, shape in states]
        more: dict[str, Any] = {"width": px(usual.size[0]), "height": px(usual.size[1])}
        if padding != (0, 0):
            more["padding"] = (px(padding[0]), px(padding[1]))
        self.style.element_create(
            name,
            "image",
            self._picture(usual, border),
            *pictures,
            border=px(border),
            sticky="nswe",
            **more,
        )

    def _picture(self, shape: Box, border: int) -> tk.PhotoImage:
        if (shape, border) not in self._boxes:
            image = box(self._scaled(shape))
            length = self.measure.px(border)
            large = (max(image.width, self.measure.px(160)), max(image.height, self.measure.px(80)))
            self._boxes[shape, border] = photo(stretched(image, length, large), self._root)
        return self._boxes[shape, border]

    def _scaled(self, shape: Box) -> Box:
        px = self.measure.px
        width, height = shape.size
        return replace(
            shape,
            size=(px(width), px(height)),
            radius=px(shape.radius),
            margin=px(shape.margin),
            outline_width=px(shape.outline_width),
            ring_width=px(shape.ring_width),
        )
