"""Encoding pixels as JPEG: our own encoder and Pillow behind one interface."""

import dataclasses
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from homepress.base.override import override
from homepress.compress.core import entries
from homepress.compress.core.library import CompiledCore, Loaded
from homepress.compress.jpeg import model
from homepress.compress.jpeg.entropy import CodedRows, FrameHeaders, Layout
from homepress.compress.jpeg.model import Coding, EncodedSample, Encoder, Floats, Sampling, Table, tables
from homepress.compress.jpeg.quantise import (
    Batch,
    CoreBatch,
    PlainBatch,
    Statistics,
    block_activity,
    calmed,
    learn,
    masking,
)
from homepress.compress.jpeg.smallest import BaselineCoding, RowsCoding
from homepress.compress.jpeg.whole import decode_strictly
from homepress.compress.pixels import Pixels, Windowed

# RGB to the component planes that a JPEG codes (JFIF 1.02: full-range YCbCr of ITU-R BT.601).

_SHIFT = np.float32(128.0)


def padded(pixels: Pixels, unit: int) -> Pixels:
    """The pixels with the last column and row repeated up to whole units."""
    height, width = pixels.shape[:2]
    extra = [(0, -height % unit), (0, -width % unit)] + [(0, 0)] * (pixels.ndim - 2)
    return np.pad(pixels, extra, mode="edge") if any(after for _, after in extra) else pixels


def components(pixels: Pixels, sampling: Sampling) -> list[Floats]:
    """The planes of whole units, level shifted: luma; for colours the two differences; for inks also black.

    Of four channels, inks as Pillow gives them, the first three are coded as if they were red, green and blue
    and the fourth inverted: what libjpeg undoes for YCCK and Pillow for Adobe's convention.
    """
    if pixels.ndim == 2:
        return [pixels.astype(np.float32) - _SHIFT]
    if pixels.shape[2] == 4:
        black = (255 - _SHIFT) - pixels[..., 3].astype(np.float32)
        return [*components(pixels[..., :3], sampling), black]
    red, green, blue = (pixels[..., channel].astype(np.float32) for channel in range(3))
    green *= np.float32(0.587)
    luma = red * np.float32(0.299)
    luma += green
    np.multiply(blue, np.float32(0.114), out=green)
    luma += green
    blue -= luma
    red -= luma
    if sampling is Sampling.QUARTER:
        blue, red = halved(blue), halved(red)
    blue *= np.float32(1 / 1.772)
    red *= np.float32(1 / 1.402)
    luma -= _SHIFT
    return [luma, blue, red]


def halved(plane: Floats) -> Floats:
    """Half the size each way, sharpened so that what decoders blow up again comes close to the original.

    libjpeg's decoder interpolates linearly (3/4 of the near sample, 1/4 of the next). Averaging four pixels
    and blowing up so again weighs samples by 1/8, 3/4, 1/8 along each axis; one step of correction against
    that is twice the average less its blurred self.
    """
    pairs = plane[0::2] + plane[1::2]
    mean = pairs[:, 0::2] + pairs[:, 1::2]
    mean *= np.float32(0.25)
    result = _through_decoder(_through_decoder(mean).T).T
    np.subtract(mean + mean, result, out=result)
    return result


def _through_decoder(plane: NDArray[np.float32]) -> Floats:
    """Averaged pairs of what a decoder interpolates along the first axis; the edge repeats."""
    result = plane * np.float32(0.75)
    eighth = plane * np.float32(0.125)
    result[1:] += eighth[:-1]
    result[:-1] += eighth[1:]
    result[0] += eighth[0]
    result[-1] += eighth[-1]
    return result


# The coefficients of a strip of a picture, and how busy its blocks are.

_STRIP_PIXELS = 1 << 20  # bounds memory; less would be spent on halos
_HALO = 16  # rows above and below a strip that sampling and masking look at


@dataclass(frozen=True, slots=True, eq=False)
class Strip(Protocol):
    """Rows of units of a picture, ready to be quantised.

    Attributes:
        layout: of the components.
        rows: how many rows of units it has, the halo's among them.
        across: units in a row.
        inner: the first row that is not halo, and the first after it that is again.
    """

    layout: Layout
    rows: int
    across: int
    inner: tuple[int, int]

    def batch(self, tables: tuple[Table, Table]) -> tuple[Batch, Floats]:
        """The blocks to be divided by quantisation tables, without the halo; the activity of luma blocks."""
        ...

    def masks(self, activity: Floats, statistics: Statistics) -> Floats:
        """By how much the bits of each block of a batch are dearer, given the activity of its luma blocks."""
        luma = masking(activity, statistics.activity)
        mean = luma.mean(axis=1, keepdims=True, dtype=np.float32)
        return np.concatenate([mean if kind else luma for kind in self.layout.kinds], axis=1).ravel()

    def _inner_units(self) -> slice:
        return slice(self.inner[0] * self.across, self.inner[1] * self.across)

    def _calmed(self, activity: Floats) -> Floats:
        """The activity of luma blocks, (units, blocks of a unit), calmed by the blocks around each."""
        across, down = self.layout.factors[0]
        grid = activity.reshape(self.rows, -1, down, across).transpose(0, 2, 1, 3)
        calm = calmed(grid.reshape(self.rows * down, -1))
        return calm.reshape(self.rows, down, -1, across).transpose(0, 2, 1, 3).reshape(-1, down * across)

    def _luma_blocks(self) -> int:
        across, down = self.layout.factors[0]
        return across * down


@dataclass(frozen=True, slots=True, eq=False)
class PlainStrip(Strip):
    """A strip that numpy works on: the reference.

    Attributes:
        blocks: of each component (units, blocks of a unit, 64) pixels, the halo's among them.
    """

    blocks: tuple[Floats, ...]

    @classmethod
    def of(cls, part: Pixels, layout: Layout, inner: tuple[int, int], sampling: Sampling) -> "PlainStrip":
        """A strip of pixels that are whole units."""
        blocks = tuple(
            model.blocks(plane, across, down)
            for plane, (across, down) in zip(components(part, sampling), layout.factors, strict=True)
        )
        down, across = (length // layout.unit_edge for length in part.shape[:2])
        return cls(layout, down, across, inner, blocks)

    @override
    def batch(self, tables: tuple[Table, Table]) -> tuple[Batch, Floats]:
        kinds = self.layout.block_kinds
        units = len(self.blocks[0])
        steps = np.empty((units, len(kinds), 64), np.float32)
        factors = _factors(tables)
        first = 0
        for part, kind in zip(self.blocks, self.layout.kinds, strict=True):
            model.transform(part, factors[kind], steps[:, first : first + part.shape[1]])
            first += part.shape[1]
        magnitudes = np.abs(steps)
        inner = self._inner_units()
        kept, size = steps[inner].reshape(-1, 64), magnitudes[inner].reshape(-1, 64)
        batch = PlainBatch(kept, size, np.tile(kinds, inner.stop - inner.start))
        activity = block_activity(magnitudes)[:, : self._luma_blocks()]
        return batch, self._calmed(activity)[inner]


@dataclass(frozen=True, slots=True, eq=False)
class CoreStrip(Strip):
    """A strip that the compiled core works on.

    Attributes:
        core: the library.
        coefficients: (units, blocks of a unit, 64), the halo's among them, not divided by anything yet.
    """

    core: CompiledCore
    coefficients: Floats

    @classmethod
    def of(
        cls, core: CompiledCore, part: Pixels, layout: Layout, inner: tuple[int, int], sampling: Sampling
    ) -> "CoreStrip":
        """A strip of pixels that are whole units."""
        found = entries.transform(core, part, quarter=sampling is Sampling.QUARTER)
        down, across = (length // layout.unit_edge for length in part.shape[:2])
        return cls(layout, down, across, inner, core, found)

    @override
    def batch(self, tables: tuple[Table, Table]) -> tuple[Batch, Floats]:
        kinds = self.layout.block_kinds.astype(np.uint8)
        factors = _factors(tables)
        whole = entries.Blocks(self.coefficients, kinds, factors)
        inner = self._inner_units()
        activity = entries.activity(self.core, whole, self._luma_blocks())
        batch = CoreBatch(self.core, entries.Blocks(self.coefficients[inner], kinds, factors))
        return batch, self._calmed(activity)[inner]


def _factors(tables: tuple[Table, Table]) -> Floats:
    """One over the tables of luma and chroma, (2, 64) in zigzag order."""
    divisors = [table[model.NATURAL_OF_ZIGZAG] for table in tables]
    return np.float32(1) / np.array(divisors, np.float32)


def layout_of(picture: Windowed, sampling: Sampling) -> Layout:
    """How the components of a picture are interleaved."""
    return Layout.of(picture.shape[2] if len(picture.shape) == 3 else 1, sampling)


def strips(picture: Windowed, sampling: Sampling, *, rows: int = 0) -> Iterator[Strip]:
    """A picture in strips, from top to bottom.

    Args:
        picture: the picture.
        sampling: of its colours.
        rows: pixels of a strip's height, a multiple of 16; 0 chooses one for the width.
    """
    layout = layout_of(picture, sampling)
    edge = layout.unit_edge
    height, width = picture.shape[:2]
    rows = rows or max(_STRIP_PIXELS // width // _HALO, 1) * _HALO
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        first, last = max(top - _HALO, 0), min(bottom + _HALO, height)
        part = padded(picture[first:last, :], edge)
        inner = ((top - first) // edge, -(-(bottom - first) // edge))
        if core := Loaded.core:
            yield CoreStrip.of(core, part, layout, inner, sampling)
        else:
            yield PlainStrip.of(part, layout, inner, sampling)


# The own encoder: exact planes and transform, tables after jpegli, levels weighed by cost, in strips.


class RateDistortionEncoder(Encoder):
    """Weighs what each coefficient costs against what it is worth."""

    name = "rate-distortion"

    @override
    def sample(self, pixels: Pixels, sampling: Sampling, *, whole: bool = False) -> EncodedSample:
        return _TriedSample(pixels, sampling, whole)

    @override
    def encode(self, picture: Windowed, sampling: Sampling, quality: float, sample: EncodedSample) -> Coding:
        """Code a whole picture as baseline JPEG; what bits cost in it is learnt from the sample."""
        if not isinstance(sample, _TriedSample):
            raise TypeError("the sample must come from this encoder")
        if sample.whole:
            return sample.coding(quality)
        statistics = sample.statistics(quality)
        headers = FrameHeaders(_size(picture), layout_of(picture, sampling), tables(quality))
        rows = [
            row
            for strip in strips(picture, sampling)
            for row in _coded(strip, *strip.batch(headers.tables), statistics)
        ]
        return RowsCoding.of(CodedRows(headers, rows))


class _TriedSample(EncodedSample):
    """Parts of a picture in one strip, or all of it, coded at any quality.

    Attributes:
        whole: whether it is all of the picture.
    """

    def __init__(self, pixels: Pixels, sampling: Sampling, whole: bool) -> None:
        self.whole = whole
        self._size = _size(pixels)
        (self._strip,) = strips(pixels, sampling, rows=pixels.shape[0])
        self._codings: dict[float, RowsCoding] = {}

    @override
    def decoded(self, quality: float) -> Pixels:
        coding = self.coding(quality)
        pixels = decode_strictly(coding.stream)
        if pixels is None:
            return np.asarray(Image.open(io.BytesIO(coding.stream)))
        if self.whole:  # most likely the one that is judged
            self._codings[quality] = dataclasses.replace(coding, pixels=pixels)
        return pixels

    @override
    def size(self, quality: float) -> int:
        return len(self.coding(quality).stream)

    def statistics(self, quality: float) -> Statistics:
        """What is learnt from the sample at a quality."""
        return learn(*self._strip.batch(tables(quality)))

    def coding(self, quality: float) -> RowsCoding:
        """The sample, coded; made once for each quality."""
        if quality not in self._codings:
            batch, activity = self._strip.batch(tables(quality))
            headers = FrameHeaders(self._size, self._strip.layout, tables(quality))
            rows = _coded(self._strip, batch, activity, learn(batch, activity))
            self._codings[quality] = RowsCoding.of(CodedRows(headers, rows))
        return self._codings[quality]


def _coded(strip: Strip, batch: Batch, activity: Floats, statistics: Statistics) -> list[bytes]:
    return batch.coded(strip.masks(activity, statistics), statistics.bits, strip.layout, strip.across)


def _size(picture: Windowed) -> tuple[int, int]:
    return picture.shape[1], picture.shape[0]


# JPEGs, grey or in colours, coded by Pillow's libjpeg with jpegli's tables.


class PillowEncoder(Encoder):
    """libjpeg-turbo with jpegli's quantisation tables at real-valued quality."""

    name = "libjpeg with jpegli's tables"

    @override
    def sample(self, pixels: Pixels, sampling: Sampling, *, whole: bool = False) -> EncodedSample:
        return _CodedSample(pixels, sampling)

    @override
    def encode(self, picture: Windowed, sampling: Sampling, quality: float, sample: EncodedSample) -> Coding:
        """Code a whole picture as baseline JPEG with the standard Huffman codes."""
        return BaselineCoding(_coded_by_pillow(picture[:, :], sampling, quality))


class _CodedSample(EncodedSample):
    """A sample that is tried by coding and decoding it for real."""

    def __init__(self, pixels: Pixels, sampling: Sampling) -> None:
        self._pixels = pixels
        self._sampling = sampling

    @override
    def decoded(self, quality: float) -> Pixels:
        return np.asarray(Image.open(io.BytesIO(_coded_by_pillow(self._pixels, self._sampling, quality))))

    @override
    def size(self, quality: float) -> int:
        return len(_coded_by_pillow(self._pixels, self._sampling, quality))


def _coded_by_pillow(pixels: Pixels, sampling: Sampling, quality: float) -> bytes:
    luma, chroma = (table.tolist() for table in tables(quality))
    options = (
        {"qtables": [luma]} if pixels.ndim == 2 else {"qtables": [luma, chroma], "subsampling": sampling}
    )
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", **options)
    return stream.getvalue()
