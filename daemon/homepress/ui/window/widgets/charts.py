"""Bars: for a share of a whole, and for what was saved each day."""

import tkinter as tk
from datetime import date

from PIL import Image, ImageDraw

from homepress.base.units import counted, size
from homepress.store.reader import Day
from homepress.ui.window.model.figures import ticks
from homepress.ui.window.theme import Theme
from homepress.ui.window.theme.drawing import OVERSAMPLING, opaque_photo

# A thin bar for a share of a whole.

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


# The bar chart of what was saved each day.

_LEFT, _RIGHT, _BOTTOM, _TOP = 64, 14, 28, 14
_WIDEST_BAR = 34


class Chart(tk.Canvas):
    """Bars for days. The keyboard and the pointer tell the figures of a day."""

    def __init__(self, parent: tk.Misc, theme: Theme) -> None:
        super().__init__(
            parent,
            background=theme.palette.card,
            highlightthickness=theme.px(2),
            highlightbackground=theme.palette.card,
            highlightcolor=theme.palette.focus,
            borderwidth=0,
            height=theme.px(200),
            takefocus=1,
        )
        self._theme = theme
        self._days: list[Day] = []
        self._at = -1
        self._image: tk.PhotoImage | None = None
        self.bind("<Configure>", lambda _: self._draw())
        self.bind("<Motion>", lambda event: self._mark(self._day_at(event.x)))
        self.bind("<Leave>", lambda _: self._mark(-1))
        self.bind(
            "<Left>", lambda _: self._mark(max(0, (self._at if self._at >= 0 else len(self._days)) - 1))
        )
        self.bind("<Right>", lambda _: self._mark(min(len(self._days) - 1, self._at + 1)))

    def show(self, days: list[Day]) -> None:
        """Draw these days."""
        self._days = days
        self._at = -1
        self._draw()

    def picture(self, width: int, height: int) -> Image.Image:
        """The bars and lines without texts, RGB."""
        k, c = OVERSAMPLING // 2, self._theme.palette
        image = Image.new("RGB", (width * k, height * k), c.card)
        draw = ImageDraw.Draw(image)
        scale = self._scale()
        for tick in scale:
            y = self._y(tick, height) * k
            draw.line((self._theme.px(_LEFT) * k, y, width * k, y), fill=c.line, width=k)
        for at, day in enumerate(self._days):
            if day.saved_bytes <= 0:
                continue
            left, right = self._bar(at, width)
            top = min(self._y(day.saved_bytes, height), self._y(0, height) - self._theme.px(2))
            radius = min(self._theme.px(4), (right - left) / 2) * k
            draw.rounded_rectangle(
                (left * k, top * k, right * k, self._y(0, height) * k),
                radius,
                fill=c.accent if at == self._at else c.fill,
                corners=(True, True, False, False),
            )
        return image.resize((width, height), Image.Resampling.LANCZOS)

    def _draw(self) -> None:
        width, height = self.winfo_width(), self.winfo_height()
        self.delete("all")
        if width < self._theme.px(_LEFT) * 2 or not self._days:
            return
        self._image = opaque_photo(self.picture(width, height), self)
        self.create_image(0, 0, anchor="nw", image=self._image)
        muted, font = self._theme.palette.muted, "hp-small"
        for tick in self._scale():
            start, y = self._theme.px(_LEFT - 10), self._y(tick, height)
            self.create_text(
                start,
                y,
                text=size(tick).replace(".0 ", " ") if tick else "0",
                anchor="e",
                fill=muted,
                font=font,
            )
        every = max(1, round(self._theme.px(70) * len(self._days) / width))
        for at in range(len(self._days) - 1, -1, -every):
            day = date.fromisoformat(self._days[at].day)
            left, right = self._bar(at, width)
            text, level = f"{day.day} {day:%b}", height - self._theme.px(10)
            self.create_text((left + right) / 2, level, text=text, fill=muted, font=font, anchor="center")
        self._label()

    def _label(self) -> None:
        """The figures of the marked day, above its bar."""
        if self._at < 0:
            return
        day = self._days[self._at]
        when = date.fromisoformat(day.day)
        text = f"{when:%a} {when.day} {when:%B}: {size(day.saved_bytes)} in {counted(day.images, 'picture')}"
        left, right = self._bar(self._at, self.winfo_width())
        half = self._theme.font("small").measure(text) / 2 + self._theme.px(8)
        x = min(max((left + right) / 2, self._theme.px(_LEFT) + half), self.winfo_width() - half)
        c, y = self._theme.palette, self._theme.px(_TOP)
        self.create_rectangle(
            x - half, y - self._theme.px(12), x + half, y + self._theme.px(12), fill=c.text, outline=""
        )
        self.create_text(x, y, text=text, fill=c.card, font="hp-small")

    def _mark(self, at: int) -> None:
        if at != self._at:
            self._at = at
            self._draw()

    def _day_at(self, x: int) -> int:
        left = self._theme.px(_LEFT)
        if not self._days or x < left:
            return -1
        room = self.winfo_width() - left - self._theme.px(_RIGHT)
        return min(len(self._days) - 1, int((x - left) / (room / len(self._days))))

    def _scale(self) -> list[int]:
        return ticks(max((day.saved_bytes for day in self._days), default=0))

    def _bar(self, at: int, width: int) -> tuple[float, float]:
        left = self._theme.px(_LEFT)
        step = (width - left - self._theme.px(_RIGHT)) / len(self._days)
        bar = min(step * 0.66, self._theme.px(_WIDEST_BAR))
        middle = left + step * (at + 0.5)
        return middle - bar / 2, middle + bar / 2

    def _y(self, value: int, height: int) -> float:
        top, bottom = self._theme.px(_TOP), height - self._theme.px(_BOTTOM)
        return bottom - (bottom - top) * value / self._scale()[-1]
