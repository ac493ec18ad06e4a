"""JPEGs, grey or in colours, coded by Pillow's libjpeg with jpegli's tables."""

import io

import numpy as np
from PIL import Image

from homepress.compress.jpeg.encoder import Sample, Sampling
from homepress.compress.jpeg.tables import tables
from homepress.compress.raster import Pixels, Windowed


class PillowEncoder:
    """libjpeg-turbo with jpegli's quantisation tables at real-valued quality."""

    name = "libjpeg with jpegli's tables"

    def sample(self, pixels: Pixels, sampling: Sampling) -> Sample:
        """Prepare a sample."""
        return _CodedSample(pixels, sampling)

    def encode(self, picture: Windowed, sampling: Sampling, quality: float, sample: Sample) -> bytes:
        """Code a whole picture as baseline JPEG with the standard Huffman codes."""
        return _coded(picture[:, :], sampling, quality)


class _CodedSample:
    """A sample that is tried by coding and decoding it for real."""

    def __init__(self, pixels: Pixels, sampling: Sampling) -> None:
        self._pixels = pixels
        self._sampling = sampling

    def decoded(self, quality: float) -> Pixels:
        """What a decoder makes of the sample."""
        return np.asarray(Image.open(io.BytesIO(_coded(self._pixels, self._sampling, quality))))

    def size(self, quality: float) -> int:
        """Bytes of the sample."""
        return len(_coded(self._pixels, self._sampling, quality))


def _coded(pixels: Pixels, sampling: Sampling, quality: float) -> bytes:
    luma, chroma = (table.tolist() for table in tables(quality))
    options = (
        {"qtables": [luma]} if pixels.ndim == 2 else {"qtables": [luma, chroma], "subsampling": sampling}
    )
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", **options)
    return stream.getvalue()
