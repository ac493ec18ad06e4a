"""The known-answer checks of every format but JPEG; see `selfcheck`, which has JPEG's and runs them all."""

import io
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

from homepress.base.formats import ImageType
from homepress.compress import webp
from homepress.compress.aim import over
from homepress.compress.convert import avif, jxl
from homepress.compress.convert.picture import Picture, codec, to_rgba
from homepress.compress.convert.write import quickly_coded
from homepress.compress.pixels import decode
from homepress.compress.png.pixels import fingerprint
from homepress.compress.png.recode import recode
from homepress.compress.score.ssimulacra2 import full_score
from homepress.compress.selfcheck import SOFT_EDGE, KnownAnswer, Wrong, expect, sharp_picture, soft_picture

_PNG_PIXELS = "68c9fc715ae1"
"""How the fingerprint of the made picture begins; a decoder that errs in step with its coder is found out."""

# What this version gives, and some points to both sides for others: a broken codec misses by far.
_WEBP_QUALITY, _WEBP_SCORES = 85.0, (80.0, 92.0)
_AVIF_QUALITY, _AVIF_SCORES = 75, (86.0, 95.0)
_JXL_QUALITY, _JXL_SCORES = 85.0, (87.0, 96.0)
_HEIC_QUALITY, _HEIC_SCORES = 80, (88.0, 98.0)


def _check_png() -> None:
    coded = quickly_coded(Picture(sharp_picture()))
    before = fingerprint(coded)
    if not before.hex().startswith(_PNG_PIXELS):
        raise Wrong("a PNG does not decode to the right pixels")
    if fingerprint(recode(coded, level=4)) != before:
        raise Wrong("oxipng changed pixels")


def _check_webp() -> None:
    codec = webp.WebpCodec()
    rgba = soft_picture()
    rgba[..., 3] = sharp_picture(SOFT_EDGE)[..., 3]
    shown = codec.decode(codec.encode(rgba, _WEBP_QUALITY))
    if not np.array_equal(shown[..., 3], rgba[..., 3]):
        raise Wrong("WebP changed transparency")
    expect(full_score(over(rgba, 255), over(shown, 255)), _WEBP_SCORES, "a WebP")


def _check_webp_lossless() -> None:
    image = Image.fromarray(sharp_picture())
    if not webp.same_pixels(image, webp.encode_lossless(image)):
        raise Wrong("lossless WebP changed pixels")


def _check_avif() -> None:
    shown = avif.AvifCodec().decode(avif.write_avif(soft_picture(), _AVIF_QUALITY))
    expect(full_score(over(soft_picture(), 255), over(shown, 255)), _AVIF_SCORES, "an AVIF")


def _check_jxl() -> None:
    codec = jxl.JxlCodec()
    shown = codec.decode(codec.encode(soft_picture(), _JXL_QUALITY))
    expect(full_score(over(soft_picture(), 255), over(shown, 255)), _JXL_SCORES, "a JPEG XL")


def _check_jxl_lossless() -> None:
    rgba = sharp_picture()
    if not np.array_equal(jxl.JxlCodec().decode(jxl.encode_jxl_lossless(rgba)), rgba):
        raise Wrong("lossless JPEG XL changed pixels")
    out = io.BytesIO()
    Image.fromarray(over(rgba, 255)).save(out, "JPEG", quality=90)
    height, width = rgba.shape[:2]
    if jxl.to_jpeg(jxl.from_jpeg(out.getvalue(), width, height)) != out.getvalue():
        raise Wrong("a JPEG does not come back from JPEG XL")


def _check_heic() -> None:
    heif: Any = codec("pillow_heif", "pillow-heif", "reading HEIC")
    out = io.BytesIO()
    try:
        heif.from_pillow(Image.fromarray(over(soft_picture(), 255))).save(out, quality=_HEIC_QUALITY)
    except (RuntimeError, ValueError, OSError):
        return  # this build only reads, and a picture to read cannot be made here
    shown = to_rgba(heif.open_heif(io.BytesIO(out.getvalue()))[0].to_pillow())
    expect(full_score(over(soft_picture(), 255), over(shown, 255)), _HEIC_SCORES, "a HEIC")


def _check_exact(name: str) -> Callable[[], None]:
    """A check that Pillow reads what it wrote in a format without loss."""

    def check() -> None:
        image = Image.fromarray(over(soft_picture(), 255))
        image = image.quantize(64) if name == "GIF" else image
        out = io.BytesIO()
        image.save(out, name)
        shown = decode(out.getvalue(), (name,))
        if not np.array_equal(to_rgba(shown), to_rgba(image)):
            raise Wrong(f"a {name} does not decode to the right pixels")

    return check


CHECKS = (
    KnownAnswer((ImageType.PNG,), True, _check_png),
    KnownAnswer((ImageType.WEBP,), False, _check_webp),
    KnownAnswer((ImageType.WEBP,), True, _check_webp_lossless),
    KnownAnswer((ImageType.GIF,), True, _check_exact("GIF")),
    KnownAnswer((ImageType.TIFF,), True, _check_exact("TIFF")),
    KnownAnswer((ImageType.BMP,), True, _check_exact("BMP")),
    KnownAnswer((ImageType.AVIF,), True, _check_avif),
    KnownAnswer((ImageType.JXL,), False, _check_jxl),
    KnownAnswer((ImageType.JXL,), True, _check_jxl_lossless),
    KnownAnswer((ImageType.HEIC,), True, _check_heic),
)
