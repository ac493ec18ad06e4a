"""Pixels in another colour space, seen in sRGB so that they can be scored."""

import io
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from homepress.compress.quality.xyb import Rgb

ToSrgb = Callable[[NDArray[np.uint8]], Rgb]

_HARMLESS = 2  # levels by which two profiles may differ and count as the same


def to_srgb(mode: str, profile: bytes | None) -> ToSrgb:
    """A function that shows pixels of a colour space in sRGB, for scoring.

    A profile that cannot be used, or that means sRGB, is passed over; so are grey profiles, whose tone curves
    come close enough to sRGB's.

    Args:
        mode: Pillow's mode of the pixels: "L", "RGB" or "CMYK" (as Pillow decodes JPEGs: 0 is full ink... see
            `_inverted`).
        profile: the ICC profile that comes with them.
    """
    transform = _transform(mode, profile)
    if mode == "L":
        return lambda pixels: np.repeat(pixels[..., None], 3, axis=-1)
    if transform is None:
        if mode == "RGB":
            return lambda pixels: pixels
        return lambda pixels: np.asarray(Image.fromarray(pixels, mode).convert("RGB"))

    def through_profile(pixels: NDArray[np.uint8]) -> Rgb:
        converted = ImageCms.applyTransform(Image.fromarray(pixels, mode), transform)
        return np.asarray(converted)

    return through_profile


def _transform(mode: str, profile: bytes | None) -> ImageCms.ImageCmsTransform | None:
    if not profile or mode == "L":
        return None
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        transform = ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")
        if mode == "RGB" and _is_identity(transform):
            return None
    except (ImageCms.PyCMSError, OSError):  # a profile that LittleCMS refuses: treated as absent
        return None
    return transform if isinstance(transform, ImageCms.ImageCmsTransform) else None


def _is_identity(transform: ImageCms.ImageCmsTransform) -> bool:
    """Whether a transform leaves a grid of colours where they are."""
    levels = np.linspace(0, 255, 9).astype(np.uint8)
    grid = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(27, 27, 3)
    shown = np.asarray(ImageCms.applyTransform(Image.fromarray(grid), transform))
    return bool(np.abs(shown.astype(int) - grid.astype(int)).max() <= _HARMLESS)
