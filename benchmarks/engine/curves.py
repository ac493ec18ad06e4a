"""Bytes at equal score: three encoders of ours against Squoosh's MozJPEG."""

import io
import json
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

import numpy as np
import pyjpegli
from PIL import Image

from engine.measure import shown
from engine.peers import node_command
from homepress.compress.jpeg import Encoder, Sampling, optimise
from homepress.compress.jpeg.pillow_encoder import PillowEncoder
from homepress.compress.jpeg.rd_encoder import RateDistortionEncoder
from homepress.compress.jpeg.tables import on_grid
from homepress.compress.quality.ssimulacra2 import full_score

TARGETS = (70, 80, 90)
MOZJPEG = "MozJPEG (Squoosh)"
_START = {70: 68.0, 80: 82.0, 90: 93.0}
_CROP = 1024

Code = Callable[[float], bytes]


class Squoosh:
    """Squoosh's MozJPEG in one process of node, for one picture after the other."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            node_command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self._folder = tempfile.TemporaryDirectory()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
        self._folder.cleanup()

    def code(self, pixels: np.ndarray, quality: float) -> bytes:
        """The picture coded with the settings that Squoosh offers first."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        raw, output = Path(self._folder.name, "raw"), Path(self._folder.name, "output")
        raw.write_bytes(pixels.tobytes())
        job = {"tool": "squoosh", "raw": str(raw), "output": str(output), "quality": round(quality)}
        job |= {"width": pixels.shape[1], "height": pixels.shape[0]}
        self._process.stdin.write(json.dumps(job) + "\n")
        if self._process.stdout.readline().strip() != "done":
            raise RuntimeError("node ended early")
        return output.read_bytes()


def curves(files: Sequence[Path], squoosh: Squoosh) -> dict[str, dict[int, list[float]]]:
    """Bytes of each encoder relative to MozJPEG's, by target, of the pictures where both reach it."""
    ratios: dict[str, dict[int, list[float]]] = {}
    for file in files:
        pixels = _middle(shown(file.read_bytes()))
        base = {
            target: _bytes_at(target, pixels, lambda q, p=pixels: squoosh.code(p, q)) for target in TARGETS
        }
        for name, code in _coders(pixels).items():
            for target in TARGETS:
                size, reference = _bytes_at(target, pixels, code), base[target]
                if size and reference:
                    ratios.setdefault(name, {}).setdefault(target, []).append(size / reference)
    return ratios


def _coders(pixels: np.ndarray) -> dict[str, Code]:
    def ours(encoder: Encoder) -> Code:
        sample = encoder.sample(pixels, Sampling.QUARTER)
        return lambda quality: optimise(encoder.encode(pixels, Sampling.QUARTER, on_grid(quality), sample))

    def jpegli(quality: float) -> bytes:
        height, width = pixels.shape[:2]
        return optimise(pyjpegli.encode(pixels.tobytes(), width, height, round(quality)))

    return {
        "own rate-distortion": ours(RateDistortionEncoder()),
        "libjpeg, jpegli's tables": ours(PillowEncoder()),
        "pyjpegli": jpegli,
    }


def _middle(pixels: np.ndarray) -> np.ndarray:
    """At most the middle `_CROP` x `_CROP`, cut at multiples of 16 so that a source's blocks stay whole."""
    height, width = (min(edge, _CROP) // 16 * 16 for edge in pixels.shape[:2])
    top, left = (
        (full - part) // 32 * 16 for full, part in zip(pixels.shape[:2], (height, width), strict=True)
    )
    return np.ascontiguousarray(pixels[top : top + height, left : left + width])


def _bytes_at(target: int, pixels: np.ndarray, code: Code) -> float | None:
    """Bytes at a score, on a straight line in their logarithm between two close ones; None out of reach."""
    tried: dict[float, tuple[float, float]] = {}

    def try_quality(quality: float) -> tuple[float, float]:
        if quality not in tried:
            data = code(quality)
            result = np.asarray(Image.open(io.BytesIO(data)))
            tried[quality] = (full_score(pixels, result), float(np.log(len(data))))
        return tried[quality]

    low, high = 10.0, 99.0
    if not try_quality(low)[0] < target < try_quality(high)[0]:
        return None
    quality = _START[target]
    while high - low > 1.0 and try_quality(high)[0] - try_quality(low)[0] > 2.0:
        if try_quality(quality)[0] < target:
            low = quality
        else:
            high = quality
        share = (target - try_quality(low)[0]) / (try_quality(high)[0] - try_quality(low)[0])
        quality = float(round(low + min(max(share, 0.2), 0.8) * (high - low)))
        if quality in (low, high):
            break
    (score_low, size_low), (score_high, size_high) = try_quality(low), try_quality(high)
    share = (target - score_low) / (score_high - score_low)
    return float(np.exp(size_low + share * (size_high - size_low)))
