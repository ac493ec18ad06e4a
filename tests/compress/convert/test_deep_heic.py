"""HEIC of 10 and 12 bits a channel: what 8 bits cannot say is there on average, and nothing is brighter."""

import io

import numpy as np
import pytest
from numpy.typing import NDArray

from compress.sources import made, refused
from homepress.base.formats import ImageType
from homepress.compress.convert.along import Wanted
from homepress.compress.convert.read import read_picture
from homepress.compress.likeness import difference
from homepress.compress.model import Recipe


def deep_heic(values: NDArray[np.uint16], mode: str, *, twelve: bool = False) -> bytes:
    """A HEIC of 10 or 12 bits a channel, coded without loss."""
    heif = pytest.importorskip("pillow_heif")
    out = io.BytesIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(heif.options, "SAVE_HDR_TO_12_BIT", twelve)
        file = heif.from_bytes(mode, (values.shape[1], values.shape[0]), values.tobytes())
        file.save(out, quality=-1, chroma=444)
    return out.getvalue()


@pytest.mark.parametrize("twelve", [False, True])
def test_a_smooth_sky_of_ten_bits_keeps_its_levels_on_average(twelve: bool) -> None:
    ramp = np.repeat(np.linspace(20_000, 26_000, 512).astype(np.uint16)[None], 256, 0)
    given = deep_heic(np.repeat(ramp[..., None], 3, -1), "RGB;16", twelve=twelve)
    picture = read_picture(given, ImageType.HEIC, Wanted(ImageType.PNG))
    assert picture.dropped == ("deep",)
    means = picture.rgba[..., 0].mean(axis=0)
    assert np.abs(means - ramp[0] / 257).max() < (0.1 if twelve else 0.2)  # rounded it would be 0.5
    assert len(np.unique(np.round(means, 1))) > 3 * 24


@pytest.mark.parametrize(("mode", "channels"), [("L;16", 1), ("RGB;16", 3), ("RGBA;16", 4)])
def test_ten_bits_have_the_right_brightness(mode: str, channels: int) -> None:
    for value in (0, 26_112, 65_535):
        given = deep_heic(np.full((64, 64, channels), value, np.uint16), mode)
        rgba = read_picture(given, ImageType.HEIC, Wanted(ImageType.PNG)).rgba
        shown = rgba.reshape(-1, 4).mean(axis=0)
        assert np.abs(shown[:3] - value / 257).max() < 0.3, mode
        assert abs(shown[3] - (value / 257 if channels == 4 else 255)) < 0.3


def test_ten_bits_that_become_eight_are_not_without_loss() -> None:
    given = deep_heic(np.full((64, 64, 3), 26_112, np.uint16), "RGB;16")
    result = refused(given, Recipe(floor=None, convert_to=ImageType.PNG, bigger=True))
    assert result.detail == "its 10 or 12 bits a channel would become 8, which is not without loss"


def test_grey_of_ten_bits_is_told_to_look_like_its_result() -> None:
    """The look at results decodes by itself, and in grey pillow-heif gives it 16 bits."""
    ramp = np.repeat(np.linspace(5_000, 50_000, 160).astype(np.uint16)[None], 120, 0)[..., None]
    given = deep_heic(np.ascontiguousarray(ramp), "L;16")
    result = made(given, Recipe(floor=60.0, convert_to=ImageType.PNG, bigger=True))
    assert difference(given, result.data).mean < 2


def test_a_picture_without_a_size_is_broken() -> None:
    """The daemon would not believe any result of it, since it cannot compare sizes."""
    source = deep_heic(np.full((64, 64, 1), 26_112, np.uint16), "L;16").replace(b"ispe", b"free")
    result = refused(source, Recipe(convert_to=ImageType.JPEG, bigger=True))
    assert result.detail == "it does not say its size in pixels"
