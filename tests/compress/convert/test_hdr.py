"""Gain maps of smaller pictures: what both make together is the large HDR picture's light, averaged."""

import dataclasses
from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from compress import images, phones
from compress.metadata import jpeg_builder as built
from compress.sources import made
from homepress.base.formats import ImageType
from homepress.compress.convert.gain import GainMap
from homepress.compress.convert.hdr import Reduction, gain_of_apple, gain_of_curve, scaled_map
from homepress.compress.convert.picture import Picture, scale_down
from homepress.compress.convert.resize import resized
from homepress.compress.metadata.errors import Malformed
from homepress.compress.metadata.gain_map import GainChannel, GainCurve, read_iso_curve, read_xmp_curve
from homepress.compress.metadata.jpeg_file import read_jpeg_file
from homepress.compress.metadata.jpeg_tail import gain_map_part
from homepress.compress.model import Recipe

CURVE = read_iso_curve(phones.iso_curve(2))
"""Zero to two powers of two, offsets of 1/64: beside more, Lanczos' ringing would be darker than black."""
SMALL = (256, 192)


def packet(numbers: dict[str, str]) -> bytes:
    """XMP of a gain map as Adobe has it."""
    attributes = "".join(f' hdrgm:{name}="{text}"' for name, text in numbers.items())
    return built.xmp_packet("", attributes=attributes)


@pytest.mark.parametrize(
    ("name", "text"),
    [("GainMapMax", "1e400"), ("GainMapMax", "1e999999999"), ("Gamma", "1e-400/0"), ("GainMapMin", "nan"),
     ("OffsetSDR", "1/0"), ("GainMapMax", "inf"), ("GainMapMax", "much")],
)  # fmt: skip
def test_numbers_that_cannot_be_a_maps_are_told_at_once(name: str, text: str) -> None:
    numbers = {
        "GainMapMin": "0",
        "GainMapMax": "2",
        "Gamma": "1",
        "OffsetSDR": "1/64",
        "OffsetHDR": "0.015625",
    }
    assert read_xmp_curve(packet(numbers)) is not None
    with pytest.raises(Malformed, match=f"{name} is no number"):
        read_xmp_curve(packet({**numbers, name: text}))


def test_maps_beyond_all_light_are_only_scaled() -> None:
    """An ISO block may say two to the power of two billion; the sum of it is no number."""
    channel = GainChannel(Fraction(0), Fraction(200), Fraction(1), Fraction(1, 64), Fraction(1, 64))
    assert gain_of_curve(dataclasses.replace(CURVE, channels=(channel,)), 1) is None


def base(width: int, height: int) -> NDArray[np.uint8]:
    photo = images.photo(width, height)
    return np.dstack([photo, np.full(photo.shape[:2], 255, np.uint8)])


def edges(width: int, height: int) -> NDArray[np.uint8]:
    """A map of hard edges: crossing bars, some bright, some not."""
    y, x = np.mgrid[0:height, 0:width]
    return np.where(((x + y // 2) // 16 % 3 == 0) ^ (y // 20 % 4 == 0), 190, 60).astype(np.uint8)


def light(rgba: NDArray[np.uint8], values: NDArray[np.uint8], curve: GainCurve) -> NDArray[np.float64]:
    """The HDR picture, by the formula of ISO 21496-1."""
    coded = rgba[..., :3] / 255.0
    linear = np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)
    image = Image.fromarray(values).resize((rgba.shape[1], rgba.shape[0]), Image.Resampling.BILINEAR)
    level = np.asarray(image, np.float64).reshape(*rgba.shape[:2], -1) / 255.0
    planes = []
    for number in range(3):
        channel = curve.channels[number % len(curve.channels)]
        gain = level[..., number % level.shape[2]] ** (1 / float(channel.gamma))
        stops = float(channel.minimum) + float(channel.maximum - channel.minimum) * gain
        before, after = float(channel.base_offset), float(channel.hdr_offset)
        planes.append((linear[..., number] + before) * 2.0**stops - after)
    return np.stack(planes, axis=-1)


def error(
    picture: Picture, values: NDArray[np.uint8], wanted: NDArray[np.float64], curve: GainCurve
) -> float:
    """Stops between a picture with a map and the light that it should have: root of the mean square."""
    luma = np.array([0.2126, 0.7152, 0.0722])
    size = picture.size
    planes = [
        np.asarray(
            Image.fromarray(wanted[..., each].astype(np.float32)).resize(size, Image.Resampling.LANCZOS)
        )
        for each in range(3)
    ]
    first = np.log2(np.maximum(np.stack(planes, axis=-1) @ luma, 0) + 1 / 64)
    second = np.log2(np.maximum(light(picture.rgba, values, curve) @ luma, 0) + 1 / 64)
    return float(np.sqrt(np.mean((first - second) ** 2)))


def naively(values: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    return np.asarray(Image.fromarray(values).resize(size, Image.Resampling.LANCZOS))


@pytest.mark.parametrize("colours", [False, True], ids=["one channel", "three channels"])
def test_hard_edges_keep_their_light_in_a_map_as_large_as_its_picture(colours: bool) -> None:
    rgba, values = base(1024, 768), edges(1024, 768)
    if colours:
        values = np.stack([values, 255 - values, np.roll(values, 9, axis=1)], axis=-1)
    wanted = light(rgba, values, CURVE)
    small = resized(Picture(rgba, gain=GainMap(values, CURVE)), SMALL)
    assert small.gain is not None
    assert small.gain.values.shape == (*reversed(SMALL), *values.shape[2:])
    plain = error(small, naively(values, SMALL), wanted, CURVE)
    assert error(small, small.gain.values, wanted, CURVE) < plain / 10 > 0.0025


def test_a_map_of_hard_edges_keeps_its_pixels_where_its_picture_has_as_many() -> None:
    rgba, values = base(1024, 768), edges(256, 192)
    wanted = light(rgba, values, CURVE)
    small = resized(Picture(rgba, gain=GainMap(values, CURVE)), (512, 384))
    assert small.gain is not None
    assert small.gain.values is values
    assert error(small, values, wanted, CURVE) < error(small, naively(values, (128, 96)), wanted, CURVE) / 2


def test_a_smooth_map_shrinks_with_its_picture() -> None:
    rgba, values = base(1024, 768), phones.gain_values(512, 384)
    small = resized(Picture(rgba, gain=GainMap(values, CURVE)), (512, 384))
    assert small.gain is not None
    assert small.gain.values.shape == (192, 256)


def test_where_each_byte_counts_a_map_shrinks_whatever_is_in_it() -> None:
    rgba, values = base(1024, 768), edges(256, 192)
    small = resized(Picture(rgba, gain=GainMap(values, CURVE)), (512, 384), thrifty=True)
    assert small.gain is not None
    assert small.gain.values.shape == (96, 128)


def test_a_map_of_unknown_meaning_shrinks_with_its_picture() -> None:
    rgba, values = base(1024, 768), edges(1024, 768)
    small = resized(Picture(rgba, gain=GainMap(values, None)), SMALL)
    assert small.gain is not None
    assert (small.gain.values == naively(values, SMALL)).all()


def test_black_stays_black_without_offsets() -> None:
    """Apple's maps have none: where the base is black, no gain can be told from its light."""
    rgba, values = base(1024, 768), edges(1024, 768)
    rgba[:384, :, :3] = 0
    small = resized(Picture(rgba, gain=GainMap(values, phones.plain_curve(2))), SMALL)
    assert small.gain is not None
    inside = slice(8, 80)
    difference = small.gain.values[inside].astype(int) - naively(values, SMALL)[inside]
    assert np.abs(difference).max() <= 2


def in_jpeg(data: bytes) -> tuple[Picture, NDArray[np.uint8], bytes]:
    """The picture in a JPEG, its map's values and its map's bytes."""
    file = read_jpeg_file(data)
    part = gain_map_part(file)
    assert part is not None
    gain = data[part.start : part.end]
    return Picture(phones.opened(data)), phones.opened(gain)[..., 0], gain


def test_in_a_jpeg_the_map_is_made_anew_too() -> None:
    map_jpeg = phones.gain_jpeg(values=edges(1024, 768))
    data = phones.ultra_hdr(first=phones.primary(1024, 768), gain=map_jpeg)
    picture, old, _ = in_jpeg(data)
    _, values, gain = in_jpeg(made(data, Recipe(floor=90.0, max_edge=256)).data)
    curve = read_xmp_curve(gain[gain.index(b"<x:xmpmeta") : gain.index(b"</x:xmpmeta>") + 12])
    assert curve is not None
    expected = scaled_map(
        old, gain_of_curve(curve, 1), Reduction(picture.rgba, scale_down(picture.rgba, SMALL))
    )
    assert 0.8 < nearer(values, naively(old, SMALL), expected) < 1.2


@pytest.mark.slow
def test_a_jpegs_map_that_keeps_its_pixels_stays_byte_for_byte() -> None:
    map_jpeg = phones.gain_jpeg(values=edges(256, 192))
    data = phones.ultra_hdr(first=phones.primary(1024, 768), gain=map_jpeg)
    result = made(data, Recipe(floor=80.0, max_edge=512))
    assert in_jpeg(result.data)[2] == map_jpeg
    fitted = made(data, Recipe(floor=80.0, fit_under=20_000))
    assert max(in_jpeg(fitted.data)[1].shape) < 256


def test_apples_map_behind_a_jpeg_is_made_anew_by_apples_formula() -> None:
    data = phones.apple_jpeg(headroom=1.0, gain=0.0, values=edges(1024, 768))
    picture, old, _ = in_jpeg(data)
    _, values, _ = in_jpeg(made(data, Recipe(floor=90.0, max_edge=256)).data)
    base = Reduction(picture.rgba, scale_down(picture.rgba, SMALL))
    expected = scaled_map(old, gain_of_apple(8.0), base)
    assert 0.8 < nearer(values, naively(old, SMALL), expected) < 1.2


def nearer(found: NDArray[np.uint8], first: NDArray[np.uint8], last: NDArray[np.uint8]) -> float:
    """How much of the way from the first map to the last was gone: coding as JPEG averages out."""
    assert found.shape == last.shape
    way = last.astype(float) - first
    return float(np.sum((found - first.astype(float)) * way) / np.sum(way**2))


def test_from_avif_the_map_is_made_anew_as_well() -> None:
    result = made(phones.iso_avif(), Recipe(floor=80.0, convert_to=ImageType.JPEG, max_edge=160, bigger=True))
    assert in_jpeg(result.data)[1].shape == (60, 80)
