"""Another format: what is carried, what is refused, and that the floor holds."""

import dataclasses
import importlib
import io
import shutil
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, TiffImagePlugin

from compress import images, phones, pngs
from compress.metadata import jpeg_builder as built
from compress.metadata.exif_builder import exif_block
from compress.part_files import deep_tiff
from compress.sources import XMP, animation, made, needs, photo, refused, saved, shown, source
from homepress.base.formats import FORMATS, ImageType
from homepress.compress import Compressed, Unchanged, aim, compress, savings
from homepress.compress.convert import write
from homepress.compress.convert.along import Wanted
from homepress.compress.convert.read import read_picture
from homepress.compress.jpeg import lossy
from homepress.compress.likeness import difference
from homepress.compress.metadata.embedded import read_embedded
from homepress.compress.metadata.exif import without_orientation
from homepress.compress.model import Extra, MetadataPolicy, Reason, Recipe
from homepress.compress.png.pixels import pixel_rows, read_png
from homepress.compress.score.ssimulacra2 import full_score, to_srgb
from rules.reasons import in_code

PAIRS = [
    *[(ImageType.JPEG, target) for target in (ImageType.PNG, ImageType.WEBP, ImageType.AVIF)],
    *[(ImageType.PNG, target) for target in (ImageType.JPEG, ImageType.WEBP, ImageType.AVIF)],
    *[(ImageType.WEBP, target) for target in (ImageType.JPEG, ImageType.PNG)],
    *[(ImageType.AVIF, target) for target in (ImageType.JPEG, ImageType.WEBP)],
    *[(ImageType.HEIC, target) for target in (ImageType.JPEG, ImageType.PNG)],
]


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "target"), PAIRS)
def test_pixels_orientation_and_metadata_are_carried(
    kind: ImageType, target: ImageType, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A photograph as PNG is larger than its source; what is carried is the same.
    monkeypatch.setattr(savings, "is_worth_it", lambda *_, **__: True)
    given = source(kind, photo())
    floor = 75.0 if kind in (ImageType.PNG, ImageType.WEBP) else 40.0
    recipe = Recipe(floor=floor, convert_to=target)
    result = made(given.data, recipe)
    assert (result.image_type, result.source_type) == (target, kind)
    before, after = shown(given.data), shown(result.data)
    assert after.shape == before.shape
    assert full_score(before[..., :3].copy(), after[..., :3].copy()) >= floor - 5
    told, kept = read_embedded(given.data), read_embedded(result.data)
    assert kept.exif == (without_orientation(told.exif[0]),)
    assert kept.xmp == (XMP,)
    assert kept.icc == images.wide_profile()


@pytest.mark.slow
@pytest.mark.parametrize("target", [ImageType.PNG, ImageType.WEBP, ImageType.AVIF, ImageType.JXL])
def test_transparency_is_carried(target: ImageType) -> None:
    needs(target)
    picture = photo(alpha=True)
    given = pngs.png(np.asarray(picture).astype(np.uint16), 6, 8, level=0)
    result = made(given, Recipe(floor=60.0, convert_to=target, max_edge=300))
    after = shown(result.data)
    assert after.shape == (225, 300, 4)
    assert after[0, 0, 3] < 10
    assert after[-1, -1, 3] == 255


@pytest.mark.slow
@pytest.mark.parametrize("target", [ImageType.WEBP, ImageType.AVIF])
def test_transparency_is_exact_where_colours_lose_much(target: ImageType) -> None:
    values = np.asarray(photo(alpha=True)).astype(np.uint16)
    given = pngs.png(values, 6, 8, level=0)
    result = made(given, Recipe(floor=35.0, convert_to=target))
    assert not result.lossless
    assert np.array_equal(shown(result.data)[..., 3], values[..., 3])


def test_transparency_to_jpeg_is_refused_unless_there_is_none() -> None:
    recipe = Recipe(floor=70.0, convert_to=ImageType.JPEG)
    values = np.asarray(photo(alpha=True)).astype(np.uint16)
    result = refused(pngs.png(values, 6, 8), recipe)
    assert result.reason is Reason.CANNOT_CONVERT
    assert "transparency" in result.detail
    values[..., 3] = 255
    assert made(pngs.png(values, 6, 8), recipe).image_type is ImageType.JPEG


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (animation("GIF"), "animated"),
        (animation("WEBP"), "animated"),
        (animation("PNG"), "animated"),
        (animation("TIFF"), "page"),
        (pngs.png(pngs.samples(2, 8, 40, 40), 2, 8, before=((b"cICP", bytes((9, 16, 0, 1))),)), "cICP"),
        (saved(photo(64, 48).convert("LAB"), "TIFF"), "Lab"),
        (saved(Image.new("F", (40, 40)), "TIFF"), "bits"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
    ],
)
def test_what_would_lose_something_is_refused(data: bytes, told: str) -> None:
    result = refused(data, Recipe(floor=70.0, convert_to=ImageType.AVIF))
    assert result.reason is Reason.CANNOT_CONVERT
    assert told in result.detail


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "AVIF"])
@pytest.mark.parametrize(
    "recipe",
    [
        *(Recipe(floor=40.0, convert_to=each, bigger=True) for each in ImageType if FORMATS[each].target),
        Recipe(floor=40.0, max_edge=20),
        Recipe(floor=40.0, fit_under=300),
    ],
)
def test_an_animation_is_not_made_a_still_picture(kind: str, recipe: Recipe) -> None:
    given = animation(kind)
    if recipe.convert_to is ImageType(kind.lower()):
        assert not isinstance(result := compress(given, recipe), Compressed) or frames(result.data) == 2
        return
    result = refused(given, recipe)
    assert result.reason in (Reason.CANNOT_CONVERT, Reason.CANNOT_FIT, Reason.FORMAT_LEFT_ALONE)
    if kind == "AVIF" and recipe.convert_to is None:
        return  # no still picture of its kind is either
    if kind == "GIF" and recipe.fit_under and "gifsicle" in str(result):
        return  # nor is any here
    assert "animated" in result.detail or "sequence of pictures" in result.detail


def frames(data: bytes) -> int:
    with Image.open(io.BytesIO(data)) as opened:
        return int(getattr(opened, "n_frames", 1))


def bmp(bits: int, coding: int, body: bytes, *, before: bytes = b"", size: tuple[int, int] = (8, 3)) -> bytes:
    """A BMP with a header of 40 bytes; `before` stands between header and pixels."""
    start = 54 + len(before)
    head = b"BM" + struct.pack("<IHHI", start + len(body), 0, 0, start)
    return (
        head + struct.pack("<IiiHHIIiiII", 40, *size, 1, bits, coding, len(body), 0, 0, 0, 0) + before + body
    )


PALETTE = bytes(value for level in range(256) for value in (level, 255 - level, level // 2, 0))
ROWS = b"\x08\x11\0\0" + b"\x03\x22\0\x05\1\2\3\4\5\0" + b"\0\0" + b"\x08\x33\0\1"


def test_runs_of_a_bmp_are_read() -> None:
    recipe = Recipe(floor=None, convert_to=ImageType.PNG, bigger=True)
    pixels = shown(made(bmp(8, 1, ROWS, before=PALETTE), recipe).data)
    assert [int(value) for value in pixels[1, :, 0]] == [0x22 // 2] * 3 + [0, 1, 1, 2, 2]


@pytest.mark.parametrize(
    ("runs", "told"),
    [
        (ROWS[:-2], "cut short"),
        (ROWS[:11], "cut short"),
        (ROWS[4:], "2 of 3 rows"),
        (b"\x07" + ROWS[1:], "row 1 of its runs ends after 7 of 8 pixels"),
        (b"\x09" + ROWS[1:], "row 1 of its runs is longer"),
    ],
)
def test_damaged_runs_of_a_bmp_are_noticed(runs: bytes, told: str) -> None:
    result = refused(
        bmp(8, 1, runs, before=PALETTE), Recipe(floor=None, convert_to=ImageType.PNG, bigger=True)
    )
    assert result.reason is Reason.BROKEN
    assert told in result.detail


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (
            bmp(32, 3, bytes(96), before=struct.pack("<3I", 0x3FF00000, 0xFFC00, 0x3FF)),
            "the layout of its pixels",
        ),
        (bmp(8, 1, b"\0\2\0\1" + ROWS, before=PALETTE), "leave pixels out"),
        (b"II+\0\x08\0\0\0" + struct.pack("<QQ", 16, 0) + bytes(40), "BigTIFF"),
        (
            b"II*\0\x08\0\0\0"
            + struct.pack("<H", 8)
            + b"".join(
                struct.pack("<HHII", tag, 4, 1, value)
                for tag, value in (
                    *((256, 8), (257, 8), (258, 16), (259, 1), (262, 1), (273, 200), (279, 128), (339, 3)),
                )
            )
            + bytes(300),
            "the layout of its pixels",
        ),
    ],
)
def test_what_is_whole_and_not_read_is_not_called_broken(data: bytes, told: str) -> None:
    result = refused(data, Recipe(floor=70.0, convert_to=ImageType.PNG))
    assert (result.reason, result.transient) == (Reason.UNSUPPORTED, False)
    assert told in result.detail


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF"])
def test_a_reason_is_in_words_and_the_same_each_time(kind: str) -> None:
    whole = saved(photo(64, 48), kind)
    for length in range(30, len(whole), len(whole) // 40 + 1):
        told = [compress(whole[:length], Recipe(convert_to=ImageType.JPEG)) for _ in range(2)]
        assert told[0] == told[1]
        if isinstance(told[0], Unchanged):
            assert not in_code(str(told[0])), told[0]
            assert told[0].detail or told[0].reason is not Reason.BROKEN


def exif_jpeg(kind: int, value: bytes) -> bytes:
    """A JPEG whose Exif block has an orientation of some type."""
    entry = struct.pack("<HHI", 0x0112, kind, 1) + value.ljust(4, b"\0")
    block = b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", 1) + entry + bytes(4)
    return built.with_headers(saved(photo(300, 200), "JPEG", quality=97), [built.segment(0xE1, block)])


@pytest.mark.parametrize("kind", [3, 4])
def test_an_orientation_is_a_short_or_a_long(kind: int) -> None:
    result = made(exif_jpeg(kind, b"\6\0"), Recipe(floor=70.0, max_edge=150))
    assert (result.width, result.height) == (100, 150)


@pytest.mark.parametrize(("kind", "value"), [(1, b"\6"), (7, b"\6"), (8, b"\6\0")])
def test_an_orientation_of_another_type_is_named(kind: int, value: bytes) -> None:
    result = refused(exif_jpeg(kind, value), Recipe(floor=70.0, convert_to=ImageType.WEBP))
    assert "some programs follow and others do not" in result.detail


@pytest.mark.parametrize("turned", [False, True])
def test_an_orientation_in_xmp_stays_true(turned: bool) -> None:
    packet = built.xmp_packet("", attributes=' tiff:Orientation="6"')
    source = exif_jpeg(3, b"\6\0") if turned else saved(photo(300, 200), "JPEG", quality=97)
    pieces = [*built.pieces(source)]
    pieces.insert(2, built.segment(0xE1, built.XMP_SIGNATURE + packet))
    result = made(
        b"\xff\xd8" + b"".join(pieces) + b"\xff\xd9", Recipe(convert_to=ImageType.WEBP, bigger=True)
    )
    assert (result.width > result.height) is not turned
    orientation = b'tiff:Orientation="1"' if turned else b'tiff:Orientation="6"'
    assert orientation in read_embedded(result.data).xmp[0]


def test_notes_of_a_camera_that_run_past_the_end_are_called_by_name() -> None:
    entry = struct.pack("<HHII", 0x927C, 7, 90_000, 60)
    main = struct.pack("<HHHII", 1, 0x8769, 4, 1, 26) + bytes(4)
    block = b"Exif\0\0II*\0\x08\0\0\0" + main + struct.pack("<H", 1) + entry + bytes(4)
    source = built.with_headers(saved(photo(300, 200), "JPEG", quality=97), [built.segment(0xE1, block)])
    result = refused(source, Recipe(convert_to=ImageType.WEBP))
    assert "the Exif value MakerNote is cut off" in result.detail


def test_a_height_behind_the_first_scan_is_not_called_broken() -> None:
    source = saved(photo(300, 200), "JPEG", quality=97)
    at = source.index(b"\xff\xc0") + 5
    later = source[:at] + bytes(2) + source[at + 2 : -2] + b"\xff\xdc\0\4" + source[at : at + 2] + source[-2:]
    for recipe in (Recipe(), Recipe(convert_to=ImageType.WEBP)):
        result = refused(later, recipe)
        assert result.reason is Reason.UNSUPPORTED
        assert "DNL" in result.detail


@pytest.mark.slow
@pytest.mark.parametrize("floor", [None, 70.0])
def test_a_conversion_that_cannot_win_ends_early(
    monkeypatch: pytest.MonkeyPatch, floor: float | None
) -> None:
    source = saved(photo(400, 300), "JPEG", quality=40)
    recipe = Recipe(floor=floor, convert_to=ImageType.PNG)
    assert made(source, dataclasses.replace(recipe, bigger=True)).image_type is ImageType.PNG
    monkeypatch.setattr(write, "_write_png", lambda *_: pytest.fail("it was coded"))
    monkeypatch.setitem(write._WRITERS, ImageType.PNG, write._write_png)
    result = refused(source, recipe)
    assert result.reason is Reason.WOULD_BE_BIGGER
    assert result.detail.startswith("about ")


@pytest.mark.slow
@pytest.mark.parametrize("target", [ImageType.JPEG, ImageType.WEBP, ImageType.AVIF, ImageType.JXL])
@pytest.mark.parametrize("edge", [300, 1600])
def test_one_with_loss_that_cannot_win_ends_early_too(
    monkeypatch: pytest.MonkeyPatch, target: ImageType, edge: int
) -> None:
    needs(target)
    kind = "AVIF" if target is ImageType.JPEG else "JPEG"
    source = saved(photo(edge, edge), kind, quality=8)
    monkeypatch.setattr(aim, "_attempt", lambda *_: pytest.fail("the whole was coded"))
    monkeypatch.setattr(lossy._Attempt, "code", lambda *_: pytest.fail("the whole was coded"))
    # From a JPEG's own bytes a JPEG XL is made in another way; resized, it is coded like all others.
    floor = 92.0 if target is ImageType.AVIF else 85.0
    recipe = Recipe(floor=floor, convert_to=target, max_edge=edge - 4)
    result = refused(source, recipe)
    assert result.reason is Reason.WOULD_BE_BIGGER
    assert result.detail.startswith("about ")


def test_what_avif_readers_do_not_take_is_named() -> None:
    result = refused(saved(photo(330, 3).resize((33_000, 20)), "JPEG"), Recipe(convert_to=ImageType.AVIF))
    assert "at most 32,768 pixels along an edge" in result.detail


@pytest.mark.slow
def test_inks_become_srgb_through_their_profile() -> None:
    picture = photo(300, 200)
    profile = images.ink_profile()
    source = saved(picture.convert("CMYK"), "JPEG", quality=97, icc_profile=profile)
    with Image.open(io.BytesIO(source)) as opened:
        wanted = to_srgb("CMYK", profile)(np.asarray(opened))
        plain = np.asarray(opened.convert("RGB")).astype(int)
    assert np.abs(plain - wanted).mean() > 8  # the profile matters
    result = made(source, Recipe(floor=90.0, convert_to=ImageType.WEBP, bigger=True))
    assert result.dropped == ("cmyk",)
    assert np.abs(shown(result.data)[..., :3].astype(int) - wanted).mean() < 3
    assert not read_embedded(result.data).icc
    assert difference(source, result.data).mean < 4


@pytest.mark.slow
@pytest.mark.parametrize("recipe", [Recipe(max_edge=150), Recipe(fit_under=6_000)])
def test_inks_are_resized_and_fitted_as_srgb(recipe: Recipe) -> None:
    result = made(saved(photo(300, 200).convert("CMYK"), "JPEG", quality=97), recipe)
    assert result.dropped == ("cmyk",)
    assert Image.open(io.BytesIO(result.data)).mode == "RGB"


def as_webp_gets_it(png: bytes) -> np.ndarray:
    picture = read_picture(png, ImageType.PNG, Wanted(ImageType.WEBP))
    assert picture.dropped == ("16-bit",)
    return picture.rgba


def test_sixteen_bits_are_dithered_to_eight() -> None:
    ramp = np.tile(np.linspace(20_000, 21_500, 600), (300, 1)).astype(np.uint16)
    source = pngs.png(np.repeat(ramp[..., None], 3, axis=-1), 2, 16)
    assert made(source, Recipe(convert_to=ImageType.WEBP, bigger=True)).dropped == ("16-bit",)
    pixels = as_webp_gets_it(source)[..., 0].astype(float)
    wanted = ramp / 257
    assert np.abs(pixels - wanted).max() <= 1.0
    assert np.abs(pixels.mean(axis=0) - wanted[0]).max() < 0.1  # cut or rounded it would be up to 1 or 0.5


@pytest.mark.parametrize("target", [ImageType.JPEG, ImageType.AVIF, ImageType.JXL])
def test_sixteen_bits_that_become_eight_are_said(target: ImageType) -> None:
    needs(target)
    result = made(pngs.png(deep_photo(), 2, 16), Recipe(floor=60.0, convert_to=target, bigger=True))
    assert result.dropped == ("16-bit",)


@pytest.mark.parametrize(("mode", "told"), [("I;16", "16 bits"), ("F", "floating-point")])
def test_a_jpeg_xl_of_more_bits_than_are_read_is_refused(mode: str, told: str) -> None:
    needs(ImageType.JXL)
    grey = deep_photo()[..., 0]
    values = grey if mode == "I;16" else (grey / 65_535).astype(np.float32)
    encode = importlib.import_module("pillow_jxl").Encoder(mode=mode, lossless=True, quality=100.0)
    given = bytes(encode(values.tobytes(), grey.shape[1], grey.shape[0], jpeg_encode=False))
    result = refused(given, Recipe(convert_to=ImageType.PNG, bigger=True))
    assert result.reason is Reason.CANNOT_CONVERT
    assert told in result.detail


def test_what_eight_bits_can_say_is_not_dithered() -> None:
    eight = np.asarray(photo(90, 60)).astype(np.uint16)
    assert np.array_equal(as_webp_gets_it(pngs.png(eight * 257, 2, 16))[..., :3], eight)


def deep_photo() -> NDArray[np.uint16]:
    """A photograph whose low bytes say something."""
    return (np.asarray(photo(160, 120)).astype(np.uint16) * 257) ^ np.uint16(0x25)


def deep_pixels(png: bytes) -> np.ndarray:
    rows = np.concatenate([np.asarray(each) for each in pixel_rows(read_png(png).picture)])
    assert rows.dtype == np.uint16
    return rows[..., :3]


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_tiff_of_16_bits_becomes_a_png_of_16_bits(order: str, packed: bool, channels: int) -> None:
    values = np.dstack([deep_photo(), deep_photo()[..., 1]])[..., :channels]
    result = made(deep_tiff(values, order, packed=packed), Recipe(convert_to=ImageType.PNG, bigger=True))
    assert (result.dropped, result.lossless) == ((), True)
    assert np.array_equal(deep_pixels(result.data), values[..., :3] if channels > 1 else values.repeat(3, -1))


def test_white_may_be_zero_in_a_tiff_of_16_bits() -> None:
    values = deep_photo()[..., :1]
    result = made(deep_tiff(values, white_is_zero=True), Recipe(convert_to=ImageType.PNG, bigger=True))
    assert np.array_equal(deep_pixels(result.data)[..., :1], ~values)


@pytest.mark.parametrize("channels", [1, 3])
def test_16_bits_are_resized_as_such(channels: int) -> None:
    values = deep_photo()[..., :channels]
    result = made(pngs.png(values, 0 if channels == 1 else 2, 16), Recipe(max_edge=80))
    after = deep_pixels(result.data)
    assert (after.shape[:2], result.dropped, result.lossless) == ((60, 80), (), False)
    eight = made(
        saved(Image.fromarray((values // 257).astype(np.uint8).squeeze()), "PNG"), Recipe(max_edge=80)
    )
    assert np.abs(after / 257 - shown(eight.data)[..., :3]).max() < 1.5
    assert len(np.unique(after % 257)) > 100  # finer than 8 bits can say


def test_16_bits_are_fitted_with_all_of_them_or_with_eight() -> None:
    source = pngs.png(deep_photo(), 2, 16)
    whole = len(made(source, Recipe(max_edge=80)).data)
    kept = made(source, Recipe(max_edge=80, fit_under=whole))
    assert (kept.dropped, deep_pixels(kept.data).shape[1]) == ((), 80)
    for recipe in (Recipe(max_edge=80, fit_under=whole - 1), Recipe(fit_under=whole - 1)):
        less = made(source, recipe)
        assert less.dropped == ("16-bit",)
        assert len(less.data) < whole
        assert less.data[24] == 8


@pytest.mark.parametrize("target", [ImageType.WEBP, ImageType.JXL])
def test_lossless_does_not_take_bits_away(target: ImageType) -> None:
    needs(target)
    result = refused(pngs.png(deep_photo(), 2, 16), Recipe(floor=None, convert_to=target))
    assert "16 bits" in result.detail
    inks = saved(photo(60, 40).convert("CMYK"), "TIFF")
    assert "inks" in refused(inks, Recipe(floor=None, convert_to=target)).detail


@pytest.mark.parametrize("target", [ImageType.GIF, ImageType.TIFF, ImageType.HEIC, ImageType.SVG])
def test_other_targets_are_refused(target: ImageType) -> None:
    result = refused(saved(photo(), "BMP"), Recipe(convert_to=target))
    assert result.reason is Reason.CANNOT_CONVERT


@pytest.mark.parametrize("target", [ImageType.JPEG, ImageType.AVIF])
def test_formats_with_loss_are_refused_without_leave_to_lose(target: ImageType) -> None:
    result = refused(saved(photo(), "BMP"), Recipe(floor=None, convert_to=target))
    assert result.reason is Reason.CANNOT_CONVERT
    assert "without loss" in result.detail


@pytest.mark.parametrize("target", [ImageType.PNG, ImageType.WEBP, ImageType.JXL])
def test_formats_without_loss_keep_every_pixel(target: ImageType) -> None:
    needs(target)
    data = saved(photo(), "BMP")
    result = made(data, Recipe(floor=None, convert_to=target))
    assert result.lossless
    assert np.array_equal(shown(result.data), shown(data))


def test_tiff_carries_exif_density_and_profile() -> None:
    tags = {0x0112: 6, 0x010F: "Scanner", 0x8769: {0x9003: "2024:05:06 07:08:09"}}
    data = saved(photo(), "TIFF", tiffinfo=tags, dpi=(300, 300), icc_profile=images.wide_profile())
    result = made(data, Recipe(floor=70.0, convert_to=ImageType.JPEG))
    with Image.open(io.BytesIO(result.data)) as image:
        assert image.size == (240, 320)
        assert image.info["dpi"] == (300, 300)
        assert image.getexif()[0x010F] == "Scanner"
        assert 0x0112 not in image.getexif()
        assert image.getexif().get_ifd(0x8769)[0x9003] == "2024:05:06 07:08:09"
        assert image.info["icc_profile"] == images.wide_profile()


@pytest.mark.parametrize("target", [ImageType.PNG, ImageType.JPEG])
def test_grey_stays_grey(target: ImageType) -> None:
    result = made(saved(photo().convert("L"), "BMP"), Recipe(floor=70.0, palette=False, convert_to=target))
    with Image.open(io.BytesIO(result.data)) as image:
        assert image.mode == "L"


def test_a_grey_picture_with_a_colour_profile_stays_in_colour() -> None:
    data = saved(photo().convert("L").convert("RGB"), "TIFF", icc_profile=images.wide_profile())
    result = made(data, Recipe(floor=70.0, convert_to=ImageType.JPEG))
    with Image.open(io.BytesIO(result.data)) as image:
        assert image.mode == "RGB"


def test_iptc_captions_go_to_jpeg_only() -> None:
    resource = b"8BIM\x04\x04\0\0" + (14).to_bytes(4, "big") + b"\x1c\x02\x78\0\x09A caption\0"
    body = b"Photoshop 3.0\0" + resource
    plain = saved(photo(), "JPEG", quality=97)
    data = plain[:2] + b"\xff\xed" + (len(body) + 2).to_bytes(2, "big") + body + plain[2:]
    result = refused(data, Recipe(floor=60.0, convert_to=ImageType.WEBP))
    assert "IPTC" in result.detail
    assert body in made(data, Recipe(floor=60.0, max_edge=200)).data


def test_what_a_maker_put_into_a_jpeg_stays_in_a_jpeg() -> None:
    plain = saved(photo(), "JPEG", quality=97)
    body = b"IJPEG measured temperatures"
    data = plain[:2] + b"\xff\xe3" + (len(body) + 2).to_bytes(2, "big") + body + plain[2:]
    for target in (ImageType.PNG, ImageType.WEBP, ImageType.AVIF):
        assert "APP3" in refused(data, Recipe(floor=60.0, convert_to=target)).detail
    assert body in made(data, Recipe(floor=60.0, max_edge=200)).data


def test_a_tiff_with_pictures_beneath_is_refused() -> None:
    directories = TiffImagePlugin.ImageFileDirectory_v2()
    directories[330] = 8
    data = saved(photo(), "TIFF", tiffinfo=directories)
    assert "further pictures" in refused(data, Recipe(floor=60.0, convert_to=ImageType.JPEG)).detail


def test_a_signed_or_layered_jpeg_is_not_made_anew() -> None:
    plain = saved(photo(), "JPEG", quality=97)
    body = b"JP\0\1\0\0\0\1\0\0\0\x10jumb" + bytes(8)
    data = plain[:2] + b"\xff\xeb" + (len(body) + 2).to_bytes(2, "big") + body + plain[2:]
    assert refused(data, Recipe(floor=60.0, convert_to=ImageType.WEBP)).reason in (
        Reason.CANNOT_CONVERT,
        Reason.CANNOT_KEEP_WHOLE,
    )


def test_a_broken_source_is_broken() -> None:
    data = saved(photo(), "PNG")
    for cut in (data[: len(data) // 2], data[:-20]):
        result = refused(cut, Recipe(convert_to=ImageType.WEBP))
        assert (result.reason, result.transient) == (Reason.BROKEN, True)


class TestJpegXl:
    def test_the_jpeg_comes_back_bit_for_bit(self) -> None:
        needs(ImageType.JXL)
        from homepress.compress.convert.jxl import to_jpeg

        given = source(ImageType.JPEG, photo()).data
        result = made(given, Recipe(floor=40.0, convert_to=ImageType.JXL))
        assert result.lossless
        assert to_jpeg(result.data) == given
        told, kept = read_embedded(given), read_embedded(result.data)
        assert (kept.exif, kept.xmp) == (told.exif, told.xmp), "every reader finds them: nothing is packed"
        back = made(result.data, Recipe(floor=40.0, convert_to=ImageType.JPEG))
        assert read_embedded(back.data).xmp == (XMP,), "it is read as the JPEG that it is"

    @pytest.mark.skipif(shutil.which("djxl") is None, reason="djxl is not installed")
    def test_an_older_decoder_gives_the_same_jpeg_back(self, tmp_path: Path) -> None:
        needs(ImageType.JXL)
        given = source(ImageType.JPEG, photo()).data
        (tmp_path / "a.jxl").write_bytes(made(given, Recipe(floor=40.0, convert_to=ImageType.JXL)).data)
        command = ["djxl", str(tmp_path / "a.jxl"), str(tmp_path / "a.jpg")]
        subprocess.run(command, check=True, capture_output=True)
        assert (tmp_path / "a.jpg").read_bytes() == given

    def test_shared_it_is_the_scrubbed_jpeg(self) -> None:
        needs(ImageType.JXL)
        from homepress.compress.convert.jxl import to_jpeg

        given = source(ImageType.JPEG, photo()).data
        result = made(given, Recipe(convert_to=ImageType.JXL, metadata=MetadataPolicy.SHARE))
        jpeg = to_jpeg(result.data)
        assert jpeg is not None
        assert b"Jane Owner" in given
        assert b"Jane Owner" not in jpeg
        assert np.array_equal(shown(jpeg), shown(given))

    @pytest.mark.slow
    def test_another_profile_than_srgb_is_refused(self) -> None:
        needs(ImageType.JXL)
        data = saved(photo(), "TIFF", icc_profile=images.wide_profile())
        assert "profile" in refused(data, Recipe(floor=60.0, convert_to=ImageType.JXL)).detail
        data = saved(photo(), "TIFF", icc_profile=images.profile("sRGB"))
        assert made(data, Recipe(floor=60.0, convert_to=ImageType.JXL)).image_type is ImageType.JXL

    @pytest.mark.slow
    def test_metadata_is_carried(self) -> None:
        needs(ImageType.JXL)
        exif = exif_block("<", orientation=6)
        data = saved(photo(), "WEBP", lossless=True, exif=exif, xmp=XMP)
        result = made(data, Recipe(floor=60.0, convert_to=ImageType.JXL))
        kept = read_embedded(result.data)
        assert (kept.exif, kept.xmp) == ((without_orientation(exif),), (XMP,))
        assert result.width == 240


def test_a_result_that_would_be_bigger_is_told_with_both_sizes() -> None:
    given = source(ImageType.JPEG, photo()).data
    result = refused(given, Recipe(floor=None, convert_to=ImageType.PNG))
    assert result.reason is Reason.WOULD_BE_BIGGER
    assert "bytes as PNG" in result.detail
    assert f"{len(given):,} as JPEG" in result.detail


def test_what_only_a_conversion_takes_out_of_an_avif_is_named() -> None:
    source = phones.apple_avif()
    drop = frozenset({Extra.HDR})
    result = refused(source, Recipe(drop=drop))
    assert result.reason is Reason.CANNOT_CONVERT
    assert str(result).startswith("its HDR gain map was not taken out: this format is left alone")
    assert refused(source, Recipe(drop=frozenset({Extra.MOTION}))).reason is Reason.FORMAT_LEFT_ALONE
    # Its Exif holds nothing but how bright the map is, which stays with it: there is nothing to take out.
    assert refused(source, Recipe(metadata=MetadataPolicy.STRIP)).reason is Reason.FORMAT_LEFT_ALONE
    everything = Recipe(metadata=MetadataPolicy.SHARE, drop=frozenset(Extra))
    assert "its HDR gain map and its depth map were not taken out" in refused(source, everything).detail


def test_a_conversion_by_name_to_jpeg_xl_need_not_save() -> None:
    needs(ImageType.JXL)
    source = saved(photo(40, 30), "JPEG", quality=30, optimize=True)
    result = made(source, Recipe(convert_to=ImageType.JXL, bigger=True))
    assert result.image_type is ImageType.JXL
