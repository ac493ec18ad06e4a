"""What is attached to JPEGs, such as gain maps: how much smaller it gets without loss, and what that costs.

    python benchmarks/attached.py [--runs N] [FOLDER_OR_FILE...]

Every JPEG with another one behind it that an index names, of the corpus if nothing is given, is compressed at
the default floor and without loss, each with and without a look at what is attached. Times are the least of
some runs, by turns. Every pixel of every attached picture is compared by Pillow, frame by frame.
"""

import argparse
import io
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy is loaded
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

import numpy as np
from PIL import Image

from homepress.compress import Compressed, Recipe, compress
from homepress.compress.jpeg.attached import with_smaller_parts
from homepress.compress.likeness import difference, has_all_attached
from homepress.compress.metadata import Malformed, Refused
from homepress.compress.metadata.jpeg_file import Media, read_jpeg_file
from support import corpus

_LOSSY, _LOSSLESS = Recipe(), Recipe(floor=None)


@dataclass(frozen=True)
class Figures:
    """Of one picture: bytes of the file and of the JPEGs attached to it, before and after; seconds.

    `seconds` of compressing, `added` of them for what is attached; `looked` for the second look at a result,
    `compared` of them for what is attached.
    """

    name: str
    before: int
    lossy: int
    lossless: int
    attached_before: int
    attached_after: int
    seconds: float
    added: float
    looked: float
    compared: float


def pictures(paths: Sequence[Path]) -> Iterator[Path]:
    """Those that have a JPEG attached, each once."""
    seen = set()
    for path in (file for each in paths for file in (sorted(each.rglob("*")) if each.is_dir() else [each])):
        if path.suffix.lower() in (".jpg", ".jpeg", ".mpo") and path.is_file():
            data = path.read_bytes()
            if data not in seen and attached(data):
                seen.add(data)
                yield path


def attached(data: bytes) -> list[bytes]:
    """The JPEGs behind a picture."""
    try:
        file = read_jpeg_file(data)
    except (Malformed, Refused):
        return []
    spans = {(part.start, part.end) for part in file.parts if part.media is Media.JPEG}
    return [data[start:end] for start, end in sorted(spans)]


def measure(path: Path, runs: int) -> Figures:
    """Compress one picture in both ways; raise `AssertionError` when an attached pixel is another."""
    source = path.read_bytes()
    results = {recipe: _result(source, recipe) for recipe in (_LOSSY, _LOSSLESS)}
    for result in results.values():
        assert has_all_attached(source, result), path.name
        for one, other in zip(attached(source), attached(result), strict=True):
            assert np.array_equal(_pixels(one), _pixels(other)), path.name
    made = results[_LOSSY]
    seconds = [_cpu(lambda: with_smaller_parts(source)) for _ in range(runs)]
    compressing = [_cpu(lambda: compress(source, _LOSSY)) for _ in range(runs)]
    looks = [_cpu(lambda: difference(source, made)) for _ in range(runs)]
    compares = [_cpu(lambda: has_all_attached(source, made)) for _ in range(runs)]
    return Figures(
        path.name,
        len(source),
        len(made),
        len(results[_LOSSLESS]),
        sum(map(len, attached(source))),
        sum(map(len, attached(made if made != source else results[_LOSSLESS]))),
        min(compressing),
        min(seconds),
        min(looks) + min(compares),
        min(compares),
    )


def _result(source: bytes, recipe: Recipe) -> bytes:
    result = compress(source, recipe)
    return result.data if isinstance(result, Compressed) else source


def _pixels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)))


def _cpu(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def table(rows: Sequence[Figures]) -> list[str]:
    """The figures as the page has them."""
    lines = [
        "| picture | bytes | at floor 80 | without loss | attached | attached afterwards | saved of it"
        " | CPU s | of that for what is attached | second look, CPU s | of that |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        saved = 1 - row.attached_after / row.attached_before
        lines.append(
            f"| {row.name} | {row.before:,} | {row.lossy:,} | {row.lossless:,} | {row.attached_before:,}"
            f" | {row.attached_after:,} | {saved:.1%} | {row.seconds:.2f} | {row.added:.3f}"
            f" | {row.looked:.3f} | {row.compared:.3f} |"
        )
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("paths", type=Path, nargs="*")
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    paths = arguments.paths or [folder for folder in [corpus()] if folder is not None]
    if not paths:
        sys.exit("the image corpus is not at hand; set HOMEPRESS_CORPUS to its folder, or name pictures")
    rows = [measure(path, arguments.runs) for path in pictures(paths)]
    print("\n".join(table(rows)))
    before, after = sum(row.attached_before for row in rows), sum(row.attached_after for row in rows)
    print(f"\n{len(rows)} pictures: attached {before:,} bytes, afterwards {after:,} ({after / before:.1%})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
