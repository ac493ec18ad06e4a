"""Whether a result looks like its source: both decoded small and compared, by a process that made neither.

It is no score: it tells the picture from garbage, another picture, or one that lost a part, for a few percent
of what compressing costs. It shares with the compressor the decoders, and nothing else.
"""

import io
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from PIL import Image, ImageChops, ImageStat

from homepress.base.formats import FORMATS, SNIFF_BYTES, ImageType, sniff
from homepress.compress.jpeg.whole import MOST_SCANS, decode_whole, obstacle, pixels_of
from homepress.compress.metadata.embedded import read_embedded
from homepress.compress.metadata.errors import Malformed, Refused
from homepress.compress.metadata.jpeg_container import settled_headers
from homepress.compress.metadata.jpeg_file import JpegFile, read_jpeg_file
from homepress.compress.metadata.jpeg_segments import START_OF_IMAGE, parse_jpeg
from homepress.compress.pixels import (
    DECODER_ERRORS,
    TOO_MANY_PIXELS,
    Remembered,
    TooManyPixels,
    Undecodable,
    open_picture,
    orientation,
    undecodable,
)

_SCALES: Final = (8, 4, 2)
_LEAST_EDGE: Final = 32
"""Pixels that the shorter edge keeps where the picture has them: small pictures are looked at closer."""
_CELLS: Final = 12
"""So many parts across and down are compared on their own: one that is lost would be averaged away."""
_LEAST_CELL: Final = 4
_LEVELS_OF_8_BITS: Final = 1 / 256
_MOST_CLOSE_PIXELS: Final = 16_000_000
_SMALL_PIXELS: Final = 1_000_000
_EVEN_SHARE: Final = 2 / 3
"""Of the small size, at which pictures are compared whose pixels do not lie upon each other."""
_FINER: Final = 2
"""How many times the pixels of a smaller result its source keeps until it is brought to the same size."""
_UPRIGHT: Final = 1
_FIRST_SIDEWAYS: Final = 5
_TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_TURNED_BY_EXIF: Final = frozenset({ImageType.JPEG, ImageType.PNG, ImageType.WEBP})
_ANIMATED: Final = frozenset({ImageType.GIF, ImageType.PNG, ImageType.WEBP})

Size = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Difference:
    """How far two pictures are apart, in levels of 255.

    Attributes:
        mean: the mean over all pixels, of the colour channel (or transparency) in which it is greatest.
        worst: likewise, in the part of the picture in which it is greatest.
        contrast: how far the source is from a picture of one colour (standard deviation).
    """

    mean: float
    worst: float
    contrast: float


def difference(source: bytes, result: bytes, *, closely: bool = False) -> Difference:
    """Compare two pictures as they are shown: upright, transparency premultiplied.

    Of an animation the first frame is compared and the one in the middle.

    Args:
        source: the bytes of one file.
        result: of the other, which may have fewer pixels.
        closely: at full size where that is not too large, not at 1/8.

    Raises:
        Undecodable, TooManyPixels: one of them cannot be decoded.
    """
    from homepress.compress.convert.picture import CannotConvert

    try:
        first, second = _opened(source), _opened(result)
        middle = first.frames // 2
        found = [_at_frame(first, second, frame, closely) for frame in sorted({0, middle})]
    except Image.DecompressionBombError as error:
        raise TooManyPixels(TOO_MANY_PIXELS) from error
    except (*DECODER_ERRORS, RuntimeError, CannotConvert) as error:
        raise undecodable(error) from error
    return Difference(
        mean=max(one.mean for one in found),
        worst=max(one.worst for one in found),
        contrast=max(one.contrast for one in found),
    )


def _at_frame(first: "_Opened", second: "_Opened", frame: int, closely: bool) -> Difference:
    scale = _close_scale(second.size) if closely else _scale(second.size)
    if first.upright_size != second.upright_size:
        whole = first.small(frame, _finer_scale(first, second))
        even = second.turn != _UPRIGHT  # partial pixels were at its other edges before it was turned
        smaller = _scaled_down(whole, second.upright_size, scale, even=even)
        return _compared(smaller, second.small(frame, scale, even=even))
    even = first.turn != second.turn
    return _compared(first.small(frame, scale, even=even), second.small(frame, scale, even=even))


def _compared(first: Image.Image, second: Image.Image) -> Difference:
    """The difference of two small RGBA pictures."""
    if first.size != second.size:
        raise Undecodable(f"{first.size} pixels beside {second.size}")
    across, down = (min(_CELLS, max(1, edge // _LEAST_CELL)) for edge in first.size)
    before, after = ((_on_black(one), one.getchannel("A")) for one in (first, second))
    bands = [ImageChops.difference(*pair) for pair in zip(before, after, strict=True)]
    parts = [band.resize((across, down), Image.Resampling.BOX) for band in bands]
    mean = max(value for band in bands for value in ImageStat.Stat(band).mean)
    worst = max(high for part in parts for _, high in ImageStat.Stat(part).extrema)
    contrast = max(value for band in before for value in ImageStat.Stat(band).stddev)
    return Difference(mean, max(mean, float(worst)), contrast)


def _on_black(rgba: Image.Image) -> Image.Image:
    ground = Image.new("RGBA", rgba.size, (0, 0, 0, 255))
    return Image.alpha_composite(ground, rgba).convert("RGB")


@dataclass(slots=True)
class _Opened:
    """A picture whose pixels are decoded when they are asked for.

    Attributes:
        picture: as Pillow opened it.
        turn: how its pixels are to be turned, 1 to 8.
        frames: how many it has.
        data: the file, to open it once more; empty where the pixels are there already.
    """

    picture: Image.Image
    turn: int = _UPRIGHT
    frames: int = 1
    data: bytes = b""

    @property
    def size(self) -> Size:
        return self.picture.size

    @property
    def upright_size(self) -> Size:
        width, height = self.size
        return (height, width) if self.turn >= _FIRST_SIDEWAYS else (width, height)

    def small(self, frame: int, scale: int, *, even: bool = False) -> Image.Image:
        """One frame, upright, as RGBA with 1/`scale` of its edges; `even` leaves out partial pixels."""
        (width, height), picture = self.size, self.picture
        if frame:
            picture.seek(frame)
        if self.data and picture.format in FORMATS[ImageType.JPEG].pillow:
            picture = open_picture(self.data, FORMATS[ImageType.JPEG].pillow)
            picture.draft("", (max(1, width // scale), max(1, height // scale)))
            picture.load()
        whole = picture.size == (width, height)  # else the decoder made it small
        small = _reduced(picture, scale) if whole else _rgba(picture)
        if even:
            small = _evened(small, (width / scale, height / scale))
        return small.transpose(_TURNS[self.turn]) if self.turn in _TURNS else small


def _opened(data: bytes) -> _Opened:
    kind = sniff(data[:SNIFF_BYTES])
    if kind is ImageType.HEIC:
        return _Opened(open_heic(data).to_pillow())
    if kind is ImageType.JXL:
        return _jxl(data)
    if kind is None or not FORMATS[kind].pillow:
        raise Undecodable("no picture")
    picture = open_picture(data, FORMATS[kind].pillow)
    frames = int(getattr(picture, "n_frames", 1)) if kind in _ANIMATED else 1
    if kind is ImageType.TIFF:
        picture.load()  # turns it
    if kind is ImageType.PNG and frames == 1 and picture.mode != "P" and "transparency" in picture.info:
        return _Opened(_with_one_colour_clear(data), _orientation(data, kind, picture))
    return _Opened(picture, _orientation(data, kind, picture), frames, data)


def _with_one_colour_clear(data: bytes) -> Image.Image:
    """A PNG that names a colour which is transparent, as RGBA.

    Pillow looks for that colour among pixels that it has brought to 8 bits, and then finds none.
    """
    from homepress.compress.png.coded import BrokenPicture
    from homepress.compress.png.pixels import pixel_rows, read_png

    try:
        file = read_png(data)
        header = file.header
        rgba, top = np.empty((header.height, header.width, 4), np.uint8), 0
        for rows in pixel_rows(file.picture):
            rgba[top : top + len(rows)] = rows >> 8 if header.depth == 16 else rows
            top += len(rows)
    except (BrokenPicture, Malformed) as error:
        raise Undecodable(str(error)) from error
    return Image.fromarray(rgba)


def _jxl(data: bytes) -> _Opened:
    decoded = open_jxl(data)
    return _opened(decoded) if isinstance(decoded, bytes) else _Opened(decoded)


def open_jxl(data: bytes) -> Image.Image | bytes:
    """The pixels of a JPEG XL, or the JPEG that it was made from.

    Raises:
        CannotConvert: the codec is not installed.
        Undecodable: it does not decode.
    """
    from homepress.compress.convert.jxl import decode_jxl, to_jpeg
    from homepress.compress.convert.picture import to_image

    jpeg = to_jpeg(data)
    if jpeg is None:
        return to_image(decode_jxl(data).rgba)
    if sniff(jpeg[:SNIFF_BYTES]) is not ImageType.JPEG:
        raise Undecodable("no JPEG in it")
    return jpeg


def open_heic(data: bytes) -> Any:
    """The picture in a HEIC, as pillow-heif gives it: `size` is known, `to_pillow` decodes it, upright.

    Raises:
        CannotConvert: the codec is not installed.
        OSError, ValueError, RuntimeError, EOFError: it cannot be read.
    """
    from homepress.compress.convert.picture import codec

    heif = codec("pillow_heif", "pillow-heif", "reading HEIC")
    heif.options.DECODE_THREADS = 0
    file = heif.open_heif(io.BytesIO(data))
    return file[file.primary_index]  # which need not be the first


def _scale(size: Size) -> int:
    return next((by for by in _SCALES if min(size) // by >= _LEAST_EDGE), 1)


def _close_scale(size: Size) -> int:
    pixels = size[0] * size[1]
    return next(
        by for by in (1, *reversed(_SCALES)) if pixels <= _MOST_CLOSE_PIXELS * by * by or by == _SCALES[0]
    )


def _finer_scale(larger: _Opened, smaller: _Opened) -> int:
    """How much smaller a picture may be decoded that is to be brought to another's size."""
    if larger.size[0] * larger.size[1] <= _SMALL_PIXELS:
        return 1
    room = max(larger.size) / (_FINER * max(smaller.size))
    return next((by for by in _SCALES if by <= room), 1)


def _scaled_down(picture: Image.Image, size: Size, scale: int, *, even: bool) -> Image.Image:
    """In linear light, as smaller results are made: fine patterns come out darker in other ways."""
    from homepress.compress.convert.picture import scale_down, to_rgba

    small = _reduced(Image.fromarray(scale_down(to_rgba(picture), size)), scale)
    return _evened(small, (size[0] / scale, size[1] / scale)) if even else small


def _evened(small: Image.Image, edges: tuple[float, float]) -> Image.Image:
    """A picture of which the last pixels across and down are partial, in pixels that are all whole."""
    across, down = (max(1, round(_EVEN_SHARE * edge)) for edge in edges)
    return small.resize((across, down), Image.Resampling.BILINEAR, (0.0, 0.0, *edges))


def _reduced(picture: Image.Image, scale: int) -> Image.Image:
    picture.load()
    if scale > 1 and picture.mode in ("L", "RGB"):  # before it gets channels that it does not need
        return _rgba(picture.reduce(scale))
    whole = _rgba(picture)
    return whole.reduce(scale) if scale > 1 else whole


def _rgba(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I;16") or picture.mode == "I":
        grey = picture.convert("I").point(lambda value: value * _LEVELS_OF_8_BITS).convert("L")
        return grey.convert("RGBA")
    if picture.mode == "CMYK":
        from homepress.compress.score.ssimulacra2 import to_srgb

        shown = to_srgb("CMYK", picture.info.get("icc_profile"))(np.asarray(picture))
        return Image.fromarray(shown).convert("RGBA")
    return picture.convert("RGBA")


def _orientation(data: bytes, kind: ImageType, picture: Image.Image) -> int:
    """How the pixels that were decoded are to be turned: as when pictures are converted."""
    if kind is ImageType.AVIF:
        return orientation(picture)
    if kind not in _TURNED_BY_EXIF:
        return _UPRIGHT
    try:
        return read_embedded(data).orientation
    except Malformed:
        return _UPRIGHT


# What is attached to a JPEG is not looked at but compared: nothing of it may be lost.


def has_all_attached(source: bytes, result: bytes) -> bool:
    """Whether a JPEG has all around its picture that another has, in the same order and under the same names.

    Headers are the same but for what the indexes say of sizes and places. A part behind the picture is the
    same byte for byte, or it is a JPEG with the same headers and the same pixels.

    Args:
        source: the one, whose own picture is not looked at here.
        result: the other.
    """
    try:
        before, after = read_jpeg_file(source), read_jpeg_file(result)
        if _behind(before) != _behind(after) or settled_headers(before) != settled_headers(after):
            return False
        most = min(pixels_of(before.stream), pixels_of(after.stream))
        spans = [[(part.start, part.end) for part in file.parts] for file in (before, after)]
        return all(
            _is_same(source[slice(*first)], result[slice(*second)], most)
            for first, second in set(zip(*spans, strict=True))
        )
    except (Malformed, Refused, Undecodable, TooManyPixels):
        return False


def _behind(file: JpegFile) -> list[tuple[int, str, bytes]]:
    """What stands behind a picture, in order: parts by kind and name, all else byte for byte."""
    found = [(part.start, part.end, f"{part.media} {part.label}", b"") for part in file.parts]
    found += [(start, end, "", file.stream.data[start:end]) for start, end in file.unnamed]
    places = sorted({start for start, *_ in found})
    return [(places.index(start), name, data) for start, _, name, data in sorted(found)]


def _is_same(before: bytes, after: bytes, most: int) -> bool:
    """Whether two parts are equal, or two JPEGs whose pixels are, of which they have no more than `most`."""
    if before == after:
        return True
    if not (before.startswith(START_OF_IMAGE) and after.startswith(START_OF_IMAGE)):
        return False
    pair = parse_jpeg(before), parse_jpeg(after)
    headers = [[stream.raw(segment) for segment in stream.headers] for stream in pair]
    if headers[0] != headers[1] or any(stream.tail or obstacle(stream) for stream in pair):
        return False
    if max(map(pixels_of, pair)) > most or len(pair[1].scans) > MOST_SCANS:
        return False
    return Remembered(decode_whole(pair[0])).are_those_of(decode_whole(pair[1]))
