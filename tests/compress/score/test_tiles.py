"""Tiles: which are drawn, and that they stand for the whole."""

import numpy as np
import pytest

from compress.images import decoded, jpeg, photo
from homepress.compress.score.ssimulacra2 import full_score
from homepress.compress.score.tiles import (
    EDGE,
    StripReference,
    Tile,
    WholeReference,
    cells,
    draw,
    strip,
    worst_tiles,
)


def test_tiles_lie_in_the_picture_and_are_different() -> None:
    picture = photo(1000, 700)
    tiles = draw(cells(picture), 20)
    assert len(set(tiles)) == 20
    assert all(t.top % EDGE == 0 and t.left % EDGE == 0 for t in tiles)
    assert all(t.top + EDGE <= 700 and t.left + EDGE <= 1000 for t in tiles)


def test_all_cells_are_drawn_when_there_are_few() -> None:
    picture = photo(400, 300)
    assert set(draw(cells(picture), 60)) == {
        Tile(row * EDGE, column * EDGE) for row in range(2) for column in range(3)
    }


def test_busy_and_quiet_parts_are_drawn_in_their_shares() -> None:
    picture = np.full((1024, 1024, 3), 100, np.uint8)
    picture[:, :256] = np.random.default_rng(1).integers(0, 256, (1024, 256, 3))
    busy = [tile for tile in draw(cells(picture), 16) if tile.left < 256]
    assert 3 <= len(busy) <= 5


def test_a_picture_smaller_than_a_tile_has_no_cells() -> None:
    with pytest.raises(ValueError, match="smaller"):
        cells(photo(EDGE - 1, 500))


@pytest.mark.slow
def test_the_score_of_tiles_is_about_that_of_the_whole() -> None:
    picture = photo(1536, 1280)
    result = decoded(jpeg(picture, 75))
    tiles = draw(cells(picture), 60)
    sampled = StripReference(strip(picture, tiles)).compare(strip(result, tiles)).score()
    assert sampled == pytest.approx(full_score(picture, result), abs=1.0)


def test_a_kept_picture_scores_several_results_as_each_alone() -> None:
    picture = photo(700, 530)
    reference = WholeReference(picture)
    for quality in (40, 90):
        result = decoded(jpeg(picture, quality))
        assert reference.compare(result).score() == full_score(picture, result)
    with pytest.raises(ValueError, match="cannot compare"):
        reference.compare(photo(530, 700))


def test_strip_puts_tiles_side_by_side() -> None:
    picture = photo(512, 384)
    both = strip(picture, [Tile(128, 256), Tile(0, 0)])
    assert np.array_equal(both[:, :EDGE], picture[128:256, 256:384])
    assert np.array_equal(both[:, EDGE:], picture[:EDGE, :EDGE])


@pytest.mark.parametrize("grey", [False, True])
def test_the_tile_with_a_flaw_is_the_worst(grey: bool) -> None:
    picture = photo(900, 700)
    result = decoded(jpeg(picture, 90)).copy()
    result[300:310, 600:612] = 255 - result[300:310, 600:612]
    if grey:
        picture, result = picture[..., 0], result[..., 0]
    assert worst_tiles(picture, result, 3)[0] == Tile(256, 512)
    assert len(worst_tiles(picture, result, 1000)) == 35
