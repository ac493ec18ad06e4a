"""A picture arrives, is made smaller in its place, and comes back."""

import ctypes
import hashlib
from pathlib import Path

from PIL import Image

from support import wait_for
from windows.program import Program

SLOW = 600.0
"""Seconds that a picture may take: Wine on a busy computer is ten times slower than anything else."""


def a_picture(path: Path, quality: int = 97) -> bytes:
    image = Image.effect_mandelbrot((640, 480), (-2, -1.5, 1, 1.5), 100).convert("RGB")
    image.save(path, quality=quality)
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
    wait_for(lambda: 0 < size(picture) < len(original), what="the smaller picture", within=SLOW)
    program.run("undo", str(picture))
    assert hashlib.sha256(picture.read_bytes()).digest() == hashlib.sha256(original).digest()
    assert program.stop() == 0
    assert "undone" in program.run("history")


HIDDEN, NORMAL = 0x2, 0x80
"""FILE_ATTRIBUTE_*."""


def set_attributes(path: Path, attributes: int) -> None:
    assert ctypes.windll.kernel32.SetFileAttributesW(str(path), attributes)  # type: ignore[attr-defined]


def test_what_was_there_stays_whoever_touches_it(program: Program, tmp_path: Path) -> None:
    """A virus scanner or an indexer sets attributes and times; that makes no new picture of an old one."""
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    old, new = pictures / "old.jpg", pictures / "new.jpg"
    original = a_picture(old)
    program.run("folder", "add", "--existing", "leave", str(pictures))
    program.start()
    set_attributes(old, HIDDEN)
    set_attributes(old, NORMAL)
    other = a_picture(new, quality=96)  # the same would be known as one that was there
    wait_for(lambda: 0 < size(new) < len(other), what="the new picture", within=SLOW)
    assert old.read_bytes() == original
    assert str(old) not in program.run("history")
    assert program.stop() == 0


def test_a_picture_that_a_viewer_shows_is_busy_and_waits(program: Program, tmp_path: Path) -> None:
    """Open for reading, and not shared for deleting, as viewers open it."""
    picture = tmp_path / "shown.jpg"
    original = a_picture(picture)
    with picture.open("rb"):
        assert "a program has it open" in program.run("compress", "--in-place", str(picture), code=1)
        assert picture.read_bytes() == original
    program.run("compress", "--in-place", str(picture))
    assert size(picture) < len(original)
    program.run("undo", str(picture))
    assert picture.read_bytes() == original
