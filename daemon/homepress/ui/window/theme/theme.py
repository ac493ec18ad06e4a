"""One look, ready for use: lengths in pixels of this screen, named fonts, icons made once."""

import sys
import tkinter as tk
from tkinter import font as tkfont
from typing import Literal

from PIL import Image

from homepress.base.paths import shipped
from homepress.ui.window.start import WindowLook
from homepress.ui.window.theme.drawing import Icon, drawn, photo
from homepress.ui.window.theme.palette import DARK, LIGHT, Palette
from homepress.ui.window.theme.styles import Measure, Styles, check_image

# What the system says about looks: whether it is dark, and how many pixels make a length.
if sys.platform == "win32":
    from homepress.ui.window.theme import windows as system
elif sys.platform == "darwin":
    from homepress.ui.window.theme import macos as system
else:
    from homepress.ui.window.theme import linux as system

_FAMILIES = (
    "Inter",
    "Segoe UI Variable",
    "Segoe UI",
    "SF Pro Text",
    "Cantarell",
    "Ubuntu",
    "Noto Sans",
    "Roboto",
    "Open Sans",
    "DejaVu Sans",
)
_FONTS: dict[str, tuple[int, Literal["normal", "bold"]]] = {
    "body": (13, "normal"),
    "strong": (13, "bold"),
    "small": (12, "normal"),
    "title": (21, "bold"),
    "heading": (15, "bold"),
    "figure": (24, "bold"),
}
_TEXT_DPI = 72.0
_BRAND = "service-files/icons/homepress-128.png"


class Theme:
    """Colours, lengths, fonts and icons of a window.

    Attributes:
        measure: what every drawing starts from.
        palette: its colours.
        scale: its pixels of the screen for each pixel of the design.
        styles: of ttk controls, by what they stand on.
    """

    @staticmethod
    def prepare() -> None:
        """What has to come before the first window."""
        system.prepare()

    def __init__(self, root: tk.Tk, look: WindowLook) -> None:
        """Style everything in `root`."""
        self._root = root
        dark = system.is_dark() if look.dark is None else look.dark
        scale = look.scale or system.scale(root.winfo_fpixels("1i"))
        self.measure = Measure(DARK if dark else LIGHT, scale)
        self.palette: Palette = self.measure.palette
        self.scale = scale
        root.tk.call("tk", "scaling", self.scale * 96 / _TEXT_DPI)
        self._icons: dict[tuple[Icon, int, str], tk.PhotoImage] = {}
        self._ticks: dict[tuple[str, bool], tk.PhotoImage] = {}
        self._fonts = self._make_fonts()
        self.styles = Styles(self.measure, root)

    def px(self, length: float) -> int:
        """A length of the design in pixels of this screen; never 0 unless it is."""
        return self.measure.px(length)

    def font(self, role: str) -> tkfont.Font:
        """The font of a role: body, strong, small, title, heading, figure or mono."""
        return self._fonts[role]

    def icon(self, icon: Icon, size: int = 18, colour: str = "") -> tk.PhotoImage:
        """An icon; `size` in pixels of the design."""
        key = (icon, self.px(size), colour or self.palette.text)
        if key not in self._icons:
            self._icons[key] = photo(drawn(*key), self._root)
        return self._icons[key]

    def tick(self, ground: str, *, on: bool) -> tk.PhotoImage:
        """A box to tick, for a canvas of the colour `ground`."""
        if (ground, on) not in self._ticks:
            self._ticks[ground, on] = photo(check_image(self.measure, ground, on=on), self._root)
        return self._ticks[ground, on]

    def brand(self, size: int) -> tk.PhotoImage:
        """The icon of the program; `size` in pixels of the design."""
        side = self.px(size)
        with Image.open(shipped(_BRAND)) as image:
            return photo(image.convert("RGBA").resize((side, side), Image.Resampling.LANCZOS), self._root)

    def _make_fonts(self) -> dict[str, tkfont.Font]:
        there = set(tkfont.families(self._root))
        default = tkfont.nametofont("TkDefaultFont", root=self._root).actual("family")
        family = next((name for name in _FAMILIES if name in there), default)
        fonts = {
            role: tkfont.Font(
                self._root, name=f"hp-{role}", family=family, size=-self.px(size), weight=weight
            )
            for role, (size, weight) in _FONTS.items()  # negative sizes are pixels
        }
        mono = tkfont.nametofont("TkFixedFont", root=self._root).actual("family")
        fonts["mono"] = tkfont.Font(self._root, name="hp-mono", family=mono, size=-self.px(12))
        return fonts
