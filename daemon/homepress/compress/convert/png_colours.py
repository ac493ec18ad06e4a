"""The colour profile that says what a PNG says in numbers (gAMA, cHRM, cICP).

No other format has a place for these numbers, and a resized PNG is written with one kind of colour alone. A
profile of matrix and curves (ICC.1:2001-04, "three-component matrix-based input profiles") says the same to
every reader. It is for colour, in grey pictures too: what judges results takes a profile for grey as sRGB's.
"""

import struct
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from homepress.compress.convert.picture import CannotConvert
from homepress.compress.png.pixels import PngFile, has_usual_gamma, has_usual_primaries

_Floats = NDArray[np.float64]
_UNITS = 100_000
"""What gAMA and cHRM count in (PNG, third edition, 11.3.2)."""
_SRGB_PRIMARIES = (0.3127, 0.3290, 0.640, 0.330, 0.300, 0.600, 0.150, 0.060)
"""White, red, green, blue: x and y of each."""
_D65 = _SRGB_PRIMARIES[:2]
_CODED_PRIMARIES: Mapping[int, tuple[float, ...]] = {
    1: _SRGB_PRIMARIES,
    9: (*_D65, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046),
    12: (*_D65, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
}
"""By number (ITU-T H.273, table 2): BT.709, BT.2020, Display P3."""
_CODED_EXPONENTS: Mapping[int, float | None] = {4: 2.2, 5: 2.8, 8: 1.0, 13: None}
"""By number (ITU-T H.273, table 3); None is the curve of sRGB. PQ and HLG, which are HDR, have none."""
_FULL_RANGE_RGB = (0, 1)

_D50 = np.array((0.9642, 1.0, 0.8249))
_BRADFORD = np.array(((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296)))
"""Cone responses that profiles adapt white with (ICC.1:2010, annex E)."""
_LEVELS = 256
"""Of a curve that is no power: each value of 8 bits has an entry of its own."""


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
        return _of_code(file)
    if file.has(b"mDCV") or file.has(b"cLLI"):
        raise CannotConvert("it says how bright a display it was made on, which only PNG carries here")
    if icc is not None or file.has(b"sRGB"):
        return icc
    if has_usual_gamma(file) and has_usual_primaries(file):
        return None
    return _profile(_told_primaries(file), _told_exponent(file))


def _of_code(file: PngFile) -> bytes | None:
    body = _body(file, b"cICP")
    if len(body) != 4 or tuple(body[2:]) != _FULL_RANGE_RGB:
        raise CannotConvert("its colours are coded in a way that only PNG carries here (cICP)")
    primaries, curve = _CODED_PRIMARIES.get(body[0]), body[1]
    if primaries is None or curve not in _CODED_EXPONENTS:
        raise CannotConvert("its colours are HDR, or of a kind that only PNG carries here (cICP)")
    exponent = _CODED_EXPONENTS[curve]
    if primaries == _SRGB_PRIMARIES and exponent is None:
        return None
    return _profile(primaries, exponent)


def _told_exponent(file: PngFile) -> float | None:
    """The power that turns a value into light; None, where no gAMA is there, for the curve of sRGB."""
    if not file.has(b"gAMA"):
        return None
    gamma = int.from_bytes(_body(file, b"gAMA"), "big")
    if not 1_000 <= gamma <= 10_000_000:
        raise CannotConvert("its tone curve (gAMA) is impossible")
    return _UNITS / gamma


def _told_primaries(file: PngFile) -> tuple[float, ...]:
    body = _body(file, b"cHRM")
    if not body:
        return _SRGB_PRIMARIES
    return tuple(value / _UNITS for value in struct.unpack(">8I", body))


def _body(file: PngFile, kind: bytes) -> bytes:
    return next((each.body for each in file.chunks if each.kind == kind), b"")


def _profile(primaries: tuple[float, ...], exponent: float | None) -> bytes:
    curve = _curve(exponent)
    tags = {b"desc": _description("PNG"), b"cprt": b"text" + bytes(4) + b"none\0", b"wtpt": _place(_D50)}
    for name, column in zip((b"r", b"g", b"b"), _matrix(primaries).T, strict=True):
        tags |= {name + b"XYZ": _place(column), name + b"TRC": curve}
    return _file(tags)


def _matrix(primaries: tuple[float, ...]) -> _Floats:
    """From light of the three primaries to XYZ seen under D50.

    Raises:
        CannotConvert: they span no colours.
    """
    places = np.array(primaries).reshape(4, 2)
    if (places <= 0).any() or (places.sum(axis=1) > 1).any():
        raise CannotConvert("its primaries (cHRM) are impossible")
    whole = np.column_stack((places, 1 - places.sum(axis=1))) / places[:, 1:]
    white, columns = whole[0], whole[1:].T
    if abs(np.linalg.det(columns)) < 1e-3:
        raise CannotConvert("its primaries (cHRM) are impossible")
    light = columns * np.linalg.solve(columns, white)
    scale = np.diag((_BRADFORD @ _D50) / (_BRADFORD @ white))
    adapted: _Floats = np.linalg.inv(_BRADFORD) @ scale @ _BRADFORD @ light
    if (abs(adapted) > 2).any():
        raise CannotConvert("its primaries (cHRM) are impossible")
    return adapted


def _curve(exponent: float | None) -> bytes:
    """A curveType: nothing for a straight line, one power, or a table."""
    if exponent == 1.0:
        values: list[int] = []
    elif exponent is not None:
        values = [min(round(exponent * 256), 0xFFFF)]
    else:
        levels = np.linspace(0.0, 1.0, _LEVELS)
        light = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)
        values = np.rint(light * 0xFFFF).astype(int).tolist()
    return b"curv" + bytes(4) + struct.pack(f">I{len(values)}H", len(values), *values)


def _place(values: _Floats) -> bytes:
    """An XYZType: three numbers with 16 bits behind the point."""
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(value * 0x10000) for value in values.tolist()))


def _description(text: str) -> bytes:
    """A textDescriptionType, its Unicode and Macintosh parts empty."""
    told = text.encode("ascii") + b"\0"
    return b"desc" + bytes(4) + len(told).to_bytes(4, "big") + told + bytes(4 + 4 + 2 + 1 + 67)


def _file(tags: Mapping[bytes, bytes]) -> bytes:
    """Header, directory and data; equal data is stored once."""
    start = 128 + 4 + 12 * len(tags)
    places: dict[bytes, int] = {}
    data = b""
    for body in tags.values():
        if body not in places:
            places[body] = start + len(data)
            data += body + bytes(-len(body) % 4)
    directory = b"".join(name + struct.pack(">2I", places[body], len(body)) for name, body in tags.items())
    header = struct.pack(
        ">I4s4s4s4s4s12s4s4s4s4s4s8sI12s4s44s",
        *(
            start + len(data),
            b"",
            b"\x02\x40\0\0",
            b"mntr",
            b"RGB ",
            b"XYZ ",
            _DATE,
            b"acsp",
            b"",
            b"",
            b"",
            b"",
        ),
        *(bytes(8), 0, _place(_D50)[8:], b"", b""),
    )
    return header + len(tags).to_bytes(4, "big") + directory + data


_DATE = struct.pack(">6H", 2026, 1, 1, 0, 0, 0)
"""Always the same, so that equal pictures become equal files."""
