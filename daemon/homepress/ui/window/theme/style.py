"""The ttk styles: every visible part of a control is a picture with stretching middle, drawn for this scale.

Styles are named "<surface>.<role>.T<Control>": the surface ("page", "card" or "nav") is what the control
stands on. A style is made when the first control asks for it: the window is seen before all are drawn.
"""

import functools
import tkinter as tk
from typing import Any

from homepress.ui.window.theme import buttons, fields
from homepress.ui.window.theme.drawing import Box
from homepress.ui.window.theme.measure import Measure
from homepress.ui.window.theme.sheets import SURFACES, Sheets


class Styles:
    """Gives the names of styles, each made once."""

    def __init__(self, measure: Measure, root: tk.Misc) -> None:
        """Set what holds unless something else is said, and the styles of text."""
        self._sheets = Sheets(measure, root)
        self._root = root
        self._sheets.style.theme_use("clam")
        self._base()
        self._labels()
        # One cache for each instance: a style belongs to its window.
        self.button = functools.cache(self._button)
        self.entry = functools.cache(self._entry)
        self.segment = functools.cache(self._segment)
        self.field = functools.cache(self._field)
        self.switch = functools.cache(self._switch)
        self.scroll_bar = functools.cache(self._scroll_bar)
        self.notice = functools.cache(self._notice)
        self.card = functools.cache(self._card)

    def _button(self, surface: str, kind: str) -> str:
        return buttons.button(self._sheets, surface, kind)

    def _entry(self, chosen: bool) -> str:
        return buttons.entry(self._sheets, chosen=chosen)

    def _segment(self, surface: str) -> str:
        return buttons.segment(self._sheets, surface)

    def _field(self, surface: str, control: str) -> str:
        return fields.field(self._sheets, surface, control, self._root)

    def _switch(self, surface: str) -> str:
        return fields.switch(self._sheets, surface)

    def _scroll_bar(self, surface: str) -> str:
        return fields.scroll_bar(self._sheets, surface)

    def _card(self) -> str:
        c, style = self._sheets.colours, self._sheets.style
        self._sheets.back("Card.back", Box((40, 40), 12, c.page, c.card, c.line), border=14)
        style.layout("outlined.TFrame", [("Card.back", {"sticky": "nswe"})])
        return "outlined.TFrame"

    def _notice(self, tone: str, surface: str) -> str:
        """The style of its frame; its mark and its text have "<tone>.notice.TLabel", "<tone>.text.TLabel"."""
        c, style = self._sheets.colours, self._sheets.style
        ink, ground = {
            "warning": (c.warning, c.warning_soft),
            "bad": (c.bad, c.bad_soft),
            "good": (c.accent, c.soft),
        }[tone]
        name = f"{surface}.{tone}.notice"
        self._sheets.back(name, Box((32, 32), 8, self._sheets.ground(surface), ground), border=10)
        style.layout(f"{name}.TFrame", [(name, {"sticky": "nswe"})])
        style.configure(f"{tone}.notice.TLabel", background=ground, foreground=ink, font="hp-body")
        style.configure(f"{tone}.text.TLabel", background=ground, foreground=c.text, font="hp-body")
        return f"{name}.TFrame"

    def _base(self) -> None:
        c, style = self._sheets.colours, self._sheets.style
        style.configure(
            ".",
            background=c.page,
            foreground=c.text,
            font="hp-body",
            borderwidth=0,
            focuscolor=c.focus,
            insertcolor=c.text,
            selectbackground=c.soft,
            selectforeground=c.text,
        )
        for surface in SURFACES:
            style.configure(f"{surface}.TFrame", background=self._sheets.ground(surface))
        style.configure("line.TFrame", background=c.line)
        self._dialogs()

    def _dialogs(self) -> None:
        """Controls of Tk's own dialogs, which know no styles but the plain ones of ttk."""
        c, style, px = self._sheets.colours, self._sheets.style, self._sheets.measure.px
        edges = {"bordercolor": c.edge, "lightcolor": c.card, "darkcolor": c.card}
        for name in ("TButton", "TMenubutton", "TEntry"):
            style.configure(name, background=c.card, fieldbackground=c.card, borderwidth=1, **edges)
            style.map(name, background=[("disabled", c.page), ("active", c.raised)])
        style.configure("TButton", relief="raised", anchor="center", padding=(px(10), px(4)))
        style.configure("TMenubutton", relief="raised", arrowcolor=c.muted, padding=(px(8), px(3)))
        style.configure("TEntry", padding=(px(6), px(3)))
        style.configure("TScrollbar", background=c.line, troughcolor=c.page, arrowcolor=c.muted)
        style.map("TLabel", background=[("disabled", c.page)], foreground=[("disabled", c.muted)])

    def _labels(self) -> None:
        """Text: by role and by what it stands on."""
        c = self._sheets.colours
        inks = {
            "body": (c.text, "body"),
            "strong": (c.text, "strong"),
            "muted": (c.muted, "body"),
            "small": (c.muted, "small"),
            "title": (c.text, "title"),
            "heading": (c.text, "heading"),
            "figure": (c.accent, "figure"),
            "accent": (c.accent, "strong"),
            "good": (c.good, "body"),
            "warning": (c.warning, "body"),
            "bad": (c.bad, "body"),
            "mono": (c.text, "mono"),
        }
        space: Any = self._sheets.measure.px(6)
        for surface in SURFACES:
            ground = self._sheets.ground(surface)
            for role, (ink, font) in inks.items():
                self._sheets.style.configure(
                    f"{surface}.{role}.TLabel",
                    background=ground,
                    foreground=ink,
                    font=f"hp-{font}",
                    space=space,
                )
