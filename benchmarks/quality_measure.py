"""What a program made of a set of pictures: bytes, scores, what it lost."""

import contextlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from homepress.compress.metadata import Malformed, parse_jpeg
from homepress.compress.quality.ssimulacra2 import full_score
from homepress.imagetype import ImageType, sniff


@dataclass(frozen=True)
class Outcome:
    """One picture before and after."""

    name: str
    megapixels: float
    before: int
    after: int
    primary_before: int
    primary_after: int
    score: float
    kept: bool


def measure(files: Sequence[Path], output: Path) -> list[Outcome]:
    """Compare every file of a set with what lies under its name in `output`."""
    return [_outcome(file, output / file.name) for file in files]


def _outcome(source: Path, result: Path) -> Outcome:
    before = source.read_bytes()
    after = result.read_bytes() if result.exists() else before
    pixels = shown(before)
    return Outcome(
        source.name,
        pixels.shape[0] * pixels.shape[1] / 1e6,
        len(before),
        len(after),
        _primary(before),
        _primary(after),
        100.0 if after == before else _score(pixels, shown(after)),
        _kept(before, after),
    )


def shown(data: bytes) -> np.ndarray:
    """The picture's pixels in sRGB over white."""
    picture = Image.open(io.BytesIO(data))
    if picture.has_transparency_data:
        ground = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(ground, picture.convert("RGBA"))
    return np.asarray(picture.convert("RGB"))


def _score(source: np.ndarray, result: np.ndarray) -> float:
    return full_score(source, result) if source.shape == result.shape else 0.0


def _primary(data: bytes) -> int:
    """Bytes of the picture itself: of a JPEG what appended pictures and videos take is left out."""
    if sniff(data[:64]) is ImageType.JPEG:
        with contextlib.suppress(Malformed):
            return parse_jpeg(data).end
    return len(data)


def _kept(before: bytes, after: bytes) -> bool:
    """Whether Exif, XMP, colour profile and all that is appended are still there, byte for byte."""
    old, new = Image.open(io.BytesIO(before)), Image.open(io.BytesIO(after))
    same = all(old.info.get(name) == new.info.get(name) for name in ("exif", "xmp", "icc_profile"))
    frames = getattr(old, "n_frames", 1) == getattr(new, "n_frames", 1)
    return same and frames and before[_primary(before) :] == after[_primary(after) :]
