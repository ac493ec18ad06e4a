"""The search for what fits under a size: the edge by the look at the old size, then the quality."""

import io
import math
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from compress import images
from compress.sources import made, photo, refused, saved
from homepress.base.formats import ImageType
from homepress.base.override import override
from homepress.compress.convert.picture import Picture, scale_down
from homepress.compress.convert.write import EncodeOptions
from homepress.compress.fit.coders import CodecCoder, JpegCoder, TriedPixels, WrittenFile
from homepress.compress.fit.fit import Fitting
from homepress.compress.fit.mosaic import Enlarged, Mosaic, OldSizeScorer
from homepress.compress.fit.search import Approach, Trial, setting_for
from homepress.compress.jpeg import Sampling, encoder
from homepress.compress.model import LOWEST_FLOOR, MetadataPolicy, Reason, Recipe
from homepress.compress.score.ssimulacra2 import full_score, to_srgb

SMALL = Picture(np.full((64, 64, 4), 255, np.uint8))
JPEG = JpegCoder(SMALL, Sampling.QUARTER)
CODERS = (JPEG, CodecCoder(SMALL, ImageType.WEBP), CodecCoder(SMALL, ImageType.AVIF))
SHOWN = to_srgb("RGB", None)


class Sizes(TriedPixels):
    """Pixels that are nothing but their sizes, which grow with the setting."""

    def __init__(self, steep: float, at_fifty: float) -> None:
        self.steep = steep
        self.at_fifty = at_fifty
        self.asked = 0

    def size(self, setting: float) -> int:
        self.asked += 1
        return round(self.at_fifty * math.exp(self.steep * (setting - 50.0)))

    def decoded(self, setting: float) -> np.ndarray:
        raise NotImplementedError

    def density(self, setting: float) -> float:
        return 1.0


@given(
    steep=st.floats(0.015, 0.08),
    wanted=st.floats(15.0, 90.0),
    start=st.floats(1.0, 100.0),
    coder=st.sampled_from(CODERS),
)
def test_a_setting_is_found_with_few_sizes(
    steep: float, wanted: float, start: float, coder: JpegCoder
) -> None:
    sizes = Sizes(steep, 200_000)
    target = sizes.size(wanted)
    sizes.asked = 0
    found = setting_for(sizes.size, target, coder, coder.scale.clip(start), below=0.01)
    assert found.excess <= 0.0, "no more than asked for"
    assert found.excess >= -0.03 - steep * coder.step, "as near as the steps of the scale allow"
    assert sizes.asked <= 11


def test_the_ends_of_the_scale_are_ends() -> None:
    sizes, coder = Sizes(0.03, 100_000), JPEG
    assert setting_for(sizes.size, 10**9, coder, 50.0, below=0.01).setting == coder.scale.highest
    least = setting_for(sizes.size, 10, coder, 50.0, below=0.01)
    assert least.setting == coder.scale.lowest
    assert least.excess > 0.0


@settings(max_examples=60, deadline=None)
@given(
    steep=st.floats(0.015, 0.07),
    flatter=st.floats(0.95, 1.05),
    error=st.floats(0.92, 1.09),
    limit=st.integers(100_000, 2_000_000),
)
def test_two_codings_fill_the_limit_though_the_mosaic_errs(
    steep: float, flatter: float, error: float, limit: int
) -> None:
    mosaic, coder, beside = Sizes(steep, limit / 9), JPEG, 10_000
    trial = Trial(1.0, 50.0, 60.0, mosaic, beside, 8.0)
    whole = Sizes(steep * flatter, 8.0 * error * limit / 9)
    approach, fitting = Approach(trial, coder, limit), 0
    for _ in range(2):
        setting = approach.next()
        assert setting is not None
        size = whole.size(setting) + beside
        approach.learn(setting, size)
        fitting = max(fitting, size if size <= limit else 0)
        if fitting >= 0.98 * limit:
            return
    assert fitting >= 0.96 * limit, "as much as a careful second one leaves"


class Stairs(Sizes):
    """Sizes that stay for some settings and then jump, as those of fine tables do."""

    @override
    def size(self, setting: float) -> int:
        return super().size(math.floor(setting / 0.2 + 1e-6) * 0.2)


def test_where_sizes_jump_the_next_one_is_taken_if_it_fits() -> None:
    mosaic, limit = Stairs(0.1, 1_000), 100_000
    below, above = mosaic.size(89.1), mosaic.size(89.3)
    assert above / below == pytest.approx(1.02, abs=0.002)
    trial = Trial(1.0, 89.1, 60.0, mosaic, 0, 0.995 * limit / above)
    setting = Approach(trial, JPEG, limit).next()
    assert setting is not None
    assert mosaic.size(setting) == above, "99.5 % of the limit, where the one below has 97.5"


@pytest.mark.parametrize(("width", "height"), [(640, 480), (1680, 1200)])
@pytest.mark.parametrize("share", [0.9, 0.5, 0.25])
def test_a_picture_is_coded_twice_at_most(
    width: int, height: int, share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = saved(Image.fromarray(images.photo(width, height)), "JPEG", quality=95)
    limit = round(share * len(made(source, Recipe(floor=80.0)).data))
    sizes: list[tuple[int, int]] = []
    write = JpegCoder.write

    def counted(self: JpegCoder, picture: Picture, setting: float, tried: TriedPixels) -> WrittenFile:
        sizes.append(picture.size)
        return write(self, picture, setting, tried)

    monkeypatch.setattr(JpegCoder, "write", counted)
    result = made(source, Recipe(floor=80.0, fit_under=limit))
    assert 0.94 * limit <= len(result.data) <= limit, "its tables have steps"
    assert len(sizes) in (1, 2)
    assert set(sizes) == {(result.width, result.height)}


def test_what_was_tried_of_a_small_picture_is_not_coded_again(monkeypatch: pytest.MonkeyPatch) -> None:
    rgba = np.asarray(Image.fromarray(images.photo(320, 240)).convert("RGBA"))
    coder = JpegCoder(Picture(rgba), Sampling.QUARTER)
    tried = coder.tried(rgba, whole=True)
    shown_then = tried.decoded(80.0)
    again = coder.write(Picture(rgba), 80.0, coder.tried(rgba))
    monkeypatch.setattr(encoder, "strips", None)  # nothing is transformed any more
    kept = coder.write(Picture(rgba), 80.0, tried)
    assert (kept.pixels() == shown_then).all()
    assert len(kept.data) == pytest.approx(len(again.data), rel=0.01)


def soft_photo(width: int = 1680, height: int = 1200) -> Image.Image:
    """A photograph whose pixels are finer than what is in it, as those of phones often are."""
    fine = Image.fromarray(images.photo(width // 3, height // 3))
    return fine.resize((width, height), Image.Resampling.BICUBIC)


def at_old_size(data: bytes, source: bytes) -> float:
    before, after = (Image.open(io.BytesIO(each)).convert("RGB") for each in (source, data))
    return full_score(np.asarray(before), np.asarray(after.resize(before.size, Image.Resampling.LANCZOS)))


def test_fewer_pixels_where_that_looks_better_at_the_old_size() -> None:
    source = saved(soft_photo(), "JPEG", quality=95)
    limit = len(source) // 12
    result = made(source, Recipe(floor=80.0, fit_under=limit))
    assert result.width < 1680
    assert 0.96 * limit <= len(result.data) <= limit, "its tables have steps"
    score = at_old_size(result.data, source)
    assert result.score == pytest.approx(score, abs=2.0), "by tiles"
    same_pixels = [saved(soft_photo(), "JPEG", quality=quality) for quality in range(2, 60, 2)]
    fitting = [data for data in same_pixels if len(data) <= limit]
    assert not fitting or score > at_old_size(fitting[-1], source) + 2.0


def test_all_pixels_where_those_look_better() -> None:
    grain = np.random.default_rng(3).normal(0.0, 14.0, (480, 640, 1))
    busy = np.clip(images.photo(640, 480) + grain, 0, 255).astype(np.uint8)
    source = saved(Image.fromarray(busy), "JPEG", quality=96)
    free = made(source, Recipe(floor=80.0))
    limit = round(len(free.data) * 0.7)
    result = made(source, Recipe(floor=80.0, fit_under=limit))
    assert (result.width, result.height) == (640, 480)
    assert 0.96 * limit <= len(result.data) <= limit, "its tables have steps"
    assert result.score == pytest.approx(at_old_size(result.data, source), abs=0.1)


def test_other_formats_are_filled_too() -> None:
    source = saved(soft_photo(480, 360), "JPEG", quality=95)
    limit = 5_000
    result = made(source, Recipe(floor=80.0, convert_to=ImageType.WEBP, fit_under=limit))
    assert 0.95 * limit <= len(result.data) <= limit, "its quantiser has steps"
    assert result.score == pytest.approx(at_old_size(result.data, source), abs=0.1)


def test_a_mosaic_tells_about_the_whole() -> None:
    rgba = np.asarray(soft_photo(1800, 1300).convert("RGBA"))
    mosaic = Mosaic(rgba, SHOWN)
    assert not mosaic.is_whole
    assert mosaic.pixels(0.5).shape == (96, 20 * 96, 4)
    assert mosaic.pixels(0.375).shape == (64, 20 * 64, 4), "whole units of a JPEG"
    assert mosaic.score(mosaic.pixels(1.0), 1.0) == pytest.approx(100.0)
    half = Image.fromarray(rgba).resize((900, 650), Image.Resampling.LANCZOS)
    whole = OldSizeScorer(rgba, SHOWN).score(np.asarray(half))
    assert mosaic.score(mosaic.pixels(0.5), 0.5) == pytest.approx(whole, abs=3.0)


@pytest.mark.parametrize("share", [1.0, 0.625, 0.375])
def test_a_mosaic_tells_the_size_of_the_whole(share: float) -> None:
    rgba = np.asarray(soft_photo(1800, 1300).convert("RGBA"))
    mosaic = Mosaic(rgba, SHOWN)
    tried = JPEG.tried(mosaic.pixels(share))
    small = scale_down(rgba, (round(1800 * share), round(1300 * share))) if share < 1.0 else rgba
    written = JPEG.write(Picture(small), 85.0, tried)
    assert tried.size(85.0) * mosaic.stands_for(share) == pytest.approx(len(written.data), rel=0.15)


def test_windows_of_an_enlarged_picture_are_parts_of_the_whole() -> None:
    small = photo(120, 90)
    large = Enlarged(np.asarray(small), (310, 217))
    assert large.shape == (217, 310, 3)
    whole = np.asarray(small.resize((310, 217), Image.Resampling.LANCZOS))
    assert np.abs(large[:, :].astype(int) - whole).max() <= 1, "Pillow rounds twice"
    assert (large[50:178, 100:228] == large[:, :][50:178, 100:228]).all()
    assert (Enlarged(np.asarray(small), (120, 90))[3:9, 4:20] == np.asarray(small)[3:9, 4:20]).all()


def test_metadata_that_alone_is_too_much_is_named_at_once() -> None:
    kept = b"".join(b"\xff\xe4\xff\xff" + bytes(range(250)) * 262 + b"\0" * 33 for _ in range(4))
    jpeg = saved(photo(320, 240), "JPEG", quality=95)
    heavy = jpeg[:2] + kept + jpeg[2:]
    result = refused(heavy, Recipe(fit_under=200_000))
    assert result.reason is Reason.CANNOT_FIT
    assert f"{len(kept):,} bytes of it are metadata" in result.detail
    stripped = made(heavy, Recipe(fit_under=200_000, metadata=MetadataPolicy.STRIP))
    assert len(stripped.data) <= 200_000


def test_what_fits_but_shows_too_little_is_not_the_least() -> None:
    """Nothing smaller than what was asked for may be named as the least that is possible."""
    noise = np.random.default_rng(1).integers(0, 256, (400, 400, 3), np.uint8)
    for limit in (600, 1000, 1400):
        result = refused(saved(Image.fromarray(noise), "JPEG", quality=95), Recipe(fit_under=limit))
        assert result.reason is Reason.CANNOT_FIT
        least = re.search(r"([\d,]+) bytes is the least", result.detail)
        assert least is not None and int(least[1].replace(",", "")) > limit, result.detail


def test_a_further_picture_keeps_the_lowest_floor_too() -> None:
    """What is learnt from the first says nothing of a busier one behind it."""
    chance = np.random.default_rng(5)
    busy = chance.integers(0, 256, (384, 384, 4), np.uint8)
    busy[..., 3] = 255
    flat = Picture(np.where(np.arange(4) == 3, busy, np.uint8(200)))
    pair = replace(flat, others=(Picture(busy),))
    written, shown = Fitting(pair, ImageType.JPEG, EncodeOptions(80.0), 60_000).write(floor_tried=True)
    assert len(written.data) <= 60_000
    with Image.open(io.BytesIO(written.data)) as file:
        file.seek(1)
        second = np.asarray(file.convert("RGB"))
    (source,) = shown.others
    score = full_score(source.rgba[..., :3], second, SHOWN)
    assert score >= LOWEST_FLOOR - 0.5, "at its own size"
    assert written.score <= OldSizeScorer(busy, SHOWN).score(second) + 0.5, "at the old one"
