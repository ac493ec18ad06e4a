"""Pictures, what lies over them, and two of them laid over each other or beside each other.

Moving the slider of a comparison draws nothing anew: the picture after is on a canvas of its own that lies
over the one before and is moved and clipped by the window system. Only zooming and panning scale pictures.
"""

import queue
import threading
import tkinter as tk
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from PIL import Image, ImageDraw

from homepress.ui.window.model.pictures import NotShownError, Pair, Sheet, Viewport, thumbnail
from homepress.ui.window.theme import Theme
from homepress.ui.window.theme.drawing import OVERSAMPLING, opaque_photo, photo
from homepress.ui.window.widgets.scrolling import bind_wheel

if TYPE_CHECKING:  # what it brings with it reads ledger and settings, later than the first picture
    from homepress.ui.window.context import Mailbox

# Pictures that change often, by the quickest way that this build of Tk has.


class PhotoPainter:
    """Turns images into Tk's, one after the other; the one before is given back."""

    def __init__(self, master: tk.Misc) -> None:
        self._master = master
        self._photo: object = None

    def paint(self, image: Image.Image) -> tk.PhotoImage:
        """The image for Tk; it lives until the next one."""
        made = _direct(image, self._master) or opaque_photo(image, self._master)
        self._photo = made
        return made

    def forget(self) -> None:
        """Give the memory back."""
        self._photo = None


def _direct(image: Image.Image, master: tk.Misc) -> tk.PhotoImage | None:
    """By way of Pillow's own module, which copies pixels without a format in between.

    Builds of Python with a static Tk do not have it.
    """
    try:
        from PIL import ImageTk

        return ImageTk.PhotoImage(image, master=master)  # type: ignore[return-value]  # as good as one for Tk
    except (ImportError, tk.TclError):
        return None


# Thumbnails for what is in view: decoded one after the other beside the window, few of them held.

_HELD = 160
_WAITING = 24
"""Most that are waited for: those scrolled past are not wanted any more."""


class Thumbnails:
    """Gives thumbnails that are there and gets those that are not."""

    def __init__(self, master: tk.Misc, theme: Theme, mailbox: "Mailbox", side: int) -> None:
        self._master = master
        self._theme = theme
        self._mailbox = mailbox
        self._side = side
        self._held: OrderedDict[tuple[str, int], tk.PhotoImage | None] = OrderedDict()
        self._wanted: queue.LifoQueue[tuple[tuple[str, int], Callable[[], object]] | None] = queue.LifoQueue()
        self._asked: set[tuple[str, int]] = set()
        threading.Thread(target=self._work, name="thumbnails", daemon=True).start()

    def get(self, path: str, version: int, came: Callable[[], object]) -> tk.PhotoImage | None:
        """The thumbnail of a file; None while there is none, and `came` is called when it is there.

        Args:
            version: another number means another picture under the same path.
        """
        key = (path, version)
        if key in self._held:
            self._held.move_to_end(key)
            return self._held[key]
        if key not in self._asked:
            self._asked.add(key)
            self._wanted.put((key, came))
        return None

    def close(self) -> None:
        """End the thread."""
        self._wanted.put(None)

    def _work(self) -> None:
        while (wanted := self._wanted.get()) is not None:
            key, came = wanted
            if self._wanted.qsize() > _WAITING:
                self._mailbox.put(lambda key=key: self._asked.discard(key))  # type: ignore[misc]  # bound early
                continue
            image: Image.Image | None = None
            try:
                image = thumbnail(Path(key[0]), self._side)
            except NotShownError:
                image = None  # a plain sheet takes its place
            self._mailbox.put(lambda key=key, image=image, came=came: self._take(key, image, came))  # type: ignore[misc]

    def _take(self, key: tuple[str, int], image: Image.Image | None, came: Callable[[], object]) -> None:
        self._asked.discard(key)
        self._held[key] = opaque_photo(image, self._master) if image else None
        while len(self._held) > _HELD:
            self._held.popitem(last=False)
        if image:
            came()


# What lies over the pictures: labels that can be read on any picture, and the knob of the slider.

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


MODES = (
    ("slider", "Slider"),
    ("side", "Side by side"),
    ("flicker", "Flicker"),
    ("difference", "Difference"),
)
_FLICKER_MS = 500
_FINE_MS = 120
"""After so long without zooming and panning, a picture that was scaled quickly is scaled well."""
_STEP = 0.02
_PAN = 60


@dataclass(slots=True)
class _Pane:
    """A canvas with one picture and its label."""

    canvas: tk.Canvas
    painter: PhotoPainter
    label: Tag | None = None


class CompareView(tk.Frame):
    """Shows a pair in one of `MODES`."""

    def __init__(self, parent: tk.Misc, theme: Theme) -> None:
        palette = theme.palette
        super().__init__(
            parent,
            background=palette.page,
            highlightthickness=theme.px(2),
            highlightbackground=palette.line,
            highlightcolor=palette.focus,
            takefocus=1,
        )
        self._theme = theme
        self._pair: Pair | None = None
        self._mode = "slider"
        self._share = 0.5
        self._view = Viewport(1, 1, 1, 1)
        self._grip: tuple[int, int, bool] | None = None
        self._timer = ""
        self._fine_timer = ""
        self._first = self._pane(self)
        self._second = self._pane(self)
        self._knob = knob_image(theme, self)
        self.bind("<Configure>", lambda _: self._resized())
        self._bind_keys()
        bind_wheel(self, lambda notches: self.zoom(1.25**-notches, self._pointer()))

    @property
    def share(self) -> float:
        """Where the slider stands, 0 left to 1 right."""
        return self._share

    def bind_key(self, key: str, command: Callable[[], object]) -> None:
        """Have a key do something while the view has the keyboard."""
        self.bind(key, lambda _: command())

    def clear(self) -> None:
        """Show nothing, and give the memory back."""
        self._pair = None
        self._stop_flicker()
        for pane in (self._first, self._second):
            pane.canvas.place_forget()
            pane.canvas.delete("all")  # what is on a canvas holds its image
            pane.painter.forget()

    def show(self, pair: Pair, before: str, after: str) -> None:
        """Show a pair with its two labels, the whole of it."""
        self._pair = pair
        self._first.label = tag(self._theme, before, self)
        self._second.label = tag(self._theme, after, self)
        self._share = 0.5
        width, height = pair.before.size
        self._view = Viewport(width, height, *self._area()).fit()
        self._arrange()

    def set_mode(self, mode: str) -> None:
        """Compare in another way."""
        self._mode = mode
        self._arrange()

    def fit(self) -> None:
        """Show the whole picture."""
        self._look(self._view.fit())

    def full_size(self) -> None:
        """Show one pixel of the picture on one of the screen."""
        self._look(self._view.at_full_size())

    def zoom(self, factor: float, at: tuple[float, float] | None = None) -> None:
        """Larger or smaller."""
        self._look(self._view.zoomed(factor, at))

    def to_worst(self) -> None:
        """Show the place with the largest difference, at full size at least."""
        if self._pair is None:
            return
        x, y = self._pair.worst
        view = self._view if self._view.zoom > 1 else self._view.at_full_size()
        self._look(view.centred(x * view.width, y * view.height))

    def slide(self, share: float) -> None:
        """Put the slider somewhere, 0 to 1."""
        self._share = min(1.0, max(0.0, share))
        if self._mode == "slider":
            self._place_slider()

    # -- placing

    def _arrange(self) -> None:
        """Lay out the canvases for the mode and paint them."""
        self._stop_flicker()
        if self._pair is None:
            return
        first, second = self._first.canvas, self._second.canvas
        width, height = self._room()
        match self._mode:
            case "side":
                half = (width - self._theme.px(4)) // 2
                first.place(x=0, y=0, width=half, height=height)
                second.place(x=width - half, y=0, width=half, height=height)
            case "slider":
                first.place(x=0, y=0, width=width, height=height)
                self._place_slider()
            case _:
                first.place(x=0, y=0, width=width, height=height)
                second.place_forget()
        self._view = self._view.resized(*self._area())
        self._paint()
        if self._mode == "flicker":
            self._flicker(True)

    def _place_slider(self) -> None:
        """The second canvas begins at the slider; what is on it is shifted back."""
        width, height = self._room()
        x = round(self._share * width)
        canvas = self._second.canvas
        self._first.canvas.coords("knob", x, height // 2)
        self._first.canvas.coords("line", x - 1, 0, x - 1, height)
        if x >= width:
            canvas.place_forget()
            return
        # Scrolling the canvas keeps the picture where it is while the canvas itself moves.
        canvas.configure(scrollregion=(0, 0, width, height))
        canvas.place(x=x, y=0, width=width - x, height=height)
        canvas.xview_moveto(x / width)
        canvas.coords("knob", x, height // 2)
        canvas.coords("line", x, 0, x, height)

    def _paint(self, *, rough: bool = False) -> None:
        if self._pair is None:
            return
        pair = self._pair
        if self._mode == "difference":
            self._fill(self._first, pair.difference or pair.after, None, None, rough)
            return
        self._fill(self._first, pair.before, self._first.label, "left", rough)
        side = "left" if self._mode == "side" else "right"
        self._fill(self._second, pair.after, self._second.label, side, rough)

    def _fill(self, pane: _Pane, sheet: Sheet, label: Tag | None, side: str | None, rough: bool) -> None:
        """Draw one picture as it is seen now, with its label and the halves of the slider."""
        canvas, (width, height) = pane.canvas, self._area()
        box, stands = self._view.seen()
        whole = (self._view.width, self._view.height)
        shares = (box[0] / whole[0], box[1] / whole[1], box[2] / whole[0], box[3] / whole[1])
        image = sheet.part(shares, (stands[2] - stands[0], stands[3] - stands[1]), rough=rough)
        canvas.delete("all")
        canvas.create_image(stands[0], stands[1], anchor="nw", image=pane.painter.paint(image))
        room = self._theme.px(12)
        if label is not None:
            if side == "left":
                label.draw(canvas, room, room, "nw")
            else:
                label.draw(canvas, width - room, room, "ne")
        if self._mode == "slider":
            x = round(self._share * width)
            canvas.create_line(x, 0, x, height, fill="#ffffff", width=self._theme.px(2), tags="line")
            canvas.create_image(x, height // 2, image=self._knob, tags="knob")

    def _flicker(self, before: bool) -> None:
        """Show one picture, then the other, over and over."""
        width, height = self._room()
        if before:
            self._second.canvas.place_forget()
        else:
            self._second.canvas.xview_moveto(0)
            self._second.canvas.place(x=0, y=0, width=width, height=height)
        self._timer = self.after(_FLICKER_MS, lambda: self._flicker(not before))

    def _stop_flicker(self) -> None:
        if self._timer:
            self.after_cancel(self._timer)
            self._timer = ""

    def _look(self, view: Viewport) -> None:
        if self._pair is not None and view != self._view:
            self._view = view
            self._paint(rough=True)
            if self._fine_timer:
                self.after_cancel(self._fine_timer)
            self._fine_timer = self.after(_FINE_MS, self._paint)

    def _resized(self) -> None:
        if self._pair is not None:
            self._arrange()

    def _room(self) -> tuple[int, int]:
        edge = 2 * self._theme.px(2)
        return max(1, self.winfo_width() - edge), max(1, self.winfo_height() - edge)

    def _area(self) -> tuple[int, int]:
        """What one picture is seen through."""
        width, height = self._room()
        return ((width - self._theme.px(4)) // 2 if self._mode == "side" else width), height

    # -- hands

    def _pane(self, parent: tk.Misc) -> _Pane:
        canvas = tk.Canvas(
            parent,
            background=self._theme.palette.page,
            highlightthickness=0,
            borderwidth=0,
            cursor="hand2",
            xscrollincrement=1,
        )
        canvas.bind("<Button-1>", self._pressed)
        canvas.bind("<B1-Motion>", self._dragged)
        canvas.bind("<ButtonRelease-1>", lambda _: self._released())
        return _Pane(canvas, PhotoPainter(self))

    def _bind_keys(self) -> None:
        for key, dx, dy in (("Left", 1, 0), ("Right", -1, 0), ("Up", 0, 1), ("Down", 0, -1)):
            self.bind(f"<Shift-{key}>", lambda _, x=dx, y=dy: self._pan(x, y))  # type: ignore[misc]
        self.bind("<Left>", lambda _: self.slide(self._share - _STEP))
        self.bind("<Right>", lambda _: self.slide(self._share + _STEP))
        self.bind("<Home>", lambda _: self.slide(0))
        self.bind("<End>", lambda _: self.slide(1))
        for key in ("plus", "equal", "KP_Add"):
            self.bind(f"<{key}>", lambda _: self.zoom(1.5))
        for key in ("minus", "KP_Subtract"):
            self.bind(f"<{key}>", lambda _: self.zoom(1 / 1.5))
        self.bind("<Key-0>", lambda _: self.fit())
        self.bind("<Key-1>", lambda _: self.full_size())
        self.bind("<Key-w>", lambda _: self.to_worst())

    def _pan(self, x: int, y: int) -> None:
        step = self._theme.px(_PAN)
        self._look(self._view.panned(x * step, y * step))

    def _pressed(self, event: "tk.Event[tk.Canvas]") -> None:
        self.focus_set()
        x = event.x_root - self.winfo_rootx()
        near = abs(x - self._share * self._room()[0]) < self._theme.px(24)
        # A picture that is seen whole cannot be moved: then every place moves the slider.
        slides = self._mode == "slider" and (near or self._view.fitted)
        self._grip = (event.x_root, event.y_root, slides)
        if slides:
            self.slide(x / self._room()[0])

    def _dragged(self, event: "tk.Event[tk.Canvas]") -> None:
        if self._grip is None:
            return
        x, y, slides = self._grip
        if slides:
            self.slide((event.x_root - self.winfo_rootx()) / self._room()[0])
            return
        self._grip = (event.x_root, event.y_root, False)
        self._look(self._view.panned(event.x_root - x, event.y_root - y))

    def _released(self) -> None:
        self._grip = None

    def _pointer(self) -> tuple[float, float]:
        x = self.winfo_pointerx() - self.winfo_rootx()
        return float(x % max(1, self._area()[0])), float(self.winfo_pointery() - self.winfo_rooty())
