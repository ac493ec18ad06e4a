"""A colour profile for what a HEIC, AVIF or PNG says of its colours in code points (ITU-T H.273)."""

import functools
import struct

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

_WHITE = (0.3127, 0.3290)
"""D65, of all the primaries here."""
_PRIMARIES = {
    1: ("sRGB", ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060))),
    9: ("BT.2020", ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046))),
    12: ("Display P3", ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))),
}
_SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
_CURVES: dict[int, tuple[float, ...]] = {
    **dict.fromkeys((1, 2, 6, 13, 14, 15), _SRGB_CURVE),
    4: (2.2,),
    5: (2.8,),
}
"""By transfer characteristics; those of video are shown with sRGB's curve, as browsers do."""
_D50 = (0.9642, 1.0, 0.8249)
"""The white of all profiles."""
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


@functools.cache
def profile_of(primaries: int, transfer: int) -> bytes | None:
    """An ICC profile (version 4, three primaries and a curve); None where the code points are not known here.

    Source: ICC.1:2022, sections 7 to 10.
    """
    if primaries not in _PRIMARIES or transfer not in _CURVES:
        return None
    name, corners = _PRIMARIES[primaries]
    adapted, colours = _to_d50(), _matrix(corners)
    columns = (adapted @ colours).T
    curve = _curve(_CURVES[transfer])
    return _file(
        {
            b"desc": _text(f"{name} by code points {primaries}, {transfer}"),
            b"cprt": _text("No copyright"),
            b"wtpt": _xyz(_D50),
            b"chad": b"sf32" + bytes(4) + b"".join(map(_fixed, adapted.flatten())),
            **{tag: _xyz(column) for tag, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), columns, strict=True)},
            **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve),
        }
    )


def _light(point: tuple[float, float]) -> Matrix:
    return np.array([point[0] / point[1], 1.0, (1.0 - point[0] - point[1]) / point[1]])


def _matrix(corners: tuple[tuple[float, float], ...]) -> Matrix:
    """From linear red, green and blue to XYZ under D65."""
    columns = np.stack([_light(corner) for corner in corners], axis=1)
    return np.asarray(columns * np.linalg.solve(columns, _light(_WHITE)))


def _to_d50() -> Matrix:
    """Bradford's adaptation from D65."""
    scale = (_BRADFORD @ np.array(_D50)) / (_BRADFORD @ _light(_WHITE))
    return np.asarray(np.linalg.inv(_BRADFORD) @ np.diag(scale) @ _BRADFORD)


def _fixed(value: float) -> bytes:
    return struct.pack(">i", round(value * 65536))


def _xyz(values: "Matrix | tuple[float, ...]") -> bytes:
    return b"XYZ " + bytes(4) + b"".join(map(_fixed, values))


def _curve(numbers: tuple[float, ...]) -> bytes:
    kind = 0 if len(numbers) == 1 else 3
    return b"para" + bytes(4) + struct.pack(">HH", kind, 0) + b"".join(map(_fixed, numbers))


def _text(text: str) -> bytes:
    body = text.encode("utf-16-be")
    return b"mluc" + bytes(4) + struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(body), 28) + body


def _file(tags: dict[bytes, bytes]) -> bytes:
    at = 128 + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for tag, data in tags.items():
        table += struct.pack(">4sII", tag, at + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    size = at + len(body)
    head = struct.pack(">I4xI4s4s4s", size, 0x04300000, b"mntr", b"RGB ", b"XYZ ")
    head += struct.pack(">6H4s", 2026, 1, 1, 0, 0, 0, b"acsp") + bytes(28)
    head += b"".join(map(_fixed, _D50))
    return head.ljust(128, b"\0") + table + body
