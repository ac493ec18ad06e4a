"""Writing JPEG XL."""

import numpy as np

from homepress.compress.formats.jxl_codec import JxlCodec, encode_lossless
from homepress.compress.formats.lossy import Coded, code_at_floor, may_win
from homepress.compress.formats.picture import CannotConvert, Picture
from homepress.compress.formats.writing.written import Wish, Written, is_srgb, judge_of
from homepress.compress.metadata.isobmff import make_box
from homepress.compress.pixels import Undecodable
from homepress.compress.result import ScoreKind


def write(picture: Picture, wish: Wish) -> Written | None:
    """Write a JPEG XL: lossless where that is smaller than at the floor, or asked for; see `write_picture`.

    The codec takes no profile, so only pictures in sRGB are written.
    """
    if picture.icc is not None and not is_srgb(picture.icc):
        raise CannotConvert("its colour profile cannot be carried in JPEG XL here")
    codec = JxlCodec()
    coded = None
    if wish.floor is not None:
        judge = judge_of(picture)
        coded = code_at_floor(picture.rgba, judge, wish.floor, codec)
        if coded is not None and not np.array_equal(coded.pixels[..., 3], picture.rgba[..., 3]):
            coded = None  # soft edges would come out otherwise
        if coded is not None and not may_win(encode_lossless, picture.rgba, judge, coded, codec):
            return _lossy(picture, coded)
    exact = encode_lossless(picture.rgba)
    if coded is not None and len(coded.data) < len(exact):
        return _lossy(picture, coded)
    if not np.array_equal(codec.decode(exact), picture.rgba):
        raise Undecodable("the result does not decode to the same pixels")
    return Written(_wrapped(exact, picture), 100.0, ScoreKind.FULL, True, "lossless JPEG XL")


def _lossy(picture: Picture, coded: Coded) -> Written:
    method = f"JPEG XL {coded.setting:g}"
    return Written(_wrapped(coded.data, picture), coded.score, coded.kind, False, method)


def _wrapped(data: bytes, picture: Picture) -> bytes:
    """The container with its metadata behind the picture (ISO/IEC 18181-2: boxes "Exif" and "xml ")."""
    parts = [data]
    if picture.exif is not None:
        parts.append(make_box(b"Exif", bytes(4) + picture.exif))
    if picture.xmp is not None:
        parts.append(make_box(b"xml ", picture.xmp))
    return b"".join(parts)
