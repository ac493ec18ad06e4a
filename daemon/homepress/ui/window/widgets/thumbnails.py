"""Thumbnails for what is in view: decoded one after the other beside the window, few of them held."""

import queue
import threading
import tkinter as tk
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from homepress.ui.window.model.pictures import NotShownError, thumbnail
from homepress.ui.window.theme import Theme
from homepress.ui.window.theme.drawing import opaque_photo
from homepress.ui.window.threads import Mailbox

_HELD = 160
_WAITING = 24
"""More are not waited for: whoever scrolls past does not want them."""


class Thumbnails:
    """Gives thumbnails that are there and gets those that are not."""

    def __init__(self, master: tk.Misc, theme: Theme, mailbox: Mailbox, side: int) -> None:
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
                image = None  # a plain sheet stands for it
            self._mailbox.put(lambda key=key, image=image, came=came: self._take(key, image, came))  # type: ignore[misc]

    def _take(self, key: tuple[str, int], image: Image.Image | None, came: Callable[[], object]) -> None:
        self._asked.discard(key)
        self._held[key] = opaque_photo(image, self._master) if image else None
        while len(self._held) > _HELD:
            self._held.popitem(last=False)
        if image:
            came()
