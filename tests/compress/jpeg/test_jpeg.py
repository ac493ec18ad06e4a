"""JPEG from file to file: the floor, what is kept, what is refused."""

import hashlib
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from compress import images
from compress.images import decoded, jpeg, photo, screenshot
from compress.metadata import jpeg_builder as built
from homepress.base.formats import ImageType
from homepress.compress import Compressed, Reason, Recipe, ScoreKind, Unchanged, compress
from homepress.compress.jpeg import Sampling
from homepress.compress.jpeg.encoder import RateDistortionEncoder
from homepress.compress.jpeg.smallest import BaselineCoding, RowsCoding
from homepress.compress.metadata import ColourModel, colour_model, parse_jpeg
from homepress.compress.score.ssimulacra2 import full_score


def compressed(source: bytes, recipe: Recipe | None = None) -> Compressed:
    result = compress(source, recipe or Recipe())
    assert isinstance(result, Compressed), result
    assert len(result.data) < len(source)
    assert result.sha256 == hashlib.sha256(result.data).hexdigest()
    assert result.image_type is result.source_type is ImageType.JPEG
    with Image.open(io.BytesIO(result.data)) as picture:
        assert picture.size == (result.width, result.height)
    return result


@pytest.mark.slow
@pytest.mark.parametrize("floor", [70.0, 80.0, 90.0])
def test_the_floor_is_kept_and_not_by_far(floor: float) -> None:
    picture = photo(700, 500)
    source = jpeg(picture, 97)
    result = compressed(source, Recipe(floor=floor))
    score = full_score(decoded(source), decoded(result.data))
    assert floor <= score <= floor + 3
    assert result.score == pytest.approx(score, abs=0.05)
    assert result.score_kind is ScoreKind.FULL
    assert not result.lossless


@pytest.mark.slow
@pytest.mark.parametrize("floor", [30.0, 80.0])
@pytest.mark.parametrize("size", [(400, 300), (900, 700)])
@pytest.mark.parametrize("colour", [(90, 120, 200), (250, 20, 30), (33, 37, 41)])
def test_one_colour_all_over_stays_that_colour(
    colour: tuple[int, int, int], size: tuple[int, int], floor: float
) -> None:
    source = jpeg(Image.new("RGB", size, colour), 92)
    result = compressed(source, Recipe(floor=floor))
    assert np.abs(decoded(source).astype(int) - decoded(result.data)).max() <= 1


@pytest.mark.slow
def test_a_large_picture_is_sampled() -> None:
    source = jpeg(photo(1600, 1200), 96)
    result = compressed(source)
    assert result.score_kind is ScoreKind.SAMPLED
    assert full_score(decoded(source), decoded(result.data)) >= 79


@pytest.mark.slow
@pytest.mark.parametrize("large", [0, 10**9])
@pytest.mark.parametrize("floor", [None, 80.0])
def test_a_result_with_other_pixels_is_not_handed_over(
    monkeypatch: pytest.MonkeyPatch, large: int, floor: float | None
) -> None:
    """Whether pixels are remembered as they are, or by a digest."""
    monkeypatch.setattr("homepress.compress.pixels.LARGE_PIXELS", large)
    source = jpeg(photo(700, 500), 97)
    compressed(source, Recipe(floor=floor))
    other = jpeg(photo(700, 500, seed=9), 50)
    monkeypatch.setattr("homepress.compress.jpeg.jpeg.optimise", lambda _stream: other)
    for coding in (BaselineCoding, RowsCoding):
        monkeypatch.setattr(coding, "smallest", lambda _self: other)
    result = compress(source, Recipe(floor=floor))
    assert isinstance(result, Unchanged)
    assert (result.reason, result.detail) == (Reason.VERIFY_FAILED, "the pixels differ")


def test_lossless_keeps_every_pixel() -> None:
    source = jpeg(photo(700, 500), 90)
    result = compressed(source, Recipe(floor=None))
    assert result.lossless
    assert result.score == 100
    assert np.array_equal(decoded(source), decoded(result.data))


@pytest.mark.slow
@pytest.mark.parametrize("floor", [None, 80.0])
def test_metadata_stays_byte_for_byte(floor: float | None) -> None:
    options = {
        "exif": images.exif(6),
        "icc_profile": images.profile(),
        "comment": b"a comment",
        "dpi": (300, 300),
    }
    source = jpeg(photo(700, 500), 95, **options)
    result = compressed(source, Recipe(floor=floor))
    before, after = parse_jpeg(source), parse_jpeg(result.data)
    assert list(map(before.raw, before.headers)) == list(map(after.raw, after.headers))
    with Image.open(io.BytesIO(result.data)) as picture:
        assert picture.info["icc_profile"] == options["icc_profile"]
        assert picture.getexif()[0x0112] == 6


@pytest.mark.slow
def test_grey() -> None:
    source = jpeg(photo(700, 500)[..., 0], 95)
    result = compressed(source)
    assert decoded(result.data).ndim == 2


@pytest.mark.slow
@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
@pytest.mark.parametrize("progressive", [False, True])
def test_samplings(subsampling: str, progressive: bool) -> None:
    source = jpeg(photo(640, 480), 96, subsampling=subsampling, progressive=progressive)
    result = compressed(source)
    assert full_score(decoded(source), decoded(result.data)) >= 80


@pytest.mark.slow
def test_hard_colour_edges_keep_their_colour_resolution() -> None:
    source = jpeg(screenshot(700, 500), 98, subsampling="4:4:4")
    result = compressed(source, Recipe(floor=85.0))
    assert parse_jpeg(result.data).frame.subsampling == "4:4:4"


def test_a_coarse_source_loses_nothing_more() -> None:
    source = jpeg(photo(900, 700), 70)
    result = compress(source, Recipe())
    if isinstance(result, Compressed):
        assert result.lossless
        assert np.array_equal(decoded(source), decoded(result.data))


@pytest.mark.slow
@pytest.mark.parametrize("floor", [80.0, 90.0, 60.0])
def test_a_result_is_left_alone_the_second_time(floor: float) -> None:
    result = compressed(jpeg(photo(700, 500), 97), Recipe(floor=80.0))
    again = compress(result.data, Recipe(floor=floor))
    assert isinstance(again, Unchanged)
    assert again.reason is Reason.SAVES_TOO_LITTLE


def test_a_broken_source_is_never_mended() -> None:
    source = jpeg(photo(640, 480), 95)
    for cut in (100, len(source) // 2, len(source) - 2):
        result = compress(source[:cut], Recipe())
        assert isinstance(result, Unchanged)
        assert result.reason is Reason.BROKEN
        assert result.transient


def test_what_saves_too_little_stays() -> None:
    result = compress(jpeg(photo(64, 48), 90), Recipe())
    assert isinstance(result, Unchanged)
    assert result.reason is Reason.SAVES_TOO_LITTLE
    assert not result.transient


def test_too_many_pixels_are_not_decoded() -> None:
    source = bytearray(jpeg(photo(64, 48), 90))
    frame = source.index(b"\xff\xc0")
    source[frame + 5 : frame + 9] = b"\xff\xff\xff\xff"
    result = compress(bytes(source), Recipe())
    assert isinstance(result, Unchanged)
    assert result.reason is Reason.TOO_LARGE


@pytest.mark.parametrize("size", [(1, 1), (7, 9), (16, 3000), (3000, 16), (127, 129), (128, 128)])
@pytest.mark.parametrize("floor", [None, 80.0])
def test_any_size_ends_in_a_result_or_a_reason(size: tuple[int, int], floor: float | None) -> None:
    source = jpeg(photo(*size), 99)
    result = compress(source, Recipe(floor=floor))
    if isinstance(result, Compressed):
        assert decoded(result.data).shape == decoded(source).shape
    else:
        assert result.reason in (Reason.SAVES_TOO_LITTLE, Reason.FLOOR_NOT_REACHED)


@pytest.mark.slow
@pytest.mark.corpus
@pytest.mark.parametrize("name", ["mdx__Apple_iPhone_5.jpg", "libvips__ultra-hdr.jpg"])
def test_camera_pictures_keep_the_floor(corpus_dir: Path, name: str) -> None:
    source = (corpus_dir / "photos-camera" / name).read_bytes()
    result = compressed(source)
    assert full_score(decoded(source), decoded(result.data)) >= 79


def ycck() -> bytes:
    """A picture in inks coded as YCCK, 4:4:4, as Photoshop writes them, with Adobe's header."""
    inks = np.dstack((photo(700, 500), photo(700, 500, seed=2)[..., 0]))
    encoder = RateDistortionEncoder()
    data = encoder.encode(inks, Sampling.FULL, 97.0, encoder.sample(inks, Sampling.FULL)).stream
    table = data.index(b"\xff\xdb") + 5
    return data[:table] + bytes([data[table] + 1]) + data[table + 1 :]  # so that it is not known as our own


@pytest.mark.slow
def test_inks_keep_the_floor() -> None:
    source = ycck()
    result = compressed(source)
    assert not result.lossless
    with Image.open(io.BytesIO(source)) as before, Image.open(io.BytesIO(result.data)) as after:
        assert before.mode == after.mode == "CMYK"
        score = full_score(np.asarray(before.convert("RGB")), np.asarray(after.convert("RGB")))
    assert 80 <= score < 84


@pytest.mark.slow
def test_rgb_components_keep_the_floor_as_ycc() -> None:
    source = jpeg(photo(700, 500), 92, keep_rgb=True)
    assert colour_model(parse_jpeg(source)) is ColourModel.RGB
    result = compressed(source)
    assert not result.lossless
    assert colour_model(parse_jpeg(result.data)) is ColourModel.YCC
    assert 80 <= full_score(decoded(source), decoded(result.data)) < 84


@pytest.mark.slow
def test_cmyk_keeps_the_floor_as_ycck() -> None:
    inks = Image.fromarray(np.dstack((photo(700, 500), photo(700, 500, seed=2)[..., 0])), "CMYK")
    source = jpeg(inks, 97, subsampling=0)
    assert colour_model(parse_jpeg(source)) is ColourModel.CMYK
    result = compressed(source)
    assert not result.lossless
    assert colour_model(parse_jpeg(result.data)) is ColourModel.YCCK
    with Image.open(io.BytesIO(source)) as before, Image.open(io.BytesIO(result.data)) as after:
        assert before.mode == after.mode == "CMYK"
        score = full_score(np.asarray(before.convert("RGB")), np.asarray(after.convert("RGB")))
    assert 80 <= score < 84


@pytest.mark.slow
def test_a_quantisation_table_may_be_defined_again_between_scans() -> None:
    source = with_a_table_defined_again()
    assert not compressed(source).lossless
    result = compress(source, Recipe(floor=None))
    assert isinstance(result, Unchanged)
    assert result.detail == "a quantisation table is defined again between its scans"


def with_a_table_defined_again() -> bytes:
    """A scan for each component; before the second, slot 0 gets a coarser table."""
    planes = Image.fromarray(photo(700, 500)).convert("YCbCr").split()
    greys = [built.pieces(jpeg(plane, quality)) for plane, quality in zip(planes, (95, 85, 85), strict=True)]
    found = [{each[1]: each for each in grey} for grey in greys]
    size = found[0][0xC0][5:9]
    frame = built.segment(0xC0, b"\x08" + size + b"\3" + b"".join(bytes((n, 0x11, 0)) for n in (1, 2, 3)))
    codes = b"".join(each for each in greys[0] if each[1] == 0xC4)
    scans = [grey[0xDA][:5] + bytes((number,)) + grey[0xDA][6:] for number, grey in enumerate(found, 1)]
    jfif, first, second = found[0][0xE0], found[0][0xDB], found[1][0xDB]
    return b"".join((b"\xff\xd8", jfif, first, frame, codes, scans[0], second, *scans[1:], b"\xff\xd9"))


@pytest.mark.slow
def test_wide_colours_are_scored_as_they_look() -> None:
    """The same pixels look more different in a wider space, so more bytes are kept for them."""
    picture = photo(700, 500)
    narrow = compressed(jpeg(picture, 97, icc_profile=images.profile()))
    wide = compressed(jpeg(picture, 97, icc_profile=images.wide_profile()))
    assert len(wide.data) > len(narrow.data) * 1.02
    assert decoded(wide.data).shape == picture.shape


@pytest.mark.slow
def test_another_encoder_steps_in_where_one_makes_rubbish(monkeypatch: pytest.MonkeyPatch) -> None:
    rubbish = BaselineCoding(jpeg(photo(64, 64))[:500])
    monkeypatch.setattr(RateDistortionEncoder, "encode", lambda *_: rubbish)
    monkeypatch.setattr("homepress.compress.jpeg.jpeg.swap_primary", lambda _, coding: coding)
    result = compressed(jpeg(photo(700, 500), 97))
    assert result.method.startswith("libjpeg")
    assert result.score >= 80
