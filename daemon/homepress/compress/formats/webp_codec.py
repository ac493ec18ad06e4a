"""Coding pictures as WebP with libwebp."""

import io

import numpy as np
from PIL import Image

from homepress.compress.formats.images import Rgba, to_image, to_rgba
from homepress.compress.pixels import decode
from homepress.compress.quality.search import Scale

MOST_EDGE = 16_383
"""Pixels: what a WebP's header can say (RFC 9649 section 2.4)."""

_FORMATS = ("WEBP",)
_CAREFUL, _QUICK = (6, 90), (4, 75)
"""Method and effort of the lossless coder. Effort 100 costs ten times as much for another percent."""
_CAREFUL_PIXELS = 8_000_000


class WebpCodec:
    """Lossy WebP; transparency is kept exactly."""

    name = "WebP"
    step = 0.1
    scale = Scale(
        lowest=1.0,
        highest=100.0,
        slope=0.6,
        expected=(
            (20.0, 8.0),
            (50.0, 40.0),
            (65.0, 66.0),
            (75.0, 81.0),
            (80.0, 86.0),
            (85.0, 91.5),
            (90.0, 97.0),
        ),
    )

    def encode(self, rgba: Rgba, setting: float) -> bytes:
        """A WebP file at libwebp's quality, which is real-valued."""
        out = io.BytesIO()
        to_image(rgba).save(out, "WEBP", quality=setting, method=4, alpha_quality=100)
        return out.getvalue()

    def decode(self, data: bytes) -> Rgba:
        """The pixels of a WebP file without animation."""
        return to_rgba(decode(data, _FORMATS))


def encode_lossless(picture: Image.Image) -> bytes:
    """A WebP file of the same pixels, colour beneath transparency included.

    Args:
        picture: of mode "RGB" or "RGBA".
    """
    method, effort = _CAREFUL if picture.width * picture.height <= _CAREFUL_PIXELS else _QUICK
    out = io.BytesIO()
    picture.save(out, "WEBP", lossless=True, exact=True, method=method, quality=effort)
    return out.getvalue()


def same_pixels(picture: Image.Image, data: bytes) -> bool:
    """Whether a WebP file decodes to exactly these pixels."""
    return np.array_equal(to_rgba(picture), to_rgba(decode(data, _FORMATS)))
