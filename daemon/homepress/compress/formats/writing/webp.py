"""Writing WebP."""

from homepress.compress.formats.images import Rgba, to_image
from homepress.compress.formats.lossy import Coded, code_at_floor, may_win
from homepress.compress.formats.picture import CannotConvert, Picture
from homepress.compress.formats.webp_codec import MOST_EDGE, WebpCodec, encode_lossless, same_pixels
from homepress.compress.formats.writing.written import Wish, Written, judge_of, refuse_grey_profile
from homepress.compress.metadata.riff import ALPHA, EXIF, ICC, VP8X, XMP, read_webp, write_webp
from homepress.compress.pixels import Undecodable
from homepress.compress.result import ScoreKind


def write(picture: Picture, wish: Wish) -> Written | None:
    """Write a WebP: lossless where that is smaller than at the floor, or asked for; see `write_picture`."""
    if max(picture.size) > MOST_EDGE:
        raise CannotConvert(f"WebP has at most {MOST_EDGE:,} pixels along an edge")
    refuse_grey_profile(picture, "WebP")
    image = to_image(picture.rgba)
    coded = None
    if wish.floor is not None:
        judge = judge_of(picture)
        coded = code_at_floor(picture.rgba, judge, wish.floor, WebpCodec())
        if coded is not None and not may_win(_lossless, picture.rgba, judge, coded, WebpCodec()):
            return _lossy(picture, coded)
    exact = _lossless(picture.rgba)
    if coded is not None and len(coded.data) < len(exact):
        return _lossy(picture, coded)
    if not same_pixels(image, exact):
        raise Undecodable("the result does not decode to the same pixels")
    return Written(_wrapped(exact, picture), 100.0, ScoreKind.FULL, True, "lossless WebP")


def _lossless(rgba: Rgba) -> bytes:
    image = to_image(rgba)
    return encode_lossless(image if image.mode == "RGBA" else image.convert("RGB"))


def _lossy(picture: Picture, coded: Coded) -> Written:
    method = f"WebP {coded.setting:g}"
    return Written(_wrapped(coded.data, picture), coded.score, coded.kind, False, method)


def _wrapped(data: bytes, picture: Picture) -> bytes:
    """The file with its metadata (RFC 9649 section 2.7: ICCP before the picture, EXIF and XMP behind)."""
    if picture.icc is None and picture.exif is None and picture.xmp is None:
        return data
    file = read_webp(data)
    coding = [(chunk.kind, chunk.body) for chunk in file.chunks if chunk.kind != VP8X]
    lossless = file.first(b"VP8L")
    alpha = file.flags & ALPHA or (ALPHA if lossless is not None and lossless.body[4] & 0x10 else 0)
    flags = alpha
    before, behind = [], []
    if picture.icc is not None:
        flags |= ICC
        before.append((b"ICCP", picture.icc))
    if picture.exif is not None:
        flags |= EXIF
        behind.append((b"EXIF", picture.exif))
    if picture.xmp is not None:
        flags |= XMP
        behind.append((b"XMP ", picture.xmp))
    size = b"".join((edge - 1).to_bytes(3, "little") for edge in picture.size)
    return write_webp([(VP8X, bytes((flags, 0, 0, 0)) + size), *before, *coding, *behind])
