"""Where a result differs from its original, and how much."""

from collections.abc import Iterator
from dataclasses import replace
from typing import cast

from PIL import Image, ImageChops

from homepress.ui.window.model.pictures import WHOLE, Pair, Part, Pixels

_TILE = 64
"""Side of a tile of the difference, in pixels of the picture."""

_IN_STRIPS = 30_000_000
"""Pixels: of larger pictures the worker holds no decoded copy, so they are measured by their overview."""

_STRIP_PIXELS = 2_000_000


def measured(pair: Pair) -> Pair:
    """The same pair, looked through for where it differs most. Raises `NotShownError`."""
    if not pair.matches:
        return pair
    best, place = -1.0, (0.5, 0.5)
    (width, height), rows = pair.before.overview.size, []
    for part, before, after in _strips(pair):
        difference = _difference(before, after)
        level, (x, y) = _worst_tile(difference)
        if level > best:
            best, place = level, (x, part[1] + y * (part[3] - part[1]))
        lines = round(part[3] * height) - round(part[1] * height)
        if lines:
            rows.append(difference.resize((width, lines), Image.Resampling.BOX).tobytes())
    found = Pixels(WHOLE, (width, height), b"".join(rows))
    return replace(pair, worst=place, worst_level=max(0.0, best) ** 0.5, difference=found)


def _strips(pair: Pair) -> Iterator[tuple[Part, Image.Image, Image.Image]]:
    """Both pictures from top to bottom, a few rows of tiles at a time, at the size of the one before."""
    width, height = pair.before.size
    if not pair.before.is_reduced or width * height > _IN_STRIPS:
        yield WHOLE, _image(pair.before.overview), _image(pair.after.overview)
        return
    rows = max(1, _STRIP_PIXELS // (width * _TILE)) * _TILE
    for top in range(0, max(1, height - _TILE), rows):
        bottom = top + rows if top + rows <= height - _TILE else height  # no strip is lower than a tile
        part = (0.0, top / height, 1.0, bottom / height)
        edge = max(width, bottom - top)
        yield part, _image(pair.before.part(part, edge)), _image(pair.after.part(part, edge))


def _difference(one: Image.Image, other: Image.Image) -> Image.Image:
    """How much two pictures differ, in grey."""
    if other.size != one.size:
        other = other.resize(one.size, Image.Resampling.BILINEAR)
    return ImageChops.difference(one, other).convert("L")


def _worst_tile(difference: Image.Image) -> tuple[float, tuple[float, float]]:
    """The mean square of the tile that differs most, and its middle as shares of width and height."""
    squares = difference.point([level * level for level in range(256)], "F")
    tiles = squares.reduce(_TILE) if min(squares.size) >= _TILE else squares
    # One channel, so each value is one number.
    values = [cast(float, value) for value in tiles.get_flattened_data()]
    at = max(range(len(values)), key=values.__getitem__)
    x, y = at % tiles.width, at // tiles.width
    return float(values[at]), ((x + 0.5) / tiles.width, (y + 0.5) / tiles.height)


def heat(level: int) -> tuple[int, int, int]:
    """The colour for a difference of 0 to 255, eight times as strong: black, blue, red, white."""
    value = min(255, level * 8)
    blue = min(255, value * 3) if value < 85 else max(60, 255 - (value - 85))
    return min(255, max(0, (value - 64) * 2)), min(255, max(0, (value - 150) * 3)), blue


def _image(pixels: Pixels) -> Image.Image:
    return Image.frombytes("RGB", pixels.size, pixels.data)
