"""Colour profiles in JPEG and PNG (ICC.1:2022 annex B)."""

from homepress.compress.metadata.errors import Malformed
from homepress.compress.metadata.inflate import inflate
from homepress.compress.metadata.jpeg_headers import ICC_SIGNATURE, HeaderKind, headers_of_kind
from homepress.compress.metadata.jpeg_segments import APP2, JpegStream

_SHARE = 65_519
"""Bytes of a profile that fit into one APP2 segment."""


def jpeg_profile(stream: JpegStream) -> bytes | None:
    """The profile in a JPEG's APP2 segments; None without one, or when its pieces do not fit together.

    The pieces are numbered from 1 and may stand in any order; each says how many there are.
    """
    pieces: dict[int, bytes] = {}
    counts = set()
    for segment in headers_of_kind(stream, HeaderKind.ICC):
        body = stream.payload(segment)[len(ICC_SIGNATURE) :]
        if len(body) < 2 or body[0] in pieces:
            return None
        pieces[body[0]] = body[2:]
        counts.add(body[1])
    if not pieces or counts != {len(pieces)} or set(pieces) != set(range(1, len(pieces) + 1)):
        return None
    return b"".join(pieces[number] for number in sorted(pieces)) or None


def jpeg_profile_segments(profile: bytes) -> bytes:
    """The APP2 segments that hold a profile.

    Raises:
        Malformed: it is longer than 255 segments can hold, or empty.
    """
    pieces = [profile[at : at + _SHARE] for at in range(0, len(profile), _SHARE)]
    if not 1 <= len(pieces) <= 255:
        raise Malformed("a colour profile that does not fit into a JPEG")
    segments = []
    for number, piece in enumerate(pieces, 1):
        body = ICC_SIGNATURE + bytes((number, len(pieces))) + piece
        segments.append(bytes((0xFF, APP2)) + (len(body) + 2).to_bytes(2, "big") + body)
    return b"".join(segments)


def png_profile(body: bytes) -> bytes | None:
    """The profile in an iCCP chunk's body; None when it is broken."""
    name, zero, rest = body[:80].partition(b"\0")
    if not (name and zero and rest[:1] == b"\0"):
        return None
    try:
        return inflate(body[len(name) + 2 :]) or None
    except Malformed:
        return None
