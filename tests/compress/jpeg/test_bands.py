"""Large JPEGs in bands: the pixels of the whole, and every difference found in less memory."""

import io

import numpy as np
import pytest
from PIL import Image

from compress.images import Pixels, decoded, jpeg, photo
from homepress.compress import Compressed, Recipe, compress
from homepress.compress.jpeg import bands, optimise
from homepress.compress.jpeg.bands import decode_bands, same_pixels
from homepress.compress.jpeg.encoder import RateDistortionEncoder
from homepress.compress.jpeg.entropy import CodedRows, Events, FrameHeaders, Layout, coded_rows
from homepress.compress.jpeg.model import Coding, Sampling, tables
from homepress.compress.jpeg.smallest import RowsCoding
from homepress.compress.pixels import BAND_STEP, Undecodable


@pytest.fixture(autouse=True)
def all_pictures_are_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("homepress.compress.pixels.LARGE_PIXELS", 0)
    monkeypatch.setattr(bands, "_BAND_PIXELS", 1)


def coding(pixels: Pixels, sampling: Sampling = Sampling.QUARTER) -> RowsCoding:
    encoder = RateDistortionEncoder()
    made: Coding = encoder.encode(pixels, sampling, 70.0, encoder.sample(pixels, sampling))
    assert isinstance(made, RowsCoding)
    return made


@pytest.mark.parametrize("sampling", list(Sampling))
@pytest.mark.parametrize("height", [1, 16, 127, 128, 129, 144, 257, 400, 513])
@pytest.mark.parametrize("grey", [False, True])
def test_bands_are_the_whole(height: int, sampling: Sampling, grey: bool) -> None:
    pixels = photo(151, height)
    made = coding(pixels[..., 0] if grey else pixels, sampling)
    found = list(made.bands())
    assert [band.top for band in found] == list(range(0, height, BAND_STEP))
    assert np.array_equal(np.concatenate([band.pixels[:, :] for band in found]), decoded(made.stream))


def test_inks_come_at_once() -> None:
    inks = np.dstack((photo(120, 300), photo(120, 300, seed=2)[..., 0]))
    made = coding(inks)
    (band,) = made.bands()
    assert np.array_equal(band.pixels[:, :], decoded(made.stream))


def test_a_broken_row_is_found() -> None:
    made = coding(photo(151, 400))
    made.rows.rows[20] = made.rows.rows[20][:-9]
    with pytest.raises(Undecodable, match="broken"):
        list(decode_bands(made.rows))


@pytest.mark.parametrize("options", [{}, {"progressive": True}], ids=["baseline", "progressive"])
@pytest.mark.parametrize("subsampling", [0, 2])
def test_the_same_levels_are_the_same_pixels(options: dict[str, bool], subsampling: int) -> None:
    pixels = photo(151, 400)
    first = jpeg(pixels, 90, subsampling=subsampling)
    second = jpeg(pixels, 90, subsampling=subsampling, **options)
    assert np.array_equal(decoded(first), decoded(second))
    assert same_pixels(first, second)
    assert not same_pixels(first, jpeg(photo(151, 400, seed=3), 90, subsampling=subsampling))


def one_level(component: int, place: int, sampling: Sampling, *, level: int = 7, light: int = 0) -> bytes:
    """A picture of one light but for one level of one block."""
    layout = Layout.of(3, sampling)
    headers = FrameHeaders((64, 64), layout, tables(70.0))
    blocks = np.zeros((64 * 64 // layout.unit_edge**2, len(layout.components), 64), np.float32)
    blocks[:, layout.components == 0, 0] = light
    blocks[3, layout.components.tolist().index(component), place] = level
    steps = blocks.reshape(-1, 64)
    rows = coded_rows(Events.rounded(steps, np.abs(steps)), layout, 64 // layout.unit_edge)
    return CodedRows(headers, rows).stream()


@pytest.mark.parametrize("sampling", list(Sampling))
@pytest.mark.parametrize("component", [0, 1, 2])
@pytest.mark.parametrize("place", [0, 1, 2, 35, 53, 62, 63])
def test_a_single_level_is_seen(sampling: Sampling, component: int, place: int) -> None:
    """Also the finest of the colours, which is not decoded at half the size of a picture with whole ones."""
    changed, grey = one_level(component, place, sampling), one_level(0, 5, sampling)
    assert not same_pixels(changed, grey)
    assert same_pixels(changed, progressive_of(changed))


@pytest.mark.parametrize("light", [-171, 171])
@pytest.mark.parametrize("component", [1, 2])
@pytest.mark.parametrize("levels", [(-5, -12), (5, 12), (-30, -31)])
def test_a_difference_is_seen_where_colours_are_beyond_what_a_screen_shows(
    light: int, component: int, levels: tuple[int, int]
) -> None:
    """Nearly black and nearly white, the colours of both are cut off at the same value."""
    first, second = (one_level(component, 0, Sampling.QUARTER, level=level, light=light) for level in levels)
    assert not same_pixels(first, second)
    assert same_pixels(first, progressive_of(first))


def test_another_header_of_the_same_coding_is_another_picture() -> None:
    ycc = coding(photo(151, 400)).stream
    adobe = b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0"
    jfif = ycc[2:20]
    assert jfif.startswith(b"\xff\xe0")
    assert same_pixels(ycc, ycc.replace(jfif, adobe + b"\1"))
    assert not same_pixels(ycc, ycc.replace(jfif, adobe + b"\0"))


@pytest.mark.parametrize(
    "header", [b"\xff\xe0\0\x10JFIF\0\2\1\0\0\1\0\1\0\0", b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0\3"]
)
def test_a_header_that_libjpeg_warns_of_is_no_hindrance(header: bytes) -> None:
    """A JFIF of a version to come, a transform that nobody knows: they stay, and the picture gets smaller."""
    plain = jpeg(photo(700, 500), 97, subsampling=2)
    source = plain[:2] + header + plain[20:]
    result = compress(source, Recipe())
    assert isinstance(result, Compressed), result
    assert header in result.data


def progressive_of(data: bytes) -> bytes:
    made = optimise(data)
    with Image.open(io.BytesIO(made)) as picture:
        assert picture.info.get("progressive")
    return made


def test_another_sampling_is_another_picture() -> None:
    flat = np.full((64, 64, 3), 90, np.uint8)
    assert not same_pixels(jpeg(flat, 90, subsampling=2), jpeg(flat, 90, subsampling=0))


def test_what_does_not_decode_is_an_error() -> None:
    whole = jpeg(photo(151, 400), 90, subsampling=2)
    with pytest.raises(Undecodable):
        same_pixels(whole, whole[:-300] + b"\xff\xd9")
