"""Files of every format with all metadata, made for the tests of conversion, and how they are looked at."""

import io
import zlib
from dataclasses import dataclass

import numpy as np
import pytest
from PIL import Image

from compress import images, pngs
from compress.metadata.exif_builder import exif_block
from homepress.base.formats import ImageType, sniff
from homepress.compress.convert import convert
from homepress.compress.metadata.exif import without_orientation
from homepress.compress.model import Compressed, Recipe, Unchanged

XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"


def needs(kind: ImageType) -> None:
    if kind is ImageType.JXL:
        pytest.importorskip("pillow_jxl")
    if kind is ImageType.HEIC:
        pytest.importorskip("pillow_heif")


def photo(width: int = 320, height: int = 240, *, alpha: bool = False) -> Image.Image:
    pixels = images.photo(width, height)
    if not alpha:
        return Image.fromarray(pixels)
    cover = np.full((height, width, 1), 255, np.uint8)
    cover[: height // 3] = np.linspace(0, 255, width, dtype=np.uint8)[None, :, None]
    return Image.fromarray(np.concatenate((pixels, cover), axis=-1))


def saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


@dataclass
class Source:
    """A made file of one format with all metadata, and how it is turned."""

    data: bytes
    turned: int = 6


def source(kind: ImageType, picture: Image.Image, turned: int = 6) -> Source:
    needs(kind)
    exif, icc = exif_block("<", orientation=turned), images.wide_profile()
    if kind is ImageType.JPEG:
        return Source(
            saved(picture, "JPEG", quality=97, exif=b"Exif\0\0" + exif, icc_profile=icc, xmp=XMP), turned
        )
    if kind is ImageType.PNG:
        text = (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP)
        profile = (b"iCCP", b"icc\0\0" + zlib.compress(icc))
        values = np.asarray(picture).astype(np.uint16)
        made = pngs.png(
            values, 6 if picture.mode == "RGBA" else 2, 8, before=(profile, (b"eXIf", exif), text)
        )
        return Source(made, turned)
    if kind is ImageType.WEBP:
        options = {"lossless": True, "exif": exif, "icc_profile": icc, "xmp": XMP}
        return Source(saved(picture, "WEBP", **options), turned)
    if kind is ImageType.AVIF:
        options = {"quality": 98, "exif": exif, "icc_profile": icc, "xmp": XMP}
        return Source(saved(picture, "AVIF", **options), turned)
    if kind is ImageType.HEIC:
        import pillow_heif

        file = pillow_heif.from_pillow(picture)
        out = io.BytesIO()
        upright = without_orientation(exif)
        file.save(out, quality=95, exif=upright, icc_profile=icc, xmp=XMP)
        return Source(out.getvalue(), 1)
    assert kind is ImageType.BMP
    return Source(saved(picture, "BMP"), 1)


def made(data: bytes, recipe: Recipe) -> Compressed:
    result = convert.compress(data, recipe)
    assert isinstance(result, Compressed), result
    assert sniff(result.data[:64]) is result.image_type
    return result


def refused(data: bytes, recipe: Recipe) -> Unchanged:
    result = convert.compress(data, recipe)
    assert isinstance(result, Unchanged), result
    return result


def shown(data: bytes) -> np.ndarray:
    """The pixels as a viewer shows them that heeds every orientation."""
    if sniff(data[:64]) is ImageType.JXL:
        import pillow_jxl  # noqa: F401  registers itself
    if sniff(data[:64]) is ImageType.HEIC:
        import pillow_heif

        pillow_heif.register_heif_opener()
    from PIL import ImageOps

    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(ImageOps.exif_transpose(image).convert("RGBA"))


def animation(kind: str) -> bytes:
    pictures = [photo(64, 48), photo(64, 48).transpose(Image.Transpose.ROTATE_180)]
    return saved(pictures[0], kind, save_all=True, append_images=pictures[1:], duration=50)
