"""The fingerprint of a PNG's pixels: equal for equal pixels only, whatever the coding."""

import io
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from compress import pngs
from homepress.compress.png import recode as recode_module
from homepress.compress.png.coded import BrokenPicture, CodedPicture, ColourType
from homepress.compress.png.pixels import fingerprint, pixel_rows, read_png
from homepress.compress.png.recode import recode


def picture(data: bytes) -> CodedPicture:
    return read_png(data).picture


def decoded(data: bytes) -> np.ndarray:
    return np.concatenate(list(pixel_rows(picture(data))))


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize(("colour", "depth"), pngs.KINDS)
def test_every_sample_of_every_kind_is_read(colour: int, depth: int, interlaced: bool) -> None:
    values = pngs.samples(colour, depth, 37, 23)
    got = decoded(pngs.png(values, colour, depth, interlaced=interlaced, pieces=3))
    assert got.dtype == (np.uint16 if depth == 16 else np.uint8)
    if colour == 3:
        index = values[..., 0].astype(int)
        expected = np.stack([index * 7 % 256, 255 - index % 256, index * 3 % 256], axis=-1)
        assert np.array_equal(got[..., :3], expected)
        return
    scale = 255 // ((1 << depth) - 1) if depth < 8 else 1
    colours = 1 if colour in (0, 4) else 3
    assert np.array_equal(got[..., :3], np.broadcast_to(values[..., :colours] * scale, got[..., :3].shape))
    top = 65535 if depth == 16 else 255
    assert np.array_equal(got[..., 3], values[..., -1] if colour in (4, 6) else np.full((23, 37), top))


@pytest.mark.parametrize(("colour", "depth"), [kind for kind in pngs.KINDS if kind[1] <= 8])
def test_pixels_agree_with_pillow(colour: int, depth: int) -> None:
    data = pngs.png(pngs.samples(colour, depth, 20, 11), colour, depth)
    with Image.open(io.BytesIO(data)) as image:
        assert np.array_equal(decoded(data), np.asarray(image.convert("RGBA")))


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize("colour", [0, 2, 4, 6])
def test_the_lowest_bit_of_sixteen_counts(colour: int, interlaced: bool) -> None:
    values = pngs.samples(colour, 16, 19, 13)
    before = fingerprint(picture(pngs.png(values, colour, 16, interlaced=interlaced)))
    values[7, 11, -1] ^= 1
    assert fingerprint(picture(pngs.png(values, colour, 16, interlaced=interlaced))) != before


def test_colour_beneath_full_transparency_counts() -> None:
    values = pngs.samples(6, 8, 8, 8)
    values[3, 3] = (10, 20, 30, 0)
    before = fingerprint(picture(pngs.png(values, 6, 8)))
    values[3, 3] = (10, 20, 31, 0)
    assert fingerprint(picture(pngs.png(values, 6, 8))) != before


@pytest.mark.parametrize(("colour", "depth"), [(0, 1), (0, 4), (0, 16), (2, 8), (2, 16)])
def test_a_transparent_colour_is_matched_at_its_own_depth(colour: int, depth: int) -> None:
    values = pngs.flat(colour, depth, 48, 48)
    key = values[20, 20]
    transparency = key.astype(">u2").tobytes()
    alpha = decoded(pngs.png(values, colour, depth, transparency=transparency))[..., 3]
    assert np.array_equal(alpha == 0, (values == key).all(axis=-1))


def test_palette_and_alpha() -> None:
    values = np.array([[[0], [1]]], np.uint16)
    data = pngs.png(values, 3, 8, palette=bytes((1, 2, 3, 4, 5, 6)), transparency=bytes((7,)))
    assert decoded(data).tolist() == [[[1, 2, 3, 7], [4, 5, 6, 255]]]


def test_an_index_beyond_the_palette_is_broken() -> None:
    """Decoders disagree on its colour: black, transparent or an error."""
    data = pngs.png(np.array([[[0], [2]]], np.uint16), 3, 8, palette=bytes((1, 2, 3, 4, 5, 6)))
    with pytest.raises(BrokenPicture, match="palette lacks"):
        decoded(data)


def test_size_counts_where_the_bytes_are_the_same() -> None:
    values = np.zeros((4, 6, 1), np.uint16)
    wide = picture(pngs.png(values, 0, 8))
    tall = picture(pngs.png(values.reshape(6, 4, 1), 0, 8))
    assert fingerprint(wide) != fingerprint(tall)


@pytest.mark.parametrize("interlaced", [False, True])
def test_a_stream_that_is_too_short_or_too_long_is_broken(interlaced: bool) -> None:
    values = pngs.samples(2, 8, 21, 17)
    whole = picture(pngs.png(values, 2, 8, interlaced=interlaced))
    for wrong in (
        replace(whole, stream=whole.stream[:-6]),
        replace(whole, stream=whole.stream + b"\0"),
        replace(whole, header=replace(whole.header, height=18)),
        replace(whole, header=replace(whole.header, height=16)),
        replace(whole, stream=whole.stream[:-1] + bytes((whole.stream[-1] ^ 1,))),
        replace(whole, stream=b""),
    ):
        with pytest.raises(BrokenPicture):
            fingerprint(wrong)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(
    kind=st.sampled_from(pngs.KINDS),
    width=st.integers(1, 40),
    height=st.integers(1, 40),
    interlaced=st.booleans(),
    seed=st.integers(0, 1000),
    flat=st.booleans(),
)
def test_recoding_keeps_the_fingerprint(
    kind: tuple[int, int], width: int, height: int, interlaced: bool, seed: int, flat: bool
) -> None:
    colour, depth = kind
    make = (
        pngs.flat(colour, depth, width, height) if flat else pngs.samples(colour, depth, width, height, seed)
    )
    file = read_png(pngs.png(make, colour, depth, interlaced=interlaced))
    result = recode(file.picture, file.freedom, level=2)
    assert fingerprint(result) == fingerprint(file.picture)
    assert result.header.interlaced == interlaced
    doubled = bool((make % 257 == 0).all())
    assert (result.header.depth == 16) == (depth == 16 and not doubled)
    if colour == ColourType.INDEXED:
        assert result.palette == file.picture.palette


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize(("colour", "depth"), [(0, 1), (2, 8), (3, 4), (6, 16)])
def test_without_oxipng_zlib_recodes(
    monkeypatch: pytest.MonkeyPatch, colour: int, depth: int, interlaced: bool
) -> None:
    monkeypatch.setattr(recode_module, "oxipng", None)
    values = pngs.flat(colour, depth, 60, 60)
    before = picture(pngs.png(values, colour, depth, interlaced=interlaced, level=0))
    after = recode(before)
    assert len(after.stream) < len(before.stream)
    assert (after.header, fingerprint(after)) == (before.header, fingerprint(before))
    assert recode(after) is after
    with pytest.raises(BrokenPicture):
        recode(replace(before, stream=before.stream[:-9]))
