"""The line at the bottom: what was just done, or did not work."""

import tkinter as tk
from tkinter import ttk

from homepress.ui.window.model.snapshot import Tone
from homepress.ui.window.widgets.kit import Kit
from homepress.ui.window.widgets.kit import Tone as NoticeTone

_SECONDS = {"bad": 20, "warning": 12}
_USUAL_SECONDS = 6
_NOTICES: dict[Tone, NoticeTone] = {"bad": "bad", "warning": "warning", "good": "good", "muted": "good"}


class Toast:
    """Shows one line at a time above the page; Escape and the button take it away."""

    def __init__(self, parent: tk.Misc, kit: Kit) -> None:
        self._parent = parent
        self._kit = kit
        self._frame: ttk.Frame | None = None
        self._timer = ""

    def tell(self, text: str, tone: Tone) -> None:
        """Show a line."""
        self.hide()
        self._frame = self._kit.notice(self._parent, text, _NOTICES[tone], ("Close", self.hide))
        self._frame.place(relx=0.5, rely=1.0, y=-self._kit.px(16), anchor="s", relwidth=0.9)
        self._frame.lift()
        self._timer = self._parent.after(_SECONDS.get(tone, _USUAL_SECONDS) * 1000, self.hide)

    def hide(self) -> None:
        """Take it away."""
        if self._timer:
            self._parent.after_cancel(self._timer)
            self._timer = ""
        if self._frame is not None:
            self._frame.destroy()
            self._frame = None
