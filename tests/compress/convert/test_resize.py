"""Smaller pictures: size, light and transparency."""

import numpy as np
import pytest

from homepress.compress.convert.along import upright
from homepress.compress.convert.picture import Picture, scale_down
from homepress.compress.convert.resample import resample
from homepress.compress.convert.resize import resized
from homepress.compress.savings import fitted_size


@pytest.mark.parametrize(
    ("size", "edge", "expected"),
    [
        ((400, 300), 0, (400, 300)),
        ((400, 300), 400, (400, 300)),
        ((400, 300), 200, (200, 150)),
        ((300, 400), 200, (150, 200)),
        ((4000, 3), 100, (100, 1)),
        ((1, 1), 1, (1, 1)),
    ],
)
def test_the_longest_edge_decides(size: tuple[int, int], edge: int, expected: tuple[int, int]) -> None:
    assert fitted_size(size, edge) == expected


def test_an_even_picture_keeps_its_colour_exactly() -> None:
    for level in range(0, 256, 5):
        rgba = np.full((40, 30, 4), (level, 255 - level, 7, 255), np.uint8)
        assert (scale_down(rgba, (11, 13)) == (level, 255 - level, 7, 255)).all()


def test_light_is_averaged_not_numbers() -> None:
    rgba = np.full((64, 64, 4), 255, np.uint8)
    rgba[::2, ::2, :3] = rgba[1::2, 1::2, :3] = 0  # half of the light
    middle = scale_down(rgba, (8, 8))[2:6, 2:6, :3]
    assert (np.abs(middle.astype(int) - 188) <= 2).all()


def test_colour_under_transparency_does_not_bleed() -> None:
    rgba = np.zeros((64, 64, 4), np.uint8)
    rgba[:, :32] = (200, 100, 50, 255)
    rgba[:, 32:] = (0, 255, 0, 0)
    small = scale_down(rgba, (16, 16))
    seen = small[small[..., 3] > 16]
    assert (np.abs(seen[:, :3].astype(int) - (200, 100, 50)) <= 6).all()
    assert (small[:, -2:] == 0).all()


def test_a_picture_of_the_right_size_is_not_touched() -> None:
    picture = Picture(np.zeros((3, 4, 4), np.uint8), exif=b"block")
    assert resized(picture, (4, 3)) is picture


@pytest.mark.parametrize("size", [(97, 61), (50, 300), (9, 7)])
def test_planes_shrink_as_pillow_shrinks_them(size: tuple[int, int]) -> None:
    from PIL import Image

    plane = np.random.default_rng(3).random((300, 211), np.float32)
    wanted = np.asarray(Image.fromarray(plane).resize(size, Image.Resampling.LANCZOS))
    assert np.abs(resample(plane, size) - wanted).max() < 1e-5


def test_several_pictures_side_by_side_shrink_as_each_alone() -> None:
    several = np.random.default_rng(4).integers(0, 256, (300, 3, 40, 4), dtype=np.uint8)
    together = scale_down(several, (15, 131))
    alone = np.stack([scale_down(several[:, each], (15, 131)) for each in range(3)], axis=1)
    assert np.abs(together.astype(int) - alone).max() <= 1


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turning_agrees_with_pillow(orientation: int) -> None:
    from PIL import Image, ImageOps

    rgba = np.random.default_rng(2).integers(0, 256, (5, 7, 4), dtype=np.uint8)
    image = Image.fromarray(rgba)
    image.getexif()[0x0112] = orientation
    assert np.array_equal(upright(rgba, orientation), np.asarray(ImageOps.exif_transpose(image)))
