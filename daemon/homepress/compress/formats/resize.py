"""Smaller pictures: Lanczos in linear light, transparency premultiplied.

Averaged in sRGB's own curve, fine patterns and bright lines on dark ground would come out too dark.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from homepress.compress.formats.exif_edit import with_size, without_thumbnail
from homepress.compress.formats.images import Rgba, is_opaque
from homepress.compress.formats.picture import Picture

Plane = NDArray[np.float32]

_LEVELS = np.arange(256) / 255.0
_LINEAR = np.where(_LEVELS <= 0.04045, _LEVELS / 12.92, ((_LEVELS + 0.055) / 1.055) ** 2.4).astype(np.float32)
_STEPS = 1 << 14
"""Fineness of the table back to sRGB: its steepest part, near black, is looked up to a tenth of a level."""


def resized(picture: Picture, size: tuple[int, int]) -> Picture:
    """A picture at another size; its Exif block tells the new size and holds no thumbnail.

    Args:
        picture: the picture.
        size: width and height in pixels, none larger than before.
    """
    if size == picture.size:
        return picture
    exif = picture.exif
    if exif is not None:
        exif = with_size(without_thumbnail(exif), *size)
    return replace(picture, rgba=scale_down(picture.rgba, size), exif=exif)


def scale_down(rgba: Rgba, size: tuple[int, int]) -> Rgba:
    """The pixels at another size."""
    out = np.empty((size[1], size[0], 4), np.uint8)
    if is_opaque(rgba):
        out[..., 3] = 255
        for channel in range(3):
            out[..., channel] = _to_srgb(_shrink(_LINEAR[rgba[..., channel]], size))
        return out
    cover = rgba[..., 3].astype(np.float32) / np.float32(255.0)
    alpha: Plane = np.clip(_shrink(cover, size), 0.0, 1.0)
    out[..., 3] = np.rint(alpha * 255.0)
    visible: Plane = np.maximum(alpha, np.float32(1e-6))
    for channel in range(3):
        out[..., channel] = _to_srgb(np.divide(_shrink(_LINEAR[rgba[..., channel]] * cover, size), visible))
    out[out[..., 3] == 0] = 0
    return out


def _shrink(plane: Plane, size: tuple[int, int]) -> Plane:
    image = Image.fromarray(np.ascontiguousarray(plane))
    small = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    return np.asarray(small, np.float32)


def _back() -> NDArray[np.uint8]:
    """sRGB levels for light from 0 to 1, by its square root so that dark levels are told apart."""
    light = (np.arange(_STEPS + 1) / _STEPS) ** 2
    curve = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.rint(curve * 255.0).astype(np.uint8)


_SRGB = _back()


def _to_srgb(light: Plane) -> NDArray[np.uint8]:
    index = np.sqrt(np.clip(light, 0.0, 1.0)) * _STEPS + 0.5
    return _SRGB[index.astype(np.int32)]
