"""What JPEG encoders have in common: their interface, samplings, the DCT and quantisation tables."""

import bisect
import enum
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from homepress.compress.metadata.jpeg_tables import ZIGZAG
from homepress.compress.pixels import Band, Pixels, Windowed

# What an encoder of JPEGs offers, whoever made it.


class Sampling(enum.StrEnum):
    """How much of the colour is kept: all of it, or one value for each four pixels."""

    FULL = "4:4:4"
    QUARTER = "4:2:0"


class EncodedSample(Protocol):
    """A sample of a picture (tiles side by side), ready to be tried at several qualities."""

    def decoded(self, quality: float) -> Pixels:
        """What a decoder makes of the sample coded at a quality."""
        ...

    def size(self, quality: float) -> int:
        """About how many bytes the sample takes at a quality, for comparing samplings with each other."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Coding(Protocol):
    """A coded picture.

    Attributes:
        stream: from SOI to EOI, without metadata, in a coding that is made and decoded quickly.
    """

    stream: bytes

    def bands(self) -> Iterator[Band]:
        """The decoded picture in bands, from top to bottom, their tops multiples of `pixels.BAND_STEP`.

        Raises:
            Undecodable: the stream does not decode.
        """
        ...

    def smallest(self) -> bytes:
        """The same coefficients in as few bytes as is known here.

        Only of a `stream` that decoded in full.
        """
        ...


class Encoder(Protocol):
    """Codes pictures as JPEG at a real-valued quality on jpegli's scale (about libjpeg's)."""

    name: str
    """What the history calls it."""

    def sample(self, pixels: Pixels, sampling: Sampling, *, whole: bool = False) -> EncodedSample:
        """Prepare a sample; its width must be a multiple of 16 pixels unless it is all of the picture.

        Args:
            pixels: of the sample.
            sampling: of its colours.
            whole: whether they are all of the picture: what was tried is then what `encode` gives.
        """
        ...

    def encode(self, picture: Windowed, sampling: Sampling, quality: float, sample: EncodedSample) -> Coding:
        """Code a whole picture.

        Args:
            picture: grey, in colours that become YCbCr, or in inks that become YCCK.
            sampling: of its colours; ignored for grey.
            quality: as tried on the sample.
            sample: what `sample` made of parts of the same picture, which may steer the coding.

        Returns:
            The picture without metadata.
        """
        ...


# The discrete cosine transform of 8 x 8 blocks (ITU-T T.81 section A.3.3), in floating point.
#
# One product with a 64 x 64 matrix transforms a whole row of blocks and puts the coefficients in zigzag
# order.

Floats = NDArray[np.float32]

EDGE: Final = 8
NATURAL_OF_ZIGZAG: Final = np.array(ZIGZAG)
"""Natural (row by row) place of the k-th coefficient in zigzag order."""


def _basis() -> Floats:
    """Column k holds the 64 pixels' weights in the k-th coefficient in zigzag order."""
    frequency, place = np.mgrid[0:EDGE, 0:EDGE]
    cosines = np.cos((2 * place + 1) * frequency * np.pi / 16) / 2
    cosines[0] /= np.sqrt(2)
    two_dimensional = np.einsum("ui,vj->ijuv", cosines, cosines).reshape(64, 64)
    return np.ascontiguousarray(two_dimensional[:, NATURAL_OF_ZIGZAG], dtype=np.float32)


_BASIS: Final = _basis()


def blocks(plane: Floats, across: int, down: int) -> Floats:
    """The blocks of a plane as (units, blocks of a unit, 64), units row by row.

    Args:
        plane: height x width, whole units.
        across: blocks side by side in a unit (a component's horizontal sampling factor).
        down: blocks one below the other.
    """
    rows, columns = plane.shape[0] // (EDGE * down), plane.shape[1] // (EDGE * across)
    split = plane.reshape(rows, down, EDGE, columns, across, EDGE)
    return split.transpose(0, 3, 1, 4, 2, 5).reshape(rows * columns, down * across, EDGE * EDGE)


def transform(pixels: Floats, factors: Floats, out: Floats) -> None:
    """The coefficients of blocks times a factor each, in zigzag order.

    Args:
        pixels: (units, blocks of a unit, 64).
        factors: of the 64 coefficients in zigzag order.
        out: where they are put, of the same shape.
    """
    basis = _BASIS * factors
    for number in range(pixels.shape[1]):
        np.matmul(pixels[:, number], basis, out=out[:, number])


# Quantisation tables after jpegli's, at a real-valued quality.
#
# jpegli (https://github.com/google/jpegli) scales one base table for luma and one for chroma by a visual
# distance: in proportion up to a distance of 1.5, beyond it by a power that is smaller for low frequencies.
# The numbers here were measured from the tables in its output over all whole qualities, so every distance
# between has its table too, and no jpegli is needed.
#
# Two things differ. Chroma is divided by 1.15 times as much: nearly every judge of benchmarks/ then finds a
# picture of as many bytes better. And jpegli lets the divisor of a block's mean grow in proportion to the
# distance, here it grows as slowly as its neighbours'. In skies its steps show as blocks; at low quality
# finer ones save bytes at equal score, at high quality they would cost some by butteraugli.

Table = NDArray[np.int32]
"""64 divisors in natural order (row by row)."""

LOWEST_QUALITY: Final = 5.0
HIGHEST_QUALITY: Final = 99.5

_LUMA = np.array(
    [
        [2.65, 3.67, 6.21, 6.00, 7.09, 7.36, 8.12, 8.21],
        [3.67, 4.41, 6.00, 5.69, 7.36, 6.73, 8.55, 8.55],
        [6.21, 6.00, 6.30, 7.17, 7.66, 8.36, 7.99, 8.99],
        [6.00, 5.69, 7.17, 7.17, 8.81, 10.22, 10.08, 9.76],
        [7.09, 7.36, 7.66, 8.81, 9.69, 10.47, 11.89, 11.61],
        [7.36, 6.73, 8.36, 10.22, 10.47, 11.56, 11.03, 12.93],
        [8.12, 8.55, 7.99, 10.08, 11.89, 11.03, 11.56, 11.48],
        [8.21, 8.55, 8.99, 9.76, 11.61, 12.93, 11.48, 9.25],
    ]
).ravel()
_CHROMA = np.array(
    [
        [2.54, 3.08, 5.40, 4.60, 5.69, 5.26, 6.30, 6.73],
        [3.08, 4.20, 5.26, 4.20, 5.26, 4.60, 5.88, 6.10],
        [5.40, 5.26, 5.26, 4.72, 5.08, 5.48, 5.69, 6.43],
        [4.60, 4.20, 4.72, 4.49, 5.69, 5.69, 6.30, 6.82],
        [5.69, 5.26, 5.08, 5.69, 4.41, 6.82, 5.26, 6.62],
        [5.26, 4.60, 5.48, 5.69, 6.82, 5.88, 6.73, 9.88],
        [6.30, 5.88, 5.69, 6.30, 5.26, 6.73, 11.03, 9.81],
        [6.73, 6.10, 6.43, 6.82, 6.62, 9.88, 9.81, 82.20],
    ]
).ravel()
_EXPONENTS = np.array(
    [
        [0.70, 0.51, 0.67, 0.74, 1.00, 1.00, 1.00, 1.00],
        [0.51, 0.66, 0.69, 0.88, 1.00, 1.00, 1.00, 1.00],
        [0.67, 0.69, 0.84, 0.83, 0.96, 1.00, 1.00, 1.00],
        [0.74, 0.88, 0.83, 1.00, 1.00, 0.91, 0.92, 1.00],
        [1.00, 1.00, 0.96, 1.00, 1.00, 1.00, 1.00, 1.00],
        [1.00, 1.00, 1.00, 0.91, 1.00, 1.00, 1.00, 1.00],
        [1.00, 1.00, 1.00, 0.92, 1.00, 1.00, 0.99, 1.00],
        [1.00, 1.00, 1.00, 1.00, 1.00, 1.00, 1.00, 1.00],
    ]
).ravel()
_CHROMA_SCALE = 1.15
_FORMER_CHROMA_SCALE = 1.0
"""That of results made until November 2026."""
_KNEE = 1.5  # the distance up to which everything grows in proportion


def distance(quality: float) -> float:
    """The visual distance that jpegli aims at for a quality of 5 to 100, on the usual scale of libjpeg."""
    if quality >= 30.0:
        return 0.1 + (100.0 - quality) * 0.09
    return 53.0 / 3000.0 * quality**2 - 23.0 / 20.0 * quality + 25.0


def tables(quality: float) -> tuple[Table, Table]:
    """The tables for luma and chroma at a quality from `LOWEST_QUALITY` to `HIGHEST_QUALITY`."""
    return _tables(quality, _CHROMA_SCALE)


@functools.lru_cache(maxsize=2048)
def _tables(quality: float, chroma_scale: float) -> tuple[Table, Table]:
    reach = distance(quality)
    if reach <= _KNEE:
        scale = np.full(64, reach)
    else:
        scale = np.maximum(0.5 * reach, _KNEE ** (1.0 - _EXPONENTS) * reach**_EXPONENTS)
    exact = (_LUMA * scale, _CHROMA * chroma_scale * scale)
    luma, chroma = (np.clip(np.rint(each), 1, 255).astype(np.int32) for each in exact)
    return luma, chroma


QUALITY_STEP: Final = 0.05
"""Qualities are rounded to this, so that tables of ours can be told from others."""
_SAME_SUM = 16  # more neighbouring qualities than ever have equally large tables


def on_grid(quality: float) -> float:
    """The quality rounded up to a multiple of `QUALITY_STEP`, within the scale."""
    steps = np.ceil(quality / QUALITY_STEP - 1e-6)
    return float(round(min(max(steps * QUALITY_STEP, LOWEST_QUALITY), HIGHEST_QUALITY), 2))


def quality_of_tables(found: tuple[tuple[int, ...], ...]) -> float | None:
    """The quality whose tables these are, if they come from here; None if from anywhere else.

    Args:
        found: the table of each component in natural order.
    """
    lowest, highest = (round(end / QUALITY_STEP) for end in (LOWEST_QUALITY, HIGHEST_QUALITY))
    # The better the quality, the smaller the divisors: the first quality with a sum as small is the only one.
    number = bisect.bisect_left(
        range(highest + 1),
        -sum(found[0]),
        lo=lowest,
        key=lambda n: -int(tables(on_grid(n * QUALITY_STEP))[0].sum()),
    )
    for candidate in range(number, min(number + _SAME_SUM, highest + 1)):
        quality = on_grid(candidate * QUALITY_STEP)
        if any(_are_tables(found, quality, scale) for scale in (_CHROMA_SCALE, _FORMER_CHROMA_SCALE)):
            return quality
    return None


def _are_tables(found: tuple[tuple[int, ...], ...], quality: float, chroma_scale: float) -> bool:
    luma, chroma = (tuple(table.tolist()) for table in _tables(quality, chroma_scale))
    return found[0] == luma and all(table == chroma for table in found[1:])
