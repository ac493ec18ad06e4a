"""Between Pillow's pictures and arrays of red, green, blue and alpha."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Rgba = NDArray[np.uint8]
"""height x width x 4."""


def to_rgba(picture: Image.Image) -> Rgba:
    """The pixels of a decoded picture of 8 bits a channel or less."""
    return np.asarray(picture if picture.mode == "RGBA" else picture.convert("RGBA"))


def to_image(rgba: Rgba) -> Image.Image:
    """The smallest of Pillow's modes that holds all of it: "L", "RGB" or "RGBA"."""
    if not is_opaque(rgba):
        return Image.fromarray(np.ascontiguousarray(rgba))
    if is_grey(rgba):
        return Image.fromarray(np.ascontiguousarray(rgba[..., 0]))
    return Image.fromarray(np.ascontiguousarray(rgba[..., :3]))


def is_opaque(rgba: Rgba) -> bool:
    """Whether no pixel lets anything through."""
    return bool((rgba[..., 3] == 255).all())


def is_grey(rgba: Rgba) -> bool:
    """Whether red, green and blue are the same everywhere."""
    red = rgba[..., 0]
    return bool((red == rgba[..., 1]).all() and (red == rgba[..., 2]).all())
