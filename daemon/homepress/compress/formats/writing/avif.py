"""Writing AVIF."""

import numpy as np

from homepress.compress.formats.avif_codec import AvifCodec, write_avif
from homepress.compress.formats.lossy import code_at_floor
from homepress.compress.formats.picture import CannotConvert, Picture
from homepress.compress.formats.writing.written import Wish, Written, judge_of, refuse_grey_profile
from homepress.compress.pixels import Undecodable


def write(picture: Picture, wish: Wish) -> Written | None:
    """Write an AVIF at the floor; see `write_picture`."""
    if wish.floor is None:
        raise CannotConvert("AVIF is not written without loss")
    refuse_grey_profile(picture, "AVIF")
    codec = AvifCodec()
    coded = code_at_floor(picture.rgba, judge_of(picture), wish.floor, codec)
    if coded is None:
        return None
    data = write_avif(picture.rgba, round(coded.setting), icc=picture.icc, exif=picture.exif, xmp=picture.xmp)
    if not np.array_equal(codec.decode(data), coded.pixels):
        raise Undecodable("the result does not decode to the pixels that were scored")
    if not np.array_equal(coded.pixels[..., 3], picture.rgba[..., 3]):
        raise CannotConvert("its transparency cannot be carried exactly in AVIF here")
    return Written(data, coded.score, coded.kind, False, f"AVIF {coded.setting:g}")
