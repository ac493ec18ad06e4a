"""The metric: against the reference's published scores, and its own laws."""

import contextlib
import io
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from compress.images import decoded, jpeg, photo
from homepress.compress.score import ssimulacra2, weighing
from homepress.compress.score.ssimulacra2 import Piece, PieceReference, full_score
from homepress.compress.score.weighing import SCALES, Tally, scales_looked_at

ROUNDING = 0.01
"""Of a score: numpy rounds 32-bit floats otherwise at the ends of rows, and on other processors."""


def gaussian_reference(plane: np.ndarray) -> np.ndarray:
    """A true Gaussian of sigma 1.5, by plain sums."""
    offsets = np.arange(-8, 9)
    taps = np.exp(-(offsets**2) / (2 * 1.5**2))
    taps /= taps.sum()
    padded = np.pad(plane.astype(float), 8)
    down = sum(t * padded[8 + o : 8 + o + plane.shape[0]] for o, t in zip(offsets, taps, strict=True))
    return sum(t * down[:, 8 + o : 8 + o + plane.shape[1]] for o, t in zip(offsets, taps, strict=True))


def test_blur_is_close_to_a_gaussian_of_sigma_one_and_a_half() -> None:
    plane = np.random.default_rng(1).random((45, 70), np.float32)
    mine = ssimulacra2.blur(plane, (0, 45), (0, 70), fade=True)
    assert np.abs(mine - gaussian_reference(plane)).max() < 0.01


def test_blur_of_a_window_is_the_window_of_the_blur() -> None:
    plane = np.random.default_rng(2).random((100, 90), np.float32)
    whole = ssimulacra2.blur(plane, (0, 100), (0, 90), fade=True)
    part = ssimulacra2.blur(plane, (20, 60), (30, 77), fade=True)
    assert np.allclose(part, whole[20:60, 30:77], atol=1e-6)


def test_blur_without_fade_keeps_a_flat_plane_flat() -> None:
    flat = np.full((30, 20), 0.7, np.float32)
    assert np.allclose(ssimulacra2.blur(flat, (0, 30), (0, 20), fade=False), 0.7, atol=1e-6)
    assert ssimulacra2.blur(flat, (0, 30), (0, 20), fade=True)[0, 0] < 0.5


def test_equal_pictures_score_100() -> None:
    picture = photo(300, 200)
    assert full_score(picture, picture) == pytest.approx(100.0, abs=0.05)


def test_worse_quality_scores_lower() -> None:
    picture = photo(320, 256)
    scores = [full_score(picture, decoded(jpeg(picture, q))) for q in (20, 40, 60, 80, 95)]
    assert scores == sorted(scores)
    assert scores[0] < 60 < 85 < scores[-1]


def test_pieces_give_the_score_of_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = photo(400, 333)
    result = decoded(jpeg(picture, 70))
    monkeypatch.setattr(ssimulacra2, "_PIECE", 1024)
    whole = full_score(picture, result)
    monkeypatch.setattr(ssimulacra2, "_PIECE", 128)
    assert full_score(picture, result) == pytest.approx(whole, abs=ROUNDING)


def test_tiles_side_by_side_score_like_each_alone() -> None:
    picture = photo(384, 128)
    result = decoded(jpeg(picture, 60))
    piece = Piece(fade=False)
    alone = Tally()
    for left in range(0, 384, 128):
        part = np.s_[:, left : left + 128]
        alone += PieceReference(picture[part], piece).compare(result[part])
    side_by_side = PieceReference(picture.reshape(128, 3, 128, 3), piece).compare(
        result.reshape(128, 3, 128, 3)
    )
    assert side_by_side.score() == pytest.approx(alone.score(), abs=ROUNDING)


def test_weights_that_are_left_out_move_no_score(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = photo(256, 256)
    result = decoded(jpeg(picture, 40))
    quick = full_score(picture, result)
    with fresh_weights():
        monkeypatch.setattr(weighing, "_NEGLIGIBLE", 0.0)
        monkeypatch.setattr(ssimulacra2, "_COARSEST", SCALES - 1)
        assert full_score(picture, result) == pytest.approx(quick, abs=0.01)


@contextlib.contextmanager
def fresh_weights() -> Iterator[None]:
    """Nothing that was worked out from the weights is remembered, before and after."""
    remembered = weighing.weights, weighing.counting, ssimulacra2._measure, ssimulacra2._kinds
    try:
        for function in remembered:
            function.cache_clear()
        yield
    finally:
        for function in remembered:
            function.cache_clear()


def test_different_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot compare"):
        full_score(photo(64, 64), photo(64, 72))


def test_there_are_108_weights() -> None:
    assert sum(len(line) for line in weighing.WEIGHTS) == 108


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("quality", "reference"), [(30, 48.09), (60, 68.99), (80, 79.49), (90, 84.99)], ids=str
)
def test_reference_values(corpus_dir: Path, quality: int, reference: float) -> None:
    """Scores of the public SSIMULACRA2 2.1 program on Kodak's picture 23 as Pillow codes it."""
    picture = Image.open(corpus_dir / "photos-lossless" / "kodak__23.png").convert("RGB")
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=quality)
    score = full_score(np.asarray(picture), np.asarray(Image.open(stream)))
    assert score == pytest.approx(reference, abs=0.15)


# Scores that the published program gives (SSIMULACRA2 2.1, built from https://github.com/cloudinary/ssimulacra2
# on 30 November 2026) for pictures made and spoilt by the formulas here: width, height, how, score.
PUBLISHED = [
    (8, 8, "noise", 94.15),
    (8, 8, "coarse", 95.70),
    (8, 8, "colour", 99.19),
    (15, 9, "noise", 92.23),
    (15, 9, "coarse", 94.98),
    (15, 9, "colour", 99.00),
    (16, 16, "noise", 92.60),
    (16, 16, "coarse", 91.28),
    (16, 16, "colour", 95.34),
    (32, 32, "noise", 96.51),
    (32, 32, "coarse", 66.29),
    (32, 32, "colour", 0.53),
    (29, 57, "noise", 95.53),
    (29, 57, "coarse", 63.20),
    (29, 57, "colour", -9.81),
    (57, 57, "noise", 94.63),
    (57, 57, "coarse", 82.22),
    (57, 57, "colour", 46.23),
    (112, 112, "noise", 95.27),
    (112, 112, "coarse", 82.81),
    (112, 112, "colour", 45.96),
    (150, 100, "noise", 88.61),
    (150, 100, "coarse", 82.65),
    (150, 100, "colour", 44.60),
    (113, 113, "noise", 86.38),
    (113, 113, "coarse", 84.58),
    (113, 113, "colour", 82.73),
    (1000, 40, "noise", 92.95),
    (1000, 40, "coarse", 60.47),
    (1000, 40, "colour", -29.84),
    (256, 255, "noise", 85.82),
    (256, 255, "coarse", 89.33),
    (256, 255, "colour", 69.00),
]


def made(width: int, height: int) -> np.ndarray:
    """Soft shapes with colours, of whole numbers: the same on every computer."""
    down, across = np.mgrid[0:height, 0:width]
    wave = (across * across + 3 * down * down) // 40 % 64
    light = 60 + across % 100 + np.where(wave < 32, wave, 63 - wave)
    colours = [light, light * 9 // 10 + down * 2 % 40, light * 8 // 10 + across * 3 % 50]
    return np.stack(colours, axis=-1).astype(np.uint8)


def spoilt(picture: np.ndarray, how: str) -> np.ndarray:
    """The picture with noise, with fewer levels, or with less exact colours."""
    pixels = picture.astype(np.int16)
    height, width = (length // 2 * 2 for length in picture.shape[:2])
    match how:
        case "noise":
            pixels += (np.arange(picture.size).reshape(picture.shape) * 7919 % 15).astype(np.int16) - 7
        case "coarse":
            pixels = pixels // 8 * 8 + 4
        case "colour":
            pixels[:, 1::2, 2] = pixels[:, :width:2, 2]
            pixels[1::2, :, 0] = pixels[:height:2, :, 0]
    return np.clip(pixels, 0, 255).astype(np.uint8)


@pytest.mark.parametrize(("width", "height", "how", "published"), PUBLISHED, ids=str)
def test_small_pictures_never_score_higher_than_the_published_program_says(
    width: int, height: int, how: str, published: float
) -> None:
    picture = made(width, height)
    score = full_score(picture, spoilt(picture, how))
    assert score <= published + 0.1
    if scales_looked_at(height, width) == SCALES and min(height, width) >= 8:
        assert score == pytest.approx(published, abs=0.1)


@pytest.mark.parametrize("how", ["noise", "coarse", "colour"])
@pytest.mark.parametrize(("width", "height"), [(48, 48), (112, 150), (700, 64)], ids=str)
def test_small_pictures_never_score_higher_than_each_weight_at_its_own_map_says(
    monkeypatch: pytest.MonkeyPatch, width: int, height: int, how: str
) -> None:
    picture = made(width, height)
    result = spoilt(picture, how)
    both = full_score(picture, result)
    monkeypatch.setattr(ssimulacra2, "scales_looked_at", lambda _height, _width: SCALES)
    assert both <= full_score(picture, result) + 1e-9


SCALES_BY_SIDE = [
    *[(1, 6), (7, 6), (8, 2), (14, 2), (15, 3), (28, 3), (29, 4), (56, 4), (57, 5), (112, 5)],
    *[(113, 6), (5000, 6)],
]


@pytest.mark.parametrize(("side", "scales"), SCALES_BY_SIDE, ids=str)
def test_scales_that_the_published_program_looks_at(side: int, scales: int) -> None:
    assert scales_looked_at(side, 9000) == scales_looked_at(9000, side) == scales


def test_pieces_of_a_thin_strip_are_weighed_as_the_strip(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = made(700, 60)
    result = spoilt(picture, "colour")
    whole = full_score(picture, result)
    monkeypatch.setattr(ssimulacra2, "_PIECE", 128)
    assert full_score(picture, result) == pytest.approx(whole, abs=ROUNDING)


def test_what_is_not_a_number_is_no_perfect_score() -> None:
    with pytest.raises(ArithmeticError, match="not a number"):
        weighing.from_distance(math.nan)
