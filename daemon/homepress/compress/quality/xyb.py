"""sRGB pixels to the XYB planes of SSIMULACRA2, at one scale after the other.

XYB is JPEG XL's perceptual colour space (ISO/IEC 18181-1, annex on XYB): a cube root of cone-like responses.
SSIMULACRA2 shifts and scales its planes so that all are positive and about as wide as each other.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from homepress.compress.quality.blur import Plane

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
