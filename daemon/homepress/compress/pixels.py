"""Pixels: decoding in full, pictures as arrays, and whether two hold the same."""

import hashlib
import io
import struct
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from homepress.base.formats import ImageType
from homepress.compress.footprint import LARGE_PIXELS
from homepress.compress.footprint import MOST_PIXELS as MOST_PIXELS
from homepress.compress.metadata.errors import CUT_SHORT, DAMAGED, NO_HEADER, NotParsed
from homepress.compress.model import Reason, Unchanged

# Decoding with Pillow, in full or not at all, within a limit of pixels.
#
# Every decoder error counts as "not whole": a truncated picture is never completed by guesswork
# (`ImageFile.LOAD_TRUNCATED_IMAGES` stays off).

TOO_MANY_PIXELS = f"more than {MOST_PIXELS // 1_000_000} megapixels"

Image.MAX_IMAGE_PIXELS = MOST_PIXELS

_STRIP_PIXELS = 1 << 19


class Undecodable(Exception):  # noqa: N818 (reads as a verdict)
    """The bytes do not decode in full; the message says what the decoder said."""


class KindNotRead(Undecodable):
    """The picture may be whole, but is of a kind of its format that is not read here; which, in words."""


_UNREAD = {
    "unsupported bmp pixel depth": "its number of bits a pixel",
    "unsupported bmp compression": "its compression",
    "unsupported bmp bitfields": "the layout of its pixels",
    "unsupported bmp header": "its header",
    "unsupported": "its coding",
    "unknown pixel mode": "the layout of its pixels",
    "unknown photometric": "its colour model",
    "unknown data organization": "the order of its data",
}
"""How Pillow's messages begin where it knows what a file says and has no code for it; what that is."""


def undecodable(error: Exception, data: bytes = b"", formats: Sequence[str] = ()) -> Undecodable:
    """What a decoder raised, in our words: its own are for programmers, and many for one and the same fault.

    Args:
        error: what was raised.
        data: the bytes of the file, where they could not even be opened.
        formats: Pillow's names of the formats that were tried.
    """
    if isinstance(error, UnidentifiedImageError):
        if data[:4] in _BIG_TIFF:
            return KindNotRead("BigTIFF")
        error = _opening_error(data, formats) or error
    text = str(error).lower()
    for start, words in _UNREAD.items():
        if text.startswith(start):
            return KindNotRead(words)
    if isinstance(error, SyntaxError) and isinstance(error.__cause__, KeyError):
        return KindNotRead("a value in its header")
    if data:
        return Undecodable(NO_HEADER)
    cut = isinstance(error, EOFError) or "truncated" in text
    return Undecodable(CUT_SHORT if cut else DAMAGED)


_BIG_TIFF = (b"II+\0", b"MM\0+")


def _opening_error(data: bytes, formats: Sequence[str]) -> Exception | None:
    """What the reader of a format says when Pillow says only that nothing reads a file."""
    for name in formats:
        try:
            Image.OPEN[name][0](io.BytesIO(data), "")
        except DECODER_ERRORS as error:
            return error
    return None


class TooManyPixels(Exception):  # noqa: N818 (reads as a verdict)
    """The picture has more than `MOST_PIXELS` pixels; the message says how large it is."""


def open_picture(data: bytes, formats: Sequence[str]) -> Image.Image:
    """Open a picture without decoding its pixels, and check its size.

    Args:
        data: the bytes of the file.
        formats: Pillow's names of the formats that are tried, such as "JPEG".

    Raises:
        TooManyPixels: it has more than `MOST_PIXELS` pixels.
        Undecodable: its headers cannot be read.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(data), formats=list(formats))
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise TooManyPixels(TOO_MANY_PIXELS) from error
    except DECODER_ERRORS as error:
        raise undecodable(error, data, formats) from error
    return picture


def decode(data: bytes, formats: Sequence[str]) -> Image.Image:
    """Open a picture and decode all pixels of its first frame.

    Raises:
        TooManyPixels: it has more than `MOST_PIXELS` pixels.
        Undecodable: the bytes do not decode in full.
    """
    picture = open_picture(data, formats)
    try:
        picture.load()
    except DECODER_ERRORS as error:
        raise undecodable(error) from error
    return picture


def not_read(error: Exception, kind: ImageType) -> Unchanged:
    """The verdict on a picture that did not decode: of an unsupported kind, or broken, maybe for now."""
    if isinstance(error, KindNotRead | NotParsed):
        return Unchanged(Reason.UNSUPPORTED, str(error), kind)
    return Unchanged(Reason.BROKEN, str(error), kind, transient=True)


# What Pillow's decoders raise on bad bytes, by their source: OSError and SyntaxError on purpose, the others
# where a header lies about sizes.
DECODER_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    OverflowError,
    EOFError,
    ZeroDivisionError,
    struct.error,
)


def strips(picture: Image.Image) -> Iterator[Image.Image]:
    """A decoded picture in strips of whole rows, top to bottom, so that copies of its pixels stay small."""
    width, height = picture.size
    rows = max(_STRIP_PIXELS // width, 1)
    for top in range(0, height, rows):
        yield picture.crop((0, top, width, min(top + rows, height)))


def fingerprint(picture: Image.Image) -> str:
    """A digest of mode, size, palette and pixels: equal for two pictures only if all of these are."""
    digest = hashlib.sha256(f"{picture.mode} {picture.size}".encode())
    palette = picture.getpalette("RGBA") if picture.mode in ("P", "PA") else None
    digest.update(bytes(palette or ()))
    for strip in strips(picture):
        digest.update(strip.tobytes())
    return digest.hexdigest()


# A decoded picture whose pixels are handed out window by window.
#
# It is an array, or a picture in Pillow's own memory, of which an array would be a second copy. Windows
# keep copies small, which is what lets pictures of 100 megapixels through.

Pixels = NDArray[np.uint8]
"""height x width for one channel, else height x width x channels."""


BAND_STEP: Final = 128
"""Rows of a band are a multiple of this, but for the last band's: whole tiles of `score.tiles`."""


class Windowed(Protocol):
    """A picture that gives windows of its pixels: a `Raster`, or an array."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Height, width and, with more than one, channels."""
        ...

    def __getitem__(self, window: tuple[slice, slice], /) -> Pixels:
        """The pixels of some rows and columns."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """Some rows of a picture.

    Attributes:
        top: the first of them.
        pixels: the rows, from that one on.
    """

    top: int
    pixels: Windowed


class Raster:
    """Windows into a decoded Pillow picture of 8 bits a channel.

    Args:
        picture: of mode "L", "RGB" or "CMYK".
    """

    def __init__(self, picture: Image.Image) -> None:
        self.picture = picture
        bands = len(picture.getbands())
        height, width = picture.height, picture.width
        self.shape: tuple[int, ...] = (height, width) if bands == 1 else (height, width, bands)

    def __getitem__(self, window: tuple[slice, slice]) -> Pixels:
        (top, bottom, _), (left, right, _) = (
            part.indices(length) for part, length in zip(window, self.shape, strict=False)
        )
        return np.asarray(self.picture.crop((left, top, right, bottom)))

    def sparse(self, rows: slice, columns: slice, step: int) -> Pixels:
        """About every `step`-th pixel of a window each way, without touching the others."""
        (top, bottom, _), (left, right, _) = (
            part.indices(length) for part, length in zip((rows, columns), self.shape, strict=False)
        )
        size = ((right - left) // step, (bottom - top) // step)
        return np.asarray(self.picture.resize(size, Image.Resampling.NEAREST, (left, top, right, bottom)))


def is_large(width: int, height: int) -> bool:
    """Whether a picture of this size is too large to be held decoded more than once."""
    return width * height > LARGE_PIXELS


def sparse(picture: Windowed, rows: slice, columns: slice, step: int) -> Pixels:
    """About every `step`-th pixel of a window each way; its edges must be multiples of `step`."""
    if isinstance(picture, Raster):
        return picture.sparse(rows, columns, step)
    first = step // 2  # the middle, as Pillow chooses
    return picture[rows, columns][first::step, first::step]


class Remembered:
    """The pixels of a picture to compare others with.

    Large ones are remembered by a digest, which takes more time and less memory.

    Args:
        picture: the picture.
    """

    def __init__(self, picture: Windowed) -> None:
        height, width = picture.shape[:2]
        self._known = _digest(picture) if is_large(width, height) else picture

    def are_those_of(self, picture: Windowed) -> bool:
        """Whether a picture has the same size, the same channels and the same pixels."""
        if isinstance(self._known, str):
            return _digest(picture) == self._known
        if picture.shape != self._known.shape:
            return False
        return all(map(np.array_equal, _strips(picture), _strips(self._known)))


def _digest(picture: Windowed) -> str:
    result = hashlib.sha256(repr(picture.shape).encode())
    for strip in _strips(picture):
        result.update(np.ascontiguousarray(strip).data)
    return result.hexdigest()


def _strips(picture: Windowed) -> Iterator[Pixels]:
    """All rows, top to bottom, so many at once that copies stay small."""
    height, width = picture.shape[:2]
    rows = max(_STRIP_PIXELS // width, 1)
    return (picture[top : top + rows, :] for top in range(0, height, rows))


# The last look at a result before it may take a source's place: does it still say all the source said?

_ORIENTATION = 0x0112  # Exif tag
_BLOCKS = {
    "icc_profile": "the colour profile",
    "gamma": "the tone curve",
    "chromaticity": "the primaries",
    "transparency": "the transparency",
    "background": "the background",
    "exif": "the Exif block",
    "xmp": "the XMP packet",
    "comment": "the comment",
    "photoshop": "Photoshop's block",
    "dpi": "the resolution",
}
_COLOURS = {
    "1": "black and white",
    "L": "grey",
    "LA": "grey with transparency",
    "La": "grey with transparency",
    "P": "a palette",
    "PA": "a palette with transparency",
    "RGB": "RGB",
    "RGBA": "RGB with transparency",
    "RGBa": "RGB with transparency",
    "RGBX": "RGB with a spare channel",
    "CMYK": "CMYK",
    "LAB": "Lab",
    "YCbCr": "YCbCr",
    "HSV": "HSV",
    "F": "floating-point numbers",
}
"""Pillow's modes, for people; all others ("I", "I;16") have more than 8 bits a channel."""


def colours(mode: str) -> str:
    """What the pixels of a mode of Pillow's are, in words."""
    return _COLOURS.get(mode, "grey of more than 8 bits")


def first_difference(source: Image.Image, result: Image.Image) -> str:
    """What a result in the same format lost of its source, in words; empty when it lost nothing.

    Compared are the size in pixels, mode, frames, what decides how pixels are shown (colour profile,
    orientation) and the metadata blocks byte for byte as Pillow reads them. Pixels are not: see
    `pixels.fingerprint` and the score.
    """
    if source.size != result.size:
        return f"the size is {result.size[0]} by {result.size[1]} pixels"
    if source.mode != result.mode:
        return f"its colours are {colours(result.mode)}, not {colours(source.mode)}"
    if getattr(source, "n_frames", 1) != getattr(result, "n_frames", 1):
        return "the number of frames differs"
    for name, words in _BLOCKS.items():
        if source.info.get(name) != result.info.get(name):
            return f"{words} differs"
    if orientation(source) != orientation(result):
        return "the orientation differs"
    return ""


def orientation(picture: Image.Image) -> int:
    """The Exif orientation from 1 to 8; 1 when there is none or it cannot be read."""
    try:
        value = picture.getexif().get(_ORIENTATION, 1)
    except (OSError, SyntaxError, ValueError, TypeError, KeyError):  # Pillow on a broken Exif block
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1
