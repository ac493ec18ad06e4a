"""Wherever Tab leads, it is seen: each stop has the colour of the focus on it, counted in pixels."""

from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageGrab, features

from homepress.ui.window.theme.palette import LIGHT, rgb
from support import wait_for
from system.pictures import jpeg, write
from system.program import Program
from system.screen import Seen, Window, needs_a_screen

pytestmark = [*needs_a_screen, pytest.mark.skipif(not features.check("xcb"), reason="Pillow without xcb")]

_LEAST = 30
"""Pixels of the ring at least."""
_STOPS = {"now": 14, "folders": 10, "first-run": 13, "statistics": 5, "privacy": 11, "general": 10}


def ring(display: str, one: Seen) -> int:
    """How many pixels in and closely around a control have the colour of the focus."""
    area = (one["x"] - 3, one["y"] - 3, one["x"] + one["width"] + 3, one["y"] + one["height"] + 3)
    seen = ImageGrab.grab(bbox=tuple(max(0, side) for side in area), xdisplay=display).convert("RGB")
    far = ImageChops.difference(seen, Image.new("RGB", seen.size, rgb(LIGHT.focus))).convert("L")
    return sum(far.histogram()[:12])


@pytest.mark.slow
def test_the_keyboard_is_seen_everywhere(program: Program, inbox: Path, display: str) -> None:
    picture = write(inbox / "holiday.jpg", jpeg(1))
    program.watch(inbox, existing="compress")
    program.start()
    wait_for(lambda: program.status()["compressed_today"] == 1, within=60)
    for page, stops in _STOPS.items():
        window = Window(program, display, page)
        try:
            window.wait("Up to date", within=30)
            for _ in range(stops):
                window.tab()
                stop = window.settled(window.focused, "what has the keyboard")
                wait_for(
                    lambda s=stop: ring(display, s) >= _LEAST,
                    what=f"a ring on {stop['kind']} {stop['text']!r} of {page}",
                )
        finally:
            window.close()
    assert picture.exists()
