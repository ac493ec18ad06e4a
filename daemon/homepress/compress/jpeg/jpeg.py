"""JPEG: coded anew at the floor, or without loss; everything but the picture's coding stays byte for byte."""

import dataclasses
import hashlib
from collections.abc import Callable

from homepress.base.formats import ImageType
from homepress.compress import savings
from homepress.compress.jpeg import Encoder, Sampling, optimise
from homepress.compress.jpeg.attached import with_smaller_parts
from homepress.compress.jpeg.encoder import PillowEncoder, RateDistortionEncoder
from homepress.compress.jpeg.lossy import EncodedJpeg, code
from homepress.compress.jpeg.whole import (
    JPEG_FORMATS,
    check_codes,
    decode_jpeg,
    decode_whole,
    is_own,
    obstacle,
    quality_of,
)
from homepress.compress.metadata import (
    ColourModel,
    JpegStream,
    Malformed,
    Refused,
    colour_model,
    parse_jpeg,
    picture_only,
)
from homepress.compress.metadata.jpeg_container import swap_primary
from homepress.compress.metadata.jpeg_file import read_jpeg_file
from homepress.compress.metadata.jpeg_tables import is_ambiguous, is_redefined, with_transform
from homepress.compress.metadata.soundness import check_jpeg_metadata
from homepress.compress.model import Compressed, Reason, Recipe, Unchanged
from homepress.compress.pixels import Remembered, Undecodable, first_difference, not_read, open_picture
from homepress.compress.score.ssimulacra2 import to_srgb

_COARSE = 75.0
"""Sources up to this quality are not coded with loss again: much was lost, little is to be gained."""

_CODED = frozenset({ColourModel.GREY, ColourModel.YCC, ColourModel.YCCK})
"""The colour models that are coded anew; the others only without loss, or as these."""

_ENCODERS: tuple[Encoder, ...] = (RateDistortionEncoder(), PillowEncoder())
"""The best by measurement, and one to fall back on where what it made does not decode."""


def compress(source: bytes, recipe: Recipe) -> Compressed | Unchanged:
    """Compress one JPEG.

    Args:
        source: the bytes of the file.
        recipe: what is asked; here the floor counts.

    Returns:
        The smaller JPEG, or why it stays as it is.

    Raises:
        TooManyPixels: the picture is too large to decode.
    """
    try:
        stream = parse_jpeg(source)
        if trouble := obstacle(stream):
            return Unchanged(Reason.CANNOT_KEEP_WHOLE, trouble, ImageType.JPEG)
        check_jpeg_metadata(stream)
        read_jpeg_file(source)  # refuses early what could not be put together again later
        return _compress(source, stream, recipe)
    except (Malformed, Undecodable) as error:
        return not_read(error, ImageType.JPEG)
    except Refused as refused:
        return Unchanged(Reason.CANNOT_KEEP_WHOLE, str(refused), ImageType.JPEG)


def _compress(source: bytes, stream: JpegStream, recipe: Recipe) -> Compressed | Unchanged:
    reason = Reason.SAVES_TOO_LITTLE
    if recipe.floor is not None:
        around = with_transform(source, stream)
        may_lose = _may_lose(stream, parse_jpeg(around))
        result = _lossy(source, stream, recipe.floor, around) if may_lose else None
        if isinstance(result, Compressed):
            return _with_smaller_parts(result)
        reason = result.reason if result else reason
    lossless = _lossless(source, stream)
    if isinstance(lossless, Unchanged) and lossless.reason is Reason.SAVES_TOO_LITTLE:
        return Unchanged(reason, source_type=ImageType.JPEG)
    return lossless


def _may_lose(stream: JpegStream, anew: JpegStream) -> bool:
    """Whether a picture can be coded anew, and neither lost much before nor had its one lossy generation.

    Args:
        stream: of the picture.
        anew: the same with the colour transform that the encoders here use.
    """
    if colour_model(anew) not in _CODED or is_ambiguous(stream):
        return False
    return quality_of(stream) > _COARSE and not is_own(stream)


def _lossy(source: bytes, stream: JpegStream, floor: float, around: bytes) -> Compressed | Unchanged:
    """Code a picture anew at a floor; `around` is the file that it is put into."""
    coded = _code(source, stream, floor)
    if coded is None:
        return Unchanged(Reason.FLOOR_NOT_REACHED, source_type=ImageType.JPEG)
    data = swap_primary(around, coded.coding.smallest())
    if lost := _lost(source, data, coded.is_shown_by):
        return Unchanged(Reason.VERIFY_FAILED, lost, ImageType.JPEG)
    frame = parse_jpeg(data).frame
    method = f"{coded.encoder} {coded.quality:g}, {frame.subsampling}"
    size = (frame.width, frame.height)
    return savings.lossy_result(source, data, ImageType.JPEG, size, method, coded.score, coded.kind)


def _code(source: bytes, stream: JpegStream, floor: float) -> EncodedJpeg | None:
    picture = decode_whole(stream)
    opened = open_picture(source, JPEG_FORMATS)
    shown = to_srgb(opened.mode, opened.info.get("icc_profile"))
    fine = stream.frame.subsampling == Sampling.FULL
    for encoder in _ENCODERS:
        try:
            return code(picture, shown, floor, encoder, fine_colour=fine)
        except Undecodable:  # of what was made, for the source did decode
            continue
    return None


def _lossless(source: bytes, stream: JpegStream) -> Compressed | Unchanged:
    pixels = Remembered(decode_whole(stream))
    check_codes(stream)
    if is_redefined(stream):
        what = "a quantisation table is defined again between its scans"
        return Unchanged(Reason.CANNOT_KEEP_WHOLE, what, ImageType.JPEG)
    alone = swap_primary(source, optimise(picture_only(stream)))
    if len(alone) >= len(source):
        alone = source  # what is attached may be smaller all the same
    data = with_smaller_parts(alone)
    size = (stream.frame.width, stream.frame.height)
    result = savings.lossless_result(source, data, ImageType.JPEG, size, "scans optimised without loss")
    if isinstance(result, Unchanged):
        return result
    # After this only lengths in XMP change, which the comparison below would report.
    lost = _lost(source, alone, lambda made: pixels.are_those_of(decode_jpeg(made)))
    return Unchanged(Reason.VERIFY_FAILED, lost, ImageType.JPEG) if lost else result


def _with_smaller_parts(made: Compressed) -> Compressed:
    """A result whose attached JPEGs take fewer bytes too: without loss, whatever the picture lost."""
    data = with_smaller_parts(made.data)
    return dataclasses.replace(made, data=data, sha256=hashlib.sha256(data).hexdigest())


def _lost(source: bytes, data: bytes, shows_the_same: Callable[[bytes], bool]) -> str:
    """What a result lost of the pixels it should have, or of what is around them; empty when nothing."""
    try:
        before, after = (open_picture(file, JPEG_FORMATS) for file in (source, data))
        same = shows_the_same(data)
        return first_difference(before, after) or ("" if same else "the pixels differ")
    except Undecodable as error:
        return f"the result does not decode ({error})"
