"""What the maps of SSIMULACRA2 weigh, and the score that their sums come to."""

import functools
import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

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
"""The published weights of SSIMULACRA2 2.1: fitted constants, from https://github.com/cloudinary/ssimulacra2
(BSD-3-Clause), where they stand as one list of 108 numbers."""

SSIM, ARTEFACT, DETAIL = range(3)
"""Kinds of maps. What is pooled of each is a sum of its values, then one of their fourth powers."""
KINDS: Final = 3
Sums = NDArray[np.float64]
"""What was pooled, or what it weighs: (scales, channels, 6), the last as in a line of `WEIGHTS`."""

# Most of the 108 weights are zero, or too small to move a score by a hundredth. Their maps are never made:
# at full size only the Y plane is looked at, which more than halves the work.
_NEGLIGIBLE = 0.003  # pooled maps stay under 1; this much of one is under a hundredth of a point

# The published program goes from one scale to the next as long as the one before has 8 pixels on each side.
# Where that is less than six times, under 113 pixels, it takes the weights from its list one after the other
# all the same: they meet other maps than those that they were fitted to, colour at full size for one gets
# what the coarser scales of light were meant to get. So its scores of such pictures are mostly far lower,
# and some are higher. Here the lower one of both counts: what it says, and what each weight says of its map.
_LEAST_SIDE = 8


def scales_looked_at(height: int, width: int) -> int:
    """How many scales of a picture the published program looks at; all where it refuses the picture."""
    side = min(height, width)
    if side < _LEAST_SIDE:
        return SCALES
    return 1 + sum(((side - 1) >> scale) + 1 >= _LEAST_SIDE for scale in range(SCALES - 1))


@functools.cache
def weights(looked_at: int) -> Sums:
    """The weights that count, as the published program hands them out where it looks at so many scales."""
    handed_out = np.zeros((SCALES, CHANNELS, 2 * KINDS))
    first = np.ravel(WEIGHTS)[: looked_at * CHANNELS * 2 * KINDS]
    handed_out[:looked_at] = first.reshape(CHANNELS, looked_at, 2 * KINDS).swapaxes(0, 1)
    handed_out[handed_out <= _NEGLIGIBLE] = 0.0
    return handed_out


@functools.cache
def counting(looked_at: int) -> NDArray[np.bool_]:
    """Which sums are wanted of a picture of which the published program looks at so many scales."""
    return (weights(SCALES) > 0.0) | (weights(looked_at) > 0.0)


class Tally:
    """Differences added up over pieces: of one whole picture, or of sample tiles.

    Attributes:
        sums: of the maps.
        pixels: that were pooled, by scale.
        looked_at: see `scales_looked_at`.
    """

    def __init__(self, looked_at: int = SCALES) -> None:
        self.sums: Sums = np.zeros((SCALES, CHANNELS, 2 * KINDS))
        self.pixels = np.zeros(SCALES, np.int64)
        self.looked_at = looked_at

    def __iadd__(self, other: "Tally") -> "Tally":
        self.sums += other.sums
        self.pixels += other.pixels
        self.looked_at = min(self.looked_at, other.looked_at)
        return self

    def pool(self, scale: int, channel: int, kind: int, values: NDArray[np.float32]) -> None:
        """Add one map, which may not be kept by the caller afterwards: it is overwritten."""
        wanted = counting(self.looked_at)[scale, channel]
        if wanted[kind]:
            self.sums[scale, channel, kind] += float(values.sum(dtype=np.float64))
        if wanted[KINDS + kind]:
            values *= values
            flat = values.ravel()
            self.sums[scale, channel, KINDS + kind] += float(np.dot(flat, flat))

    def score(self) -> float:
        """The score of everything added so far, at most 100; 100 for nothing."""
        pooled = np.maximum(self.sums, 0.0) / np.maximum(self.pixels, 1)[:, None, None]
        pooled[..., KINDS:] **= 0.25
        distance = float((weights(SCALES) * pooled).sum())
        if self.looked_at < SCALES:
            distance = max(distance, float((weights(self.looked_at) * pooled).sum()))
        return from_distance(distance)


def from_distance(distance: float) -> float:
    """The score of a weighed sum of all that differs.

    Raises:
        ArithmeticError: it is not a number.
    """
    if math.isnan(distance):
        raise ArithmeticError("the score of a picture is not a number")
    d = distance * 0.9562382616834844
    d = 2.326765642916932 * d - 0.020884521182843837 * d**2 + 6.248496625763138e-05 * d**3
    return 100.0 - 10.0 * d**0.6276336467831387 if d > 0.0 else 100.0
