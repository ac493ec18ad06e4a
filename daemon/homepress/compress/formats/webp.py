"""WebP: lossless pictures stay lossless, frame by frame; lossy ones are coded anew only for a clear gain."""

from homepress.compress import savings
from homepress.compress.formats.images import to_rgba
from homepress.compress.formats.judge import Judge
from homepress.compress.formats.lossy import Coded, code_at_floor
from homepress.compress.formats.webp_codec import WebpCodec, encode_lossless, same_pixels
from homepress.compress.formats.webp_source import quality_of
from homepress.compress.metadata.errors import Malformed, Refusal, Refused
from homepress.compress.metadata.riff import ALPHA, PICTURE_CHUNKS, VP8X, WebpFile, read_webp, write_webp
from homepress.compress.metadata.soundness import check_webp_metadata
from homepress.compress.metadata.webp_container import canvas, swap_webp_picture
from homepress.compress.pixels import MOST_PIXELS, TooManyPixels, Undecodable, decode, open_picture
from homepress.compress.quality.colour import to_srgb
from homepress.compress.recipe import Recipe
from homepress.compress.result import Compressed, Reason, Unchanged
from homepress.compress.verify import first_difference
from homepress.imagetype import ImageType

_FORMATS = ("WEBP",)
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
            raise Refused(Refusal.DEPENDS_ON_CODING, "a signed manifest")
        check_webp_metadata(file)
        size = canvas(file)
        if file.is_animated:
            return _animation(source, file, size)
        if file.first(b"VP8L") is not None:
            return _lossless(source, size)
        return _lossy(source, file, size, recipe.floor)
    except (Malformed, Undecodable) as error:
        return Unchanged(Reason.BROKEN, str(error), ImageType.WEBP, retry=True)
    except Refused as refused:
        return Unchanged(Reason.CANNOT_KEEP_WHOLE, refused.detail or str(refused), ImageType.WEBP)


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
    judge = Judge(rgba, to_srgb("RGB", picture.info.get("icc_profile")))
    coded = code_at_floor(rgba, judge, floor, WebpCodec())
    if coded is None:
        return Unchanged(Reason.FLOOR_NOT_REACHED, source_type=ImageType.WEBP)
    return _checked(source, swap_webp_picture(source, coded.data), coded, size)


def _checked(source: bytes, data: bytes, coded: Coded, size: tuple[int, int]) -> Compressed | Unchanged:
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
