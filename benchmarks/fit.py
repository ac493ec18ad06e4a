"""How near a fit under a size comes to the best there is: each edge and each quality tried on whole pictures.

    python benchmarks/fit.py [--pictures 10] [--limits 250000 500000] [--no-search]

Scores are those of the whole picture, shown at its old size. "Best" codes it with the same encoder at each of
the edges below, with the highest quality whose file fits; a line takes a minute or more. Processor time is
compared with that of a normal compression of the same picture in the same process.
"""

import argparse
import io
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as in a worker
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

import numpy as np
from PIL import Image, ImageOps

from benchmarks.engine.sets import spread
from homepress.compress import Compressed, Recipe, compress, load_codecs
from homepress.compress.convert.picture import Picture, scale_down
from homepress.compress.fit.coders import JpegCoder
from homepress.compress.fit.search import setting_for
from homepress.compress.jpeg import Sampling
from homepress.compress.jpeg.encoder import RateDistortionEncoder
from homepress.compress.jpeg.model import on_grid
from homepress.compress.metadata import parse_jpeg, picture_only
from homepress.compress.pixels import Pixels
from homepress.compress.score.ssimulacra2 import full_score
from support import corpus

_FLOOR = 80.0
_LEAST_BYTES = 900_000
"""Smaller pictures fit anyhow."""
_EDGES = (1.0, 0.85, 0.7, 0.6, 0.5, 0.42, 0.35, 0.25)
_LOST = 4.0
"""Points behind the best from which on smaller edges are not tried."""
_NEAR = 0.008
"""How near to the limit the best is searched, as a logarithm of its size."""


def main() -> int:
    """Print a line for each picture and limit; 1 where there is no corpus."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--pictures", type=int, default=10)
    parser.add_argument("--limits", type=int, nargs="+", default=[250_000, 500_000])
    parser.add_argument("--no-search", action="store_true", help="leave out the best there is")
    arguments = parser.parse_args()
    pictures = corpus()
    if pictures is None:
        print("needs the image corpus")
        return 1
    load_codecs()
    files = [each for each in pictures.glob("photos-camera/*.jpg") if each.stat().st_size >= _LEAST_BYTES]
    heads = [f"{name:>6}" for name in ("used", "edge", "said", "score", "best", "at", "CPU")]
    print(f"{'picture':<24} {'limit':>7} {' '.join(heads)}", flush=True)
    for file in spread(sorted(files), arguments.pictures):
        _show(file, arguments.limits, search=not arguments.no_search)
    return 0


def _show(file: Path, limits: Sequence[int], *, search: bool) -> None:
    source = file.read_bytes()
    begin = time.process_time()
    normal = compress(source, Recipe(floor=_FLOOR))
    seconds = time.process_time() - begin
    size = len(normal.data) if isinstance(normal, Compressed) else len(source)
    for limit in limits:
        if size > limit:
            print(f"{file.name[:24]:<24} {limit:>7} {_row(source, limit, seconds, search)}", flush=True)


def _row(source: bytes, limit: int, normal: float, search: bool) -> str:
    """What became of a picture, and the best that could have."""
    begin = time.process_time()
    result = compress(source, Recipe(floor=_FLOOR, fit_under=limit))
    ratio = (time.process_time() - begin) / normal
    if not isinstance(result, Compressed):
        return str(result)
    before, after = _pixels(source), _pixels(result.data)
    used, share = len(result.data) / limit, max(after.shape) / max(before.shape)
    score = full_score(before, _enlarged(after, before))
    words = f"{used:>6.3f} {share:>6.3f} {result.score:>6.2f} {score:>6.2f}"
    if search:
        beside = len(result.data) - len(picture_only(parse_jpeg(result.data)))
        best, at = _best(before, limit - beside)
        words += f" {best:>6.2f} {at:>6.2f}"
    return f"{words} {ratio:>6.2f}"


def _pixels(data: bytes) -> Pixels:
    return np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB"))


def _enlarged(pixels: Pixels, like: Pixels) -> Pixels:
    size = (like.shape[1], like.shape[0])
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS))


def _best(source: Pixels, limit: int) -> tuple[float, float]:
    """The best score in so many bytes, and the edge that has it."""
    found: list[tuple[float, float]] = []
    for share in _EDGES:
        found.append((_score(source, limit, share), share))
        if max(found)[0] > found[-1][0] + _LOST:
            break
    return max(found)


def _score(source: Pixels, limit: int, share: float) -> float:
    height, width = source.shape[:2]
    opaque = np.full((height, width, 1), 255, np.uint8)
    edges = (round(width * share), round(height * share))
    small = scale_down(np.concatenate((source, opaque), axis=-1), edges)[..., :3]
    small = np.ascontiguousarray(small if share < 1.0 else source)
    encoder = RateDistortionEncoder()
    rows, columns = (min(edge, 1024) // 16 * 16 for edge in small.shape[:2])
    top, left = (small.shape[0] - rows) // 2, (small.shape[1] - columns) // 2
    sample = encoder.sample(small[top : top + rows, left : left + columns], Sampling.QUARTER)
    files: dict[float, bytes] = {}

    def size(quality: float) -> int:
        coding = encoder.encode(small, Sampling.QUARTER, on_grid(quality), sample)
        files[quality] = coding.smallest()
        return len(files[quality])

    coder = JpegCoder(Picture(np.full((16, 16, 4), 255, np.uint8)), Sampling.QUARTER)
    found = setting_for(size, limit, coder, 60.0, below=_NEAR)
    return (
        -100.0 if found.excess > 0.0 else full_score(source, _enlarged(_pixels(files[found.setting]), source))
    )


if __name__ == "__main__":
    raise SystemExit(main())
