"""What programs made of a set of pictures: bytes, scores, what was lost."""

import contextlib
import io
import multiprocessing
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from benchmarks.engine.looks import block_of
from homepress.base.formats import ImageType, sniff
from homepress.compress.likeness import has_all_attached
from homepress.compress.metadata import Malformed, parse_jpeg
from homepress.compress.score.ssimulacra2 import PieceReference, pieces, to_srgb
from homepress.compress.score.weighing import Tally

_METADATA = ("exif", "xmp", "icc_profile", "gamma", "dpi", "duration", "loop", "comment")


@dataclass(frozen=True)
class Outcome:
    """One picture before and after.

    Attributes:
        name: of the file.
        megapixels: of the picture, of all its frames together.
        before: bytes of the source.
        after: bytes of the result.
        primary_before: bytes of the source without appended pictures and videos.
        primary_after: the same of the result.
        score: SSIMULACRA2 of all pixels of the first frame in sRGB, as a viewer shows it.
        kept: whether metadata, frames and everything appended are still there.
    """

    name: str
    megapixels: float
    before: int
    after: int
    primary_before: int
    primary_after: int
    score: float
    kept: bool


def measure(files: Sequence[Path], outputs: Mapping[str, Path]) -> dict[str, list[Outcome]]:
    """Compare every file with what lies under its name in the folder of each program."""
    jobs = [(file, {name: folder / file.name for name, folder in outputs.items()}) for file in files]
    with multiprocessing.get_context("spawn").Pool(os.cpu_count()) as pool:
        measured = pool.starmap(_outcomes, jobs, chunksize=1)
    return {name: [outcomes[name] for outcomes in measured] for name in outputs}


def _outcomes(file: Path, results: Mapping[str, Path]) -> dict[str, Outcome]:
    before = file.read_bytes()
    after = {name: path.read_bytes() if path.exists() else before for name, path in results.items()}
    scores = _scores(before, after)
    frames, megapixels = _extent(before)
    return {
        name: Outcome(
            file.name,
            frames * megapixels,
            len(before),
            len(data),
            _primary(before),
            _primary(data),
            scores[name],
            _kept(before, data),
        )
        for name, data in after.items()
    }


def _extent(data: bytes) -> tuple[int, float]:
    with Image.open(io.BytesIO(data)) as picture:
        frames = getattr(picture, "n_frames", 1) if picture.format in ("GIF", "PNG", "WEBP") else 1
        return frames, picture.width * picture.height / 1e6


def _scores(before: bytes, after: Mapping[str, bytes]) -> dict[str, float]:
    source = shown(before)
    scores = dict.fromkeys(after, 100.0)
    candidates = {name: shown(data) for name, data in after.items() if data != before}
    scores.update(dict.fromkeys(candidates, 0.0))  # what differs in size has no score
    tallies = {name: Tally() for name, pixels in candidates.items() if pixels.shape == source.shape}
    for rows, columns, piece in pieces(*source.shape[:2]):
        reference = PieceReference(source[rows, columns], piece)
        for name, tally in tallies.items():
            tally += reference.compare(candidates[name][rows, columns])
    return scores | {name: tally.score() for name, tally in tallies.items()}


def shown(data: bytes) -> np.ndarray:
    """The picture's pixels upright in sRGB over white, as a viewer shows them."""
    opened = Image.open(io.BytesIO(data))
    profile = opened.info.get("icc_profile")
    picture = ImageOps.exif_transpose(opened)
    if picture.has_transparency_data:
        ground = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(ground, picture.convert("RGBA")).convert("RGB")
    elif picture.mode.startswith("I;16"):  # which `convert` would clip to white
        picture = Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
    elif picture.mode not in ("RGB", "CMYK", "L"):
        picture = picture.convert("RGB")
    return to_srgb(picture.mode, profile)(np.asarray(picture))


def _primary(data: bytes) -> int:
    """Bytes of the picture itself: of a JPEG what appended pictures and videos take is left out."""
    if sniff(data[:64]) is ImageType.JPEG:
        with contextlib.suppress(Malformed):
            return parse_jpeg(data).end
    return len(data)


def _kept(before: bytes, after: bytes) -> bool:
    """Whether Exif, XMP, colour profile, frames and all that is appended are still there, byte for byte.

    Of JPEGs appended to a JPEG headers and pixels count, and in XMP that they may be shorter.
    """
    old, new = Image.open(io.BytesIO(before)), Image.open(io.BytesIO(after))
    same = all(block_of(old, name) == block_of(new, name) for name in _METADATA)
    texts = getattr(old, "text", {}) == getattr(new, "text", {})
    frames = getattr(old, "n_frames", 1) == getattr(new, "n_frames", 1)
    if sniff(before[:64]) is sniff(after[:64]) is ImageType.JPEG and has_all_attached(before, after):
        return same and texts and frames
    return same and texts and frames and before[_primary(before) :] == after[_primary(after) :]
