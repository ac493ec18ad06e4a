"""One row of the page Activity, drawn on a canvas."""

import functools
import tkinter as tk
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from homepress.store.reader import HistoryEntry
from homepress.ui.window.context import Context
from homepress.ui.window.model.activity import RowWords, row_words
from homepress.ui.window.theme import Icon
from homepress.ui.window.widgets.cut import cut
from homepress.ui.window.widgets.thumbnails import Thumbnails

ROW_HEIGHT = 60
_THUMBNAIL = 44
_ICONS = {"Smaller": Icon.CHECK, "Unchanged": Icon.SAME, "Failed": Icon.WARNING}


@dataclass(frozen=True, slots=True)
class RowState:
    """How a row stands: chosen, where the keyboard is, and whether the list has the keyboard."""

    chosen: bool
    current: bool
    focused: bool


class RowPainter:
    """Draws rows; texts are cut where their column ends."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._theme = context.theme
        side = context.theme.px(_THUMBNAIL)
        self._cut = functools.lru_cache(maxsize=2000)(self._cut_now)  # measuring is most of the drawing
        self._thumbnails = Thumbnails(context.root, context.theme, context.mailbox, side)

    def draw(
        self,
        canvas: tk.Canvas,
        entry: HistoryEntry | None,
        state: RowState,
        where: tuple[int, int, int],
        again: Callable[[], object],
    ) -> None:
        """Draw an entry (None: not read yet) at (top, width, height); `again` is called to draw once more."""
        top, width, height = where
        px, c = self._theme.px, self._theme.palette
        ground = c.soft if state.chosen else c.raised if state.current else c.card
        edge = c.focus if state.current and state.focused else ground
        canvas.create_rectangle(
            px(3),
            top + px(2),
            width - px(4),
            top + height - px(2),
            fill=ground,
            outline=edge,
            width=px(2),
        )
        middle = top + height // 2
        self._tick(canvas, px(20), middle, ground, chosen=state.chosen)
        if entry is None:
            self._text(canvas, px(100), middle, "…", c.muted, "hp-body")
            return
        words = row_words(entry)
        self._picture(canvas, entry, px(40), middle, again)
        right = width - px(16)
        columns = (px(100), right - px(390), right - px(250), right - px(190))
        self._name(canvas, words, columns[0], middle, columns[1] - columns[0] - px(12))
        self._text(canvas, columns[2], middle, words.sizes, c.text, "hp-small", anchor="e")
        self._text(canvas, columns[3], middle, words.saved, c.accent, "hp-strong", anchor="e")
        self._outcome(canvas, words, columns[3] + px(14), middle, right)

    def _tick(self, canvas: tk.Canvas, x: int, y: int, ground: str, *, chosen: bool) -> None:
        canvas.create_image(x, y, image=self._theme.tick(ground, on=chosen))

    def _picture(
        self, canvas: tk.Canvas, entry: HistoryEntry, x: int, middle: int, again: Callable[[], object]
    ) -> None:
        px, c = self._theme.px, self._theme.palette
        half = px(_THUMBNAIL) // 2
        version = entry.id * 2 + (entry.original == "restored")
        image = self._thumbnails.get(entry.path, version, again)
        if image is not None:
            canvas.create_image(x, middle, anchor="w", image=image)
            return
        canvas.create_rectangle(x, middle - half, x + 2 * half, middle + half, fill=c.page, outline="")
        canvas.create_image(x + half, middle, image=self._theme.icon(Icon.PICTURE, 20, c.muted))

    def _name(self, canvas: tk.Canvas, words: RowWords, x: int, middle: int, room: int) -> None:
        px, c = self._theme.px, self._theme.palette
        name = self._cut(words.name, "strong", room, at_end=True)
        place = self._cut(words.place, "small", room, at_end=False)
        self._text(canvas, x, middle - px(10), name, c.text, "hp-strong")
        self._text(canvas, x, middle + px(10), place, c.muted, "hp-small")

    def _outcome(self, canvas: tk.Canvas, words: RowWords, x: int, middle: int, right: int) -> None:
        px, c = self._theme.px, self._theme.palette
        icon = Icon.BACK if words.undone else _ICONS[words.outcome]
        colour = c.bad if words.outcome == "Failed" else c.muted if words.undone else c.good
        colour = c.muted if words.outcome == "Unchanged" else colour
        canvas.create_image(x, middle - px(10), anchor="w", image=self._theme.icon(icon, 14, colour))
        room = right - x - px(20)
        verdict = self._cut(words.verdict, "small", room, at_end=True)
        ink = c.bad if words.outcome == "Failed" else c.text
        self._text(canvas, x + px(20), middle - px(10), verdict, ink, "hp-small")
        self._text(canvas, x + px(20), middle + px(10), words.when, c.muted, "hp-small")

    def _cut_now(self, text: str, role: str, room: int, *, at_end: bool) -> str:
        return cut(self._theme.font(role).measure, text, room, at_end=at_end)

    @staticmethod
    def _text(
        canvas: tk.Canvas,
        x: int,
        y: int,
        text: str,
        colour: str,
        font: str,
        anchor: Literal["w", "e"] = "w",
    ) -> None:
        canvas.create_text(x, y, text=text, fill=colour, font=font, anchor=anchor)
