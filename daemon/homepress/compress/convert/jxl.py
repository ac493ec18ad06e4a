"""JPEG XL: what a header says, decoding and encoding."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from homepress.base.override import override
from homepress.compress.aim import Codec
from homepress.compress.convert.along import Wanted
from homepress.compress.convert.picture import CannotConvert, Rgba, codec, to_image
from homepress.compress.metadata.errors import Malformed
from homepress.compress.metadata.isobmff import Box, read_boxes
from homepress.compress.model import Extra
from homepress.compress.pixels import KindNotRead, colours, undecodable
from homepress.compress.score.search import Scale

# The start of a JPEG XL codestream (ISO/IEC 18181-1 sections 9.2 to 9.3; field names as there).

CODESTREAM = b"\xff\x0a"
"""What a bare codestream begins with."""

_RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
_SIZE_BITS = (9, 13, 18, 30)
_ALPHA_CHANNEL = 0


@dataclass(frozen=True, slots=True)
class JxlHeader:
    """What the picture header says.

    Attributes:
        width: pixels as stored.
        height: likewise.
        depth: bits a sample; 0 for floating point.
        animated: whether it has frames of a duration.
        orientation: 1 to 8, as in Exif; decoders apply it.
        extra_channels: whether there are channels besides colours and transparency.
    """

    width: int
    height: int
    depth: int
    animated: bool
    orientation: int
    extra_channels: bool = False


def read_header(data: bytes) -> JxlHeader:
    """Read the header of a file, bare codestream or container.

    Raises:
        Malformed: it is cut short or no JPEG XL.
    """
    stream = _codestream(data)
    if not stream.startswith(CODESTREAM):
        raise Malformed("no JPEG XL codestream")
    bits = _Bits(stream[2:])
    width, height = _size(bits)
    depth, animated, orientation = 8, False, 1
    if not bits.take(1):  # all_default
        if bits.take(1):  # extra_fields
            orientation = 1 + bits.take(3)
            if bits.take(1):  # have_intr_size
                _size(bits)
            if bits.take(1):  # have_preview
                _preview_size(bits)
            animated = bool(bits.take(1))
            if animated:
                return JxlHeader(width, height, depth, animated, orientation)
        depth = _depth(bits)
        bits.take(1)  # modular_16bit_buffers
        count = _extra_count(bits)
        others = count > 1 or (count == 1 and not _is_transparency(bits))
        return JxlHeader(width, height, depth, animated, orientation, others)
    return JxlHeader(width, height, depth, animated, orientation)


def _extra_count(bits: "_Bits") -> int:
    """num_extra_channels."""
    choice = bits.take(2)
    return choice if choice < 2 else 2 + bits.take(4) if choice == 2 else 1 + bits.take(12)


def _is_transparency(bits: "_Bits") -> bool:
    """Whether an extra channel (ExtraChannelInfo) is alpha."""
    if bits.take(1):  # d_alpha
        return True
    return bits.take(2) == _ALPHA_CHANNEL


def _codestream(data: bytes) -> bytes:
    if data.startswith(CODESTREAM):
        return data
    for box in read_boxes(data):
        if box.kind == b"jxlc":
            return box.content(data)
        if box.kind == b"jxlp":
            return box.content(data)[4:]
    raise Malformed("no JPEG XL codestream")


_METADATA = frozenset({b"Exif", b"xml "})
_CODING = frozenset({b"JXL ", b"ftyp", b"jxlc", b"jxlp", b"jxll", b"jxli", b"jbrd", b"free", b"skip"})
_COMPRESSED, _SIGNATURE, _GAIN_MAP = b"brob", b"jumb", b"jhgm"


def check_boxes(data: bytes, wanted: Wanted) -> tuple[str, ...]:
    """What of a container's boxes is left out where the picture is made anew.

    Raises:
        CannotConvert: there is something that was not asked to be taken out, or cannot be read.
        Malformed: its boxes are broken.
    """
    for box in () if data.startswith(CODESTREAM) else read_boxes(data):
        inner = _inside(box, data)
        if inner == _SIGNATURE:
            raise CannotConvert("it is signed (box jumb)")
        if box.kind == _COMPRESSED and inner in _METADATA:
            raise CannotConvert("its metadata is compressed (Brotli)")
    held = held_boxes(data)
    for extra, words in held.items():
        if extra not in wanted.drop:
            raise CannotConvert(
                f"it holds {words}, which would be left behind; to take that out, drop {extra}"
            )
    return tuple(extra for extra in Extra if extra in held)


def held_boxes(data: bytes) -> dict[Extra, str]:
    """What a container holds beside picture and metadata, in words.

    Raises:
        Malformed: its boxes are broken.
    """
    held: dict[Extra, str] = {}
    for box in () if data.startswith(CODESTREAM) else read_boxes(data):
        inner = _inside(box, data)
        if inner == _GAIN_MAP:
            held[Extra.HDR] = "an HDR gain map"
        elif box.kind not in _CODING and inner not in _METADATA:
            held[Extra.MAKER] = f"data of its maker ({box.kind.decode('latin-1')})"
    return held


def box_words(data: bytes) -> Iterator[str]:
    """The word of the table of parts for each box that is neither coding nor metadata.

    Raises:
        Malformed: its boxes are broken.
    """
    for box in () if data.startswith(CODESTREAM) else read_boxes(data):
        inner = _inside(box, data)
        if inner in (_GAIN_MAP, _SIGNATURE):
            yield Extra.HDR if inner == _GAIN_MAP else "signature"
        elif box.kind not in _CODING and inner not in _METADATA:
            yield Extra.MAKER


def _inside(box: Box, data: bytes) -> bytes:
    """The kind of a box, of one that is compressed that of its content."""
    return box.content(data)[:4] if box.kind == _COMPRESSED else box.kind


def _size(bits: "_Bits") -> tuple[int, int]:
    small = bits.take(1)
    height = 8 * (1 + bits.take(5)) if small else 1 + bits.take(_SIZE_BITS[bits.take(2)])
    ratio = bits.take(3)
    if ratio:
        across, down = _RATIOS[ratio - 1]
        return height * across // down, height
    return (8 * (1 + bits.take(5)) if small else 1 + bits.take(_SIZE_BITS[bits.take(2)])), height


def _preview_size(bits: "_Bits") -> None:
    """PreviewHeader: read past it."""
    by_eight = bits.take(1)
    for last in (False, True):
        if by_eight:
            choice = bits.take(2)
            bits.take((0, 0, 5, 9)[choice])
        else:
            bits.take((6, 8, 10, 12)[bits.take(2)])
        if not last and bits.take(3):
            return


def _depth(bits: "_Bits") -> int:
    """BitDepth: bits of an integer sample, 0 for floating point."""
    if bits.take(1):
        return 0
    choice = bits.take(2)
    return (8, 10, 12)[choice] if choice < 3 else 1 + bits.take(6)


class _Bits:
    """Numbers of so many bits, the lowest bit of each byte first."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data[:64], "little")
        self._left = 8 * min(len(data), 64)

    def take(self, count: int) -> int:
        self._left -= count
        if self._left < 0:
            raise Malformed("a picture header is cut short", truncated=True)
        value = self._value & ((1 << count) - 1)
        self._value >>= count
        return value


# Coding pictures as JPEG XL with libjxl, where pillow-jxl-plugin is installed; and JPEGs without loss.

_EFFORT = 7
_EFFORT_OF_LARGE = 4
_LARGE = 8_000_000

# With 1 libjxl starts a thread and waits for it; a worker may start none.
_NO_MORE_THREADS = 0
"""Pixels from which on less effort is made, for time and memory."""
_MODES = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4}


@dataclass(frozen=True, slots=True, eq=False)
class DecodedJxl:
    """Pixels and colour profile of a JPEG XL."""

    rgba: Rgba
    icc: bytes | None


class JxlCodec(Codec):
    """Lossy JPEG XL; transparency is kept exactly or nearly so, and scored."""

    name = "JPEG XL"
    step = 0.1
    scale = Scale(
        lowest=5.0,
        highest=99.0,
        slope=0.75,
        expected=((30.0, 30.0), (60.0, 62.0), (70.0, 73.0), (80.0, 84.0), (85.0, 89.0), (90.0, 94.0)),
    )

    @override
    def encode(self, rgba: Rgba, setting: float) -> bytes:
        """A JPEG XL container at libjxl's quality, which is real-valued."""
        return _encode(rgba, lossless=False, quality=setting)

    @override
    def decode(self, data: bytes) -> Rgba:
        return decode_jxl(data).rgba


def encode_jxl_lossless(rgba: Rgba) -> bytes:
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
        raise KindNotRead("a JPEG inside a JPEG XL")
    channels = _MODES.get(info.mode)
    if channels is None or len(pixels) != info.width * info.height * channels:
        raise KindNotRead(f"its pixels, which are {colours(info.mode)}")
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
        num_threads=_NO_MORE_THREADS,
    )
    try:
        return bytes(encoder(jpeg, width, height, jpeg_encode=True))
    except (RuntimeError, ValueError, OSError) as error:  # what the plugin raises
        raise undecodable(error) from error


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
        num_threads=_NO_MORE_THREADS,
    )
    return bytes(encoder(image.tobytes(), image.width, image.height, jpeg_encode=False))


def _decoded(data: bytes) -> tuple[bool, Any, bytes, bytes | None, Any]:
    try:
        found: tuple[bool, Any, bytes, bytes | None, Any] = _plugin().Decoder(num_threads=_NO_MORE_THREADS)(
            data
        )
    except (RuntimeError, ValueError, OSError) as error:  # what the plugin raises
        raise undecodable(error) from error
    return found


def _plugin() -> Any:
    return codec("pillow_jxl", "pillow-jxl-plugin", "JPEG XL")
