"""Looking at pictures without decoding them in a process that can reach other programs."""

import contextlib
from collections.abc import Iterator


@contextlib.contextmanager
def pictures_apart() -> Iterator[None]:
    """Have a locked worker decode what window and report show, for the length of a `with` block."""
    from homepress import app
    from homepress.ui.window.model.pictures import open_with

    viewer = app.Viewer()
    open_with(viewer.open)
    try:
        yield
    finally:
        open_with(None)
        viewer.close()
