"""SSIMULACRA2 2.1: how much two pictures differ to the eye, as a number.

The metric is Jon Sneyers' (Cloudinary, https://github.com/cloudinary/ssimulacra2): SSIM and edge maps of the
XYB planes at six scales, pooled by two norms, weighed by constants that were fitted to human opinions. 100
means identical, 90 cannot be told apart in a flicker test, 70 shows no artefacts without the original.

Most of the 108 weights are zero, or too small to move a score by a hundredth. Their maps are never made: at
full size only the Y plane is looked at, which more than halves the work.

Large pictures are compared piece by piece, so that memory stays bounded and the work in the CPU's cache.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from homepress.compress.quality import xyb
from homepress.compress.quality.blur import REACH, Plane, blur
from homepress.compress.quality.weights import CHANNELS, SCALES, WEIGHTS
from homepress.compress.quality.xyb import Rgb

_NEGLIGIBLE = 0.003  # pooled maps stay under 1; this much of one is under a hundredth of a point
_PIECE = 512  # pixels: planes of this size fit the CPU's cache

_SSIM, _ARTEFACT, _DETAIL = range(3)
_C2 = np.float32(0.0009)
_ONE = np.float32(1.0)
_ZERO = np.float32(0.0)


@dataclass(frozen=True, slots=True)
class _Term:
    """One pooled map that counts: its kind, whether pooled by 4-norm instead of mean, its weight."""

    kind: int
    fourth: bool
    weight: float


def _terms() -> dict[tuple[int, int], tuple[_Term, ...]]:
    """The terms that count, by scale and channel."""
    found: dict[tuple[int, int], tuple[_Term, ...]] = {}
    for scale in range(SCALES):
        for channel in range(CHANNELS):
            weights = WEIGHTS[channel * SCALES + scale]
            if terms := tuple(_Term(i % 3, i >= 3, w) for i, w in enumerate(weights) if w > _NEGLIGIBLE):
                found[scale, channel] = terms
    return found


_TERMS = _terms()
_CHANNELS_AT = [tuple(c for s, c in _TERMS if s == scale) for scale in range(SCALES)]
_COARSEST = max(scale for scale, _ in _TERMS)
GRID = 1 << _COARSEST
"""Pieces of a picture must begin, and end inside of it, at multiples of so many pixels."""
MARGIN = REACH << _COARSEST
"""Pixels around a piece that its comparison depends on."""


class Tally:
    """Differences added up over pieces: of one whole picture, or of sample tiles."""

    def __init__(self) -> None:
        self._sums = dict.fromkeys(((key, term) for key, terms in _TERMS.items() for term in terms), 0.0)
        self._pixels = [0] * SCALES

    def __iadd__(self, other: "Tally") -> "Tally":
        for key, value in other._sums.items():
            self._sums[key] += value
        self._pixels = [mine + its for mine, its in zip(self._pixels, other._pixels, strict=True)]
        return self

    def _count(self, scale: int, pixels: int) -> None:
        self._pixels[scale] += pixels

    def _pool(self, key: tuple[int, int], kind: int, values: Plane) -> None:
        """Add one map, which may not be kept by the caller afterwards: it is overwritten."""
        for term in _TERMS[key]:
            if term.kind == kind and not term.fourth:
                self._sums[key, term] += float(values.sum(dtype=np.float64))
        for term in _TERMS[key]:
            if term.kind == kind and term.fourth:
                values *= values
                flat = values.ravel()
                self._sums[key, term] += float(np.dot(flat, flat))

    def score(self) -> float:
        """The score of everything added so far, at most 100; 100 for nothing."""
        distance = 0.0
        for (key, term), total in self._sums.items():
            pooled = max(total, 0.0) / max(self._pixels[key[0]], 1)
            distance += term.weight * (pooled**0.25 if term.fourth else pooled)
        return _from_distance(distance)


def _from_distance(distance: float) -> float:
    d = distance * 0.9562382616834844
    d = 2.326765642916932 * d - 0.020884521182843837 * d**2 + 6.248496625763138e-05 * d**3
    return 100.0 - 10.0 * d**0.6276336467831387 if d > 0.0 else 100.0


@dataclass(frozen=True, slots=True)
class Piece:
    """Which part of some pixels counts: all but the margins.

    Attributes:
        top, bottom, left, right: pixels around the piece, a multiple of `GRID`; 0 where there is an edge.
        fade: whether what lies beyond an edge counts as black, as the reference has it at the edges of a
            picture. If not, it does not count at all, which suits tiles from the middle of a picture.
    """

    top: int = 0
    bottom: int = 0
    left: int = 0
    right: int = 0
    fade: bool = True


@dataclass(frozen=True, slots=True)
class _Window:
    """The part of one scale's planes that counts; they hold it and up to `REACH` pixels around."""

    rows: tuple[int, int]
    columns: tuple[int, int]
    fade: bool

    def blur(self, plane: Plane) -> Plane:
        """The plane blurred, cut to the window."""
        return blur(plane, self.rows, self.columns, fade=self.fade)

    def cut(self, plane: Plane) -> Plane:
        """The plane itself, cut to the window."""
        return plane[self.rows[0] : self.rows[1], ..., self.columns[0] : self.columns[1]]


def _scales(rgb: Rgb, piece: Piece) -> Iterator[tuple[int, _Window, Plane]]:
    """Each scale that counts: its number, what part of it counts, and the pixels in linear light."""
    light = xyb.linear(rgb)
    for scale in range(_COARSEST + 1):
        if scale:
            light = xyb.halve(light)
        height, width = light.shape[1], light.shape[-1]
        margins = [margin >> scale for margin in (piece.top, piece.bottom, piece.left, piece.right)]
        spare = [max(margin - REACH, 0) for margin in margins]
        top, bottom, left, right = (m - s for m, s in zip(margins, spare, strict=True))
        near = light[:, spare[0] : height - spare[1], ..., spare[2] : width - spare[3]]
        window = _Window((top, near.shape[1] - bottom), (left, near.shape[-1] - right), piece.fade)
        yield scale, window, near


@dataclass(frozen=True, slots=True)
class _Source:
    """What the source contributes to the maps of one scale and channel."""

    image: Plane
    mean: Plane
    variance: Plane
    flatness: Plane | None
    """One over one plus the strength of its edges, where edges count."""


class PieceReference:
    """A piece of the source, prepared so that several candidates can be compared with it.

    Args:
        rgb: the piece with its margins; or several of one size side by side.
        piece: which part of it counts.
    """

    def __init__(self, rgb: Rgb, piece: Piece = Piece()) -> None:
        self._piece = piece
        self._sources: dict[tuple[int, int], _Source] = {}
        for scale, window, light in _scales(rgb, piece):
            for channel, image in xyb.planes(light, _CHANNELS_AT[scale]):
                self._sources[scale, channel] = _prepare((scale, channel), window, image)

    def compare(self, rgb: Rgb) -> Tally:
        """The differences of a candidate of the same shape."""
        tally = Tally()
        for scale, window, light in _scales(rgb, self._piece):
            for channel, image in xyb.planes(light, _CHANNELS_AT[scale]):
                _compare(tally, (scale, channel), window, self._sources[scale, channel], image)
            tally._count(scale, window.cut(light[0]).size)
        return tally


def _prepare(key: tuple[int, int], window: _Window, image: Plane) -> _Source:
    mean = window.blur(image)
    variance = window.blur(image * image)
    variance -= mean * mean
    flatness = None
    if any(term.kind != _SSIM for term in _TERMS[key]):
        flatness = np.abs(window.cut(image) - mean)
        flatness += _ONE
        np.reciprocal(flatness, out=flatness)
    return _Source(image, mean, variance, flatness)


def _compare(tally: Tally, key: tuple[int, int], window: _Window, source: _Source, image: Plane) -> None:
    mean = window.blur(image)
    kinds = {term.kind for term in _TERMS[key]}
    if source.flatness is not None:
        change = window.cut(image) - mean
        np.abs(change, out=change)
        change += _ONE
        change *= source.flatness
        change -= _ONE
        if _ARTEFACT in kinds:
            tally._pool(key, _ARTEFACT, np.maximum(change, _ZERO))
        if _DETAIL in kinds:
            tally._pool(key, _DETAIL, np.minimum(change, _ZERO))
    if _SSIM in kinds:
        tally._pool(key, _SSIM, _dissimilarity(window, source, image, mean))


def _dissimilarity(window: _Window, source: _Source, image: Plane, mean: Plane) -> Plane:
    """One minus the structural similarity, nowhere below zero; its luminance part has no denominator."""
    product = image * image
    denominator = window.blur(product)
    np.multiply(source.image, image, out=product)
    numerator = window.blur(product)
    scratch = source.mean * mean
    numerator -= scratch
    numerator *= np.float32(2.0)
    numerator += _C2
    np.multiply(mean, mean, out=scratch)
    denominator -= scratch
    denominator += source.variance
    denominator += _C2
    np.subtract(source.mean, mean, out=scratch)
    scratch *= scratch
    np.subtract(_ONE, scratch, out=scratch)
    numerator *= scratch
    numerator /= denominator
    np.subtract(_ONE, numerator, out=numerator)
    np.maximum(numerator, _ZERO, out=numerator)
    return numerator


def full_score(source: Rgb, candidate: Rgb) -> float:
    """The score of a whole picture against its source, both height x width x 3 in sRGB.

    Raises:
        ValueError: the two differ in size.
    """
    if source.shape != candidate.shape:
        raise ValueError(f"cannot compare {source.shape} with {candidate.shape}")
    tally = Tally()
    for rows, columns, piece in pieces(source.shape[0], source.shape[1]):
        tally += PieceReference(source[rows, columns], piece).compare(candidate[rows, columns])
    return tally.score()


def pieces(height: int, width: int) -> Iterator[tuple[slice, slice, Piece]]:
    """Pieces that cover a picture: the rows and columns to hand over, and what part of them counts."""
    for top in range(0, height, _PIECE):
        bottom = min(top + _PIECE, height)
        first, last = max(top - MARGIN, 0), min(bottom + MARGIN, height)
        for left in range(0, width, _PIECE):
            right = min(left + _PIECE, width)
            start, stop = max(left - MARGIN, 0), min(right + MARGIN, width)
            piece = Piece(top - first, last - bottom, left - start, stop - right)
            yield slice(first, last), slice(start, stop), piece
