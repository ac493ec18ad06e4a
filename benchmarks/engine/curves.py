"""Bytes at equal quality: encoders of ours against Squoosh's MozJPEG, by five judges."""

import enum
import io
import json
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np
import pyjpegli
from PIL import Image

from benchmarks.engine import butteraugli, judges
from benchmarks.engine.measure import shown
from benchmarks.engine.peers import node_command
from homepress.compress.jpeg import Encoder, Sampling, optimise
from homepress.compress.jpeg.encoder import PillowEncoder, RateDistortionEncoder
from homepress.compress.jpeg.model import on_grid
from homepress.compress.score.ssimulacra2 import full_score

TARGETS = (70, 80, 90)
MOZJPEG = "MozJPEG (Squoosh)"
OURS = "own rate-distortion"
_START = {70: 68.0, 80: 82.0, 90: 93.0}
_CROP = 1024

Code = Callable[[float], bytes]
Ratios = dict[str, dict[int, list[float]]]
"""Bytes relative to MozJPEG's, by what is compared, by target, of the pictures where both reach it."""


class Judge(enum.StrEnum):
    """Who says how good a result is."""

    SCORE = "SSIMULACRA2"
    NORM = "butteraugli, 3-norm"
    HIGHEST = "butteraugli, worst pixel"
    MS_SSIM = "MS-SSIM"
    HAAR_PSI = "HaarPSI"
    PSNR_HVS_M = "PSNR-HVS-M"


FIVE = (Judge.SCORE, Judge.NORM, Judge.MS_SSIM, Judge.HAAR_PSI, Judge.PSNR_HVS_M)
"""Those whose mean is a goal; the worst pixel stands beside them."""
_BY_BUTTERAUGLI = (Judge.NORM, Judge.HIGHEST)
_BY_DECIBELS = {
    Judge.MS_SSIM: judges.ms_ssim,
    Judge.HAAR_PSI: judges.haar_psi,
    Judge.PSNR_HVS_M: judges.psnr_hvs_m,
}
_NEAR = {Judge.SCORE: 2.0, Judge.NORM: 0.05, Judge.HIGHEST: 0.2, **dict.fromkeys(_BY_DECIBELS, 0.5)}
_NEAR_QUALITY = 5.0
"""So far apart may two qualities be for a straight line between them: in points, distance, and as dialled."""


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


@dataclass(frozen=True)
class _Place:
    """A place on a curve: between two qualities, so much of the way from the lower to the higher."""

    low: float
    high: float
    share: float


@dataclass
class _Curve:
    """What one coder makes of one picture, by quality; each quality is coded and judged once."""

    pixels: np.ndarray
    code: Code
    _files: dict[float, bytes] = field(default_factory=dict)
    _verdicts: dict[tuple[Judge, float], float] = field(default_factory=dict)

    def find(self, judge: Judge, level: float, start: float) -> _Place | None:
        """Where the judge's verdict is `level`; None out of reach."""
        low, high, quality = 10.0, 99.0, start
        if not self.verdict(judge, low) < level < self.verdict(judge, high):
            return None
        while high - low > 1.0 and not self._are_close(judge, low, high):
            if self.verdict(judge, quality) < level:
                low = quality
            else:
                high = quality
            share = min(max(self._share(judge, level, low, high), 0.2), 0.8)
            quality = float(round(low + share * (high - low)))
            if quality in (low, high):
                break
        return _Place(low, high, self._share(judge, level, low, high))

    def verdict(self, judge: Judge, quality: float) -> float:
        """How good a quality is: a score, decibels, or a distance below zero, so that more is better."""
        if (judge, quality) not in self._verdicts:
            result = np.asarray(Image.open(io.BytesIO(self._file(quality))).convert("RGB"))
            if judge is Judge.SCORE:
                self._verdicts[judge, quality] = full_score(self.pixels, result)
            elif judge in _BY_DECIBELS:
                self._verdicts[judge, quality] = _BY_DECIBELS[judge](self.pixels, result)
            else:
                distance = butteraugli.distance(self.pixels, result)
                self._verdicts[Judge.NORM, quality] = -distance.norm
                self._verdicts[Judge.HIGHEST, quality] = -distance.highest
        return self._verdicts[judge, quality]

    def verdict_at(self, judge: Judge, place: _Place) -> float:
        """The verdict at a place, on a straight line between its two qualities."""
        low, high = self.verdict(judge, place.low), self.verdict(judge, place.high)
        return low + place.share * (high - low)

    def bytes_at(self, place: _Place) -> float:
        """Bytes at a place, on a straight line in their logarithm."""
        low, high = (np.log(len(self._file(quality))) for quality in (place.low, place.high))
        return float(np.exp(low + place.share * (high - low)))

    def _file(self, quality: float) -> bytes:
        if quality not in self._files:
            self._files[quality] = self.code(quality)
        return self._files[quality]

    def _are_close(self, judge: Judge, low: float, high: float) -> bool:
        apart = self.verdict(judge, high) - self.verdict(judge, low)
        return apart <= _NEAR[judge] and high - low <= _NEAR_QUALITY

    def _share(self, judge: Judge, level: float, low: float, high: float) -> float:
        below, above = self.verdict(judge, low), self.verdict(judge, high)
        return (level - below) / (above - below)


def curves(files: Sequence[Path], squoosh: Squoosh) -> tuple[Ratios, Ratios]:
    """Compare encoders with MozJPEG on some pictures.

    Returns:
        By encoder, bytes where both reach a score; and, for our own encoder, by judge, bytes where that judge
        finds it as good as MozJPEG is at that score (butteraugli only where it is installed).
    """
    by_score: Ratios = {}
    by_judge: Ratios = {}
    asked = [judge for judge in Judge if judge not in _BY_BUTTERAUGLI or not butteraugli.missing()]
    for file in files:
        pixels = _middle(shown(file.read_bytes()))
        reference = _Curve(pixels, lambda quality, pixels=pixels: squoosh.code(pixels, quality))
        coders = {name: _Curve(pixels, code) for name, code in _coders(pixels).items()}
        for target in TARGETS:
            level = reference.find(Judge.SCORE, target, _START[target])
            if level is None:
                continue
            for name, curve in coders.items():
                place = curve.find(Judge.SCORE, target, _START[target])
                _note(by_score, name, target, curve, place, reference.bytes_at(level))
            for judge in asked:
                place = coders[OURS].find(judge, reference.verdict_at(judge, level), _START[target])
                _note(by_judge, str(judge), target, coders[OURS], place, reference.bytes_at(level))
    return by_score, by_judge


def _note(ratios: Ratios, name: str, target: int, curve: _Curve, place: _Place | None, base: float) -> None:
    if place is not None:
        ratios.setdefault(name, {}).setdefault(target, []).append(curve.bytes_at(place) / base)


def _coders(pixels: np.ndarray) -> dict[str, Code]:
    def ours(encoder: Encoder) -> Code:
        sample = encoder.sample(pixels, Sampling.QUARTER)
        return lambda quality: encoder.encode(pixels, Sampling.QUARTER, on_grid(quality), sample).smallest()

    def jpegli(quality: float) -> bytes:
        height, width = pixels.shape[:2]
        return optimise(pyjpegli.encode(pixels.tobytes(), width, height, round(quality)))

    return {
        OURS: ours(RateDistortionEncoder()),
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
