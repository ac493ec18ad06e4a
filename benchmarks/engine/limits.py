"""What a worker takes for large pictures, and what happens to results that come again."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from benchmarks.engine.peers import worker_command
from benchmarks.engine.process import measured
from homepress.compress import Compressed, Recipe, compress
from homepress.workers.process import environment

_EDGES = {12: (4000, 3000), 24: (6000, 4000), 100: (12000, 8400)}
_GOALS = {24: "320", 100: "1,250"}
_FIT = "fit 500000"
_GENERATIONS = 10


def size_table(photo: Path, megapixels: Sequence[int]) -> list[str]:
    """What one worker takes for photographs of several sizes, each in a process of its own.

    Args:
        photo: whose pixels, mirrored again and again, make the large ones.
        megapixels: which sizes.
    """
    lines = ["| JPEG | asked | CPU s | peak RSS MB | goal |", "|---|---|---|---|---|"]
    with tempfile.TemporaryDirectory() as folder:
        for size in megapixels:
            source = Path(folder, f"{size}.jpg")
            _enlarge(photo, _EDGES[size], source)
            for asked in ("80", "lossless", *([_FIT] if size <= 24 else [])):
                command = worker_command(*asked.split(), folder, "--discard")
                cost = measured(command, str(source), environment=environment())
                lines.append(
                    f"| {size} MP, {source.stat().st_size / 1e6:.1f} MB | {asked} | {cost.cpu_seconds:.2f}"
                    f" | {cost.peak_rss_mb:.0f} | {_GOALS.get(size, '')} |"
                )
    return lines


def _enlarge(photo: Path, size: tuple[int, int], output: Path) -> None:
    """Fill a picture with a photograph and its mirror images: no seams, and the noise stays as it was."""
    with Image.open(photo) as opened:
        tile = opened.convert("RGB")
    mirrored = [tile, tile.transpose(Image.Transpose.FLIP_LEFT_RIGHT)]
    flipped = [each.transpose(Image.Transpose.FLIP_TOP_BOTTOM) for each in mirrored]
    large = Image.new("RGB", size)
    for row, top in enumerate(range(0, size[1], tile.height)):
        for column, left in enumerate(range(0, size[0], tile.width)):
            large.paste((flipped if row % 2 else mirrored)[column % 2], (left, top))
    large.save(output, "JPEG", quality=94, subsampling="4:2:0")


def generations_table(files: Sequence[Path]) -> list[str]:
    """Results compressed again and again as if nobody knew them: which generation was the last to change."""
    counts: dict[int, int] = {}
    for file in files:
        data, last = file.read_bytes(), 0
        for generation in range(1, _GENERATIONS + 1):
            result = compress(data, Recipe())
            if isinstance(result, Compressed) and result.data != data:
                data, last = result.data, generation
        counts[last] = counts.get(last, 0) + 1
    lines = ["| last generation that changed anything | pictures |", "|---|---|"]
    names = {0: "none: it was left as it came"}
    return lines + [f"| {names.get(last, str(last))} | {counts[last]} |" for last in sorted(counts)]
