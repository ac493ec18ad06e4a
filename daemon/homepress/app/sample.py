"""A picture to try with, made here so that no file has to come along."""

import struct
import zlib

_SIDE = 256


def sample_png() -> bytes:
    """A PNG of a colour ramp, stored without compression (PNG, third edition, sections 5 and 11.2)."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        check = zlib.crc32(kind + body)
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", check)

    rows = b"".join(b"\0" + b"".join(bytes((x, y, 128)) for x in range(_SIDE)) for y in range(_SIDE))
    header = struct.pack(">IIBBBBB", _SIDE, _SIDE, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 0)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body
