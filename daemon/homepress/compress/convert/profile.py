"""A colour profile for what a HEIC, AVIF or PNG says of its colours in numbers.

Numbers are code points (ITU-T H.273: `nclx`, cICP) or what a PNG of old says (gAMA, cHRM). The profile has
three primaries and a curve, version 4 (ICC.1:2022, sections 7 to 10), and says the same to every reader.
"""

import functools
import struct
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Point = tuple[float, float]
"""A chromaticity: x and y."""
Primaries = tuple[Point, Point, Point, Point]
"""White, red, green and blue."""

D65 = (0.3127, 0.3290)
SRGB_PRIMARIES: Primaries = (D65, (0.640, 0.330), (0.300, 0.600), (0.150, 0.060))
_PRIMARIES: Mapping[int, tuple[str, Primaries]] = {
    1: ("sRGB", SRGB_PRIMARIES),
    9: ("BT.2020", (D65, (0.708, 0.292), (0.170, 0.797), (0.131, 0.046))),
    12: ("Display P3", (D65, (0.680, 0.320), (0.265, 0.690), (0.150, 0.060))),
}
SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
"""Numbers of a parametric curve: one is a power, five a power with a straight beginning."""
_CURVES: Mapping[int, Sequence[float]] = {
    **dict.fromkeys((1, 2, 6, 13, 14, 15), SRGB_CURVE),
    4: (2.2,),
    5: (2.8,),
    8: (1.0,),
}
"""By transfer characteristics; those of video are shown with sRGB's curve, as browsers do."""
_D50 = (0.9642, 1.0, 0.8249)
"""The white of all profiles."""
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
_LARGEST = 2.0
"""No primary of a space that anybody uses is this bright."""


@functools.cache
def profile_of_code_points(primaries: int, transfer: int) -> bytes | None:
    """An ICC profile for colour primaries and transfer characteristics; None for those not known here."""
    if primaries not in _PRIMARIES or transfer not in _CURVES:
        return None
    name, corners = _PRIMARIES[primaries]
    return make_profile(f"{name} by code points {primaries}, {transfer}", corners, _CURVES[transfer])


def make_profile(name: str, primaries: Primaries, curve: Sequence[float]) -> bytes:
    """An ICC profile.

    Args:
        name: what programs show of it.
        primaries: white, red, green and blue.
        curve: numbers of a parametric curve, such as `SRGB_CURVE`.

    Raises:
        ValueError: the primaries span no colours.
    """
    adapted = _to_d50(primaries[0])
    columns = (adapted @ _matrix(primaries)).T
    if not (abs(columns) < _LARGEST).all():
        raise ValueError("its primaries are impossible")
    return _file(
        {
            b"desc": _text(name),
            b"cprt": _text("No copyright"),
            b"wtpt": _xyz(_D50),
            b"chad": b"sf32" + bytes(4) + b"".join(map(_fixed, adapted.flatten())),
            **{tag: _xyz(column) for tag, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), columns, strict=True)},
            **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), _curve(curve)),
        }
    )


def _light(point: Point) -> Matrix:
    x, y = point
    if x <= 0 or y <= 0 or x + y > 1:
        raise ValueError("its primaries are impossible")
    return np.array([x / y, 1.0, (1.0 - x - y) / y])


def _matrix(primaries: Primaries) -> Matrix:
    """From linear red, green and blue to XYZ under their own white."""
    white, *corners = map(_light, primaries)
    columns = np.stack(corners, axis=1)
    try:
        return np.asarray(columns * np.linalg.solve(columns, white))
    except np.linalg.LinAlgError as error:
        raise ValueError("its primaries are impossible") from error


def _to_d50(white: Point) -> Matrix:
    """Bradford's adaptation."""
    scale = (_BRADFORD @ np.array(_D50)) / (_BRADFORD @ _light(white))
    return np.asarray(np.linalg.inv(_BRADFORD) @ np.diag(scale) @ _BRADFORD)


def _fixed(value: float) -> bytes:
    return struct.pack(">i", round(value * 65536))


def _xyz(values: "Matrix | tuple[float, ...]") -> bytes:
    return b"XYZ " + bytes(4) + b"".join(map(_fixed, values))


def _curve(numbers: Sequence[float]) -> bytes:
    kind = 0 if len(numbers) == 1 else 3
    return b"para" + bytes(4) + struct.pack(">HH", kind, 0) + b"".join(map(_fixed, numbers))


def _text(text: str) -> bytes:
    body = text.encode("utf-16-be")
    return b"mluc" + bytes(4) + struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(body), 28) + body


def _file(tags: Mapping[bytes, bytes]) -> bytes:
    """Header, directory and data; equal data is stored once."""
    start = 128 + 4 + 12 * len(tags)
    table, data = struct.pack(">I", len(tags)), b""
    places: dict[bytes, int] = {}
    for tag, body in tags.items():
        if body not in places:
            places[body] = start + len(data)
            data += body + bytes(-len(body) % 4)
        table += struct.pack(">4sII", tag, places[body], len(body))
    head = struct.pack(">I4xI4s4s4s", start + len(data), 0x04300000, b"mntr", b"RGB ", b"XYZ ")
    # Always the same day, so that equal pictures become equal files.
    head += struct.pack(">6H4s", 2026, 1, 1, 0, 0, 0, b"acsp") + bytes(28)
    head += b"".join(map(_fixed, _D50))
    return head.ljust(128, b"\0") + table + data
