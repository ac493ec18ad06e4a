"""Pictures that change often, by the quickest way that this build of Tk has."""

import tkinter as tk

from PIL import Image

from homepress.ui.window.theme.drawing import opaque_photo


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
