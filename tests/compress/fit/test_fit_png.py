"""A PNG under a size in bytes: quality goes before pixels do."""

import io

import numpy as np
import pytest
from PIL import Image

from compress import images, pngs
from compress.sources import made, photo, refused, saved
from homepress.base.formats import ImageType
from homepress.compress.fit.png import coarser
from homepress.compress.model import Reason, Recipe
from homepress.compress.score.ssimulacra2 import full_score

SIZE = (320, 240)
MARK = (b"tEXt", b"Comment\0Homepress")


def picture(*, alpha: bool = False) -> bytes:
    pixels = np.asarray(photo(*SIZE, alpha=alpha)).astype(np.uint16)
    return pngs.png(pixels, 6 if alpha else 2, 8, before=(MARK,))


def shown(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGBA"))


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.75, 0.5, 0.3])
def test_a_photograph_keeps_its_pixels_where_quality_alone_will_do(share: float) -> None:
    source = picture()
    limit = round(share * len(source))
    result = made(source, Recipe(floor=80.0, fit_under=limit))
    assert (result.width, result.height) == SIZE
    assert 0.4 * limit < len(result.data) <= limit
    assert result.score >= {0.75: 90.0, 0.5: 80.0, 0.3: 50.0}[share]
    assert MARK[1] in result.data
    error = np.abs(shown(source).astype(int) - shown(result.data)).mean()
    assert error < {0.75: 2, 0.5: 4, 0.3: 8}[share]


@pytest.mark.slow
def test_pixels_go_where_quality_does_not_do() -> None:
    source = picture()
    limit = len(source) // 30
    result = made(source, Recipe(floor=80.0, fit_under=limit))
    assert result.width < SIZE[0]
    assert len(result.data) <= limit
    enlarged = Image.open(io.BytesIO(result.data)).convert("RGB").resize(SIZE, Image.Resampling.LANCZOS)
    score = full_score(shown(source)[..., :3].copy(), np.asarray(enlarged))
    assert result.score == pytest.approx(score, abs=0.1), "at the old size"


@pytest.mark.slow
def test_what_cannot_be_made_that_small_is_named_with_its_size() -> None:
    result = refused(picture(), Recipe(floor=80.0, fit_under=200))
    assert result.reason is Reason.CANNOT_FIT
    assert "bytes is the least" in result.detail


def test_transparency_stays_exactly() -> None:
    source = picture(alpha=True)
    result = made(source, Recipe(floor=80.0, fit_under=len(source) * 2 // 3))
    assert (result.width, result.height) == SIZE
    assert (shown(source)[..., 3] == shown(result.data)[..., 3]).all()


def test_without_leave_to_lose_nothing_is_lost() -> None:
    source = picture()
    assert refused(source, Recipe(floor=None, fit_under=len(source) // 2)).reason is Reason.CANNOT_FIT


@pytest.mark.slow
def test_a_conversion_fits_too() -> None:
    source = saved(photo(*SIZE), "BMP")
    result = made(source, Recipe(floor=80.0, convert_to=ImageType.PNG, fit_under=len(source) // 4))
    assert (result.width, result.height, result.image_type) == (*SIZE, ImageType.PNG)
    assert len(result.data) <= len(source) // 4


def test_a_drawing_becomes_a_palette() -> None:
    source = saved(Image.fromarray(images.screenshot(400, 300)), "PNG")
    result = made(source, Recipe(floor=95.0, fit_under=len(source) // 2))
    assert (result.width, result.height) == (400, 300)


@pytest.mark.slow
def test_a_quiet_ground_keeps_its_colour() -> None:
    pixels = np.full((400, 300, 3), (245, 240, 20), np.uint8)
    pixels[:250, :250] = images.photo(250, 250)
    source = saved(Image.fromarray(pixels), "PNG")
    for share in (0.5, 0.25, 0.12):
        result = made(source, Recipe(floor=80.0, fit_under=round(share * len(source))))
        corner = shown(result.data)[-result.height // 5 :, -result.width // 5 :, :3]
        assert np.abs(corner.mean(axis=(0, 1)) - (245, 240, 20)).max() < 4, share


@pytest.mark.parametrize("step", [2, 3, 7, 9, 33])
def test_black_white_and_transparency_stay_exact(step: int) -> None:
    rgba = np.full((1, 256, 4), 255, np.uint8)
    rgba[0, :, :3] = np.arange(256)[:, None]
    found = coarser(rgba, step)
    assert (found[0, 0] == (0, 0, 0, 255)).all()
    assert (found[0, 255] == 255).all()
    assert len(np.unique(found[0, :, 0])) <= 256 // step + 2
    assert np.abs(found.astype(int) - rgba).max() <= step // 2 + 1
    assert (np.diff(found[0, :, 0].astype(int)) >= 0).all()
    rgba[..., 3] = 0
    assert not coarser(rgba, step).any()
