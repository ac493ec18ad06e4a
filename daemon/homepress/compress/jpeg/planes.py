"""RGB to the component planes that a JPEG codes (JFIF 1.02: full-range YCbCr of ITU-R BT.601)."""

import numpy as np
from numpy.typing import NDArray

from homepress.compress.jpeg.dct import Floats
from homepress.compress.jpeg.encoder import Sampling
from homepress.compress.raster import Pixels

_SHIFT = np.float32(128.0)


def padded(pixels: Pixels, unit: int) -> Pixels:
    """The pixels with the last column and row repeated up to whole units."""
    height, width = pixels.shape[:2]
    extra = [(0, -height % unit), (0, -width % unit)] + [(0, 0)] * (pixels.ndim - 2)
    return np.pad(pixels, extra, mode="edge") if any(after for _, after in extra) else pixels


def components(pixels: Pixels, sampling: Sampling) -> list[Floats]:
    """The planes of whole units, level shifted: luma; for colours the two differences; for inks also black.

    Of four channels, inks as Pillow gives them, the first three are coded as if they were red, green and blue
    and the fourth inverted: what libjpeg undoes for YCCK and Pillow for Adobe's convention.
    """
    if pixels.ndim == 2:
        return [pixels.astype(np.float32) - _SHIFT]
    if pixels.shape[2] == 4:
        black = (255 - _SHIFT) - pixels[..., 3].astype(np.float32)
        return [*components(pixels[..., :3], sampling), black]
    red, green, blue = (pixels[..., channel].astype(np.float32) for channel in range(3))
    green *= np.float32(0.587)
    luma = red * np.float32(0.299)
    luma += green
    np.multiply(blue, np.float32(0.114), out=green)
    luma += green
    blue -= luma
    red -= luma
    if sampling is Sampling.QUARTER:
        blue, red = halved(blue), halved(red)
    blue *= np.float32(1 / 1.772)
    red *= np.float32(1 / 1.402)
    luma -= _SHIFT
    return [luma, blue, red]


def halved(plane: Floats) -> Floats:
    """Half the size each way, sharpened so that what decoders blow up again comes close to the original.

    libjpeg's decoder interpolates linearly (3/4 of the near sample, 1/4 of the next). Averaging four pixels
    and blowing up so again weighs samples by 1/8, 3/4, 1/8 along each axis; one step of correction against
    that is twice the average less its blurred self.
    """
    pairs = plane[0::2] + plane[1::2]
    mean = pairs[:, 0::2] + pairs[:, 1::2]
    mean *= np.float32(0.25)
    result = _through_decoder(_through_decoder(mean).T).T
    np.subtract(mean + mean, result, out=result)
    return result


def _through_decoder(plane: NDArray[np.float32]) -> Floats:
    """Averaged pairs of what a decoder interpolates along the first axis; the edge repeats."""
    result = plane * np.float32(0.75)
    eighth = plane * np.float32(0.125)
    result[1:] += eighth[:-1]
    result[:-1] += eighth[1:]
    result[0] += eighth[0]
    result[-1] += eighth[-1]
    return result
