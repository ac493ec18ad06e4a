"""The search for what fits under a size: the edge by the look at the old size, then the quality."""

import io
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from compress import images
from compress.sources import made, photo, refused, saved
from homepress.base.formats import ImageType
from homepress.compress.convert.picture import Picture, scale_down
from homepress.compress.convert.write import EncodeOptions
from homepress.compress.fit.coders import CodecCoder, JpegCoder, TriedPixels
from homepress.compress.fit.fit import Fitting
from homepress.compress.fit.mosaic import Enlarged, Mosaic, OldSizeScorer
from homepress.compress.fit.search import Approach, Trial, setting_for
from homepress.compress.jpeg import Sampling
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
    flatter=st.floats(0.9, 1.1),
    error=st.floats(0.75, 1.33),
    limit=st.integers(100_000, 2_000_000),
)
def test_a_picture_fills_its_limit_though_the_mosaic_errs(
    steep: float, flatter: float, error: float, limit: int
) -> None:
    mosaic, coder, beside = Sizes(steep, limit / 9), JPEG, 10_000
    trial = Trial(1.0, 50.0, 60.0, mosaic, beside, 8.0)
    whole = Sizes(steep * flatter, 8.0 * error * limit / 9)
    approach, fitting, codings = Approach(trial, coder, 0.992 * limit), 0, 0
    while fitting < 0.98 * limit and (setting := approach.next()) is not None:
        codings += 1
        size = whole.size(setting) + beside
        approach.learn(setting, size, fits=size <= limit)
        fitting = size if size <= limit else fitting
    assert fitting >= 0.98 * limit
    assert codings <= 2 + (abs(flatter - 1.0) > 0.02), "the second knows how far the mosaic errs"


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
    source = saved(Image.fromarray(images.photo(640, 480)), "JPEG", quality=96)
    free = made(source, Recipe(floor=80.0))
    limit = round(len(free.data) * 0.9)
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
