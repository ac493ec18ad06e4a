"""Coding pictures as JPEG XL with libjxl, where pillow-jxl-plugin is installed; and JPEGs without loss."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from homepress.compress.formats.images import Rgba, to_image
from homepress.compress.formats.optional import codec
from homepress.compress.pixels import Undecodable
from homepress.compress.quality.search import Scale

_EFFORT = 7
_EFFORT_OF_LARGE = 4
_LARGE = 8_000_000
"""Pixels from which on less effort is made, for time and memory."""
_MODES = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4}


@dataclass(frozen=True, slots=True, eq=False)
class DecodedJxl:
    """Pixels and colour profile of a JPEG XL."""

    rgba: Rgba
    icc: bytes | None


class JxlCodec:
    """Lossy JPEG XL; transparency is kept exactly or nearly so, and scored."""

    name = "JPEG XL"
    step = 0.1
    scale = Scale(
        lowest=5.0,
        highest=99.0,
        slope=0.75,
        expected=((30.0, 30.0), (60.0, 62.0), (70.0, 73.0), (80.0, 84.0), (85.0, 89.0), (90.0, 94.0)),
    )

    def encode(self, rgba: Rgba, setting: float) -> bytes:
        """A JPEG XL container at libjxl's quality, which is real-valued."""
        return _encode(rgba, lossless=False, quality=setting)

    def decode(self, data: bytes) -> Rgba:
        """The pixels of a file."""
        return decode_jxl(data).rgba


def encode_lossless(rgba: Rgba) -> bytes:
    """A JPEG XL container of exactly these pixels."""
    return _encode(rgba, lossless=True, quality=100.0)


def decode_jxl(data: bytes) -> DecodedJxl:
    """Decode a still JPEG XL of 8 bits.

    Raises:
        CannotConvert: the codec is not installed.
        Undecodable: it does not decode, or to other than 8 bits.
    """
    jpeg, info, pixels, icc, _ = _decoded(data)
    if jpeg:
        raise Undecodable("a JPEG in JPEG XL's clothes")
    channels = _MODES.get(info.mode)
    if channels is None or len(pixels) != info.width * info.height * channels:
        raise Undecodable(f"its pixels are of another kind ({info.mode})")
    values = np.frombuffer(pixels, np.uint8).reshape(info.height, info.width, channels)
    rgba = np.full((info.height, info.width, 4), 255, np.uint8)
    rgba[..., :3] = values[..., : 3 if channels >= 3 else 1]
    if channels in (2, 4):
        rgba[..., 3] = values[..., -1]
    return DecodedJxl(rgba, bytes(icc) if icc else None)


def from_jpeg(jpeg: bytes, width: int, height: int) -> bytes:
    """A JPEG XL container that the JPEG can be had back from, bit for bit; the caller proves it.

    Raises:
        CannotConvert: the codec is not installed.
        Undecodable: libjxl does not take this JPEG.
    """
    encoder = _plugin().Encoder(
        mode="RGB",
        lossless=True,
        quality=100.0,
        decoding_speed=0,
        effort=_EFFORT,
        use_container=True,
        use_original_profile=False,
        num_threads=1,
    )
    try:
        return bytes(encoder(jpeg, width, height, jpeg_encode=True))
    except (RuntimeError, ValueError, OSError) as error:  # what the plugin raises
        raise Undecodable(str(error)) from error


def to_jpeg(data: bytes) -> bytes | None:
    """The JPEG that a JPEG XL was made from; None if it was not made from one.

    Raises:
        CannotConvert: the codec is not installed.
        Undecodable: it does not decode.
    """
    jpeg, _, pixels, _, _ = _decoded(data)
    return bytes(pixels) if jpeg else None


def _encode(rgba: Rgba, *, lossless: bool, quality: float) -> bytes:
    image = to_image(rgba)
    large = image.width * image.height > _LARGE
    encoder = _plugin().Encoder(
        mode=image.mode,
        lossless=lossless,
        quality=quality,
        decoding_speed=0,
        effort=_EFFORT_OF_LARGE if large else _EFFORT,
        use_container=True,
        use_original_profile=lossless,
        num_threads=1,
    )
    return bytes(encoder(image.tobytes(), image.width, image.height, jpeg_encode=False))


def _decoded(data: bytes) -> tuple[bool, Any, bytes, bytes | None, Any]:
    try:
        found: tuple[bool, Any, bytes, bytes | None, Any] = _plugin().Decoder(num_threads=1)(data)
    except (RuntimeError, ValueError, OSError) as error:  # what the plugin raises
        raise Undecodable(str(error)) from error
    return found


def _plugin() -> Any:
    return codec("pillow_jxl", "pillow-jxl-plugin", "JPEG XL")
