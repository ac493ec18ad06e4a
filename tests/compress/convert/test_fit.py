"""The search for what fits under a size: few attempts, on sizes that grow as pictures' sizes do."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compress.sources import made, photo, refused, saved
from homepress.base.formats import ImageType
from homepress.compress.convert import fit
from homepress.compress.convert.picture import Picture
from homepress.compress.convert.write import EncodedFile, EncodeOptions
from homepress.compress.model import MetadataPolicy, Reason, Recipe, ScoreKind

PICTURE = Picture(np.zeros((150, 200, 4), np.uint8))


class Writer:
    """Writes nothing but sizes, which grow with floor and pixels."""

    def __init__(self, steep: float, at_eighty: float) -> None:
        self.steep = steep
        self.at_eighty = at_eighty
        self.asked: list[tuple[tuple[int, int], float]] = []

    def __call__(self, picture: Picture, _kind: ImageType, options: EncodeOptions) -> EncodedFile:
        assert options.floor is not None
        self.asked.append((picture.size, options.floor))
        share = picture.size[0] / PICTURE.size[0]
        size = self.at_eighty * math.exp(self.steep * (options.floor - 80.0)) * share**1.8
        return EncodedFile(bytes(round(size)), options.floor, ScoreKind.SAMPLED, False, "")


@settings(deadline=None)
@given(steep=st.floats(0.02, 0.07), at_eighty=st.floats(20_000, 900_000), limit=st.integers(3_000, 500_000))
def test_few_attempts_come_close(steep: float, at_eighty: float, limit: int) -> None:
    writer = Writer(steep, at_eighty)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fit, "write_picture", writer)
        try:
            written, shown = fit.Fitting(PICTURE, ImageType.JPEG, EncodeOptions(80.0), limit).write()
        except fit.CannotFit as refusal:
            size, floor = writer.asked[-1]
            assert (size, floor) == ((50, 38), 30.0)
            assert f"{limit:,} were asked for" in str(refusal)
            return
    assert len(written.data) <= limit
    at_full_size = [size for size, _ in writer.asked if size == PICTURE.size]
    assert len(at_full_size) <= 4
    assert len(writer.asked) <= 11
    if shown.size == PICTURE.size and written.score < 80.0:
        assert len(written.data) >= 0.7 * limit


def test_what_fits_at_once_is_asked_once() -> None:
    writer = Writer(0.03, 50_000)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fit, "write_picture", writer)
        written, _ = fit.Fitting(PICTURE, ImageType.JPEG, EncodeOptions(80.0), 60_000).write()
    assert written.score == 80.0
    assert len(writer.asked) == 1


@pytest.mark.slow
@settings(deadline=None, max_examples=25)
@given(steep=st.floats(0.02, 0.07), mosaic=st.integers(20_000, 90_000), limit=st.integers(60_000, 900_000))
def test_a_large_picture_is_written_seldom(steep: float, mosaic: int, limit: int) -> None:
    large = Picture(np.zeros((2100, 2100, 4), np.uint8))

    def write(picture: Picture, _kind: ImageType, options: EncodeOptions) -> EncodedFile:
        assert options.floor is not None
        if min(picture.size) > 1024:
            written.append(picture.size)
        share = math.sqrt(picture.size[0] * picture.size[1] / 1024**2)
        size = mosaic * math.exp(steep * (options.floor - 80.0)) * share**1.9
        return EncodedFile(bytes(round(size)), options.floor, ScoreKind.SAMPLED, False, "")

    written: list[tuple[int, int]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fit, "write_picture", write)
        result, shown = fit.Fitting(large, ImageType.JPEG, EncodeOptions(80.0), limit).write()
    assert len(result.data) <= limit
    assert len(written) <= 4
    if shown.size == large.size and result.score < 80.0:
        assert len(result.data) >= 0.8 * limit


def test_metadata_that_alone_is_too_much_is_named_at_once() -> None:
    kept = b"".join(b"\xff\xe4\xff\xff" + bytes(range(250)) * 262 + b"\0" * 33 for _ in range(4))
    jpeg = saved(photo(320, 240), "JPEG", quality=95)
    heavy = jpeg[:2] + kept + jpeg[2:]
    result = refused(heavy, Recipe(fit_under=200_000))
    assert result.reason is Reason.CANNOT_FIT
    assert f"{len(kept):,} bytes of it are metadata" in result.detail
    stripped = made(heavy, Recipe(fit_under=200_000, metadata=MetadataPolicy.STRIP))
    assert len(stripped.data) <= 200_000
