"""Reading JPEG XL (with pillow-jxl-plugin, where it is installed)."""

import numpy as np

from homepress.compress.formats.jxl_codec import decode_jxl, to_jpeg
from homepress.compress.formats.jxl_header import CODESTREAM, read_header
from homepress.compress.formats.picture import CannotConvert, Picture
from homepress.compress.formats.reading import jpeg as jpeg_reader
from homepress.compress.formats.reading.metadata import carried
from homepress.compress.metadata.isobmff import read_boxes
from homepress.compress.pixels import MOST_PIXELS, TooManyPixels
from homepress.imagetype import ImageType

_COMPRESSED = b"brob"


def read(source: bytes, kind: ImageType) -> Picture:  # noqa: ARG001 (every reader offers this)
    """Decode a still JPEG XL of 8 bits; see `read_picture`."""
    header = read_header(source)
    if header.animated:
        raise CannotConvert("it is animated")
    if header.depth != 8:
        depth = f"{header.depth} bits" if header.depth else "floating-point numbers"
        raise CannotConvert(f"it has {depth} a channel")
    if header.width * header.height > MOST_PIXELS:
        raise TooManyPixels(f"more than {MOST_PIXELS // 1_000_000} megapixels")
    if (jpeg := to_jpeg(source)) is not None:
        return jpeg_reader.read(jpeg, ImageType.JPEG)
    if not source.startswith(CODESTREAM) and any(box.kind == _COMPRESSED for box in read_boxes(source)):
        raise CannotConvert("its metadata is compressed (Brotli)")
    decoded = decode_jxl(source)
    along = carried(source)
    return Picture(np.ascontiguousarray(decoded.rgba), decoded.icc, along.exif, along.xmp)
