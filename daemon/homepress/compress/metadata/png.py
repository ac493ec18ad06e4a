"""PNG files: chunks, and the texts in them (PNG, third edition, sections 5 and 11.3.3)."""

import binascii
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

from homepress.compress.metadata.errors import Malformed

# The chunks of a PNG file (W3C PNG, third edition), APNG included.

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


# Decompression of what metadata holds, with a limit.

MOST_INFLATED = 16_000_000
"""Bytes; profiles and texts are smaller, a bomb is not."""


def inflate(data: bytes) -> bytes:
    """Decompress one zlib stream.

    Raises:
        Malformed: broken, cut short, or longer than `MOST_INFLATED` bytes when decompressed.
    """
    machine = zlib.decompressobj()
    try:
        result = machine.decompress(data, MOST_INFLATED)
    except zlib.error as error:
        raise Malformed("broken compressed metadata") from error
    if not machine.eof:
        raise Malformed("compressed metadata that is cut short or too long")
    return result


# Text chunks of PNG: tEXt, zTXt and iTXt (W3C PNG section 11.3.3).

TEXT_KINDS = frozenset({b"tEXt", b"zTXt", b"iTXt"})
XMP_KEYWORD = b"XML:com.adobe.xmp"
_RAW_PROFILE = b"Raw profile type "


@dataclass(frozen=True, slots=True)
class PngText:
    """A text chunk.

    Attributes:
        keyword: its name, Latin-1.
        text: its text, decompressed; Latin-1 in tEXt and zTXt, UTF-8 in iTXt.
        text_start: where the text begins in the chunk's body.
        compressed: whether it is stored compressed.
    """

    keyword: bytes
    text: bytes
    text_start: int
    compressed: bool = False

    @property
    def raw_profile(self) -> tuple[str, bytes] | None:
        """Kind ("exif", "xmp", "iptc", "icc") and bytes of a profile that ImageMagick wrote as text."""
        if not self.keyword.startswith(_RAW_PROFILE):
            return None
        kind = self.keyword[len(_RAW_PROFILE) :].decode("latin-1").lower()
        words = self.text.split(None, 2)
        try:
            return kind, binascii.unhexlify(b"".join(words[2].split())) if len(words) == 3 else b""
        except binascii.Error:
            return kind, b""


def read_text(kind: bytes, body: bytes) -> PngText:
    """Read the body of a text chunk.

    Raises:
        Malformed: its layout or compression is broken.
    """
    keyword, zero, _ = body[:80].partition(b"\0")
    at = len(keyword) + 1
    if not (keyword and zero):
        raise Malformed("a text chunk without a keyword")
    if kind == b"tEXt":
        return PngText(keyword, body[at:], at)
    if kind == b"zTXt":
        return PngText(keyword, inflate(body[at + 1 :]), at + 1, compressed=True)
    flags = body[at : at + 2]
    language_end = body.find(b"\0", at + 2)
    translated_end = body.find(b"\0", language_end + 1)
    if len(flags) != 2 or flags[0] > 1 or language_end < 0 or translated_end < 0:
        raise Malformed("an international text chunk of wrong layout")
    start = translated_end + 1
    if flags[0]:
        return PngText(keyword, inflate(body[start:]), start, compressed=True)
    return PngText(keyword, body[start:], start)
