"""How much smaller without changing a pixel: JPEG and PNG at `lossless`, each result decoded and compared.

    python benchmarks/lossless.py [--pictures N] [--json FILE]

Photographs, screenshots and drawings of the corpus; the smaller ones say little and are left out. Of JPEGs
also the coded picture alone, without metadata, videos and the JPEGs attached to it (`attached.py`).
Other programs without loss are measured on the same JPEGs.
"""

import argparse
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy is loaded
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

import numpy as np
from PIL import Image

from benchmarks.engine.peers import peers
from benchmarks.engine.sets import Kind
from homepress.compress import Compressed, Recipe, compress
from homepress.compress.metadata import parse_jpeg
from support import corpus

_SETS = {
    "JPEG": ("photos-camera/*.jpg", 200_000),
    "PNG": ("graphics/*.png", 20_000),
    "PNG photographs": ("photos-lossless/*.png", 200_000),
}
"""Which files of the corpus, and the least bytes of one."""
_LEVELS = 257
"""Of 16 bits in one of 8."""
_PEERS = ("caesiumclt --lossless", "jpegoptim lossless")


def measure(files: Sequence[Path]) -> dict[str, Any]:
    """Compress files without loss: bytes before and after, results whose pixels differ, processor time."""
    before = after = different = coded_before = coded_after = 0
    began = time.process_time()
    for file in files:
        source = file.read_bytes()
        result = compress(source, Recipe(floor=None))
        data = result.data if isinstance(result, Compressed) else source
        before += len(source)
        after += len(data)
        coded_before += coded_bytes(source)
        coded_after += coded_bytes(data)
        if isinstance(result, Compressed) and not _same_pixels(source, result.data):
            different += 1
    return {
        "pictures": len(files),
        "before_bytes": before,
        "after_bytes": after,
        "share": after / before,
        "coded_share": coded_after / coded_before,
        "different": different,
        "cpu_seconds": time.process_time() - began,
    }


def coded_bytes(data: bytes) -> int:
    """Bytes of the coded picture: of a JPEG without metadata and without what is appended to it."""
    if not data.startswith(b"\xff\xd8"):
        return len(data)
    stream = parse_jpeg(data)
    return sum(len(stream.raw(segment)) for segment in stream.coding)


def measure_peers(files: Sequence[Path]) -> dict[str, float]:
    """What other programs without loss leave of the coded pictures, by program, where it is installed."""
    shares = {}
    runners: dict[str, Callable[[Sequence[Path], Path], object]] = {
        peer.name: peer.run for peer in peers(Kind.JPEG) if peer.name in _PEERS and not peer.missing
    }
    if shutil.which("jpegtran"):
        runners["jpegtran -optimize -progressive"] = _jpegtran
    before = sum(coded_bytes(file.read_bytes()) for file in files)
    for name, run in runners.items():
        with tempfile.TemporaryDirectory() as folder:
            run(files, Path(folder))
            results = [output if (output := Path(folder, file.name)).exists() else file for file in files]
            shares[name] = sum(coded_bytes(result.read_bytes()) for result in results) / before
    return shares


def _jpegtran(files: Sequence[Path], output: Path) -> None:
    for file in files:
        options = ["-copy", "all", "-optimize", "-progressive", "-outfile", str(output / file.name)]
        subprocess.run(["jpegtran", *options, str(file)], check=True, stderr=subprocess.DEVNULL)


def _same_pixels(one: bytes, other: bytes) -> bool:
    first, second = Image.open(io.BytesIO(one)), Image.open(io.BytesIO(other))
    # A palette may be ordered anew: what is shown has to be the same, transparency included.
    shown = [np.asarray(image.convert("RGBA") if image.mode == "P" else image) for image in (first, second)]
    if (first.mode, second.mode) == ("I;16", "L"):  # Pillow's own conversion of 16 bits cuts off at 255
        return np.array_equal(shown[0], shown[1].astype(np.uint16) * _LEVELS)
    if first.mode != second.mode:
        shown = [np.asarray(image.convert("RGBA")) for image in (first, second)]
    return np.array_equal(shown[0], shown[1])


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pictures", type=int, default=0, help="at most so many of each set")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    arguments = parser.parse_args()
    folder = corpus()
    if folder is None:
        sys.exit("the image corpus is not at hand; set HOMEPRESS_CORPUS to its folder")
    figures: dict[str, dict[str, Any]] = {}
    for name, (pattern, least) in _SETS.items():
        files = [file for file in sorted(folder.glob(pattern)) if file.stat().st_size >= least]
        figures[name] = measure(files[: arguments.pictures or None])
        if name == "JPEG":
            figures[name]["peers"] = measure_peers(files[: arguments.pictures or None])
        print(name, json.dumps(figures[name]), flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2), encoding="utf-8")
    return 1 if any(figure["different"] for figure in figures.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
