"""A picture arrives, is made smaller in its place, and comes back."""

import hashlib
from pathlib import Path

from PIL import Image

from support import wait_for
from windows.program import Program


def a_picture(path: Path) -> bytes:
    image = Image.effect_mandelbrot((640, 480), (-2, -1.5, 1, 1.5), 100).convert("RGB")
    image.save(path, quality=97)
    return path.read_bytes()


def size(path: Path) -> int:
    """Of a file; 0 in the instant of ReplaceFileW in which its name has none."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def test_a_picture_becomes_smaller_and_comes_back(program: Program, tmp_path: Path) -> None:
    pictures = tmp_path / "Bilder für später"
    pictures.mkdir()
    program.run("folder", "add", str(pictures))
    program.start()
    picture = pictures / "日本 1.jpg"
    original = a_picture(picture)
    wait_for(lambda: 0 < size(picture) < len(original), what="the smaller picture")
    program.run("undo", str(picture))
    assert hashlib.sha256(picture.read_bytes()).digest() == hashlib.sha256(original).digest()
    assert program.stop() == 0
    assert "undone" in program.run("history")
