"""Writing a picture at a setting of its format, for a size in bytes that decides which."""

import functools
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from homepress.base.formats import ImageType
from homepress.base.override import override
from homepress.compress.aim import Codec
from homepress.compress.convert.avif import AvifCodec
from homepress.compress.convert.jxl import JxlCodec, encode_jxl_lossless
from homepress.compress.convert.picture import CannotConvert, Picture, Rgba, to_image, without_alpha
from homepress.compress.convert.write import (
    avif_file,
    check_avif_alpha,
    jpeg_file,
    jpeg_image,
    jxl_wrapped,
    refuse_as_avif,
    refuse_as_jpeg,
    refuse_as_jxl,
    refuse_as_webp,
    webp_wrapped,
)
from homepress.compress.jpeg import Sampling
from homepress.compress.jpeg.encoder import RateDistortionEncoder
from homepress.compress.jpeg.lossy import FULL_COLOUR_MARGIN, SCALE
from homepress.compress.jpeg.model import QUALITY_STEP, Coding, EncodedSample, on_grid
from homepress.compress.jpeg.smallest import RowsCoding
from homepress.compress.jpeg.whole import decode_jpeg
from homepress.compress.pixels import Pixels, Remembered, Undecodable
from homepress.compress.score.search import Scale
from homepress.compress.webp import WebpCodec, encode_lossless


class TriedPixels(ABC):
    """Some pixels, to be coded at several settings."""

    @abstractmethod
    def size(self, setting: float) -> int:
        """About how many bytes they take; `density` of the coder says how exactly."""

    @abstractmethod
    def decoded(self, setting: float) -> Rgba:
        """What they look like then."""

    @abstractmethod
    def density(self, setting: float) -> float:
        """What the coding that is kept takes of the bytes that `size` gives."""

    def is_usual(self, setting: float) -> bool:
        """Whether that is so near to one that it need not be measured."""
        return False


@dataclass(frozen=True, slots=True, eq=False)
class WrittenFile:
    """A picture written at a setting.

    Attributes:
        data: the whole file.
        pixels: decodes it; raises `Undecodable` where it does not show what was coded.
        method: in words for the history.
        others: as `pixels`, of the further pictures in the file.
    """

    data: bytes
    pixels: Callable[[], Rgba]
    method: str
    others: tuple[Callable[[], Rgba], ...] = ()


class Coder(ABC):
    """Writes pictures at a setting.

    Attributes:
        scale: of the setting.
        step: the least difference of settings that it knows.
        bits: a pixel from which on a busy picture is about better off with all its pixels.
        measures_once: whether one density will do for all shares of the edges.
        tries_quickly: whether trying pixels takes less time than writing them.
    """

    scale: Scale
    step: float
    bits: float
    measures_once: bool
    tries_quickly: bool

    @abstractmethod
    def tried(self, rgba: Rgba, *, whole: bool = False) -> TriedPixels:
        """Pixels of the picture to try settings on.

        Args:
            rgba: parts of it, or all.
            whole: whether they may be all that `write` is given: then what was tried is used again.
        """

    @abstractmethod
    def write(self, picture: Picture, setting: float, tried: TriedPixels) -> WrittenFile:
        """The file of a picture.

        Args:
            picture: what to write.
            setting: on the grid of `step`.
            tried: parts of the same picture.

        Raises:
            CannotConvert: the format cannot show the picture.
        """

    def lossless_size(self, rgba: Rgba) -> int | None:
        """Bytes of pixels without any loss; None where the format does not do that."""
        return None


class JpegCoder(Coder):
    """Writes JPEGs.

    Args:
        picture: the one that is to be written, at any size.
        sampling: of its colours.
    """

    scale = SCALE
    step = QUALITY_STEP
    bits = 0.8
    measures_once = False
    tries_quickly = True

    def __init__(self, picture: Picture, sampling: Sampling) -> None:
        self.is_grey = refuse_as_jpeg(picture)
        """Whether there are no colours to sample."""
        self._sampling = sampling
        self._encoder = RateDistortionEncoder()
        self._ready: tuple[Picture, list[Pixels]] | None = None

    @override
    def tried(self, rgba: Rgba, *, whole: bool = False) -> "_TriedAsJpeg":
        pixels = np.ascontiguousarray(rgba[..., 0]) if self.is_grey else without_alpha(rgba)
        return _TriedAsJpeg(self._encoder, pixels, self._sampling, whole=whole)

    @override
    def write(self, picture: Picture, setting: float, tried: TriedPixels) -> WrittenFile:
        assert isinstance(tried, _TriedAsJpeg)
        quality = on_grid(setting)
        codings = [
            self._encoder.encode(pixels, self._sampling, quality, tried.sample_for(pixels))
            for pixels in self._pixels_of(picture)
        ]
        others = [
            jpeg_file(each.smallest(), other, ())
            for each, other in zip(codings[1:], picture.others, strict=True)
        ]
        data = jpeg_file(codings[0].smallest(), picture, others)
        sampling = "grey" if self.is_grey else self._sampling
        method = f"{self._encoder.name} {quality:g}, {sampling}"
        first, *further = (
            functools.partial(_pixels_of_jpeg, coding, file)
            for coding, file in zip(codings, (data, *others), strict=True)
        )
        return WrittenFile(data, first, method, tuple(further))

    def _pixels_of(self, picture: Picture) -> list[Pixels]:
        """Those of a picture and of its further ones; kept, for it is coded more than once."""
        if self._ready is None or self._ready[0] is not picture:
            pictures = picture, *picture.others
            self._ready = picture, [np.asarray(jpeg_image(each)) for each in pictures]
        return self._ready[1]


def _pixels_of_jpeg(coding: Coding, data: bytes) -> Rgba:
    decoded = decode_jpeg(data)
    known = coding.pixels if isinstance(coding, RowsCoding) else None
    if not Remembered(decode_jpeg(coding.stream) if known is None else known).are_those_of(decoded):
        raise Undecodable("coding the JPEG in fewer bytes changed its pixels")
    return _in_colours(decoded[:, :])


def _in_colours(pixels: Pixels) -> Pixels:
    return np.repeat(pixels[..., None], 3, axis=-1) if pixels.ndim == 2 else pixels


_USUAL_DENSITY = (
    (0.13, 0.40),
    (0.19, 0.58),
    (0.23, 0.68),
    (0.27, 0.76),
    (0.32, 0.82),
    (0.39, 0.855),
    (0.46, 0.89),
    (0.55, 0.907),
    (0.65, 0.926),
    (0.77, 0.935),
    (0.92, 0.945),
    (2.4, 0.94),
    (4.0, 0.92),
)
"""By bits a pixel of the quick coding, what the coding that is kept takes of it in most pictures: each block
costs some bits in the quick one, however empty."""
_USUAL_BITS = 0.5
"""A pixel of the quick coding: with fewer, pictures differ."""
_DENSITIES = np.array(_USUAL_DENSITY).T


class _TriedAsJpeg(TriedPixels):
    def __init__(
        self, encoder: RateDistortionEncoder, pixels: Pixels, sampling: Sampling, *, whole: bool
    ) -> None:
        self._sampled = functools.partial(encoder.sample, pixels, sampling)
        self._encode = functools.partial(encoder.encode, pixels, sampling)
        self._pixels = pixels.shape[0] * pixels.shape[1]
        self._whole = pixels if whole else None
        self._sample = self._sampled(whole=whole)

    def sample_for(self, pixels: Pixels) -> EncodedSample:
        """What tells how to code pixels: all that was tried of these, where they are the same."""
        if self._whole is None or np.array_equal(pixels, self._whole):
            return self._sample
        return self._part

    @functools.cached_property
    def _part(self) -> EncodedSample:
        return self._sampled()

    @override
    def size(self, setting: float) -> int:
        quick = self._sample.size(on_grid(setting))
        return round(quick * float(np.interp(8 * quick / self._pixels, _DENSITIES[0], _DENSITIES[1])))

    @override
    def decoded(self, setting: float) -> Rgba:
        return _in_colours(self._sample.decoded(on_grid(setting)))

    @override
    def density(self, setting: float) -> float:
        kept = self._encode(on_grid(setting), self._sample).smallest()
        return len(kept) / self.size(setting)

    @override
    def is_usual(self, setting: float) -> bool:
        return bool(8 * self._sample.size(on_grid(setting)) >= _USUAL_BITS * self._pixels)


class CodecCoder(Coder):
    """Writes WebP, AVIF or JPEG XL.

    Args:
        picture: the one that is to be written, at any size.
        kind: the format.
    """

    bits = 0.81
    measures_once = True
    tries_quickly = False

    def __init__(self, picture: Picture, kind: ImageType) -> None:
        refuse, codec = _CODECS[kind]
        refuse(picture)
        self._kind = kind
        self._codec = codec()
        self.scale, self.step = self._codec.scale, self._codec.step

    @override
    def tried(self, rgba: Rgba, *, whole: bool = False) -> TriedPixels:
        return _TriedWithCodec(self._codec, rgba)

    @override
    def write(self, picture: Picture, setting: float, tried: TriedPixels) -> WrittenFile:
        if self._kind is ImageType.AVIF:
            data = bare = avif_file(picture, setting)
        else:
            bare = self._codec.finish(picture.rgba, setting)
            data = (webp_wrapped if self._kind is ImageType.WEBP else jxl_wrapped)(bare, picture)
        pixels = functools.partial(self._pixels, picture, bare)
        return WrittenFile(data, pixels, f"{self._codec.name} {setting:g}")

    def _pixels(self, picture: Picture, bare: bytes) -> Rgba:
        pixels = self._codec.decode(bare)
        if self._kind is ImageType.AVIF:
            check_avif_alpha(picture, pixels)
        elif not np.array_equal(pixels[..., 3], picture.rgba[..., 3]):
            raise CannotConvert("its transparency would not be what it was")
        return pixels

    @override
    def lossless_size(self, rgba: Rgba) -> int | None:
        if self._kind is ImageType.AVIF:
            return None
        if self._kind is ImageType.JXL:
            return len(encode_jxl_lossless(rgba))
        image = to_image(rgba)
        return len(encode_lossless(image if image.mode == "RGBA" else image.convert("RGB")))


_CODECS: dict[ImageType, tuple[Callable[[Picture], None], Callable[[], Codec]]] = {
    ImageType.WEBP: (refuse_as_webp, WebpCodec),
    ImageType.AVIF: (refuse_as_avif, AvifCodec),
    ImageType.JXL: (refuse_as_jxl, JxlCodec),
}


class _TriedWithCodec(TriedPixels):
    def __init__(self, codec: Codec, rgba: Rgba) -> None:
        self._codec = codec
        self._rgba = rgba
        self._files: dict[float, bytes] = {}

    @override
    def size(self, setting: float) -> int:
        return len(self._file(setting))

    @override
    def decoded(self, setting: float) -> Rgba:
        return self._codec.decode(self._file(setting))

    @override
    def density(self, setting: float) -> float:
        return len(self._codec.finish(self._rgba, setting)) / self.size(setting)

    def _file(self, setting: float) -> bytes:
        if setting not in self._files:
            self._files[setting] = self._codec.encode(self._rgba, setting)
        return self._files[setting]


def coder_of(picture: Picture, kind: ImageType) -> Coder:
    """What writes a picture in a format that has a setting.

    Raises:
        CannotConvert: the format cannot show it.
    """
    if kind is ImageType.JPEG:
        return JpegCoder(picture, Sampling.QUARTER)
    return CodecCoder(picture, kind)


_NEARLY_ALL = 96.0
"""A quality from which on a picture that lost pixels may have bits to spare for more of its colours."""


def finer_coder(
    coder: Coder, picture: Picture, setting: float, score: float, *, smaller: bool
) -> Coder | None:
    """Another one that keeps more of the colours, where a setting is so high for its score that it may.

    Args:
        coder: the one that would be used.
        picture: what it codes.
        setting: that the size in bytes allows.
        score: to be expected, at the old size.
        smaller: whether pixels go: then scores are low for their settings anyhow.
    """
    costly = setting > (_NEARLY_ALL if smaller else coder.scale.guess(score) + FULL_COLOUR_MARGIN)
    if costly and isinstance(coder, JpegCoder) and not coder.is_grey:
        return JpegCoder(picture, Sampling.FULL)
    return None
