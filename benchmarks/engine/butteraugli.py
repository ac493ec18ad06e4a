"""Butteraugli, a second judge beside SSIMULACRA2: the reference program of libjxl."""

import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

_PROGRAM = "butteraugli_main"
_OUTPUT = re.compile(r"^(?P<highest>[\d.]+)\s+3-norm: (?P<norm>[\d.]+)", re.MULTILINE)
_SECONDS = 300


@dataclass(frozen=True)
class Distance:
    """How far a result is from its source; 0 is equal, about 1 is just noticeable.

    Attributes:
        norm: the 3-norm over all pixels.
        highest: that of the worst pixel.
    """

    norm: float
    highest: float


def missing() -> str:
    """Why butteraugli cannot be measured here; empty if it can."""
    return (
        ""
        if shutil.which(_PROGRAM)
        else f"{_PROGRAM} is not installed: apt-get install libjxl-devtools (Debian 13: libjxl-tools)"
    )


def distance(source: np.ndarray, result: np.ndarray) -> Distance:
    """The distance between two pictures of the same size.

    Args:
        source: height x width x 3, sRGB.
        result: likewise.

    Raises:
        RuntimeError: the program failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, name) for name in ("source.ppm", "result.ppm")]
        for file, pixels in zip(files, (source, result), strict=True):
            height, width = pixels.shape[:2]
            file.write_bytes(f"P6 {width} {height} 255\n".encode() + pixels.tobytes())
        command = [_PROGRAM, *map(str, files)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
    found = _OUTPUT.search(done.stdout)
    if found is None:
        raise RuntimeError(f"{_PROGRAM}: {done.stderr.strip() or done.stdout.strip()}")
    return Distance(float(found["norm"]), float(found["highest"]))
