"""JPEG: coded anew at the floor, or without loss; everything but the picture's coding stays byte for byte."""

from homepress.compress import savings
from homepress.compress.jpeg import Encoder, Sampling, optimise
from homepress.compress.jpeg.lossy import Coded, code
from homepress.compress.jpeg.rd_encoder import RateDistortionEncoder
from homepress.compress.jpeg.source import is_own, obstacle, quality_of
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
from homepress.compress.metadata.jpeg_tables import is_ambiguous
from homepress.compress.pixels import Undecodable, decode, fingerprint, open_picture
from homepress.compress.quality.colour import to_srgb
from homepress.compress.raster import Raster
from homepress.compress.recipe import Recipe
from homepress.compress.result import Compressed, Reason, Unchanged
from homepress.compress.verify import first_difference
from homepress.imagetype import ImageType

_COARSE = 75.0
"""Sources up to this quality are not coded with loss again: much was lost, little is to be gained."""

_CODED = frozenset({ColourModel.GREY, ColourModel.YCC, ColourModel.YCCK})
"""The colour models that are coded anew; the others only without loss."""
_FORMATS = ("JPEG", "MPO")
"""Pillow's names: a JPEG with a multi-picture index is an MPO to it."""

_ENCODER: Encoder = RateDistortionEncoder()


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
        read_jpeg_file(source)  # refuses early what could not be put together again later
        return _compress(source, stream, recipe)
    except (Malformed, Undecodable) as error:
        return Unchanged(Reason.BROKEN, str(error), ImageType.JPEG, retry=True)
    except Refused as refused:
        return Unchanged(Reason.CANNOT_KEEP_WHOLE, str(refused), ImageType.JPEG)


def _compress(source: bytes, stream: JpegStream, recipe: Recipe) -> Compressed | Unchanged:
    reason = Reason.SAVES_TOO_LITTLE
    if recipe.floor is not None and _may_lose(stream):
        coded = _code(source, stream, recipe.floor)
        if coded is None:
            reason = Reason.FLOOR_NOT_REACHED
        else:
            result = _lossy(source, coded)
            if isinstance(result, Compressed) or result.reason is not Reason.SAVES_TOO_LITTLE:
                return result
    return _lossless(source, stream, reason)


def _may_lose(stream: JpegStream) -> bool:
    """Whether a picture can be coded anew, and neither lost much before nor had its one lossy generation."""
    if colour_model(stream) not in _CODED or is_ambiguous(stream):
        return False
    return quality_of(stream) > _COARSE and not is_own(stream)


def _code(source: bytes, stream: JpegStream, floor: float) -> Coded | None:
    picture = decode(picture_only(stream), ("JPEG",))
    profile = open_picture(source, _FORMATS).info.get("icc_profile")
    fine = stream.frame.subsampling == Sampling.FULL
    return code(Raster(picture), to_srgb(picture.mode, profile), floor, _ENCODER, fine_colour=fine)


def _lossy(source: bytes, coded: Coded) -> Compressed | Unchanged:
    data = swap_primary(source, optimise(coded.stream))
    size = _checked(source, data, coded.fingerprint)
    if isinstance(size, Unchanged):
        return size
    method = f"{_ENCODER.name} {coded.quality:g}, {parse_jpeg(data).frame.subsampling}"
    return savings.lossy_result(source, data, ImageType.JPEG, size, method, coded.score, coded.kind)


def _lossless(source: bytes, stream: JpegStream, reason: Reason) -> Compressed | Unchanged:
    alone = picture_only(stream)
    pixels = fingerprint(decode(alone, ("JPEG",)))
    data = swap_primary(source, optimise(alone))
    if not savings.saves_enough(len(source), len(data), lossless=True):
        return Unchanged(reason, source_type=ImageType.JPEG)
    size = _checked(source, data, pixels)
    if isinstance(size, Unchanged):
        return size
    return savings.lossless_result(source, data, ImageType.JPEG, size, "scans optimised without loss")


def _checked(source: bytes, data: bytes, pixels: str) -> tuple[int, int] | Unchanged:
    """The size of a result in pixels once it decoded to the expected ones and lost nothing of the source."""
    try:
        result = decode(data, _FORMATS)
    except Undecodable as error:
        return Unchanged(Reason.VERIFY_FAILED, f"the result does not decode: {error}", ImageType.JPEG)
    if lost := first_difference(open_picture(source, _FORMATS), result):
        return Unchanged(Reason.VERIFY_FAILED, lost, ImageType.JPEG)
    if fingerprint(result) != pixels:
        return Unchanged(Reason.VERIFY_FAILED, "the pixels differ", ImageType.JPEG)
    return result.size
