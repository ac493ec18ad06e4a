"""The page Compress now in a window that nobody sees, with real workers and a real daemon."""

import io
import json
import random
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from homepress.desktop import toolkit
from system.pictures import photo, write
from system.program import Program


def located(size: tuple[int, int] = (800, 600)) -> bytes:
    """A photograph that tells where it was taken."""
    exif = Image.Exif()
    exif[0x8825] = {1: "N", 2: (52.0, 30.0, 0.0), 3: "E", 4: (13.0, 24.0, 0.0)}
    buffer = io.BytesIO()
    photo(3, size).save(buffer, "JPEG", quality=96, exif=exif)
    return buffer.getvalue()


def noise(side: int = 900) -> bytes:
    """Pixels without any order."""
    image = Image.frombytes("RGB", (side, side), random.Random(1).randbytes(3 * side * side))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


@pytest.mark.slow
@pytest.mark.skipif(toolkit.lacking() is not None, reason="there is no Qt, or no library for it")
def test_the_page_does_what_people_come_for(program: Program, tmp_path: Path) -> None:
    program.start()
    picture = write(tmp_path / "pictures" / "holiday.jpg", located())
    hard = write(tmp_path / "pictures" / "noise.jpg", noise())
    before = picture.read_bytes()
    script = Path(__file__).with_name("nowwindow.py")
    environment = {
        **program.environment,
        "QT_QPA_PLATFORM": "offscreen",
        "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent",
    }
    command = [sys.executable, str(script), str(picture), str(hard)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=170, check=False)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    said = json.loads(done.stdout)

    assert said["first"]["front"] == "now"
    assert "Drop pictures or folders here" in said["first"]["texts"]
    assert said["same"]["front"] == "now", "a drop on another page shows this one"
    ((name, sizes, saved),) = said["same"]["rows"]
    assert name.startswith("holiday.jpg\n")
    assert "location kept" in name
    assert " → " in sizes
    assert saved.startswith("−")
    copy = picture.with_name("holiday.min.jpg")
    assert 0 < copy.stat().st_size < len(before)
    assert "location removed" in said["send"]["rows"][0][0]
    (copied,) = said["copied"]
    assert Path(copied).name == "holiday.jpg"
    assert said["copied bytes"]
    assert said["size when replaced"] < len(before)
    assert "Replaced" in said["replaced"]["rows"][0][0]
    assert picture.read_bytes() == before, "undone"
    assert "Replaced" not in said["undone"]["rows"][0][0]
    assert said["cleared"]["rows"] == []
    assert "Drop pictures or folders here" in said["cleared"]["texts"]
    assert said["pasted"]["rows"][0][0].startswith("Pasted picture.jpg\n")
    ((name, _, saved),) = said["under"]["rows"]
    assert not saved
    assert "Cannot be made that small" in name
    assert said["removed"]["rows"] == []
    assert said["left"] == []
