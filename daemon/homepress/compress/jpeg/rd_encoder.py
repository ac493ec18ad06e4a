"""The own encoder: exact planes and transform, tables after jpegli, levels weighed by cost, in strips."""

import io

import numpy as np
from PIL import Image

from homepress.compress.jpeg.baseline import BaselineWriter
from homepress.compress.jpeg.coefficients import Strip, strips
from homepress.compress.jpeg.encoder import Sample, Sampling
from homepress.compress.jpeg.quantise import Statistics, learn, quantise
from homepress.compress.jpeg.tables import tables
from homepress.compress.raster import Pixels, Windowed


class RateDistortionEncoder:
    """Weighs what each coefficient costs against what it is worth."""

    name = "rate-distortion"

    def sample(self, pixels: Pixels, sampling: Sampling) -> Sample:
        """Prepare a sample."""
        return _TriedSample(pixels, sampling)

    def encode(self, picture: Windowed, sampling: Sampling, quality: float, sample: Sample) -> bytes:
        """Code a whole picture as baseline JPEG; what bits cost in it is learnt from the sample."""
        if not isinstance(sample, _TriedSample):
            raise TypeError("the sample must come from this encoder")
        statistics = sample.statistics(quality)
        writer: BaselineWriter | None = None
        for strip in strips(picture, sampling):
            writer = writer or BaselineWriter(_size(picture), strip.layout, tables(quality))
            _code(strip, quality, statistics, writer)
        assert writer is not None
        return writer.finish()


class _TriedSample:
    """Parts of a picture in one strip, coded at any quality."""

    def __init__(self, pixels: Pixels, sampling: Sampling) -> None:
        self._size = _size(pixels)
        (self._strip,) = strips(pixels, sampling, rows=pixels.shape[0])
        self._streams: dict[float, bytes] = {}

    def decoded(self, quality: float) -> Pixels:
        """What a decoder makes of the sample."""
        return np.asarray(Image.open(io.BytesIO(self._stream(quality))))

    def size(self, quality: float) -> int:
        """Bytes of the sample."""
        return len(self._stream(quality))

    def statistics(self, quality: float) -> Statistics:
        """What is learnt from the sample at a quality."""
        return learn(*self._strip.batch(tables(quality)))

    def _stream(self, quality: float) -> bytes:
        if quality not in self._streams:
            writer = BaselineWriter(self._size, self._strip.layout, tables(quality))
            _code(self._strip, quality, self.statistics(quality), writer)
            self._streams[quality] = writer.finish()
        return self._streams[quality]


def _code(strip: Strip, quality: float, statistics: Statistics, writer: BaselineWriter) -> None:
    batch, activity = strip.batch(tables(quality))
    writer.write(quantise(batch, strip.masks(activity, statistics), statistics))


def _size(picture: Windowed) -> tuple[int, int]:
    return picture.shape[1], picture.shape[0]
