"""Looking at pictures without decoding them in a process that can reach other programs."""

import contextlib
import functools
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from homepress.app import Viewer


@contextlib.contextmanager
def pictures_apart() -> Iterator[None]:
    """Have a locked worker decode what window and report show, for the length of a `with` block."""
    from homepress.ui.window.model.pictures import open_with

    with contextlib.ExitStack() as ending:
        ending.callback(open_with, None)

        @functools.cache  # made with the first picture: a window shall be seen before workers are loaded
        def viewer() -> "Viewer":
            from homepress import app

            made = app.Viewer()
            ending.callback(made.close)
            return made

        one = threading.Lock()

        def opener(
            file: Path, edge: int, fill: bool, most_pixels: int, most_decoded: int
        ) -> tuple[tuple[int, int], tuple[int, int], bytes]:
            with one:
                ready = viewer()
            return ready.open(file, edge, fill, most_pixels, most_decoded)

        open_with(opener)
        yield
