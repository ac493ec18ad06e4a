"""The HDR picture that a base and its gain map make together, and a map that makes it of fewer pixels.

Base and map each made smaller do not multiply to their product made smaller: along a hard edge a mean of
stops stands beside a mean of light. So the map is made anew, from the light that a viewer would see.
"""

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from homepress.compress.convert.picture import LINEAR, Rgba
from homepress.compress.convert.resample import Plane, resample
from homepress.compress.metadata.gain_map import GainChannel, GainCurve

Values = NDArray[np.uint8]
"""A gain map's: height x width, or height x width x 3."""

_LEAST_EDGE = 16
"""Pixels along the edge of a map that are not taken away."""
_MOST_ERROR = 0.03
"""Stops, as a root of the mean square: what a coarser map may cost. Coding the base costs more."""
_NEAR = 4
"""Pixels of an edge that are not worth a size of their own."""
_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
_STRIP = 256
"""Rows or columns that are worked on at once."""
_DARK = np.float32(1e-3)
"""Parts of white under which the old map is asked rather than the quotient of two small numbers."""
_MOST_STOPS = 32
_LEAST_GAMMA = 0.01
_SEEN = np.float32(1 / 64)
"""Parts of white that are added before stops are compared: darker, nobody tells them apart."""


@dataclass(frozen=True, slots=True, eq=False)
class Gain:
    """What a gain map's values do: light = (base + base_offset) * 2 ** stops[value] - hdr_offset.

    Attributes:
        stops: 256 powers of two for each channel, never falling.
        base_offsets: parts of white, one for each channel.
        hdr_offsets: likewise.
    """

    stops: Plane
    base_offsets: Plane
    hdr_offsets: Plane


def gain_of_curve(curve: GainCurve, channels: int) -> Gain | None:
    """What a curve means for a map of so many channels.

    None where the base is the HDR picture, where all values mean the same, or where channels do not match.
    """
    if curve.base_is_hdr or len(curve.channels) not in (1, channels):
        return None
    told = curve.channels * (channels // len(curve.channels))
    if not all(_is_sane(each) for each in told):
        return None
    level = np.arange(256) / 255.0
    rows = [
        float(each.minimum) + float(each.maximum - each.minimum) * level ** float(1 / each.gamma)
        for each in told
    ]
    return Gain(
        np.array(rows, np.float32),
        _floats([each.base_offset for each in told]),
        _floats([each.hdr_offset for each in told]),
    )


def _is_sane(told: GainChannel) -> bool:
    """Whether numbers can be those of a picture; others end in powers that no float holds."""
    return (
        -_MOST_STOPS <= told.minimum < told.maximum <= _MOST_STOPS
        and _LEAST_GAMMA <= told.gamma <= 1 / _LEAST_GAMMA
        and max(abs(told.base_offset), abs(told.hdr_offset)) <= 1
    )


def gain_of_apple(headroom: float) -> Gain:
    """What Apple's map means: HDR = base * (1 + (headroom - 1) * light), coded as in Rec. 709."""
    level = np.arange(256) / 255.0
    light = np.where(level < 0.081, level / 4.5, ((level + 0.099) / 1.099) ** (1 / 0.45))
    stops = np.log2(1.0 + (max(headroom, 1.0001) - 1.0) * light)
    return Gain(stops.astype(np.float32)[None], np.zeros(1, np.float32), np.zeros(1, np.float32))


def _floats(values: list[Fraction]) -> Plane:
    return np.array([float(each) for each in values], np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Reduction:
    """A base in two sizes.

    Attributes:
        before: as large as it was.
        after: smaller.
        fine: whether bytes may be spent on a map that loses nothing anyone sees.
    """

    before: Rgba
    after: Rgba
    fine: bool = True

    @property
    def share(self) -> float:
        """Of each edge that is left."""
        share: float = max(self.after.shape[:2]) / max(self.before.shape[:2])
        return share


def scaled_map(values: Values, gain: Gain | None, base: Reduction) -> Values:
    """A gain map for the smaller base.

    It shrinks with its picture, unless the HDR picture would suffer: then it stays as large as it is, or as
    its picture becomes. One that has as many pixels as its picture is made anew, so that both together make
    the large HDR picture's light averaged. One that stays as it is comes back itself.

    Args:
        values: the map, lying as `base` does.
        gain: what they mean; None where that is not known.
        base: the picture that it belongs to.
    """
    height, width = base.after.shape[:2]
    largest = min(values.shape[1], width), min(values.shape[0], height)
    size = _share_of(values, base.share, largest)
    fills = largest == (width, height)
    if gain is None or (not fills if size == largest else not base.fine):
        return _resampled(values, size)
    if size != largest:
        small = _resampled(values, size)
        wanted = _luminance(base.before, values, gain, (width, height))
        if _difference(wanted, _luminance(base.after, small, gain, (width, height))) <= _MOST_ERROR:
            return small
    small = _resampled(values, largest)
    return _made_anew(base, values, small, gain) if fills else small


def _share_of(values: Values, share: float, largest: tuple[int, int]) -> tuple[int, int]:
    """Width and height of a map with a share of each edge; the largest, where hardly anything is between."""
    width, height = (max(_LEAST_EDGE, round(edge * share)) for edge in (values.shape[1], values.shape[0]))
    near = width + _NEAR >= largest[0] and height + _NEAR >= largest[1]
    return largest if near else (min(width, largest[0]), min(height, largest[1]))


def _resampled(values: Values, size: tuple[int, int]) -> Values:
    if size == (values.shape[1], values.shape[0]):
        return values
    return np.array(Image.fromarray(values).resize(size, Image.Resampling.LANCZOS))


def _light_of(base: Rgba, values: Values, gain: Gain, channel: int, size: tuple[int, int]) -> Plane:
    """The light of one channel of the HDR picture at a size, white being 1; of all, where one map is for all.

    Maps are enlarged as viewers do it. First rows are made narrow and then columns short, a few at a time, so
    that no plane is held in full size.
    """
    height, width = base.shape[:2]
    plane = np.ascontiguousarray(_channel(values, channel))
    enlarged = np.asarray(Image.fromarray(plane).resize((width, height), Image.Resampling.BILINEAR))
    factors = np.exp2(gain.stops[channel])
    narrow = np.empty((height, size[0]), np.float32)
    for top in range(0, height, _STRIP):
        rows = slice(top, top + _STRIP)
        light = _base_light(base[rows], channel, len(gain.stops)) + gain.base_offsets[channel]
        light *= factors[enlarged[rows]]
        light -= gain.hdr_offsets[channel]
        narrow[rows] = resample(light, (size[0], len(light)))
    del enlarged
    if height == size[1]:
        return narrow
    out = np.empty((size[1], size[0]), np.float32)
    for left in range(0, size[0], _STRIP):
        columns = narrow[:, left : left + _STRIP]
        out[:, left : left + _STRIP] = resample(columns, (columns.shape[1], size[1]))
    return out


def _channel(values: Values, channel: int) -> Values:
    return values if values.ndim == 2 else values[..., channel]


def _base_light(rgba: Rgba, channel: int, channels: int) -> Plane:
    """Linear light of a channel; of all of them as an eye weighs them, where one map is for all."""
    if channels > 1:
        return LINEAR[rgba[..., channel]]
    return np.asarray(sum(LINEAR[rgba[..., each]] * _LUMA[each] for each in range(3)), np.float32)


def _luminance(base: Rgba, values: Values, gain: Gain, size: tuple[int, int]) -> Plane:
    """The light of the HDR picture at a size, its colours weighed as an eye does."""
    planes = (_light_of(base, values, gain, channel, size) for channel in range(len(gain.stops)))
    if len(gain.stops) == 1:
        return next(planes)
    return np.asarray(sum(plane * weight for plane, weight in zip(planes, _LUMA, strict=True)), np.float32)


def _difference(wanted: Plane, shown: Plane) -> float:
    """How far two HDR pictures are from each other, in stops of luminance."""
    first, second = (np.log2(np.maximum(each, 0) + _SEEN) for each in (wanted, shown))
    return math.sqrt(np.mean((first - second) ** 2))


def _made_anew(base: Reduction, values: Values, small: Values, gain: Gain) -> Values:
    """The map as large as the smaller base that makes of it the light that the old one made of the larger.

    Where that is dark, so that any gain would do, it stays near the old one made small, which is overwritten.
    """
    height, width = base.after.shape[:2]
    out = small.copy() if small is values else small
    for channel, table in enumerate(gain.stops):
        wanted = _light_of(base.before, values, gain, channel, (width, height))
        for top in range(0, height, _STRIP):
            rows = slice(top, top + _STRIP)
            told = _DARK * np.exp2(table)[_channel(out, channel)[rows]]
            above = wanted[rows] + gain.hdr_offsets[channel] + told
            dark = _base_light(base.after[rows], channel, len(gain.stops))
            below = dark + gain.base_offsets[channel] + _DARK
            stops = np.log2(np.maximum(above, told) / np.maximum(below, _DARK))
            _channel(out, channel)[rows] = np.rint(np.interp(stops, table, np.arange(256)))
    return out
