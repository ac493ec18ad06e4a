"""The metric: against the reference's published scores, and its own laws."""

import io
import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from compress.images import decoded, jpeg, photo
from homepress.compress.score import ssimulacra2
from homepress.compress.score.ssimulacra2 import Piece, PieceReference, full_score

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
    alone = ssimulacra2.Tally()
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
    monkeypatch.setattr(ssimulacra2, "_NEGLIGIBLE", 0.0)
    terms = ssimulacra2._terms()
    monkeypatch.setattr(ssimulacra2, "_TERMS", terms)
    channels = [tuple(c for s, c in terms if s == scale) for scale in range(ssimulacra2.SCALES)]
    monkeypatch.setattr(ssimulacra2, "_CHANNELS_AT", channels)
    monkeypatch.setattr(ssimulacra2, "_COARSEST", max(scale for scale, _ in terms))
    assert full_score(picture, result) == pytest.approx(quick, abs=0.01)


def test_different_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot compare"):
        full_score(photo(64, 64), photo(64, 72))


def test_there_are_108_weights() -> None:
    assert sum(len(line) for line in ssimulacra2.WEIGHTS) == 108


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


def test_what_is_not_a_number_is_no_perfect_score() -> None:
    with pytest.raises(ArithmeticError, match="not a number"):
        ssimulacra2._from_distance(math.nan)
