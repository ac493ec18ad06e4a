"""WebP, made smaller: lossless stays lossless, animation stays as it is coded."""

import io

import numpy as np
from PIL import Image

from homepress.base.formats import ImageType
from homepress.base.override import override
from homepress.compress import savings
from homepress.compress.aim import Codec, EncodeResult, Scorer, code_at_floor
from homepress.compress.convert.picture import Rgba, to_image, to_rgba
from homepress.compress.metadata.errors import Malformed, Refused, RewriteRefusal
from homepress.compress.metadata.soundness import check_webp_metadata
from homepress.compress.metadata.webp import (
    ALPHA,
    PICTURE_CHUNKS,
    VP8X,
    WebpFile,
    canvas,
    read_webp,
    swap_webp_picture,
    write_webp,
)
from homepress.compress.model import Compressed, Reason, Recipe, Unchanged
from homepress.compress.pixels import (
    MOST_PIXELS,
    TooManyPixels,
    Undecodable,
    decode,
    first_difference,
    not_read,
    open_picture,
)
from homepress.compress.score.search import Scale
from homepress.compress.score.ssimulacra2 import to_srgb

# Coding pictures as WebP with libwebp.

MOST_EDGE = 16_383
"""Pixels: what a WebP's header can say (RFC 9649 section 2.4)."""

_FORMATS = ("WEBP",)
_CAREFUL, _QUICK = (6, 90), (4, 75)
"""Method and effort of the lossless coder. Effort 100 costs ten times as much for another percent."""
_CAREFUL_PIXELS = 8_000_000


_TRIED, _KEPT = 4, 6
"""libwebp's effort, 0 to 6: for trying settings, and for the file that is kept."""


class WebpCodec(Codec):
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

    @override
    def encode(self, rgba: Rgba, setting: float) -> bytes:
        """A WebP file at libwebp's quality, which is real-valued."""
        out = io.BytesIO()
        to_image(rgba).save(out, "WEBP", quality=setting, method=_TRIED, alpha_quality=100)
        return out.getvalue()

    @override
    def finish(self, rgba: Rgba, setting: float) -> bytes:
        """As `encode`, in fewer bytes for the same look; the score says whether the setting still does."""
        out = io.BytesIO()
        to_image(rgba).save(out, "WEBP", quality=setting, method=_KEPT, alpha_quality=100)
        return out.getvalue()

    @override
    def decode(self, data: bytes) -> Rgba:
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


# How coarsely a lossy WebP was quantised, from its frame header (RFC 6386 sections 9.2 to 9.6 and 19.2).

_START = b"\x9d\x01\x2a"
_HEADER_BYTES = 10
_EVEN = 128
_SEGMENTS = 4


def quality_of(frame: bytes) -> float:
    """The quality setting of libwebp, 0 to 100, that quantises about like this key frame.

    Args:
        frame: body of a "VP8 " chunk.

    Raises:
        Malformed: it is no key frame or its header is cut short.
    """
    if len(frame) < _HEADER_BYTES + 2 or frame[0] & 1 or frame[3:6] != _START:
        raise Malformed("no key frame")
    index = _quantiser(_BoolDecoder(frame[_HEADER_BYTES:]))
    # libwebp's QualityToCompression, backwards: index = 127 * (1 - cube root of the linear quality).
    linear = float((1.0 - min(index, 127.0) / 127.0) ** 3)
    return 100.0 * (linear * 1.5 if linear < 0.5 else (linear + 1.0) / 2.0)


def _quantiser(bits: "_BoolDecoder") -> float:
    """The quantiser index (0 fine to 127 coarse), as the mean of the segments where they have their own."""
    bits.skip(2)  # colour space, clamping
    segments: list[int] = []
    absolute = False
    if bits.flag():
        update_map, update_data = bits.flag(), bits.flag()
        if update_data:
            absolute = bits.flag()
            segments = [bits.optional(7) for _ in range(_SEGMENTS)]
            for _ in range(_SEGMENTS):
                bits.optional(6)
        if update_map:
            for _ in range(_SEGMENTS - 1):
                if bits.flag():
                    bits.skip(8)
    bits.skip(1 + 6 + 3)  # loop filter: type, level, sharpness
    if bits.flag() and bits.flag():
        for _ in range(8):
            bits.optional(6)
    bits.skip(2)  # number of partitions
    base = bits.number(7)
    if not segments:
        return float(base)
    values = [value if absolute else base + value for value in segments]
    return sum(min(max(value, 0), 127) for value in values) / _SEGMENTS


class _BoolDecoder:
    """VP8's boolean entropy decoder (RFC 6386 section 7.3), for bits that are as likely 0 as 1."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 2
        self._value = int.from_bytes(data[:2], "big")
        self._range = 255
        self._shifted = 0

    def flag(self) -> bool:
        """One bit."""
        split = 1 + ((self._range - 1) * _EVEN >> 8)
        big_split = split << 8
        bit = self._value >= big_split
        if bit:
            self._range -= split
            self._value -= big_split
        else:
            self._range = split
        while self._range < 128:
            self._value <<= 1
            self._range <<= 1
            self._shifted += 1
            if self._shifted == 8:
                self._shifted = 0
                if self._at >= len(self._data):
                    raise Malformed("a frame header is cut short", truncated=True)
                self._value |= self._data[self._at]
                self._at += 1
        return bit

    def number(self, width: int) -> int:
        """An unsigned number of so many bits, the highest first."""
        value = 0
        for _ in range(width):
            value = value << 1 | self.flag()
        return value

    def optional(self, width: int) -> int:
        """A flag, and if it is set a number and its sign; else 0."""
        if not self.flag():
            return 0
        value = self.number(width)
        return -value if self.flag() else value

    def skip(self, width: int) -> None:
        """Pass over so many bits."""
        self.number(width)


# WebP: lossless pictures stay lossless, frame by frame; lossy ones are coded anew only for a clear gain.

_FINE = 92.0
"""Lossy sources under this quality are not coded again; what Homepress makes is under it as a rule."""
_CLEAR_GAIN = 0.85
"""A lossy result must not be larger than this share of its source."""
_FRAME_HEADER = 16  # bytes of an ANMF chunk before the frame's own chunks (RFC 9649 section 2.7.1.1)
_FILE_HEADER = 12  # bytes: "RIFF", length, "WEBP"
_SIGNATURES = frozenset({b"C2PA"})


def compress(source: bytes, recipe: Recipe) -> Compressed | Unchanged:
    """Compress one WebP.

    Args:
        source: the bytes of the file.
        recipe: what is asked; here the floor counts.

    Returns:
        The smaller WebP, or why it stays as it is.

    Raises:
        TooManyPixels: the picture is too large to decode.
    """
    try:
        file = read_webp(source)
        if any(chunk.kind in _SIGNATURES for chunk in file.chunks):
            raise Refused(RewriteRefusal.DEPENDS_ON_CODING, "it has a C2PA signature")
        check_webp_metadata(file)
        size = canvas(file)
        if file.is_animated:
            return _animation(source, file, size)
        if file.first(b"VP8L") is not None:
            return _lossless(source, size)
        return _lossy(source, file, size, recipe.floor)
    except (Malformed, Undecodable) as error:
        return not_read(error, ImageType.WEBP)
    except Refused as refused:
        return Unchanged(Reason.CANNOT_KEEP_WHOLE, str(refused), ImageType.WEBP)


def _lossless(source: bytes, size: tuple[int, int]) -> Compressed | Unchanged:
    picture = decode(source, _FORMATS)
    data = swap_webp_picture(source, encode_lossless(picture))
    if not savings.saves_enough(len(source), len(data), lossless=True):
        return Unchanged(Reason.SAVES_TOO_LITTLE, source_type=ImageType.WEBP)
    if not same_pixels(picture, data):
        return Unchanged(Reason.VERIFY_FAILED, "the pixels of the result differ", ImageType.WEBP)
    return savings.lossless_result(source, data, ImageType.WEBP, size, "lossless WebP")


def _lossy(
    source: bytes, file: WebpFile, size: tuple[int, int], floor: float | None
) -> Compressed | Unchanged:
    frame = file.first(b"VP8 ")
    if frame is None:
        raise Malformed("no picture in it")
    picture = decode(source, _FORMATS)
    if floor is None or quality_of(frame.body) < _FINE:
        return Unchanged(Reason.SAVES_TOO_LITTLE, source_type=ImageType.WEBP)
    rgba = to_rgba(picture)
    scorer = Scorer(rgba, to_srgb("RGB", picture.info.get("icc_profile")))
    coded = code_at_floor(rgba, scorer, floor, WebpCodec())
    if coded is None:
        return Unchanged(Reason.FLOOR_NOT_REACHED, source_type=ImageType.WEBP)
    return _checked(source, swap_webp_picture(source, coded.data), coded, size)


def _checked(
    source: bytes, data: bytes, coded: EncodeResult, size: tuple[int, int]
) -> Compressed | Unchanged:
    if len(data) > _CLEAR_GAIN * len(source):
        return Unchanged(Reason.SAVES_TOO_LITTLE, source_type=ImageType.WEBP)
    result = decode(data, _FORMATS)
    if lost := first_difference(open_picture(source, _FORMATS), result):
        return Unchanged(Reason.VERIFY_FAILED, lost, ImageType.WEBP)
    if (to_rgba(result) != coded.pixels).any():
        return Unchanged(Reason.VERIFY_FAILED, "the pixels differ", ImageType.WEBP)
    method = f"WebP {coded.setting:g}"
    return savings.lossy_result(source, data, ImageType.WEBP, size, method, coded.score, coded.kind)


def _animation(source: bytes, file: WebpFile, size: tuple[int, int]) -> Compressed | Unchanged:
    """Lossless frames are coded anew; all else, lossy frames and timing included, stays byte for byte."""
    _check_frames(file, size)
    chunks: list[tuple[bytes, bytes]] = []
    recoded = 0
    for chunk in file.chunks:
        body = chunk.body
        if chunk.kind == b"ANMF":
            body = _smaller_frame(body)
            recoded += body != chunk.body
        chunks.append((chunk.kind, body))
    data = write_webp(chunks, file.trailing)
    if not savings.saves_enough(len(source), len(data), lossless=True):
        return Unchanged(Reason.SAVES_TOO_LITTLE, source_type=ImageType.WEBP)
    again = [(chunk.kind, chunk.body) for chunk in read_webp(data).chunks]
    if again != chunks:
        return Unchanged(Reason.VERIFY_FAILED, "the result does not read back", ImageType.WEBP)
    return savings.lossless_result(source, data, ImageType.WEBP, size, f"lossless WebP, {recoded} frames")


def _check_frames(file: WebpFile, size: tuple[int, int]) -> None:
    """See that every frame lies within the picture and all together are not too large."""
    pixels = 0
    for chunk in file.chunks:
        if chunk.kind != b"ANMF":
            continue
        if len(chunk.body) < _FRAME_HEADER:
            raise Malformed("a frame is cut short", chunk.start)
        left, top, width, height = (
            int.from_bytes(chunk.body[at : at + 3], "little") for at in range(0, 12, 3)
        )
        if 2 * left + width + 1 > size[0] or 2 * top + height + 1 > size[1]:
            raise Malformed("a frame that lies outside of the picture", chunk.start)
        pixels += (width + 1) * (height + 1)
    if pixels > MOST_PIXELS:
        raise TooManyPixels(f"more than {MOST_PIXELS // 1_000_000} megapixels in all frames")


def _smaller_frame(body: bytes) -> bytes:
    """An ANMF chunk's body with its lossless picture coded anew, if smaller; each frame is decoded."""
    inner = body[_FRAME_HEADER:]
    frame = read_webp(b"RIFF" + (len(inner) + 4).to_bytes(4, "little") + b"WEBP" + inner)
    picture = decode(_alone(frame, body), _FORMATS)
    if frame.first(b"VP8L") is None:
        return body
    coded = encode_lossless(picture)
    recoded = read_webp(coded).first(b"VP8L")
    if recoded is None or not same_pixels(picture, coded):
        return body
    chunks = [(each.kind, recoded.body if each.kind == b"VP8L" else each.body) for each in frame.chunks]
    smaller = body[:_FRAME_HEADER] + write_webp(chunks)[_FILE_HEADER:]
    return smaller if len(smaller) < len(body) else body


def _alone(frame: WebpFile, body: bytes) -> bytes:
    """A WebP file of one frame's picture."""
    chunks = [(chunk.kind, chunk.body) for chunk in frame.chunks if chunk.kind in PICTURE_CHUNKS]
    if frame.first(b"ALPH") is not None:
        chunks.insert(0, (VP8X, bytes((ALPHA, 0, 0, 0)) + body[6:12]))
    return write_webp(chunks)
