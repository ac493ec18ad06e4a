"""Frames on a pipe: two lengths, a small header in JSON, a body of raw bytes.

Neither side trusts the lengths that it reads: both are bounded before anything is reserved for them.
"""

import io
import struct
from io import RawIOBase
from typing import TypeVar

import msgspec

MOST_HEADER_BYTES = 64 << 10
MOST_BODY_BYTES = 1 << 30

_LENGTHS = struct.Struct("!IQ")

T = TypeVar("T")


class BadFrame(Exception):  # noqa: N818 (reads as what it is)
    """What came is no frame of ours."""


def write_frame(stream: RawIOBase, header: msgspec.Struct, *bodies: bytes) -> None:
    """Send one frame; several bodies arrive as one.

    Raises:
        BadFrame: header or body is larger than the other side takes.
        OSError: the other side is gone.
    """
    encoded = msgspec.json.encode(header)
    size = sum(map(len, bodies))
    if len(encoded) > MOST_HEADER_BYTES or size > MOST_BODY_BYTES:
        raise BadFrame(f"a frame of {len(encoded)} + {size} bytes is too large")
    for part in (_LENGTHS.pack(len(encoded), size) + encoded, *bodies):
        _write_all(stream, part)


def read_frame(
    stream: RawIOBase, header: msgspec.json.Decoder[T], most_body: int = MOST_BODY_BYTES
) -> tuple[T, bytes]:
    """Wait for one frame and give its header and its body.

    Args:
        stream: what to read from.
        header: decodes the header.
        most_body: bytes; a longer body is refused unread.

    Raises:
        EOFError: the other side closed the pipe, between frames or within one.
        BadFrame: the lengths are out of bounds, or the header is not what its decoder takes.
    """
    header_size, body_size = _LENGTHS.unpack(_read_exactly(stream, _LENGTHS.size))
    if header_size > MOST_HEADER_BYTES or body_size > most_body:
        raise BadFrame(f"a frame of {header_size} + {body_size} bytes is too large")
    encoded = _read_exactly(stream, header_size)
    try:
        decoded = header.decode(encoded)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise BadFrame(f"the header makes no sense: {error}") from error
    return decoded, _read_exactly(stream, body_size)


def _write_all(stream: RawIOBase, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[stream.write(left) or 0 :]


def _read_exactly(stream: RawIOBase, size: int) -> bytes:
    # Of a picture there shall be one copy: this buffer hands its bytes out as they are.
    buffer = io.BytesIO()
    if size:
        buffer.seek(size - 1)
        buffer.write(b"\0")
    with buffer.getbuffer() as left:
        at = 0
        while at < size:
            got = stream.readinto(left[at:])
            if not got:
                raise EOFError("the pipe was closed")
            at += got
    return buffer.getvalue()
