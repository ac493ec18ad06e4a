"""Run under an X server, apart from the tests, since Tk leaves a display only with its process."""

import sys

from PIL import Image

from homepress.ui.window.frame import WindowFrame
from homepress.ui.window.model.pictures import Sheet, compare
from homepress.ui.window.start import WindowLook
from homepress.ui.window.theme.drawing import BoxShape, box, stretched
from homepress.ui.window.widgets.factory import Card
from homepress.ui.window.widgets.photos import CompareView


def images(frame: WindowFrame) -> int:
    """How many images Tk holds."""
    return len(frame.root.tk.splitlist(frame.root.tk.call("image", "names")))


def the_first_frame_needs_nothing_else(frame: WindowFrame) -> None:
    frame.show()
    heavy = {"homepress.store.reader", "homepress.control.server", "jeepney", "numpy", "watchdog"}
    assert "homepress.store.reader" not in sys.modules, sorted(heavy & set(sys.modules))
    assert "homepress.workers" not in sys.modules


def a_style_is_drawn_once(frame: WindowFrame) -> None:
    frame.kit.button(frame.stage, "One", lambda: None, "danger")
    before = images(frame)
    frame.kit.button(frame.stage, "Two", lambda: None, "danger")
    assert images(frame) == before


def pictures_are_given_back(frame: WindowFrame) -> None:
    view = CompareView(frame.stage, frame.theme)
    view.grid(row=0, column=0, sticky="nswe")
    frame.root.update()
    view.clear()
    before = images(frame)
    pictures = [Image.new("RGB", (800, 600), colour) for colour in ("red", "blue")]
    sheets = [Sheet(picture.size, (picture,)) for picture in pictures]
    view.show(compare(*sheets), "Before", "After")
    frame.root.update()
    assert images(frame) > before + 1
    view.clear()
    frame.root.update()
    # The two labels stay for the next pair; the pictures are gone.
    assert images(frame) <= before + 2


def cards_fill_without_seams(frame: WindowFrame) -> None:
    small = box(BoxShape((40, 40), 12, "#ffffff", "#202020", "#ff0000"))
    large = stretched(small, 14, (200, 120))
    assert large.size == (200, 120)
    for x, y in ((0, 0), (199, 0), (0, 119), (199, 119)):
        assert large.getpixel((x, y)) == small.getpixel((min(x, 39), min(y, 39)))
    middle = {large.getpixel((x, y)) for x in range(20, 180) for y in range(20, 100)}
    assert middle == {(0x20, 0x20, 0x20)}
    Card(frame.stage, frame.theme)


def main() -> int:
    """Run all of them in one window."""
    frame = WindowFrame(WindowLook(dark=False, scale=1.0))
    for check in (
        the_first_frame_needs_nothing_else,
        a_style_is_drawn_once,
        pictures_are_given_back,
        cards_fill_without_seams,
    ):
        check(frame)
        print(check.__name__)
    return 0


if __name__ == "__main__":
    sys.exit(main())
