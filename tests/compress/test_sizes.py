"""Fewer pixels and fewer bytes on demand: limits hold, metadata is put right, the impossible is said."""

import io

import numpy as np
import pytest
from PIL import Image

from compress import images
from compress.sources import animation, made, photo, refused, saved, shown, source
from homepress.base.formats import ImageType
from homepress.compress.convert import convert
from homepress.compress.convert.picture import scale_down
from homepress.compress.metadata.embedded import read_embedded
from homepress.compress.model import Compressed, Reason, Recipe
from homepress.compress.score.ssimulacra2 import full_score


class TestResize:
    @pytest.mark.parametrize("kind", [ImageType.JPEG, ImageType.PNG, ImageType.WEBP])
    def test_the_longest_edge_is_kept_under_and_metadata_put_right(self, kind: ImageType) -> None:
        given = source(kind, photo(640, 400))
        result = made(given.data, Recipe(floor=70.0, max_edge=200))
        assert (result.image_type, result.width, result.height) == (kind, 125, 200), "upright"
        assert not result.lossless
        assert "resized to 125 x 200" in result.method
        kept = read_embedded(result.data)
        assert b"THUMBNAIL" not in kept.exif[0]
        assert b"Jane Owner" in kept.exif[0]
        assert kept.icc == images.wide_profile()
        before = (
            Image.fromarray(shown(given.data)).convert("RGB").resize((125, 200), Image.Resampling.LANCZOS)
        )
        assert full_score(np.asarray(before), shown(result.data)[..., :3].copy()) > 55

    @pytest.mark.parametrize("kind", [ImageType.JPEG, ImageType.PNG, ImageType.WEBP])
    def test_a_small_picture_is_only_made_smaller(self, kind: ImageType) -> None:
        given = source(kind, photo(320, 240))
        result = convert.compress(given.data, Recipe(floor=70.0, max_edge=320))
        if isinstance(result, Compressed):
            assert (result.width, result.height) == (320, 240)
            assert read_embedded(result.data).exif == read_embedded(given.data).exif

    def test_an_animation_is_not_resized(self) -> None:
        result = refused(animation("WEBP"), Recipe(max_edge=20))
        assert result.reason is Reason.CANNOT_CONVERT

    def test_formats_that_are_left_alone_stay_so(self) -> None:
        result = refused(saved(photo(), "BMP"), Recipe(max_edge=20))
        assert result.reason is Reason.FORMAT_LEFT_ALONE


class TestFit:
    @pytest.mark.parametrize("kind", [ImageType.JPEG, ImageType.WEBP])
    def test_quality_goes_first(self, kind: ImageType) -> None:
        data = saved(photo(160, 120), "BMP")
        free = made(data, Recipe(floor=85.0, convert_to=kind))
        limit = len(free.data) * 3 // 4
        result = made(data, Recipe(floor=85.0, convert_to=kind, fit_under=limit))
        assert limit * 0.6 < len(result.data) <= limit
        assert 30.0 <= result.score < 85.0
        assert (result.width, result.height) == (160, 120)

    @pytest.mark.slow
    def test_then_pixels(self) -> None:
        data = saved(photo(), "BMP")
        lowest = made(data, Recipe(floor=30.0, convert_to=ImageType.JPEG))
        limit = len(lowest.data) * 2 // 3
        result = made(data, Recipe(floor=80.0, convert_to=ImageType.JPEG, fit_under=limit))
        assert len(result.data) <= limit
        assert result.width < 320
        # The score is of the old size; at its own size it shows enough.
        size = result.width, result.height
        own = scale_down(np.asarray(Image.open(io.BytesIO(data)).convert("RGBA")), size)
        assert full_score(own[..., :3].copy(), shown(result.data)[..., :3].copy()) >= 30.0

    def test_what_fits_is_not_made_worse(self) -> None:
        data = saved(photo(), "JPEG", quality=97)
        free = convert.compress(data, Recipe(floor=80.0, max_edge=9999))
        assert isinstance(free, Compressed)
        assert made(data, Recipe(floor=80.0, fit_under=len(free.data))).data == free.data

    def test_the_impossible_is_said(self) -> None:
        data = saved(photo(), "BMP")
        result = refused(data, Recipe(floor=80.0, convert_to=ImageType.JPEG, fit_under=200))
        assert result.reason is Reason.CANNOT_FIT
        assert "200" in result.detail

    def test_without_leave_to_lose_nothing_is_lost(self) -> None:
        data = saved(photo(), "BMP")
        result = refused(data, Recipe(floor=None, convert_to=ImageType.PNG, fit_under=5_000))
        assert result.reason is Reason.CANNOT_FIT
        assert "without loss" in result.detail

    @pytest.mark.parametrize("limit", [900, 2_000, 5_000])
    def test_a_limit_holds_or_is_said_to_be_out_of_reach(self, limit: int) -> None:
        data = saved(photo(120, 90), "JPEG", quality=96)
        result = convert.compress(data, Recipe(floor=80.0, fit_under=limit))
        if isinstance(result, Compressed):
            assert len(result.data) <= limit
            assert result.score >= 30.0
        else:
            assert result.reason is Reason.CANNOT_FIT
            assert f"{limit:,}" in result.detail


class TestAskedSizes:
    """What was asked for is done though it saves less than would be worth it unasked."""

    def test_a_small_picture_is_resized(self) -> None:
        data = saved(photo(160, 120), "WEBP", quality=90)
        assert len(data) < 8_000
        result = made(data, Recipe(floor=70.0, max_edge=80))
        assert (result.width, result.height) == (80, 60)

    def test_a_small_picture_is_made_to_fit(self) -> None:
        data = saved(photo(160, 120), "WEBP", quality=90)
        result = made(data, Recipe(floor=80.0, fit_under=len(data) - 300))
        assert len(result.data) <= len(data) - 300
