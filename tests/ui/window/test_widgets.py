"""Controls on a real X server: what is loaded and drawn when, and what is given back."""

import os
import subprocess
import sys
from pathlib import Path

from system.screen import needs_a_screen, screen

pytestmark = needs_a_screen

_CHECKS = (
    "the_first_frame_needs_nothing_else",
    "a_style_is_drawn_once",
    "pictures_are_given_back",
    "cards_fill_without_seams",
)


def test_controls() -> None:
    with screen() as display:
        environment = {**os.environ, "DISPLAY": display, "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent"}
        script = Path(__file__).with_name("widgets_child.py")
        done = subprocess.run(
            [sys.executable, str(script)], env=environment, capture_output=True, timeout=120, check=False
        )
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.decode().split() == list(_CHECKS)
