"""Pixels in another colour space, seen in sRGB so that they can be scored."""

import io
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageCms

from homepress.compress.quality.xyb import Rgb
from homepress.compress.raster import Pixels

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


def _transform(mode: str, profile: bytes) -> ImageCms.ImageCmsTransform | None:
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
