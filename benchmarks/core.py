"""What the compiled core saves: each camera photograph with it and with numpy, in the same process, by turns.

    python benchmarks/core.py [--pictures 15] [--rounds 1]

Of the rounds the least processor time counts. Only the ratio means anything on a busy machine.
"""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as in a worker
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from benchmarks.engine.sets import spread
from homepress.compress import Compressed, Recipe, compress, load_codecs
from homepress.compress.core.library import CompiledCore, Loaded
from support import corpus

_FLOOR = 80.0


def main() -> int:
    """Print a line a picture, and the sums; 1 where there is no compiled core or no corpus."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=15)
    parser.add_argument("--rounds", type=int, default=1)
    arguments = parser.parse_args()
    pictures = corpus()
    if (core := Loaded.core) is None or pictures is None:
        print("needs the compiled core and the image corpus")
        return 1
    load_codecs()
    print(f"{'picture':<36} {'numpy s':>8} {'core s':>8} {'ratio':>6} {'bytes':>9}   ({Loaded.name()})")
    sums = [0.0, 0.0, 0.0, 0.0]
    for picture in spread(sorted(pictures.glob("photos-camera/*.jpg")), arguments.pictures):
        row = _both(picture.read_bytes(), core, arguments.rounds)
        sums = [a + b for a, b in zip(sums, row, strict=True)]
        _print(picture.name[:36], row)
    _print("all", sums)
    return 0


def _both(source: bytes, core: CompiledCore, rounds: int) -> list[float]:
    """Seconds with numpy and with the core, then the bytes of both."""
    engines: Sequence[CompiledCore | None] = (None, core)
    seconds, sizes = [float("inf")] * 2, [0.0] * 2
    for turn in range(rounds):
        for at in (0, 1) if turn % 2 == 0 else (1, 0):
            Loaded.core = engines[at]
            begin = time.process_time()
            result = compress(source, Recipe(floor=_FLOOR))
            seconds[at] = min(seconds[at], time.process_time() - begin)
            sizes[at] = float(len(result.data) if isinstance(result, Compressed) else len(source))
    return [*seconds, *sizes]


def _print(name: str, row: Sequence[float]) -> None:
    ratio, size = row[1] / row[0], row[3] / row[2]
    print(f"{name:<36} {row[0]:>8.2f} {row[1]:>8.2f} {ratio:>6.3f} {size:>9.5f}", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
