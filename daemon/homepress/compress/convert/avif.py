"""Coding pictures as AVIF with libavif."""

import io
from collections.abc import Mapping
from typing import Any

from PIL import AvifImagePlugin

from homepress.base.override import override
from homepress.compress.aim import Codec
from homepress.compress.convert.picture import Rgba, to_image, to_rgba
from homepress.compress.pixels import decode
from homepress.compress.score.search import Scale

AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # a worker is one of several

_SPEED, _SPEED_OF_LARGE = 6, 8
_LARGE = 8_000_000
"""Pixels from which on less effort is made, for time and memory."""
_CODEC = "aom"
_EXACT_ALPHA: Mapping[str, Any] = {"codec": _CODEC, "advanced": {"alpha:lossless": "1"}}
"""Coded like colours, transparent grounds would get a haze that no score on even grounds speaks of."""


class AvifCodec(Codec):
    """Lossy AVIF with colours in full resolution; transparency is coded without loss."""

    name = "AVIF"
    step = 1.0
    scale = Scale(
        lowest=1.0,
        highest=100.0,
        slope=0.55,
        expected=((30.0, 22.0), (60.0, 44.0), (70.0, 56.0), (80.0, 70.0), (85.0, 81.0), (90.0, 91.0)),
    )

    @override
    def encode(self, rgba: Rgba, setting: float) -> bytes:
        """An AVIF file at libavif's quality, a whole number."""
        return write_avif(rgba, round(setting))

    @override
    def decode(self, data: bytes) -> Rgba:
        return to_rgba(decode(data, ("AVIF",)))


def write_avif(
    rgba: Rgba,
    quality: int,
    *,
    icc: bytes | None = None,
    exif: bytes | None = None,
    xmp: bytes | None = None,
) -> bytes:
    """An AVIF file with its metadata; `exif` must not hold an orientation, or Pillow writes it anew.

    Raises:
        MemoryError: libavif failed, which with whole pictures of possible sizes means that.
    """
    image = to_image(rgba)
    out = io.BytesIO()
    exact = "A" in image.mode and AvifImagePlugin.get_codec_version(_CODEC) is not None
    try:
        image.save(
            out,
            "AVIF",
            quality=quality,
            speed=_SPEED_OF_LARGE if image.width * image.height > _LARGE else _SPEED,
            subsampling="4:0:0" if image.mode == "L" else "4:4:4",
            max_threads=1,
            **(_EXACT_ALPHA if exact else {}),
            icc_profile=icc,
            exif=exif,
            xmp=xmp,
        )
    except RuntimeError as error:
        raise MemoryError(str(error)) from error
    return out.getvalue()
