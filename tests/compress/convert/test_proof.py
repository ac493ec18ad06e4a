"""When a codec lies, nothing is handed over: each proof is put to the test with a coder that errs."""

import dataclasses
import io
import zlib

import numpy as np
import pytest
from PIL import Image

from compress import images, pngs
from compress.png.test_apng import FRAMES, apng
from compress.png.test_palette import as_png, drawing
from compress.sources import source
from compress.test_webp import animation, photo, saved, wasteful
from homepress.base.formats import ImageType
from homepress.compress import webp
from homepress.compress.convert import avif, convert, jpeg_to_jxl, jxl, write
from homepress.compress.convert.jxl import read_header
from homepress.compress.model import Compressed, Reason, Recipe, Unchanged
from homepress.compress.png import apng as apng_module
from homepress.compress.png import png
from homepress.compress.png.coded import CodedPicture
from homepress.compress.png.recode import recode


def one_bit_off(picture: CodedPicture, *arguments: object, **options: object) -> CodedPicture:
    """What oxipng makes, with the last bit of the last byte of its rows flipped."""
    result = recode(picture, *arguments, **options)  # type: ignore[arg-type]
    rows = bytearray(zlib.decompress(result.stream))
    rows[-1] ^= 1
    return dataclasses.replace(result, stream=zlib.compress(bytes(rows), 9))


encode_webp = webp.encode_lossless


def one_pixel_off(image: Image.Image) -> bytes:
    values = np.array(image)
    values[-1, -1, 0] ^= 1
    return encode_webp(Image.fromarray(values))


def reason_of(result: Compressed | Unchanged) -> Reason:
    assert isinstance(result, Unchanged), result
    return result.reason


def test_png(monkeypatch: pytest.MonkeyPatch) -> None:
    source = pngs.png(pngs.flat(2, 8, 160, 160), 2, 8, level=0)
    assert isinstance(png.compress(source, Recipe(floor=None)), Compressed)
    monkeypatch.setattr(png, "recode", one_bit_off)
    assert reason_of(png.compress(source, Recipe(floor=None))) is Reason.VERIFY_FAILED


@pytest.mark.slow
def test_png_in_fewer_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(png, "recode", one_bit_off)
    assert reason_of(png.compress(as_png(drawing()), Recipe(floor=70.0))) is Reason.VERIFY_FAILED


def test_apng(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apng_module, "recode", one_bit_off)
    assert reason_of(png.compress(apng(FRAMES), Recipe(floor=None))) is Reason.VERIFY_FAILED


def test_webp(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webp, "encode_lossless", one_pixel_off)
    assert reason_of(webp.compress(wasteful(photo()), Recipe(floor=None))) is Reason.VERIFY_FAILED


def test_a_webp_frame_that_errs_stays_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webp, "encode_lossless", one_pixel_off)
    assert reason_of(webp.compress(animation(), Recipe(floor=None))) is Reason.SAVES_TOO_LITTLE


def test_lossy_webp(monkeypatch: pytest.MonkeyPatch) -> None:
    source = saved(photo(400, 300), quality=100)
    other = saved(photo(400, 300, seed=9), quality=60)
    monkeypatch.setattr(webp, "swap_webp_picture", lambda _source, _coded: other)
    assert reason_of(webp.compress(source, Recipe(floor=70.0))) is Reason.VERIFY_FAILED


def bmp() -> bytes:
    out = io.BytesIO()
    Image.fromarray(images.photo(200, 150)).save(out, "BMP")
    return out.getvalue()


def test_conversion_to_png(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write, "recode", one_bit_off)
    recipe = Recipe(floor=None, convert_to=ImageType.PNG)
    assert not isinstance(convert.compress(bmp(), recipe), Compressed)


def test_conversion_to_avif(monkeypatch: pytest.MonkeyPatch) -> None:
    right = avif.write_avif
    monkeypatch.setattr(
        write, "write_avif", lambda rgba, quality, **metadata: right(rgba, quality // 2, **metadata)
    )
    recipe = Recipe(floor=70.0, convert_to=ImageType.AVIF)
    assert not isinstance(convert.compress(bmp(), recipe), Compressed)


@pytest.mark.slow
@pytest.mark.parametrize("lost", ["exif", "xmp", "icc"])
def test_metadata_that_gets_lost_on_the_way(monkeypatch: pytest.MonkeyPatch, lost: str) -> None:
    given = source(ImageType.WEBP, photo(320, 240)).data
    recipe = Recipe(floor=70.0, convert_to=ImageType.JPEG)
    right = write.write_picture
    assert isinstance(convert.compress(given, recipe), Compressed)
    monkeypatch.setattr(
        convert,
        "write_picture",
        lambda shown, kind, wish: right(dataclasses.replace(shown, **{lost: None}), kind, wish),
    )
    assert reason_of(convert.compress(given, recipe)) is Reason.VERIFY_FAILED


def test_a_jpeg_that_does_not_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pillow_jxl")
    source = images.jpeg(images.photo(320, 240))
    recipe = Recipe(convert_to=ImageType.JXL)
    assert isinstance(jpeg_to_jxl.compress(source, recipe), Compressed)
    monkeypatch.setattr(jpeg_to_jxl, "to_jpeg", lambda data: (jxl.to_jpeg(data) or b"") + b"\0")
    assert reason_of(jpeg_to_jxl.compress(source, recipe)) is Reason.VERIFY_FAILED


def test_a_jpeg_xl_that_stands_otherwise_than_its_jpeg(monkeypatch: pytest.MonkeyPatch) -> None:
    """Viewers of JPEG XL turn a picture as its codestream says, whatever its Exif block says."""
    pytest.importorskip("pillow_jxl")
    source = images.jpeg(images.photo(320, 240), exif=images.exif(6))
    recipe = Recipe(convert_to=ImageType.JXL)
    result = jpeg_to_jxl.compress(source, recipe)
    assert isinstance(result, Compressed)
    assert read_header(result.data).orientation == 6
    header = dataclasses.replace(read_header(result.data), orientation=1)
    monkeypatch.setattr(jpeg_to_jxl, "read_header", lambda _: header)
    assert reason_of(jpeg_to_jxl.compress(source, recipe)) is Reason.VERIFY_FAILED
