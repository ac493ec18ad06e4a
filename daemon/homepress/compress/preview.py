"""A picture to look at: upright, RGB, no larger than the eye needs."""

import io
import warnings
from dataclasses import dataclass

from PIL import Image, ImageOps, UnidentifiedImageError

from homepress.base.formats import SNIFF_BYTES, ImageType, sniff
from homepress.compress.likeness import open_heic, open_jxl
from homepress.compress.pixels import DECODER_ERRORS, TOO_MANY_PIXELS, TooManyPixels, Undecodable, undecodable

_WHITE = "white"


@dataclass(frozen=True, slots=True)
class Preview:
    """Pixels to show.

    Attributes:
        rgb: rows from top to bottom, three bytes a pixel.
        size: width and height of `rgb` in pixels.
        full_size: of the picture itself, upright.
    """

    rgb: bytes
    size: tuple[int, int]
    full_size: tuple[int, int]


def preview(source: bytes, edge: int, *, fill: bool, most_pixels: int, most_decoded: int) -> Preview:
    """Decode a picture to look at it.

    Args:
        source: the bytes of the file.
        edge: its longer edge shall have at most so many pixels; 0 for as many as there are.
        fill: whether `edge` is of the shorter edge instead, and what stands over is cut off: a square.
        most_pixels: the result is halved until it has no more.
        most_decoded: pixels; larger pictures are not decoded.

    Raises:
        TooManyPixels: it is larger.
        Undecodable: it cannot be read in full.
    """
    from homepress.compress.convert.picture import CannotConvert

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with _opened(source, most_decoded) as image:
                full_size = _upright_size(image)
                if edge:
                    image.draft("RGB", (2 * edge, 2 * edge))
                shown = _rgb(ImageOps.exif_transpose(image))
    except Image.DecompressionBombError as error:
        raise TooManyPixels(TOO_MANY_PIXELS) from error
    except UnidentifiedImageError as error:  # which names an object's address
        raise Undecodable("it is not a picture that can be shown") from error
    except CannotConvert as error:
        raise Undecodable(str(error)) from error
    except (*DECODER_ERRORS, RuntimeError) as error:
        raise undecodable(error) from error
    if edge and fill:
        shown = ImageOps.fit(shown, (edge, edge), Image.Resampling.BILINEAR)
    elif edge:
        shown.thumbnail((edge, edge), Image.Resampling.LANCZOS)
    while shown.width * shown.height > most_pixels:
        shown = shown.reduce(2)
    return Preview(shown.tobytes(), shown.size, full_size)


def _opened(source: bytes, most_decoded: int) -> Image.Image:
    """The picture; decoded already where Pillow's plug-in would start threads, which a worker may not."""
    kind = sniff(source[:SNIFF_BYTES])
    if kind is ImageType.HEIC:
        heic = open_heic(source)
        _check_size(heic.size, most_decoded)
        image: Image.Image = heic.to_pillow()
    elif kind is ImageType.JXL:
        decoded = open_jxl(source)
        image = Image.open(io.BytesIO(decoded)) if isinstance(decoded, bytes) else decoded
    else:
        image = Image.open(io.BytesIO(source))
    _check_size(image.size, most_decoded)
    return image


def _check_size(size: tuple[int, int], most_decoded: int) -> None:
    width, height = size
    if width * height > most_decoded:
        raise TooManyPixels(f"{width} × {height} pixels are more than are opened")


def _upright_size(image: Image.Image) -> tuple[int, int]:
    sideways = image.getexif().get(0x0112) in (5, 6, 7, 8)
    return (image.height, image.width) if sideways else image.size


def _rgb(image: Image.Image) -> Image.Image:
    """RGB; what is transparent stands on white, as in most viewers."""
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        ground = Image.new("RGBA", image.size, _WHITE)
        ground.alpha_composite(image.convert("RGBA"))
        return ground.convert("RGB")
    if image.mode.startswith("I;16"):
        return image.convert("I").point(lambda value: value / 256).convert("L").convert("RGB")
    return image.convert("RGB")
