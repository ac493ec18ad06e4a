"""The chunks of a PNG file (W3C PNG, third edition), APNG included."""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass

from homepress.compress.metadata.errors import Malformed

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MOST_CHUNKS = 200_000
_OVERHEAD = 12
"""Length, kind and CRC, four bytes each."""
_LONGEST = 0x7FFF_FFFF


@dataclass(frozen=True, slots=True)
class PngChunk:
    """One chunk.

    Attributes:
        kind: its four letters.
        start: position of its length field in the file.
        body: what it carries.
    """

    kind: bytes
    start: int
    body: bytes

    @property
    def end(self) -> int:
        """Position after its CRC."""
        return self.start + _OVERHEAD + len(self.body)


@dataclass(frozen=True, slots=True)
class PngChunks:
    """A PNG file: its chunks from IHDR to IEND, and what follows IEND."""

    chunks: tuple[PngChunk, ...]
    trailing: bytes


def read_chunks(data: bytes) -> PngChunks:
    """Walk a PNG file strictly.

    Raises:
        Malformed: no signature, a chunk cut short, a wrong CRC, a kind that is not letters, no IHDR first,
            or no IEND.
    """
    if not data.startswith(SIGNATURE):
        raise Malformed("no PNG signature")
    chunks: list[PngChunk] = []
    at = len(SIGNATURE)
    while not chunks or chunks[-1].kind != b"IEND":
        if at + _OVERHEAD > len(data):
            raise Malformed("it ends before its IEND chunk", truncated=True)
        length = int.from_bytes(data[at : at + 4], "big")
        kind = data[at + 4 : at + 8]
        if length > _LONGEST or not (kind.isalpha() and kind.isascii()):
            raise Malformed("a broken chunk header", at)
        end = at + _OVERHEAD + length
        if end > len(data):
            raise Malformed("a chunk is cut short", at, truncated=True)
        body = data[at + 8 : end - 4]
        if zlib.crc32(body, zlib.crc32(kind)) != int.from_bytes(data[end - 4 : end], "big"):
            raise Malformed(f"a wrong check sum in its {kind.decode()} chunk", at)
        if (kind == b"IHDR") != (not chunks):
            raise Malformed("an IHDR chunk missing or out of place", at)
        chunks.append(PngChunk(kind, at, body))
        if len(chunks) > MOST_CHUNKS:
            raise Malformed("too many chunks", at)
        at = end
    return PngChunks(tuple(chunks), data[at:])


def chunk_bytes(kind: bytes, body: bytes) -> bytes:
    """One chunk as it stands in a file, with length and CRC."""
    check = zlib.crc32(body, zlib.crc32(kind))
    return b"".join((len(body).to_bytes(4, "big"), kind, body, check.to_bytes(4, "big")))


def write_chunks(chunks: Iterable[tuple[bytes, bytes]], trailing: bytes = b"") -> bytes:
    """A PNG file of these chunks (four letters, body)."""
    return b"".join((SIGNATURE, *(chunk_bytes(kind, body) for kind, body in chunks), trailing))
