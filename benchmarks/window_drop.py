"""How long it takes from dropping a photograph on the window until its result is seen.

Run: `python -m benchmarks.window_drop [PICTURE ...]`. Needs Xvfb. The real window runs in this process with a
home of its own; each picture is dropped on it alone, for each purpose, and what compresses is started while
it is held over the window, as it is by hand. Without names it takes made photographs of 12 megapixels.
"""

import os
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from benchmarks import landscapes
from benchmarks.screenshots import display

_SIZE = (4000, 3000)
_PHOTOS = 3
_HELD_SECONDS = 1.0
"""So long a picture is held over the window at the least by somebody who drags it there."""


def main() -> int:
    """Drop, measure, print."""
    with tempfile.TemporaryDirectory(prefix="homepress-drop-") as place, ExitStack() as stack:
        os.environ["HOMEPRESS_HOME"] = str(Path(place, "home"))
        os.environ["DISPLAY"] = stack.enter_context(display(1.0))
        pictures = [Path(name) for name in sys.argv[1:]] or list(photographs(Path(place)))
        from homepress.base.paths import Paths
        from homepress.daemon.commands.connect import prepare_client
        from homepress.ui.cli.commands.window import compressed_apart, pictures_apart

        prepare_client(starts_workers=True)
        paths = Paths.from_environment()
        paths.ensure()
        stack.enter_context(pictures_apart())
        stack.enter_context(compressed_apart(paths))
        measure(pictures)
    return 0


def photographs(place: Path) -> Iterator[Path]:
    """Landscapes with grain, as a camera writes them."""
    for seed in range(_PHOTOS):
        file = place / f"{landscapes.name(seed)}.jpg"
        file.write_bytes(landscapes.jpeg(seed, _SIZE))
        yield file


def measure(pictures: list[Path]) -> None:
    """Drop each picture for each purpose."""
    from benchmarks.window_work import Window
    from homepress.desktop.clipboard import Copied
    from homepress.ui.window.model.wishes import PURPOSES, Purpose, Wish

    window = Window(1.0)
    page = window.shell._now()
    window.shell.go("now")
    page.expect(True)
    window.wait(_HELD_SECONDS)
    for purpose in Purpose:
        page._wish_changed(Wish(purpose))
        seconds = []
        for picture in pictures:
            page.take(Copied(files=(picture,)))
            items = page._model.items
            seconds.append(window.until(lambda items=items: items and not page._waiting()))
            page._clear()
        middle, worst = statistics.median(seconds), max(seconds)
        print(
            f"{PURPOSES[purpose][0]:<16}{middle:6.2f} s, at most {worst:.2f} s, load {os.getloadavg()[0]:.1f}"
        )
    window.frame.close()


if __name__ == "__main__":
    sys.exit(main())
