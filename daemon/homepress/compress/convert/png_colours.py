"""Which colours a PNG has, when it gives them in numbers (cICP, or gAMA and cHRM) or in a profile.

No other format has a place for these numbers, and a resized PNG is written with one kind of colour alone: a
profile. It is for colour in grey pictures too, since what judges results takes a profile for grey as sRGB's.
"""

import struct

from homepress.compress.convert.picture import CannotConvert
from homepress.compress.convert.profile import (
    SRGB_CURVE,
    SRGB_PRIMARIES,
    Primaries,
    make_profile,
    profile_of_code_points,
)
from homepress.compress.png.pixels import PngFile, has_usual_gamma, has_usual_primaries

_UNITS = 100_000
"""What gAMA and cHRM count in (PNG, third edition, 11.3.2)."""
_SRGB_CODES = (1, 13)
_FULL_RANGE_RGB = (0, 1)
_STEEPEST = 100.0
"""The power of a tone curve, or one part of it, beyond which nothing is left of a picture."""


def colour_profile(file: PngFile, icc: bytes | None) -> bytes | None:
    """The profile that counts for a PNG, made here if its colours are given in numbers.

    What counts is what the specification puts first: cICP, then iCCP, sRGB, and gAMA with cHRM last.

    Args:
        file: the PNG.
        icc: the profile in it.

    Returns:
        A profile; None where the colours are those of sRGB.

    Raises:
        CannotConvert: they are HDR, or the numbers make no sense.
    """
    if file.has(b"cICP"):
        return _by_code_points(_body(file, b"cICP"))
    if file.has(b"mDCV") or file.has(b"cLLI"):
        raise CannotConvert("it says how bright a display it was made on, which only PNG carries here")
    if icc is not None or file.has(b"sRGB"):
        return icc
    if has_usual_gamma(file) and has_usual_primaries(file):
        return None
    try:
        return make_profile("gAMA and cHRM of a PNG", _primaries(file), _curve(file))
    except ValueError as error:
        raise CannotConvert("the numbers for its colours (gAMA, cHRM) are impossible") from error


def _by_code_points(body: bytes) -> bytes | None:
    if len(body) != 4 or tuple(body[2:]) != _FULL_RANGE_RGB:
        raise CannotConvert("its colours are coded in a way that only PNG carries here (cICP)")
    codes = body[0], body[1]
    if codes == _SRGB_CODES:
        return None
    profile = profile_of_code_points(*codes)
    if profile is None:
        raise CannotConvert("its colours are HDR, or of a kind that only PNG carries here (cICP)")
    return profile


def _curve(file: PngFile) -> tuple[float, ...]:
    if not file.has(b"gAMA"):
        return SRGB_CURVE
    gamma = int.from_bytes(_body(file, b"gAMA"), "big") / _UNITS
    if not 1 / _STEEPEST <= gamma <= _STEEPEST:
        raise ValueError("its tone curve (gAMA) is impossible")
    return (1 / gamma,)


def _primaries(file: PngFile) -> Primaries:
    body = _body(file, b"cHRM")
    if not body:
        return SRGB_PRIMARIES
    white_x, white_y, red_x, red_y, green_x, green_y, blue_x, blue_y = (
        value / _UNITS for value in struct.unpack(">8I", body)
    )
    return (white_x, white_y), (red_x, red_y), (green_x, green_y), (blue_x, blue_y)


def _body(file: PngFile, kind: bytes) -> bytes:
    return next((each.body for each in file.chunks if each.kind == kind), b"")
