"""Every page at every size: no text is cut, nothing sticks out, every control has a name."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from homepress.desktop import toolkit
from support import REPOSITORY

pytestmark = pytest.mark.skipif(toolkit.lacking() is not None, reason="there is no Qt, or no library for it")


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en_GB.UTF-8", "ar_EG.UTF-8"], ids=["left-to-right", "right-to-left"])
@pytest.mark.parametrize(
    ("size", "points"),
    [((700, 520), 0), ((1080, 720), 0), ((1900, 1000), 0), ((1080, 720), 14)],
    ids=["smallest", "usual", "large", "large-font"],
)
def test_nothing_is_cut_and_everything_is_named(
    tmp_path: Path, size: tuple[int, int], points: int, language: str
) -> None:
    environment = {
        **os.environ,
        "QT_QPA_PLATFORM": "offscreen",
        "HOMEPRESS_HOME": str(tmp_path),
        "PYTHONPATH": str(REPOSITORY / "tests"),
        "LANG": language,
        "LC_ALL": language,
        "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent",
    }
    script = Path(__file__).with_name("layout_child.py")
    command = [sys.executable, str(script), *map(str, size), str(points)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert {"folders", "folder-settings", "privacy", "general", "pair", "quality"} <= said.keys()
    assert {page: found for page, found in said.items() if found} == {}
    assert "Traceback" not in done.stderr, done.stderr


def test_it_lives_after_very_many_calls() -> None:
    """Qt's Python side may miscount references to `None`, which ends a process sooner or later."""
    script = (
        "from homepress.ui.window.frame import WindowFrame\n"
        "from homepress.ui.window.start import WindowLook\n"
        "window = WindowFrame(WindowLook(dark=False))\n"
        "for _ in range(100_000): window.update()\n"
        "print('alive')"
    )
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert (done.stdout.strip(), done.returncode) == ("alive", 0), done.stderr
