"""Writing JPEG with the encoder that JPEGs are made smaller with."""

from PIL import Image

from homepress.compress.formats.images import is_opaque, to_image
from homepress.compress.formats.picture import CannotConvert, Picture
from homepress.compress.formats.writing.written import Wish, Written, refuse_grey_profile, wants_grey
from homepress.compress.jpeg import optimise
from homepress.compress.jpeg.decoding import decode_jpeg
from homepress.compress.jpeg.lossy import code
from homepress.compress.jpeg.rd_encoder import RateDistortionEncoder
from homepress.compress.metadata.icc import jpeg_profile_segments
from homepress.compress.metadata.jpeg_headers import EXIF_SIGNATURE, XMP_SIGNATURE
from homepress.compress.metadata.jpeg_segments import APP1, parse_jpeg
from homepress.compress.pixels import Undecodable
from homepress.compress.quality.colour import to_srgb
from homepress.compress.raster import Raster

_MOST_EDGE = 65_500
"""Pixels along an edge that libjpeg takes."""
_MOST_BODY = 65_533
_INCHES = 1


def write(picture: Picture, wish: Wish) -> Written | None:
    """Write a JPEG at the floor; see `write_picture`."""
    if wish.floor is None:
        raise CannotConvert("JPEG is not written without loss")
    if not is_opaque(picture.rgba):
        raise CannotConvert("it has transparency, which JPEG cannot carry")
    if max(picture.size) > _MOST_EDGE:
        raise CannotConvert(f"JPEG has at most {_MOST_EDGE:,} pixels along an edge")
    image = _image(picture)
    encoder = RateDistortionEncoder()
    shown = to_srgb(image.mode, picture.icc)
    coded = code(Raster(image), shown, wish.floor, encoder, fine_colour=True)
    if coded is None:
        return None
    data = _wrapped(optimise(coded.stream), picture)
    if not coded.pixels.are_those_of(decode_jpeg(data)):
        raise Undecodable("optimising the JPEG changed its pixels")
    sampling = "grey" if image.mode == "L" else coded.sampling
    method = f"{encoder.name} {coded.quality:g}, {sampling}"
    return Written(data, coded.score, coded.kind, False, method)


def _image(picture: Picture) -> Image.Image:
    image = to_image(picture.rgba)
    if image.mode == "L" and wants_grey(picture):
        return image
    refuse_grey_profile(picture, "it")
    return image.convert("RGB")


def _wrapped(stream: bytes, picture: Picture) -> bytes:
    """The JPEG with its metadata behind the JFIF header.

    Raises:
        CannotConvert: a block is too long for a segment.
    """
    parsed = parse_jpeg(stream)
    added = []
    if picture.exif is not None:
        added.append(_segment(EXIF_SIGNATURE + picture.exif, "Exif"))
    if picture.xmp is not None:
        added.append(_segment(XMP_SIGNATURE + picture.xmp, "XMP"))
    if picture.icc is not None:
        added.append(jpeg_profile_segments(picture.icc))
    headers = [_with_density(parsed.raw(segment), picture) for segment in parsed.headers]
    coding = [parsed.raw(segment) for segment in parsed.coding]
    return b"".join((b"\xff\xd8", *headers, *added, *picture.jpeg_headers, *coding, b"\xff\xd9"))


def _segment(body: bytes, name: str) -> bytes:
    if len(body) > _MOST_BODY:
        raise CannotConvert(f"its {name} block is longer than JPEG can carry")
    return bytes((0xFF, APP1)) + (len(body) + 2).to_bytes(2, "big") + body


def _with_density(raw: bytes, picture: Picture) -> bytes:
    """A JFIF header that tells the picture's density; other segments as they are."""
    if picture.density is None or raw[4:9] != b"JFIF\0":
        return raw
    across, down = (round(each).to_bytes(2, "big") for each in picture.density)
    return raw[:11] + bytes((_INCHES,)) + across + down + raw[16:]
