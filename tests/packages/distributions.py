"""Building the wheel and the sdist, and using what was built as a stranger would."""

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from support import REPOSITORY

LATEST = "HOMEPRESS_TEST_LATEST"
"""As tests/run.py has it."""

LOCKS = REPOSITORY / "packaging" / "locks"

_MINUTES = 600.0
_SIDE = 320


def build(folder: Path) -> tuple[Path, Path]:
    """Build the sdist, and the wheel from the sdist, with what this environment has; (wheel, sdist)."""
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(REPOSITORY)]
    run(command)
    (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return wheel, sdist


def has_compiler() -> bool:
    """Whether a wheel that is built here has the compiled core in it."""
    return any(map(shutil.which, ("cc", "gcc", "clang")))


def own_python() -> Path:
    """The Python that our virtual environment was made with."""
    return Path(sys.base_prefix, "python.exe" if sys.platform == "win32" else "bin/python3")


def install(python: Path, wheel: Path, folder: Path) -> Path:
    """Install a wheel with its dependencies into a new virtual environment; the folder of its programs.

    The dependencies are those of the lock, so that a test says the same on every day; only while the newest
    packages are tried (`make latest`) are they what the index has.
    """
    run([str(python), "-m", "venv", str(folder)])
    programs = folder / ("Scripts" if sys.platform == "win32" else "bin")
    quiet = ["--quiet", "--disable-pip-version-check", "--no-input"]
    # Only ready-made packages: a compiler is not what a user has.
    pip = [str(programs / "python"), "-m", "pip", "install", *quiet, "--only-binary", ":all:"]
    if os.environ.get(LATEST):
        run([*pip, str(wheel)])
    else:
        run([*pip, "--require-hashes", "--requirement", str(LOCKS / "runtime.txt")])
        run([*pip, "--no-deps", str(wheel)])
    run([str(programs / "python"), "-m", "pip", "check"])
    return programs


def compress_a_picture(homepress: Sequence[str], folder: Path) -> tuple[int, int]:
    """Make a picture in `folder` and have an installed Homepress compress it; bytes before and after."""
    folder.mkdir(parents=True, exist_ok=True)
    picture = folder / "made.png"
    draw_picture(picture)
    arguments = ("compress", "--quality", "lossless", "--json", str(picture))
    told = json.loads(run([*homepress, *arguments], home=folder / "home"))
    assert told["outcome"] == "compressed", told
    assert Path(told["output"]).stat().st_size == told["after_bytes"]
    return told["before_bytes"], told["after_bytes"]


def draw_picture(file: Path) -> None:
    """Draw a picture that lossless compression has something to do with."""
    draw = random.Random(7)
    picture = Image.new("RGB", (_SIDE, _SIDE))
    for _ in range(60):
        x, y = draw.randrange(_SIDE), draw.randrange(_SIDE)
        colour = (draw.randrange(256), draw.randrange(256), draw.randrange(256))
        picture.paste(colour, (x, y, x + draw.randrange(90), y + draw.randrange(90)))
    picture.save(file, compress_level=0)


def run(command: Sequence[str], home: Path | None = None) -> str:
    """Run a program that sees nothing of this Python environment; its standard output."""
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))
    }
    if home is not None:
        clean["HOMEPRESS_HOME"] = str(home)
    done = subprocess.run(
        command, env=clean, cwd="/", capture_output=True, text=True, timeout=_MINUTES, check=False
    )
    assert done.returncode == 0, (command, done.stdout[-4000:], done.stderr[-4000:])
    return done.stdout
