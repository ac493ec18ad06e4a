"""JPEG: coded anew at the floor, or without loss; everything but the picture's coding stays byte for byte."""

from PIL import Image

from homepress.compress import savings
from homepress.compress.jpeg import Encoder, Sampling, optimise
from homepress.compress.jpeg.lossy import Coded, code
from homepress.compress.jpeg.rd_encoder import RateDistortionEncoder
from homepress.compress.jpeg.source import is_own, obstacle, quality_of
from homepress.compress.metadata import JpegStream, Malformed, Refused, parse_jpeg, picture_only
from homepress.compress.metadata.jpeg_container import swap_primary
from homepress.compress.metadata.jpeg_file import read_jpeg_file
from homepress.compress.pixels import Undecodable, decode, fingerprint, open_picture
from homepress.compress.quality.colour import to_srgb
from homepress.compress.raster import Raster
from homepress.compress.recipe import Recipe
from homepress.compress.result import Compressed, Reason, Unchanged
from homepress.compress.verify import first_difference
from homepress.imagetype import ImageType

_COARSE = 75.0
"""Sources up to this quality are not coded with loss again: much was lost, little is to be gained."""

_MODES = ("L", "RGB")


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
    alone = picture_only(stream)
    picture = decode(alone, ("JPEG",))
    reason = Reason.SAVES_TOO_LITTLE
    if _may_lose(stream, recipe, picture.mode):
        coded = _code(source, stream, picture, recipe.floor or 100.0)
        if coded is not None:
            del picture
            result = _lossy(source, coded)
            if isinstance(result, Compressed) or result.reason is not Reason.SAVES_TOO_LITTLE:
                return result
        else:
            reason = Reason.FLOOR_NOT_REACHED
    return _lossless(source, alone, reason)


def _may_lose(stream: JpegStream, recipe: Recipe, mode: str) -> bool:
    """Whether one lossy generation is asked for, has not been had before, and can be scored."""
    if recipe.floor is None or mode not in _MODES or is_own(stream):
        return False
    return quality_of(stream) > _COARSE


def _code(source: bytes, stream: JpegStream, picture: Image.Image, floor: float) -> Coded | None:
    profile = open_picture(source, ("JPEG", "MPO")).info.get("icc_profile")
    shown = to_srgb(picture.mode, profile)
    fine = stream.frame.subsampling == Sampling.FULL
    return code(Raster(picture), shown, floor, _encoder(), fine_colour=fine)


def _encoder() -> Encoder:
    return RateDistortionEncoder()


def _lossy(source: bytes, coded: Coded) -> Compressed | Unchanged:
    data = swap_primary(source, optimise(coded.stream))
    method = f"{_encoder().name} {coded.quality:g}, {coded.sampling}"
    size = _checked(source, data, coded.fingerprint)
    if isinstance(size, Unchanged):
        return size
    return savings.lossy_result(source, data, ImageType.JPEG, size, method, coded.score, coded.kind)


def _lossless(source: bytes, alone: bytes, reason: Reason) -> Compressed | Unchanged:
    data = swap_primary(source, optimise(alone))
    if not savings.saves_enough(len(source), len(data), lossless=True):
        return Unchanged(reason, source_type=ImageType.JPEG)
    size = _checked(source, data, fingerprint(decode(alone, ("JPEG",))))
    if isinstance(size, Unchanged):
        return size
    return savings.lossless_result(source, data, ImageType.JPEG, size, "scans optimised without loss")


def _checked(source: bytes, data: bytes, pixels: str) -> tuple[int, int] | Unchanged:
    """The size of a result in pixels once it decoded to the expected ones and lost nothing of the source."""
    formats = ("JPEG", "MPO")
    try:
        result = decode(data, formats)
    except Undecodable as error:
        return Unchanged(Reason.VERIFY_FAILED, f"the result does not decode: {error}", ImageType.JPEG)
    if lost := first_difference(open_picture(source, formats), result):
        return Unchanged(Reason.VERIFY_FAILED, lost, ImageType.JPEG)
    if fingerprint(result) != pixels:
        return Unchanged(Reason.VERIFY_FAILED, "the pixels differ", ImageType.JPEG)
    return result.size
