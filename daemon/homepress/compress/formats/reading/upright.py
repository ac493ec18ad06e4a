"""Turning stored pixels the way an orientation asks for (CIPA DC-008, tag Orientation)."""

import numpy as np

from homepress.compress.formats.images import Rgba


def upright(rgba: Rgba, orientation: int) -> Rgba:
    """The pixels turned and mirrored so that no orientation is needed any more.

    Args:
        rgba: height x width x 4 as stored.
        orientation: 1 to 8; 5 to 8 swap width and height.
    """
    if orientation >= 5:
        rgba = rgba.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        rgba = rgba[:, ::-1]
    if orientation in (3, 4, 7, 8):
        rgba = rgba[::-1]
    return np.ascontiguousarray(rgba)
