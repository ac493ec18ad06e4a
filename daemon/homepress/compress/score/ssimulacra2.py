"""SSIMULACRA2 2.1, the perceptual score of a result against its source: 100 is equal."""

import functools
import io
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from homepress.compress.core.library import CompiledCore, Loaded
from homepress.compress.core.score_entries import EDGES, SIMILARITY, Margins, Reference, ScoreMeasure
from homepress.compress.pixels import Pixels

# The Gaussian blur of SSIMULACRA2, as products with banded matrices.
#
# The reference blurs with a recursive filter (Charalampidis, "Recursive implementation of the Gaussian
# filter using truncated cosine functions", IEEE Transactions on Signal Processing 64(14), 2016) with sigma
# 1.5 and a radius of 5. Its response is finite: a sum of three cosines that ends in a zero, so nine taps
# say the same. A matrix product with the taps as a band is the fastest way to apply them that numpy offers.

Plane = NDArray[np.float32]
"""One channel of a picture, or of several of one size side by side: height x (several x) width."""

_SIGMA = 1.5
_RADIUS = round(3.2795 * _SIGMA + 0.2546)  # (57) in the paper
REACH = _RADIUS - 1
"""How many pixels to each side a blurred pixel depends on (the outermost tap of the filter is zero)."""

_AS_GOOD_AS_ALL = 0.9999  # of the filter: what is lacking is rounding
_ONE = np.float32(1.0)

_BLOCK = 16  # outputs of one product: larger ones waste arithmetic on zeros, smaller ones waste calls


def blur(plane: Plane, rows: tuple[int, int], columns: tuple[int, int], *, fade: bool) -> Plane:
    """Blur the window `rows` x `columns` (each start, stop) of a plane; gives the window only.

    What lies outside the plane counts as zero with `fade`, as in the reference; without, the filter is cut
    off there and scaled back to a sum of one.
    """
    height, width = plane.shape[0], plane.shape[-1]
    between = plane.shape[1:-1]
    flat = plane.reshape(height, -1)
    down = np.empty((rows[1] - rows[0], flat.shape[1]), np.float32)
    for at, source, band in _products(rows, height, fade):
        np.matmul(band.T, flat[source], out=down[at])
    down = down.reshape(-1, width)
    across = np.empty((down.shape[0], columns[1] - columns[0]), np.float32)
    for at, source, band in _products(columns, width, fade):
        np.matmul(down[:, source], band, out=across[:, at])
    return across.reshape(rows[1] - rows[0], *between, -1)


@functools.lru_cache(maxsize=64)
def _products(span: tuple[int, int], length: int, fade: bool) -> tuple[tuple[slice, slice, Plane], ...]:
    """The products that blur `span` of an axis: where each puts its result, what it reads, and its matrix."""
    products = []
    for start in range(span[0], span[1], _BLOCK):
        stop = min(start + _BLOCK, span[1])
        first, last = max(start - REACH, 0), min(stop + REACH, length)
        cut = first > start - REACH or last < stop + REACH
        band = _band(last - first, stop - start, start - first, cut and not fade)
        products.append((slice(start - span[0], stop - span[0]), slice(first, last), band))
    return tuple(products)


@functools.lru_cache(maxsize=64)
def _found(span: tuple[int, int], length: int) -> Plane:
    """What share of the filter lies within an axis, at each place of `span`."""
    found = np.concatenate([band.sum(axis=0) for _, _, band in _products(span, length, True)])
    found[found > _AS_GOOD_AS_ALL] = 1.0
    return found


@functools.cache
def _taps() -> NDArray[np.float64]:
    """The filter's response at -REACH..REACH; the numbers are the paper's equations."""
    radius = float(_RADIUS)
    omega = np.array([1.0, 3.0, 5.0]) * np.pi / (2 * radius)
    sign = np.array([1.0, -1.0, 1.0])
    p = sign / np.tan(omega / 2)  # (37)
    r = sign * p * p / np.sin(omega)  # (44)
    rho = np.exp(-0.5 * _SIGMA**2 * omega**2) / radius  # (50)
    d13, d35, d51 = (p[i] * r[j] - r[i] * p[j] for i, j in ((0, 1), (1, 2), (2, 0)))
    zeta15, zeta35 = d35 / d13, d51 / d13  # (52)
    system = np.array([p, r, [zeta15, zeta35, 1.0]])  # (56)
    wanted = np.array([1.0, radius**2 - _SIGMA**2, zeta15 * rho[0] + zeta35 * rho[1] + rho[2]])  # (55)
    beta = np.linalg.solve(system, wanted)  # (53)
    return np.asarray(np.cos(np.outer(np.arange(-REACH, REACH + 1), omega)) @ beta)


@functools.cache
def _band(inputs: int, outputs: int, shift: int, scale: bool) -> Plane:
    """The (inputs, outputs) matrix whose column `o` weighs the inputs around `o + shift`."""
    distance = np.arange(inputs)[:, None] - (np.arange(outputs) + shift)[None, :]
    taps = _taps()[np.clip(distance + REACH, 0, 2 * REACH)]
    band = np.where(np.abs(distance) <= REACH, taps, 0.0)
    if scale:
        band /= band.sum(axis=0)
    return np.ascontiguousarray(band, dtype=np.float32)


# sRGB pixels to the XYB planes of SSIMULACRA2, at one scale after the other.
#
# XYB is JPEG XL's perceptual colour space (ISO/IEC 18181-1, annex on XYB): a cube root of cone-like
# responses. SSIMULACRA2 shifts and scales its planes so that all are positive and about as wide as each
# other.

Rgb = NDArray[np.uint8]
"""A picture in sRGB, or several of one size side by side: height x (several x) width x 3."""

X, Y, B = range(3)

_LEVELS = np.arange(256) / 255.0
_LINEAR = np.where(_LEVELS <= 0.04045, _LEVELS / 12.92, ((_LEVELS + 0.055) / 1.055) ** 2.4).astype(np.float32)
_ABSORBANCE = np.array(
    [
        [0.30, 0.622, 0.078],
        [0.23, 0.692, 0.078],
        [0.24342268924547819, 0.20476744424496821, 0.55180986650955360],
    ],
    np.float32,
)
_BIAS = np.float32(0.0037930732552754493)
_BIAS_ROOT = np.cbrt(_BIAS)


def linear(rgb: Rgb) -> Plane:
    """The picture in linear light, as 3 planes of values from 0 to 1."""
    result = np.empty((3, *rgb.shape[:-1]), np.float32)
    for channel in range(3):
        np.take(_LINEAR, rgb[..., channel], out=result[channel], mode="clip")
    return result


def halve(light: Plane) -> Plane:
    """The mean of each 2 x 2 pixels; an odd last row or column counts twice."""
    if light.shape[1] % 2:
        light = np.concatenate((light, light[:, -1:]), axis=1)
    if light.shape[-1] % 2:
        light = np.concatenate((light, light[..., -1:]), axis=-1)
    rows = light[:, 0::2] + light[:, 1::2]
    half = rows[..., 0::2] + rows[..., 1::2]
    half *= np.float32(0.25)
    return half


def planes(light: Plane, channels: tuple[int, ...]) -> Iterator[tuple[int, Plane]]:
    """The wanted ones of the X, Y and B planes, each with its number."""
    long, medium = _response(light, 0), _response(light, 1)
    y = long + medium
    y *= np.float32(0.5)
    if X in channels:
        x = long - medium
        x *= np.float32(7.0)  # half the difference, times 14
        x += np.float32(0.42)
        yield X, x
    if B in channels:
        b = _response(light, 2)
        b -= y
        b += np.float32(0.55)
        yield B, b
    if Y in channels:
        y += np.float32(0.01)
        yield Y, y


def _response(light: Plane, kind: int) -> Plane:
    red, green, blue = _ABSORBANCE[kind]
    result: Plane = light[0] * red
    scaled = light[1] * green
    result += scaled
    np.multiply(light[2], blue, out=scaled)
    result += scaled
    result += _BIAS
    np.cbrt(result, out=result)
    result -= _BIAS_ROOT
    return result


# Pixels in another colour space, seen in sRGB so that they can be scored.

ToSrgb = Callable[[Pixels], Rgb]

_HARMLESS = 2  # levels by which two profiles may differ and count as the same


def to_srgb(mode: str, profile: bytes | None) -> ToSrgb:
    """A function that shows pixels of a colour space in sRGB, for scoring.

    A profile that cannot be used, or that means sRGB, is passed over; so are profiles of grey, whose tone
    curves come close enough to sRGB's.

    Args:
        mode: Pillow's mode of the pixels: "L", "RGB" or "CMYK".
        profile: the ICC profile that comes with them.
    """
    if mode == "L":
        return lambda pixels: np.repeat(pixels[..., None], 3, axis=-1)
    transform = _transform(mode, profile) if profile else None
    if transform is not None:
        return lambda pixels: np.asarray(ImageCms.applyTransform(_image(pixels, mode), transform))
    if mode == "RGB":
        return lambda pixels: pixels
    return lambda pixels: np.asarray(_image(pixels, mode).convert("RGB"))


def _image(pixels: Pixels, mode: str) -> Image.Image:
    return Image.frombytes(mode, (pixels.shape[1], pixels.shape[0]), pixels.tobytes())


def _transform(mode: str, profile: bytes) -> ImageCms.ImageCmsTransform | None:
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        transform = ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")
    except (ImageCms.PyCMSError, OSError):  # LittleCMS refuses it: as good as absent
        return None
    return None if mode == "RGB" and _is_identity(transform) else transform


def _is_identity(transform: ImageCms.ImageCmsTransform) -> bool:
    """Whether a transform leaves a grid of colours where they are."""
    levels = np.linspace(0, 255, 9).astype(np.uint8)
    grid = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(27, 27, 3)
    shown = np.asarray(ImageCms.applyTransform(_image(grid, "RGB"), transform))
    return bool(np.abs(shown.astype(int) - grid.astype(int)).max() <= _HARMLESS)


# The published weights of SSIMULACRA2 2.1: fitted constants, kept apart from the code that uses them.
#
# From https://github.com/cloudinary/ssimulacra2 (BSD-3-Clause), where they stand as one list of 108
# numbers.

CHANNELS: Final = 3
SCALES: Final = 6

WEIGHTS: Final[tuple[tuple[float, float, float, float, float, float], ...]] = (
    # A line holds one channel (X, then Y, then B) at one scale (finest first); in it the mean of the maps of
    # SSIM, artefacts and lost detail, then the 4-norm of the same three.
    (0.0, 0.0007376606707406586, 0.0, 0.0, 0.0007793481682867309, 0.0),
    (0.0, 0.0004371155730107379, 0.0, 1.1041726426657346, 0.00066284834129271, 0.00015231632783718752),
    (0.0, 0.0016406437456599754, 0.0, 1.8422455520539298, 11.441172603757666, 0.0),
    (0.0007989109436015163, 0.000176816438078653, 0.0, 1.8787594979546387, 10.94906990605142, 0.0),
    (
        0.0007289346991508072,
        0.9677937080626833,
        0.0,
        0.00014003424285435884,
        0.9981766977854967,
        0.00031949755934435053,
    ),
    (0.0004550992113792063, 0.0, 0.0, 0.0013648766163243398, 0.0, 0.0),
    (0.0, 0.0, 0.0, 7.466890328078848, 0.0, 17.445833984131262),
    (0.0006235601634041466, 0.0, 0.0, 6.683678146179332, 0.00037724407979611296, 1.027889937768264),
    (225.20515300849274, 0.0, 0.0, 19.213238186143016, 0.0011401524586618361, 0.001237755635509985),
    (176.39317598450694, 0.0, 0.0, 24.43300999870476, 0.28520802612117757, 0.0004485436923833408),
    (0.0, 0.0, 0.0, 34.77906344483772, 44.835625328877896, 0.0),
    (0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
    (0.0, 0.0008680556573291698, 0.0, 0.0, 0.0, 0.0),
    (0.0, 0.0005313191874358747, 0.0, 0.00016533814161379112, 0.0, 0.0),
    (0.0, 0.0, 0.0, 0.0004179171803251336, 0.0017290828234722833, 0.0),
    (0.0020827005846636437, 0.0, 0.0, 8.826982764996862, 23.19243343998926, 0.0),
    (
        95.1080498811086,
        0.9863978034400682,
        0.9834382792465353,
        0.0012286405048278493,
        171.2667255897307,
        0.9807858872435379,
    ),
    (0.0, 0.0, 0.0, 0.0005130064588990679, 0.0, 0.00010854057858411537),
)

# SSIMULACRA2 2.1: how much two pictures differ to the eye, as a number.
#
# The metric is Jon Sneyers' (Cloudinary, https://github.com/cloudinary/ssimulacra2): SSIM and edge maps of
# the XYB planes at six scales, pooled by two norms, weighed by constants that were fitted to human
# opinions. 100 means identical, 90 cannot be told apart in a flicker test, 70 shows no artefacts without
# the original.
#
# Most of the 108 weights are zero, or too small to move a score by a hundredth. Their maps are never made:
# at full size only the Y plane is looked at, which more than halves the work.
#
# Large pictures are compared piece by piece, so that memory stays bounded and the work in the CPU's cache.

_NEGLIGIBLE = 0.003  # pooled maps stay under 1; this much of one is under a hundredth of a point
_PIECE = 512  # pixels: planes of this size fit the CPU's cache

_SSIM, _ARTEFACT, _DETAIL = range(3)
_C2 = np.float32(0.0009)
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

    def _add(self, sums: NDArray[np.float64]) -> None:
        """Add what the compiled core found: (6, 3, 6) by scale, channel, and kind as in `WEIGHTS`."""
        for key, term in self._sums:
            self._sums[key, term] += float(sums[*key, term.kind + 3 * term.fourth])

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
    if math.isnan(distance):
        raise ArithmeticError("the score of a picture is not a number")
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

    def blur(self, plane: Plane, outside: np.float32) -> Plane:
        """The plane blurred, cut to the window; with `fade`, all beyond the edges is `outside`."""
        blurred = blur(plane, self.rows, self.columns, fade=self.fade)
        if self.fade:
            down, across = _found(self.rows, plane.shape[0]), _found(self.columns, plane.shape[-1])
            beyond = outside * (_ONE - np.multiply.outer(down, across))
            blurred += beyond.reshape(len(beyond), *[1] * (plane.ndim - 2), -1)
        return blurred

    def cut(self, plane: Plane) -> Plane:
        """The plane itself, cut to the window."""
        return plane[self.rows[0] : self.rows[1], ..., self.columns[0] : self.columns[1]]


def _scales(rgb: Rgb, piece: Piece) -> Iterator[tuple[int, _Window, Plane]]:
    """Each scale that counts: its number, what part of it counts, and the pixels in linear light."""
    light = linear(rgb)
    for scale in range(_COARSEST + 1):
        if scale:
            light = halve(light)
        height, width = light.shape[1], light.shape[-1]
        margins = [margin >> scale for margin in (piece.top, piece.bottom, piece.left, piece.right)]
        spare = [max(margin - REACH, 0) for margin in margins]
        top, bottom, left, right = (m - s for m, s in zip(margins, spare, strict=True))
        near = light[:, spare[0] : height - spare[1], ..., spare[2] : width - spare[3]]
        window = _Window((top, near.shape[1] - bottom), (left, near.shape[-1] - right), piece.fade)
        yield scale, window, near


@dataclass(frozen=True, slots=True)
class _Source:
    """What the source contributes to the maps of one scale and channel.

    Planes hold by how much they differ from the centre, which is their mean. Nothing depends on where zero
    is; and the less is subtracted from each other, the less is lost to rounding.
    """

    centre: np.float32
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
        core = Loaded.core
        self._by: _CoreReference | _PlainReference
        self._by = _CoreReference(core, rgb, piece) if core else _PlainReference(rgb, piece)

    def compare(self, rgb: Rgb) -> Tally:
        """The differences of a candidate of the same shape."""
        return self._by.compare(rgb)


class _CoreReference:
    """The same, by the compiled core."""

    def __init__(self, core: CompiledCore, rgb: Rgb, piece: Piece) -> None:
        margins = Margins(piece.top, piece.bottom, piece.left, piece.right, piece.fade)
        self._reference = Reference(core, _measure(), rgb, margins)

    def compare(self, rgb: Rgb) -> Tally:
        tally = Tally()
        tally._add(self._reference.compare(rgb))
        for scale in range(_COARSEST + 1):
            tally._count(scale, self._reference.counted(scale))
        return tally


def _measure() -> ScoreMeasure:
    """What the compiled core is asked for: the maps that count, and the numbers to make them with."""
    wanted = np.zeros((SCALES, CHANNELS), np.uint8)
    for key, terms in _TERMS.items():
        for term in terms:
            wanted[key] |= SIMILARITY if term.kind == _SSIM else EDGES
    return ScoreMeasure(_metric(), wanted)


@functools.cache
def _metric() -> NDArray[np.float32]:
    numbers = _LINEAR, _taps(), _ABSORBANCE.ravel(), (_BIAS, _BIAS_ROOT)
    return np.concatenate(numbers).astype(np.float32)


class _PlainReference:
    """The same with numpy, which is the reference."""

    def __init__(self, rgb: Rgb, piece: Piece) -> None:
        self._piece = piece
        self._sources: dict[tuple[int, int], _Source] = {}
        for scale, window, light in _scales(rgb, piece):
            for channel, image in planes(light, _CHANNELS_AT[scale]):
                self._sources[scale, channel] = _prepare((scale, channel), window, image)

    def compare(self, rgb: Rgb) -> Tally:
        tally = Tally()
        for scale, window, light in _scales(rgb, self._piece):
            for channel, image in planes(light, _CHANNELS_AT[scale]):
                _compare(tally, (scale, channel), window, self._sources[scale, channel], image)
            tally._count(scale, window.cut(light[0]).size)
        return tally


def _prepare(key: tuple[int, int], window: _Window, image: Plane) -> _Source:
    centre = np.float32(image.mean(dtype=np.float64))
    image -= centre
    mean = window.blur(image, -centre)
    variance = window.blur(image * image, centre * centre)
    variance -= mean * mean
    flatness = None
    if any(term.kind != _SSIM for term in _TERMS[key]):
        flatness = np.abs(window.cut(image) - mean)
        flatness += _ONE
        np.reciprocal(flatness, out=flatness)
    return _Source(centre, image, mean, variance, flatness)


def _compare(tally: Tally, key: tuple[int, int], window: _Window, source: _Source, image: Plane) -> None:
    """Pool what differs; the image is overwritten."""
    image -= source.centre
    mean = window.blur(image, -source.centre)
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
            tally._pool(key, _DETAIL, np.maximum(-change, _ZERO))
    if _SSIM in kinds:
        tally._pool(key, _SSIM, _dissimilarity(window, source, image, mean))


def _dissimilarity(window: _Window, source: _Source, image: Plane, mean: Plane) -> Plane:
    """One minus the structural similarity, nowhere below zero; its luminance part has no denominator."""
    product = image * image
    outside = source.centre * source.centre
    denominator = window.blur(product, outside)
    np.multiply(source.image, image, out=product)
    numerator = window.blur(product, outside)
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


def full_score(source: Rgb, candidate: Rgb, shown: ToSrgb = np.asarray) -> float:
    """The score of a whole picture against its source, piece by piece.

    Args:
        source: height x width x 3.
        candidate: likewise.
        shown: shows both in sRGB; as a rule they are in it.

    Raises:
        ValueError: the two differ in size.
    """
    if source.shape != candidate.shape:
        raise ValueError(f"cannot compare {source.shape} with {candidate.shape}")
    tally = Tally()
    for rows, columns, piece in pieces(source.shape[0], source.shape[1]):
        tally += PieceReference(shown(source[rows, columns]), piece).compare(shown(candidate[rows, columns]))
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
