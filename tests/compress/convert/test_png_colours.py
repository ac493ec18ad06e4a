"""Colours that a PNG gives in numbers: other formats get a profile that shows the same."""

import io
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageCms

from compress import pngs
from homepress.base.formats import ImageType
from homepress.compress import Compressed, Recipe, Unchanged, compress
from homepress.compress.convert.picture import CannotConvert
from homepress.compress.convert.png_colours import colour_profile
from homepress.compress.png.pixels import read_png

LEVELS = np.array([[[0, 0, 0], [64, 128, 192], [200, 100, 50], [250, 5, 5], [255, 255, 255]]], np.uint8)
P3 = bytes((12, 13, 0, 1))
SRGB_NUMBERS = (31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
ADOBE_NUMBERS = (31270, 32900, 64000, 33000, 21000, 71000, 15000, 6000)

Chunk = tuple[bytes, bytes]


def file_with(*chunks: Chunk) -> bytes:
    return pngs.png(LEVELS.astype(np.uint16), 2, 8, before=chunks)


def profile_of(*chunks: Chunk) -> bytes | None:
    return colour_profile(read_png(file_with(*chunks)), None)


def shown(pixels: NDArray[np.uint8], profile: bytes | None) -> NDArray[np.int_]:
    """In sRGB, by LittleCMS."""
    assert profile is not None
    own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    image = ImageCms.profileToProfile(Image.fromarray(pixels), own, ImageCms.createProfile("sRGB"))
    assert image is not None
    return np.asarray(image).astype(np.int_)


def as_srgb(light: NDArray[np.float64]) -> NDArray[np.int_]:
    coded = np.where(light <= 0.0031308, light * 12.92, 1.055 * np.maximum(light, 0) ** (1 / 2.4) - 0.055)
    return np.rint(coded.clip(0, 1) * 255).astype(np.int_)


@pytest.mark.parametrize("gamma", [100_000, 55_556, 38_462])
def test_a_tone_curve_shows_the_same_light(gamma: int) -> None:
    profile = profile_of((b"gAMA", struct.pack(">I", gamma)))
    wanted = as_srgb((LEVELS / 255) ** (100_000 / gamma))
    assert np.abs(shown(LEVELS, profile) - wanted).max() <= 1


def test_grey_stays_grey_whatever_the_primaries() -> None:
    adobe = profile_of((b"gAMA", struct.pack(">I", 45_455)), (b"cHRM", struct.pack(">8I", *ADOBE_NUMBERS)))
    grey = np.repeat(np.arange(0, 256, 5, dtype=np.uint8)[None, :, None], 3, axis=-1)
    for profile in (adobe, profile_of((b"cICP", P3))):
        assert np.ptp(shown(grey, profile), axis=-1).max() <= 1


ADOBE_TO_SRGB = np.array(((1.39836, -0.39836, 0.0), (0.0, 1.0, 0.0), (0.0, -0.04293, 1.04293)))
P3_TO_SRGB = np.array(((1.22494, -0.22494, 0.0), (-0.04206, 1.04206, 0.0), (-0.01964, -0.07864, 1.09828)))
"""Of light, both with the white of D65, as published for the two spaces."""


def test_a_colour_is_where_the_published_matrices_have_it() -> None:
    colour = np.array([[[200, 100, 50]]], np.uint8)
    adobe = profile_of((b"gAMA", struct.pack(">I", 45_455)), (b"cHRM", struct.pack(">8I", *ADOBE_NUMBERS)))
    assert np.abs(shown(colour, adobe) - as_srgb((colour / 255) ** 2.2 @ ADOBE_TO_SRGB.T)).max() <= 1
    light = np.where(colour / 255 <= 0.04045, colour / 255 / 12.92, ((colour / 255 + 0.055) / 1.055) ** 2.4)
    assert np.abs(shown(colour, profile_of((b"cICP", P3))) - as_srgb(light @ P3_TO_SRGB.T)).max() <= 1


@pytest.mark.parametrize(
    "chunks",
    [
        [],
        [(b"gAMA", struct.pack(">I", 45_455)), (b"cHRM", struct.pack(">8I", *SRGB_NUMBERS))],
        [(b"sRGB", b"\0"), (b"gAMA", struct.pack(">I", 100_000))],
        [(b"cICP", bytes((1, 13, 0, 1))), (b"gAMA", struct.pack(">I", 100_000))],
    ],
    ids=["nothing", "its numbers", "its chunk", "its code"],
)
def test_what_means_srgb_gets_no_profile(chunks: list[Chunk]) -> None:
    assert profile_of(*chunks) is None


def test_a_code_counts_before_a_profile() -> None:
    """PNG, third edition, 11.3.2: cICP, then iCCP, sRGB, gAMA with cHRM."""
    own = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert colour_profile(read_png(file_with((b"cICP", bytes((1, 13, 0, 1))))), own) is None
    assert colour_profile(read_png(file_with((b"gAMA", struct.pack(">I", 100_000)))), own) == own


@pytest.mark.parametrize(
    "chunks",
    [
        [(b"cICP", bytes((9, 16, 0, 1)))],
        [(b"cICP", bytes((9, 18, 0, 1)))],
        [(b"cICP", bytes((1, 13, 1, 1)))],
        [(b"mDCV", bytes(24))],
        [(b"gAMA", bytes(4))],
        [(b"cHRM", struct.pack(">8I", *(31270, 32900, *[30000] * 6)))],
    ],
    ids=["PQ", "HLG", "a matrix", "a display", "gamma of none", "one point"],
)
def test_what_no_profile_can_say_is_refused(chunks: list[Chunk]) -> None:
    with pytest.raises(CannotConvert):
        profile_of(*chunks)


@given(st.integers(0, 2**32 - 1), st.lists(st.integers(0, 100_000), min_size=8, max_size=8))
def test_any_numbers_give_a_profile_that_opens_or_a_refusal(gamma: int, numbers: list[int]) -> None:
    try:
        profile = profile_of((b"gAMA", struct.pack(">I", gamma)), (b"cHRM", struct.pack(">8I", *numbers)))
    except CannotConvert:
        return
    if profile is not None:
        assert len(profile) == int.from_bytes(profile[:4], "big")
        assert ImageCms.ImageCmsProfile(io.BytesIO(profile)).profile.xcolor_space == "RGB "


@pytest.mark.parametrize("target", [ImageType.JPEG, ImageType.WEBP, ImageType.AVIF, None])
def test_a_result_shows_what_its_source_shows(target: ImageType | None) -> None:
    """Each value is meant as its fourth power: far too bright where nobody says so."""
    ramp = np.linspace(20, 220, 96).astype(np.uint8)
    picture = np.repeat(np.repeat(ramp[None, :, None], 64, axis=0), 3, axis=-1)
    gamma = (b"gAMA", struct.pack(">I", 25_000))
    source = pngs.png(picture.astype(np.uint16), 2, 8, before=(gamma,))
    wanted = Recipe(floor=80.0, convert_to=target, max_edge=0 if target else 48, bigger=True)
    result = compress(source, wanted)
    assert isinstance(result, Compressed), result
    opened = Image.open(io.BytesIO(result.data))
    profile = opened.info.get("icc_profile")
    seen = shown(np.asarray(opened.convert("RGB")), profile)
    expected = as_srgb((np.asarray(Image.fromarray(picture).resize(opened.size)) / 255) ** 4.0)
    assert np.abs(seen - expected).mean() < 3


def test_hdr_stays_a_png_and_says_so() -> None:
    result = compress(file_with((b"cICP", bytes((9, 16, 0, 1)))), Recipe(convert_to=ImageType.JPEG))
    assert isinstance(result, Unchanged)
    assert "HDR" in result.detail
