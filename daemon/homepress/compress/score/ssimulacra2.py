"""SSIMULACRA2 2.1, the perceptual score of a result against its source: 100 is equal."""

import functools
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from homepress.compress.core.library import CompiledCore, Loaded
from homepress.compress.core.score_entries import EDGES, SIMILARITY, Margins, Reference, ScoreMeasure
from homepress.compress.pixels import Pixels
from homepress.compress.score.weighing import (
    ARTEFACT,
    CHANNELS,
    DETAIL,
    KINDS,
    SCALES,
    SSIM,
    Tally,
    counting,
    scales_looked_at,
)

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


@functools.lru_cache(maxsize=4)
def _transform(mode: str, profile: bytes) -> ImageCms.ImageCmsTransform | None:
    """The transform of a profile; kept, since most pictures of a camera or an editor have the same."""
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


# SSIMULACRA2 2.1: how much two pictures differ to the eye, as a number.
#
# The metric is Jon Sneyers' (Cloudinary, https://github.com/cloudinary/ssimulacra2): SSIM and edge maps of
# the XYB planes at six scales, pooled by two norms, weighed by constants that were fitted to human
# opinions. 100 means identical, 90 cannot be told apart in a flicker test, 70 shows no artefacts without
# the original.
#
# Large pictures are compared piece by piece, so that memory stays bounded and the work in the CPU's cache.

_PIECE = 512  # pixels: planes of this size fit the CPU's cache

_C2 = np.float32(0.0009)
_ZERO = np.float32(0.0)

_COARSEST = int(np.flatnonzero(counting(SCALES).any(axis=(1, 2)))[-1])
GRID = 1 << _COARSEST
"""Pieces of a picture must begin, and end inside of it, at multiples of so many pixels."""
MARGIN = REACH << _COARSEST
"""Pixels around a piece that its comparison depends on."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Which part of some pixels counts: all but the margins.

    Attributes:
        top, bottom, left, right: pixels around the piece, a multiple of `GRID`; 0 where there is an edge.
        fade: whether what lies beyond an edge counts as black, as the reference has it at the edges of a
            picture. If not, it does not count at all, which suits tiles from the middle of a picture.
        looked_at: at how many scales of the whole picture the published program looks.
    """

    top: int = 0
    bottom: int = 0
    left: int = 0
    right: int = 0
    fade: bool = True
    looked_at: int = SCALES


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
        self._reference = Reference(core, _measure(piece.looked_at), rgb, margins)
        self._looked_at = piece.looked_at

    def compare(self, rgb: Rgb) -> Tally:
        tally = Tally(self._looked_at)
        tally.sums += self._reference.compare(rgb)
        for scale in range(_COARSEST + 1):
            tally.pixels[scale] = self._reference.counted(scale)
        return tally


@functools.cache
def _measure(looked_at: int) -> ScoreMeasure:
    """What the compiled core is asked for: the maps that count, and the numbers to make them with."""
    wanted = np.zeros((SCALES, CHANNELS), np.uint8)
    for scale, channel in np.ndindex(SCALES, CHANNELS):
        for kind in _kinds(looked_at, scale, channel):
            wanted[scale, channel] |= SIMILARITY if kind == SSIM else EDGES
    return ScoreMeasure(_metric(), wanted)


@functools.cache
def _kinds(looked_at: int, scale: int, channel: int) -> frozenset[int]:
    """The kinds of maps that count of a channel at a scale."""
    return frozenset(int(number) % KINDS for number in np.flatnonzero(counting(looked_at)[scale, channel]))


def _channels(looked_at: int, scale: int) -> tuple[int, ...]:
    return tuple(channel for channel in range(CHANNELS) if _kinds(looked_at, scale, channel))


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
            for channel, image in planes(light, _channels(piece.looked_at, scale)):
                kinds = _kinds(piece.looked_at, scale, channel)
                self._sources[scale, channel] = _prepare(kinds, window, image)

    def compare(self, rgb: Rgb) -> Tally:
        tally = Tally(self._piece.looked_at)
        for scale, window, light in _scales(rgb, self._piece):
            for channel, image in planes(light, _channels(tally.looked_at, scale)):
                _compare(tally, (scale, channel), window, self._sources[scale, channel], image)
            tally.pixels[scale] = window.cut(light[0]).size
        return tally


def _prepare(kinds: frozenset[int], window: _Window, image: Plane) -> _Source:
    centre = np.float32(image.mean(dtype=np.float64))
    image -= centre
    mean = window.blur(image, -centre)
    variance = window.blur(image * image, centre * centre)
    variance -= mean * mean
    flatness = None
    if kinds - {SSIM}:
        flatness = np.abs(window.cut(image) - mean)
        flatness += _ONE
        np.reciprocal(flatness, out=flatness)
    return _Source(centre, image, mean, variance, flatness)


def _compare(tally: Tally, key: tuple[int, int], window: _Window, source: _Source, image: Plane) -> None:
    """Pool what differs; the image is overwritten."""
    image -= source.centre
    mean = window.blur(image, -source.centre)
    kinds = _kinds(tally.looked_at, *key)
    if source.flatness is not None:
        change = window.cut(image) - mean
        np.abs(change, out=change)
        change += _ONE
        change *= source.flatness
        change -= _ONE
        if ARTEFACT in kinds:
            tally.pool(*key, ARTEFACT, np.maximum(change, _ZERO))
        if DETAIL in kinds:
            tally.pool(*key, DETAIL, np.maximum(-change, _ZERO))
    if SSIM in kinds:
        tally.pool(*key, SSIM, _dissimilarity(window, source, image, mean))


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
    looked_at = scales_looked_at(height, width)
    for top in range(0, height, _PIECE):
        bottom = min(top + _PIECE, height)
        first, last = max(top - MARGIN, 0), min(bottom + MARGIN, height)
        for left in range(0, width, _PIECE):
            right = min(left + _PIECE, width)
            start, stop = max(left - MARGIN, 0), min(right + MARGIN, width)
            margins = top - first, last - bottom, left - start, stop - right
            piece = Piece(*margins, looked_at=looked_at)
            yield slice(first, last), slice(start, stop), piece
