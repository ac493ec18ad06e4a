"""Share and strip: what goes, what stays, in the file as it is and in pictures made anew."""

import numpy as np
import pytest

from compress import images, pngs
from compress.metadata.exif_builder import SECRETS
from compress.sources import made, photo, refused, shown, source
from homepress.base.formats import ImageType
from homepress.compress import engine
from homepress.compress.metadata.embedded import read_embedded
from homepress.compress.model import MetadataPolicy, Reason, Recipe, Unchanged
from homepress.compress.score.ssimulacra2 import full_score


class TestPolicy:
    @pytest.mark.parametrize("kind", [ImageType.JPEG, ImageType.PNG, ImageType.WEBP])
    def test_share_in_place_leaves_pixels_and_no_secret(self, kind: ImageType) -> None:
        given = source(kind, photo())
        result = made(given.data, Recipe(floor=None, metadata=MetadataPolicy.SHARE))
        assert result.lossless
        assert np.array_equal(shown(result.data), shown(given.data))
        assert not any(secret in result.data for secret in SECRETS)
        assert read_embedded(result.data).icc == images.wide_profile()
        assert read_embedded(result.data).orientation == 6

    @pytest.mark.parametrize("kind", [ImageType.JPEG, ImageType.PNG, ImageType.WEBP])
    def test_strip_turns_the_picture_upright(self, kind: ImageType) -> None:
        given = source(kind, photo())
        result = made(given.data, Recipe(floor=70.0, metadata=MetadataPolicy.STRIP))
        assert (result.width, result.height) == (240, 320)
        kept = read_embedded(result.data)
        assert (kept.exif, kept.xmp, kept.icc) == ((), (), images.wide_profile())
        assert full_score(shown(given.data)[..., :3].copy(), shown(result.data)[..., :3].copy()) >= 68

    @pytest.mark.parametrize("policy", [MetadataPolicy.SHARE, MetadataPolicy.STRIP])
    @pytest.mark.parametrize("kind", [ImageType.JPEG, ImageType.PNG, ImageType.WEBP])
    def test_a_picture_that_stays_says_whether_there_was_anything_to_take_out(
        self, kind: ImageType, policy: MetadataPolicy
    ) -> None:
        recipe = Recipe(floor=None, metadata=policy)
        clean = made(source(kind, photo(24, 16), turned=1).data, recipe).data
        for data, no_private_metadata in ((clean, True), (b"II*\0" + bytes(100), False)):
            left = engine.compress(data, recipe)
            assert isinstance(left, Unchanged)
            assert left.no_private_metadata is no_private_metadata

    def test_a_jpeg_is_not_turned_without_loss(self) -> None:
        given = source(ImageType.JPEG, photo())
        result = refused(given.data, Recipe(floor=None, metadata=MetadataPolicy.STRIP))
        assert result.reason is Reason.CANNOT_CONVERT

    @pytest.mark.parametrize("policy", [MetadataPolicy.SHARE, MetadataPolicy.STRIP])
    @pytest.mark.parametrize("kind", [ImageType.JPEG, ImageType.PNG, ImageType.WEBP])
    def test_metadata_goes_even_where_nothing_else_is_gained(
        self, kind: ImageType, policy: MetadataPolicy
    ) -> None:
        tiny = source(kind, photo(24, 16), turned=1).data
        result = made(tiny, Recipe(floor=None, metadata=policy))
        assert len(result.data) <= len(tiny)
        assert not any(secret in result.data for secret in SECRETS)
        assert np.array_equal(shown(result.data), shown(tiny))

    @pytest.mark.parametrize("kind", [ImageType.JPEG, ImageType.PNG, ImageType.WEBP])
    def test_a_small_picture_that_has_to_be_turned_is_stripped_too(self, kind: ImageType) -> None:
        tiny = source(kind, photo(24, 16), turned=6).data
        result = made(tiny, Recipe(floor=70.0, metadata=MetadataPolicy.STRIP))
        assert len(result.data) < len(tiny)
        assert (result.width, result.height) == (16, 24)
        assert not any(secret in result.data for secret in SECRETS)

    def test_nothing_to_take_away_is_no_result(self) -> None:
        tiny = pngs.png(pngs.samples(0, 8, 4, 4), 0, 8, level=9)
        assert refused(tiny, Recipe(metadata=MetadataPolicy.SHARE)).reason is Reason.SAVES_TOO_LITTLE

    @pytest.mark.parametrize("policy", [MetadataPolicy.SHARE, MetadataPolicy.STRIP])
    def test_a_converted_picture_is_scrubbed_too(self, policy: MetadataPolicy) -> None:
        given = source(ImageType.PNG, photo())
        result = made(given.data, Recipe(floor=70.0, convert_to=ImageType.JPEG, metadata=policy))
        assert not any(secret in result.data for secret in SECRETS)
        kept = read_embedded(result.data)
        assert kept.icc == images.wide_profile()
        assert bool(kept.exif) == (policy is MetadataPolicy.SHARE)

    def test_a_broken_file_stays_as_it_is(self) -> None:
        data = source(ImageType.PNG, photo()).data[:-30]
        assert refused(data, Recipe(metadata=MetadataPolicy.SHARE)).reason is Reason.BROKEN
