"""A window for tests of single pages, in this process and without a display."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from homepress.desktop import toolkit

if TYPE_CHECKING:
    from homepress.ui.window.frame import WindowFrame


@pytest.fixture(scope="session")
def frame() -> "Iterator[WindowFrame]":
    """The one window of this process, with nothing in it: Qt's application is made once."""
    if toolkit.lacking() is not None:
        pytest.skip("there is no Qt, or no library for it")
    from homepress.ui.window.frame import WindowFrame
    from homepress.ui.window.start import WindowLook

    with pytest.MonkeyPatch.context() as patch:  # programs that other tests start have a display
        patch.setenv("QT_QPA_PLATFORM", "offscreen")
        made = WindowFrame(WindowLook(dark=False))
    yield made
    made.close()
