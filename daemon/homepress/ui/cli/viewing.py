"""Looking at pictures without decoding them in a process that can reach other programs."""

import contextlib
import functools
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from homepress.base.results import ProbedProcess

if TYPE_CHECKING:
    from homepress.app import Viewer


@contextlib.contextmanager
def pictures_apart() -> Iterator[Callable[[], list[ProbedProcess]]]:
    """Have a locked worker decode what window and report show, for the length of a `with` block.

    What it gives has that worker try every way out, if there is one by then.
    """
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

        def probe() -> list[ProbedProcess]:
            return [viewer().probe()] if viewer.cache_info().currsize else []

        open_with(opener)
        yield probe
