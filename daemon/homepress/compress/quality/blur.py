"""The Gaussian blur of SSIMULACRA2, as products with banded matrices.

The reference blurs with a recursive filter (Charalampidis, "Recursive implementation of the Gaussian filter
using truncated cosine functions", IEEE Transactions on Signal Processing 64(14), 2016) with sigma 1.5 and a
radius of 5. Its response is finite: a sum of three cosines that ends in a zero, so nine taps say the same.
A matrix product with the taps as a band is the fastest way to apply them that numpy offers.
"""

import functools

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]
"""One channel of a picture, or of several of one size side by side: height x (several x) width."""

_SIGMA = 1.5
_RADIUS = round(3.2795 * _SIGMA + 0.2546)  # (57) in the paper
REACH = _RADIUS - 1
"""How many pixels to each side a blurred pixel depends on (the outermost tap of the filter is zero)."""

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
