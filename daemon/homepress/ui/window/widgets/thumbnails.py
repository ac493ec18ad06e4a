"""Thumbnails for what is in view: decoded apart, one after the other; few of them are held."""

import queue
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QBrush, QImage, QPainter, QPixmap

from homepress.ui.window.context import MainThread
from homepress.ui.window.model.pictures import NotShownError, tells_place, thumbnail

_HELD = 240
_WAITING = 24
"""Most that are waited for: those scrolled past are not wanted any more."""
_ROUND = 0.14
"""Radius of the corners, as a share of the side."""

_Key: TypeAlias = tuple[Path, int, int]


@dataclass(slots=True)
class Thumbnail:
    """A small picture of a file.

    Attributes:
        image: its pixels; None where it cannot be shown.
        tells_place: whether the file tells where it was taken; False until that was looked at.
    """

    image: QPixmap | None = None
    tells_place: bool = False


class Thumbnails:
    """Gives thumbnails that are there and gets those that are not."""

    def __init__(self, main: MainThread, came: Callable[[Path, int], object]) -> None:
        """`came` is called with file and version when there is more to see of them."""
        self._main = main
        self._came = came
        self._held: OrderedDict[_Key, Thumbnail] = OrderedDict()
        self._wanted: queue.LifoQueue[_Key] = queue.LifoQueue()
        self._asked: set[_Key] = set()
        self._thread: threading.Thread | None = None

    def get(self, file: Path, version: int, side: int) -> Thumbnail | None:
        """The thumbnail of a file; None while it is being made.

        Args:
            file: the picture.
            version: another number means another picture under the same path.
            side: of the square, in pixels of the screen.
        """
        key = (file, version, side)
        if key in self._held:
            self._held.move_to_end(key)
            return self._held[key]
        if key not in self._asked:
            self._asked.add(key)
            self._wanted.put(key)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="thumbnails", daemon=True)
                self._thread.start()
        return None

    def tells_place(self, file: Path, version: int) -> bool:
        """Whether a file tells where it was taken, as far as its thumbnail was asked for."""
        return any(one.tells_place for key, one in self._held.items() if key[:2] == (file, version))

    def _work(self) -> None:
        while True:
            key = self._wanted.get()
            if self._wanted.qsize() > _WAITING:
                self._main.post(lambda key=key: self._asked.discard(key))  # type: ignore[misc]  # bound early
                continue
            image: QImage | None = None
            try:
                made = thumbnail(key[0], key[2])
                width, height = made.size
                image = QImage(made.data, width, height, 3 * width, QImage.Format.Format_RGB888)
                image = image.copy()  # owns its pixels
            except NotShownError:
                pass  # an icon takes its place
            self._main.post(lambda key=key, image=image: self._take(key, image))  # type: ignore[misc]
            if image is not None and tells_place(key[0]):
                self._main.post(lambda key=key: self._place(key))  # type: ignore[misc]

    def _take(self, key: _Key, image: QImage | None) -> None:
        self._asked.discard(key)
        self._held[key] = Thumbnail(_rounded(image) if image is not None else None)
        while len(self._held) > _HELD:
            self._held.popitem(last=False)
        if image is not None:
            self._came(*key[:2])

    def _place(self, key: _Key) -> None:
        if (held := self._held.get(key)) is not None:
            held.tells_place = True
            self._came(*key[:2])


def _rounded(image: QImage) -> QPixmap:
    made = QPixmap(image.size())
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QBrush(image))
    radius = image.width() * _ROUND
    painter.drawRoundedRect(QRectF(made.rect()), radius, radius)
    painter.end()
    return made
