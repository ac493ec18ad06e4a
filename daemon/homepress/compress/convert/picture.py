"""A picture on its way from one format to another, and the codecs that not every computer has."""

import functools
import importlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import ModuleType
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from homepress.compress.convert.resample import Plane, across, down, needed
from homepress.compress.metadata.jpeg_tail import JpegTail

if TYPE_CHECKING:
    from homepress.compress.convert.gain import GainMap

# Between Pillow's pictures and arrays of red, green, blue and alpha.

Rgba = NDArray[np.uint8]
"""height x width x 4."""


def to_rgba(picture: Image.Image) -> Rgba:
    """The pixels of a decoded picture of 8 bits a channel or less."""
    return np.asarray(picture if picture.mode == "RGBA" else picture.convert("RGBA"))


STRIP = 256
"""Rows that are dithered at once, so that copies stay small."""
_MOST_NOISE = np.float32(0.999)
"""Less than one by more than a float can lose beside 255."""


def dithered(deep: NDArray[np.uint16], top: int) -> Rgba:
    """Rows of 16 bits a channel in 8, with noise that keeps smooth skies from turning into steps.

    The noise is a fixed function of the place ("interleaved gradient noise", Jimenez 2014): even, and the
    same each time. What 8 bits can say comes out as it is.

    Args:
        deep: rows x width x 4.
        top: number of the first row.
    """
    rows, columns = np.ogrid[top : top + deep.shape[0], : deep.shape[1]]
    noise = np.modf(52.9829189 * np.modf(0.06711056 * columns + 0.00583715 * rows)[0])[0]
    values = deep.astype(np.float32)
    values /= np.float32(257)
    values += np.minimum(noise.astype(np.float32), _MOST_NOISE)[..., None]
    return values.astype(np.uint8)  # cut, not rounded: the noise is from 0 to 1


def shallow(deep: NDArray[np.uint16]) -> Rgba:
    """A picture of 16 bits a channel in 8, dithered."""
    out = np.empty(deep.shape, np.uint8)
    for top in range(0, len(deep), STRIP):
        out[top : top + STRIP] = dithered(deep[top : top + STRIP], top)
    return out


def to_image(rgba: Rgba) -> Image.Image:
    """The smallest of Pillow's modes that holds all of it: "L", "RGB" or "RGBA"."""
    if not is_opaque(rgba):
        return Image.fromarray(np.ascontiguousarray(rgba))
    if is_grey(rgba):
        return Image.fromarray(np.ascontiguousarray(rgba[..., 0]))
    return Image.fromarray(without_alpha(rgba))


def without_alpha(rgba: Rgba) -> Rgba:
    """Red, green and blue alone; channel by channel, which takes a fifth of the time of one copy of all."""
    rgb = np.empty((*rgba.shape[:-1], 3), np.uint8)
    for channel in range(3):
        rgb[..., channel] = rgba[..., channel]
    return rgb


def is_opaque(rgba: Rgba | NDArray[np.uint16]) -> bool:
    """Whether no pixel lets anything through."""
    return bool(rgba[..., 3].min(initial=np.iinfo(rgba.dtype).max) == np.iinfo(rgba.dtype).max)


def is_grey(rgba: Rgba | NDArray[np.uint16]) -> bool:
    """Whether red, green and blue are the same everywhere."""
    strips = (rgba[top : top + STRIP] for top in range(0, len(rgba), STRIP))  # most are not from the first on
    return all(
        bool((part[..., 0] == part[..., 1]).all() and (part[..., 0] == part[..., 2]).all()) for part in strips
    )


# Smaller pictures: Lanczos in linear light, transparency premultiplied.
#
# Averaged in sRGB's own curve, fine patterns and bright lines on dark ground would come out too dark.

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


_ROWS = 128
"""Of the result that are made at once: what they are made from fits the CPU's cache."""


def scale_down(rgba: NDArray[_Depth], size: tuple[int, int]) -> NDArray[_Depth]:
    """Pixels at another size, of 8 or 16 bits a channel.

    Args:
        rgba: height x width x 4; or several of one size side by side, height x several x width x 4.
        size: width and height of each.
    """
    out = np.empty((size[1], *rgba.shape[1:-2], size[0], 4), rgba.dtype)
    opaque = is_opaque(rgba)
    linear = LINEAR if rgba.dtype == np.uint8 else _curve(int(np.iinfo(rgba.dtype).max))
    for top in range(0, size[1], _ROWS):
        rows = top, min(top + _ROWS, size[1])
        first, last = needed(rgba.shape[0], size[1], rows)
        shrink = functools.partial(_shrunk_rows, length=rgba.shape[0], size=size, rows=rows)
        _scale_rows(rgba[first:last], linear, shrink, opaque, out[rows[0] : rows[1]])
    return out


def _shrunk_rows(plane: Plane, length: int, size: tuple[int, int], rows: tuple[int, int]) -> Plane:
    return across(down(plane, length, size[1], rows), plane.shape[-1], size[0], (0, size[0]))


def _scale_rows(
    rgba: NDArray[_Depth],
    linear: Plane,
    shrink: Callable[[Plane], Plane],
    opaque: bool,
    out: NDArray[_Depth],
) -> None:
    """Write rows of the smaller picture, made from those of the larger one that count for them."""
    most = int(np.iinfo(rgba.dtype).max)
    if opaque:
        out[..., 3] = most
        for channel in range(3):
            light = np.take(linear, rgba[..., channel], mode="clip")
            out[..., channel] = _to_srgb(shrink(light), most)
        return
    cover = rgba[..., 3].astype(np.float32) / np.float32(most)
    alpha: Plane = np.clip(shrink(cover), 0.0, 1.0)
    out[..., 3] = np.rint(alpha * most)
    visible: Plane = np.maximum(alpha, np.float32(1e-6))
    for channel in range(3):
        light = np.divide(shrink(linear[rgba[..., channel]] * cover), visible)
        out[..., channel] = _to_srgb(light, most)
    out[out[..., 3] == 0] = 0


def _back() -> NDArray[np.uint8]:
    """sRGB levels for light from 0 to 1, by its square root so that dark levels are told apart."""
    light = (np.arange(_STEPS + 1) / _STEPS) ** 2
    curve = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.rint(curve * 255.0).astype(np.uint8)


_SRGB = _back()


def _to_srgb(light: Plane, most: int) -> NDArray[np.uint8] | Plane:
    """Levels for light, which is used up."""
    clipped = np.clip(light, 0.0, 1.0, out=light)
    if most == _MOST_8:
        index = np.sqrt(clipped, out=clipped)
        index *= np.float32(_STEPS)
        index += np.float32(0.5)
        return _SRGB.take(index.astype(np.int32), mode="clip")
    curve = np.where(clipped <= 0.0031308, clipped * 12.92, 1.055 * clipped ** (1 / 2.4) - 0.055)
    return np.rint(curve * np.float32(most)).astype(np.float32)


# A decoded picture on its way from one format or size to another, with all that goes along.


class CannotConvert(Exception):  # noqa: N818 (reads as a verdict)
    """A picture cannot be made into what is asked without losing something; the message says what."""


ANIMATED = "it is animated, and only still pictures are written anew"
"""Why an animation is neither converted nor resized."""

_ROUNDED = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A picture the right way up.

    Attributes:
        rgba: height x width x 4.
        deep: the same with 16 bits a channel, where the source has and the target takes them.
        icc: its colour profile.
        exif: its Exif block from the TIFF header on, without orientation.
        xmp: its XMP packet.
        density: pixels an inch, across and down, where the container says it.
        jpeg_headers: whole marker segments that only another JPEG can take over.
        tail: what stands behind a JPEG's primary and goes behind the next one; then `rgba` lies as stored,
            and `exif` still says how to turn it.
        gain: the gain map of a picture that comes from another format.
        maps: JPEGs that go behind the next one as they are, such as a depth map.
        others: further pictures of the same file, such as what the right eye sees.
        stereo: whether the picture and its only other are what the left and the right eye see.
        trailer: a self-contained trailer that a JPEG may end in.
        chunks: kind and body of chunks that only another PNG can take over.
        aspect: unit and density of the pixels as JFIF has them, where they are not square.
        dropped: what was taken out on the way, or is left out because the format has no place for it.
    """

    rgba: Rgba
    icc: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    density: tuple[float, float] | None = None
    jpeg_headers: tuple[bytes, ...] = ()
    tail: JpegTail | None = None
    gain: "GainMap | None" = None
    maps: tuple[bytes, ...] = ()
    others: tuple["Picture", ...] = ()
    stereo: bool = False
    trailer: bytes = b""
    chunks: tuple[tuple[bytes, bytes], ...] = ()
    aspect: bytes = b""
    dropped: tuple[str, ...] = ()
    deep: NDArray[np.uint16] | None = None

    @property
    def pixels(self) -> Rgba | NDArray[np.uint16]:
        """All that is known of them."""
        return self.rgba if self.deep is None else self.deep

    @property
    def has_square_pixels(self) -> bool:
        """Whether they are as wide as high, but for what programs round."""
        across, down = self.density or (1.0, 1.0)
        return not self.aspect and abs(across - down) <= _ROUNDED * max(across, down)

    def with_8_bits(self) -> "Picture":
        """The same with 8 bits a channel, and that said."""
        return self if self.deep is None else replace(self, deep=None, dropped=("16-bit", *self.dropped))

    @property
    def beside(self) -> int:
        """Bytes that it takes whatever its pixels do."""
        blocks = (
            self.exif,
            self.xmp,
            self.icc,
            self.trailer,
            *self.maps,
            *self.jpeg_headers,
        )
        return sum(len(block) for block in blocks if block) + (self.tail.size if self.tail else 0)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.rgba.shape[1], self.rgba.shape[0]


def unknown_data(what: bytes | str) -> str:
    """Why data that some other program wrote refuses a conversion: nobody knows what would be lost with it.

    Args:
        what: the name of a chunk, or how else it is found.
    """
    name = what if isinstance(what, str) else f"chunk {what.decode('latin-1').strip()}"
    return f"it holds data that Homepress does not know ({name})"


# Codecs that are not part of a plain installation.


@functools.cache
def codec(module: str, package: str, what: str) -> ModuleType:
    """Import a codec.

    Args:
        module: name to import.
        package: name to install.
        what: what it reads or writes, for the message.

    Raises:
        CannotConvert: it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise CannotConvert(f"{what} needs the package {package}, which is not installed") from error
