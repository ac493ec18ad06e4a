"""Judges beside SSIMULACRA2 and butteraugli, of other schools: each says how close a result is to its source.

All look at sRGB pictures of the same size (height x width x 3, 8 bits) and answer in decibels of what they
measure, so that more is better.
"""

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float64]

_LUMA_TABLE = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)
"""ITU-T T.81 table K.1."""
_SMALLEST = 1e-12


def ms_ssim(source: NDArray[np.uint8], result: NDArray[np.uint8]) -> float:
    """Multi-scale structural similarity of the luma (Wang, Simoncelli and Bovik 2003)."""
    weights = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
    one, other = (_ycc(pixels)[0] for pixels in (source, result))
    similarity = 1.0
    for number, weight in enumerate(weights):
        contrast, light = _ssim(one, other)
        similarity *= max(contrast * (light if number == len(weights) - 1 else 1.0), _SMALLEST) ** weight
        one, other = _halved(one), _halved(other)
    return _decibels(1 - similarity)


def _ssim(one: Plane, other: Plane) -> tuple[float, float]:
    """Means of the terms of contrast and of light, by a Gaussian of 11 taps and a deviation of 1.5."""
    dark, flat = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    means = _blurred(one), _blurred(other)
    variances = _blurred(one * one) - means[0] ** 2 + _blurred(other * other) - means[1] ** 2
    together = _blurred(one * other) - means[0] * means[1]
    contrast = (2 * together + flat) / (variances + flat)
    light = (2 * means[0] * means[1] + dark) / (means[0] ** 2 + means[1] ** 2 + dark)
    return float(contrast.mean()), float((contrast * light).mean() / contrast.mean())


def _blurred(plane: Plane) -> Plane:
    taps = np.exp(-((np.arange(11) - 5) ** 2) / (2 * 1.5**2))
    taps /= taps.sum()
    for _ in range(2):
        count = len(plane) - 10
        plane = np.sum([tap * plane[at : at + count] for at, tap in enumerate(taps)], axis=0).T
    return plane


def _halved(plane: Plane) -> Plane:
    height, width = (edge // 2 for edge in plane.shape)
    return plane[: 2 * height, : 2 * width].reshape(height, 2, width, 2).mean(axis=(1, 3))


def haar_psi(source: NDArray[np.uint8], result: NDArray[np.uint8]) -> float:
    """The Haar wavelet-based perceptual similarity index in colours (Reisenhofer et al. 2018)."""
    steepness, constant = 4.2, 30.0
    pictures = [[_halved(plane) for plane in _yiq(pixels)] for pixels in (source, result)]
    edges = [[_haar(planes[0], scale) for scale in (1, 2, 3)] for planes in pictures]
    weights, similar = [], []
    for way in range(2):
        finer = [_alike(edges[0][scale][way], edges[1][scale][way], constant) for scale in range(2)]
        similar.append((finer[0] + finer[1]) / 2)
        weights.append(np.maximum(edges[0][2][way], edges[1][2][way]))
    colours = []
    for channel in (1, 2):
        one, other = (np.abs(_pairs(picture[channel])) for picture in pictures)
        colours.append(_alike(one, other, constant))
    similar.append((colours[0] + colours[1]) / 2)
    weights.append((weights[0] + weights[1]) / 2)
    logistic = [1 / (1 + np.exp(-steepness * each)) for each in similar]
    told = sum(float((weight * each).sum()) for weight, each in zip(weights, logistic, strict=True))
    told /= sum(float(weight.sum()) for weight in weights) or 1.0
    share = float(np.log(told / (1 - told)) / steepness) ** 2 if told else 1.0
    return _decibels(1 - share)


def _haar(plane: Plane, scale: int) -> list[Plane]:
    """How much each place changes downwards and sideways over 2 ** scale pixels."""
    edge = 2**scale
    framed = np.pad(
        plane, ((edge // 2, edge - edge // 2 - 1), (edge // 2, edge - edge // 2 - 1)), mode="edge"
    )
    found = []
    for turned in (framed, framed.T):
        sums = np.lib.stride_tricks.sliding_window_view(turned, edge, axis=1).sum(axis=-1)
        halves = np.lib.stride_tricks.sliding_window_view(sums, edge // 2, axis=0).sum(axis=-1)
        change = np.abs(halves[: -edge // 2] - halves[edge // 2 :]) / edge
        found.append(change if turned is framed else change.T)
    return found


def _alike(one: Plane, other: Plane, constant: float) -> Plane:
    return (2 * one * other + constant) / (one**2 + other**2 + constant)


def _pairs(plane: Plane) -> Plane:
    framed = np.pad(plane, ((0, 1), (0, 1)), mode="edge")
    return (framed[:-1, :-1] + framed[1:, :-1] + framed[:-1, 1:] + framed[1:, 1:]) / 4


def psnr_hvs_m(source: NDArray[np.uint8], result: NDArray[np.uint8]) -> float:
    """Error of DCT coefficients beyond what contrast hides (Ponomarenko et al. 2007); luma eightfold."""
    errors = [_masked_error(one, other) for one, other in zip(_ycc(source), _ycc(result), strict=True)]
    mean = (8 * errors[0] + errors[1] + errors[2]) / 10
    return _decibels(mean / 255**2)


def _masked_error(one: Plane, other: Plane) -> float:
    table = np.array(_LUMA_TABLE, float)
    sensitivity = 25.735088 / table
    visible = (table.min() / table) ** 2
    weights = visible.copy()
    weights[0, 0] = 0
    blocks = [_blocks(plane) for plane in (one, other)]
    coefficients = [_transformed(each) for each in blocks]
    hidden = np.maximum(*(_masking(b, c, weights) for b, c in zip(blocks, coefficients, strict=True)))
    error = np.abs(coefficients[0] - coefficients[1])
    beyond = np.maximum(error - hidden[:, None, None] / visible, 0.0)
    beyond[:, 0, 0] = error[:, 0, 0]
    return float(((beyond * sensitivity) ** 2).mean())


def _masking(blocks: Plane, coefficients: Plane, weights: Plane) -> Plane:
    """How much of an error each block hides."""
    energy = (coefficients**2 * weights).sum(axis=(1, 2))
    whole = _spread(blocks)
    parts = sum(_spread(blocks[:, y : y + 4, x : x + 4]) for y in (0, 4) for x in (0, 4))
    share = np.divide(parts, whole, out=np.zeros_like(whole), where=whole > 0)
    masking: Plane = np.sqrt(energy * share) / 32
    return masking


def _spread(blocks: Plane) -> Plane:
    count = blocks[0].size
    spread: Plane = blocks.reshape(len(blocks), -1).var(axis=1, ddof=1) * count
    return spread


def _blocks(plane: Plane) -> Plane:
    rows, columns = (edge // 8 for edge in plane.shape)
    whole = plane[: 8 * rows, : 8 * columns]
    return whole.reshape(rows, 8, columns, 8).transpose(0, 2, 1, 3).reshape(-1, 8, 8)


def _transformed(blocks: Plane) -> Plane:
    frequency, place = np.mgrid[0:8, 0:8]
    basis = np.cos((2 * place + 1) * frequency * np.pi / 16) / 2
    basis[0] /= np.sqrt(2)
    return basis @ blocks @ basis.T


def _ycc(pixels: NDArray[np.uint8]) -> list[Plane]:
    """Full-range YCbCr of ITU-R BT.601, as JFIF has it."""
    red, green, blue = (pixels[..., channel].astype(float) for channel in range(3))
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    return [luma, (blue - luma) / 1.772 + 128, (red - luma) / 1.402 + 128]


def _yiq(pixels: NDArray[np.uint8]) -> list[Plane]:
    red, green, blue = (pixels[..., channel].astype(float) for channel in range(3))
    return [
        0.299 * red + 0.587 * green + 0.114 * blue,
        0.596 * red - 0.274 * green - 0.322 * blue,
        0.211 * red - 0.523 * green + 0.312 * blue,
    ]


def _decibels(share: float) -> float:
    return float(-10 * np.log10(max(share, _SMALLEST)))
