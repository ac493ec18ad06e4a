"""Pictures, and what lies over them."""

import queue
import threading
import tkinter as tk
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from PIL import Image, ImageDraw

from homepress.ui.window.model.pictures import NotShownError, thumbnail
from homepress.ui.window.theme import Theme
from homepress.ui.window.theme.drawing import OVERSAMPLING, opaque_photo, photo

if TYPE_CHECKING:  # what it brings with it reads ledger and settings, later than the first picture
    from homepress.ui.window.background import Mailbox

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
