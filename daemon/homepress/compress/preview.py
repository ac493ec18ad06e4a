"""A picture to look at: upright, RGB, no larger than the eye needs."""

import functools
import io
import warnings
from dataclasses import dataclass

from PIL import Image, ImageOps, UnidentifiedImageError

from homepress.base.formats import SNIFF_BYTES, ImageType, sniff
from homepress.compress.likeness import open_heic, open_jxl
from homepress.compress.metadata.jpeg_segments import END_OF_IMAGE, SOS, START_OF_IMAGE, is_frame_marker
from homepress.compress.pixels import DECODER_ERRORS, TOO_MANY_PIXELS, TooManyPixels, Undecodable, undecodable

_WHITE = "white"
_MOST_HELD = 30_000_000
"""Pixels: a larger picture is decoded anew for each part, since two of them are held."""

_PROGRESSIVE = 0xC2
_RST0, _RST7 = 0xD0, 0xD7
"""SOF2 and the restart markers (ITU T.81, table B.1)."""

Part = tuple[float, float, float, float]
"""Left, top, right and bottom as shares of the whole picture, 0 to 1."""


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


def preview(
    source: bytes,
    edge: int,
    *,
    fill: bool = False,
    most_pixels: int,
    most_decoded: int,
    part: Part | None = None,
    rough: bool = False,
) -> Preview:
    """Decode a picture to look at it.

    Args:
        source: the bytes of the file.
        edge: its longer edge shall have at most so many pixels; 0 for as many as there are.
        fill: whether `edge` is of the shorter edge instead, and what stands over is cut off: a square.
        most_pixels: the result is halved until it has no more.
        most_decoded: pixels; larger pictures are not decoded.
        part: what to show of the picture, which is decoded in full then and held for its next part.
        rough: whether the first scans of a progressive JPEG are enough: a third of the time.

    Raises:
        TooManyPixels: it is larger.
        Undecodable: it cannot be read in full.
    """
    if rough and part is None and not source.startswith(START_OF_IMAGE):
        part = (0.0, 0.0, 1.0, 1.0)  # decoded in full anyhow: the next look finds it held
    if part is not None:
        whole = _whole(source, most_decoded)
        full_size, shown = whole.size, _cut_out(whole, part)
        if whole.width * whole.height > _MOST_HELD:
            _whole.cache_clear()
    else:
        full_size, shown = _decoded(_first_scans(source) if rough else source, 2 * edge, most_decoded)
    if edge and fill:
        shown = ImageOps.fit(shown, (edge, edge), Image.Resampling.BILINEAR)
    elif edge and max(shown.size) > edge:
        method = Image.Resampling.LANCZOS if part is None else Image.Resampling.BOX
        shown.thumbnail((edge, edge), method, reducing_gap=None if part is None else 2.0)
    while shown.width * shown.height > most_pixels:
        shown = shown.reduce(2)
    return Preview(shown.tobytes(), shown.size, full_size)


@functools.lru_cache(maxsize=2)
def _whole(source: bytes, most_decoded: int) -> Image.Image:
    """A picture in full; those before and after are looked at part by part."""
    return _decoded(source, 0, most_decoded)[1]


def _cut_out(whole: Image.Image, part: Part) -> Image.Image:
    """A part in whole pixels, one at least."""
    left, top, right, bottom = (
        round(share * side) for share, side in zip(part, (*whole.size, *whole.size), strict=True)
    )
    left, top = min(left, whole.width - 1), min(top, whole.height - 1)
    return whole.crop((left, top, max(left + 1, right), max(top + 1, bottom)))


def _decoded(source: bytes, least: int, most_decoded: int) -> tuple[tuple[int, int], Image.Image]:
    """The full size, and the picture upright in RGB, with a longer edge of `least` pixels or more (0: all).

    Raises:
        TooManyPixels, Undecodable: as `preview` does.
    """
    from homepress.compress.convert.picture import CannotConvert

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with _opened(source, most_decoded) as image:
                full_size = _upright_size(image)
                if least:
                    image.draft("RGB", (least, least))
                return full_size, _rgb(ImageOps.exif_transpose(image))
    except Image.DecompressionBombError as error:
        raise TooManyPixels(TOO_MANY_PIXELS) from error
    except UnidentifiedImageError as error:  # which names an object's address
        raise Undecodable("it is not a picture that can be shown") from error
    except CannotConvert as error:
        raise Undecodable(str(error)) from error
    except (*DECODER_ERRORS, RuntimeError) as error:
        raise undecodable(error) from error


def _first_scans(source: bytes) -> bytes:
    """Of a progressive JPEG the scans in the first quarter of its coded data; all else as it is."""
    at, first = 2, 0
    while source.startswith(START_OF_IMAGE) and source[at : at + 1] == b"\xff" and at + 4 <= len(source):
        marker, length = source[at + 1], int.from_bytes(source[at + 2 : at + 4], "big")
        if is_frame_marker(marker) and marker != _PROGRESSIVE:
            break
        if marker != SOS:
            at += 2 + length
            continue
        if first and at - first > (len(source) - first) // 4:
            return source[:at] + END_OF_IMAGE
        first = first or at
        at = _next_marker(source, at + 2 + length)
    return source


def _next_marker(source: bytes, at: int) -> int:
    """Where the coded data that begins at `at` ends; the end of the file where nothing follows."""
    while (at := source.find(b"\xff", at)) >= 0 and at + 1 < len(source):
        follows = source[at + 1]
        if follows and not _RST0 <= follows <= _RST7:
            return at
        at += 2
    return len(source)


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
