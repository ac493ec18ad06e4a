"""Smaller pictures: Lanczos in linear light, transparency premultiplied.

Averaged in sRGB's own curve, fine patterns and bright lines on dark ground would come out too dark.
"""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from homepress.compress.convert.picture import is_opaque

Plane = NDArray[np.float32]

_Depth = TypeVar("_Depth", np.uint8, np.uint16)
_MOST_8 = 255


def _curve(most: int) -> Plane:
    """Light from 0 to 1 for sRGB levels up to the most."""
    levels = np.arange(most + 1) / most
    return np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4).astype(np.float32)


LINEAR = _curve(_MOST_8)
"""Light from 0 to 1 for sRGB's levels of 8 bits."""
_STEPS = 1 << 14
"""Fineness of the table back to sRGB: its steepest part, near black, is looked up to a tenth of a level."""


def scale_down(rgba: NDArray[_Depth], size: tuple[int, int]) -> NDArray[_Depth]:
    """The pixels at another size, of 8 or 16 bits a channel."""
    out = np.empty((size[1], size[0], 4), rgba.dtype)
    most = int(np.iinfo(rgba.dtype).max)
    linear = LINEAR if most == _MOST_8 else _curve(most)
    if is_opaque(rgba):
        out[..., 3] = most
        for channel in range(3):
            out[..., channel] = _to_srgb(shrink(linear[rgba[..., channel]], size), most)
        return out
    cover = rgba[..., 3].astype(np.float32) / np.float32(most)
    alpha: Plane = np.clip(shrink(cover, size), 0.0, 1.0)
    out[..., 3] = np.rint(alpha * most)
    visible: Plane = np.maximum(alpha, np.float32(1e-6))
    for channel in range(3):
        light = np.divide(shrink(linear[rgba[..., channel]] * cover, size), visible)
        out[..., channel] = _to_srgb(light, most)
    out[out[..., 3] == 0] = 0
    return out


def shrink(plane: Plane, size: tuple[int, int]) -> Plane:
    """One channel at another size; as it is where that is the same."""
    if size == (plane.shape[1], plane.shape[0]):
        return plane
    image = Image.fromarray(np.ascontiguousarray(plane))
    small = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    return np.asarray(small, np.float32)


def _back() -> NDArray[np.uint8]:
    """sRGB levels for light from 0 to 1, by its square root so that dark levels are told apart."""
    light = (np.arange(_STEPS + 1) / _STEPS) ** 2
    curve = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.rint(curve * 255.0).astype(np.uint8)


_SRGB = _back()


def _to_srgb(light: Plane, most: int) -> NDArray[np.uint8] | Plane:
    if most == _MOST_8:
        index = np.sqrt(np.clip(light, 0.0, 1.0)) * _STEPS + 0.5
        return _SRGB[index.astype(np.int32)]
    clipped = np.clip(light, 0.0, 1.0)
    curve = np.where(clipped <= 0.0031308, clipped * 12.92, 1.055 * clipped ** (1 / 2.4) - 0.055)
    return np.rint(curve * np.float32(most)).astype(np.float32)
