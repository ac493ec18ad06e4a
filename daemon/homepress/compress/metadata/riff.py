"""The chunks of a WebP file (RIFF; RFC 9649)."""

from collections.abc import Iterable
from dataclasses import dataclass

from homepress.compress.metadata.errors import Malformed

MOST_CHUNKS = 100_000
_HEAD = 8

VP8X = b"VP8X"
ICC, ALPHA, EXIF, XMP, ANIMATION = 0x20, 0x10, 0x08, 0x04, 0x02
"""Flags in the first byte of a VP8X chunk (RFC 9649 section 2.7)."""
PICTURE_CHUNKS = frozenset({b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF"})
"""What codes the picture or animation; VP8X describes it."""


@dataclass(frozen=True, slots=True)
class RiffChunk:
    """One chunk.

    Attributes:
        kind: its four letters.
        start: position of its header in the file.
        body: what it carries, without header and padding.
    """

    kind: bytes
    start: int
    body: bytes


@dataclass(frozen=True, slots=True)
class WebpFile:
    """A WebP file: its chunks in order, and what follows the RIFF structure."""

    chunks: tuple[RiffChunk, ...]
    trailing: bytes

    def first(self, kind: bytes) -> RiffChunk | None:
        """The first chunk of a kind."""
        return next((chunk for chunk in self.chunks if chunk.kind == kind), None)

    @property
    def flags(self) -> int:
        """The flag byte of VP8X; 0 in the simple layout, which has none."""
        header = self.first(VP8X)
        return header.body[0] if header is not None else 0

    @property
    def is_animated(self) -> bool:
        """Whether it holds an animation."""
        return self.first(b"ANIM") is not None or self.first(b"ANMF") is not None


def read_webp(data: bytes) -> WebpFile:
    """Walk a WebP file strictly.

    A missing pad byte at the very end is let through, for writers forget it.

    Raises:
        Malformed: not a WebP file, a chunk cut short, VP8X missing its place or length, no picture.
    """
    if len(data) < 12 or data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        raise Malformed("no WebP file")
    end = _HEAD + int.from_bytes(data[4:8], "little")
    if end > len(data) + 1 or (end == len(data) + 1 and end % 2):
        raise Malformed("it is shorter than it says", truncated=True)
    chunks = []
    at = 12
    while at < min(end, len(data)):
        size = int.from_bytes(data[at + 4 : at + _HEAD], "little")
        if at + _HEAD + size > min(end, len(data)):
            raise Malformed("a chunk is longer than the file", at)
        chunks.append(RiffChunk(data[at : at + 4], at, data[at + _HEAD : at + _HEAD + size]))
        at += _HEAD + size + size % 2
        if len(chunks) > MOST_CHUNKS:
            raise Malformed("too many chunks", at)
    if not any(chunk.kind in PICTURE_CHUNKS for chunk in chunks):
        raise Malformed("no picture in it")
    if any(chunk.kind == VP8X and (number or len(chunk.body) < 10) for number, chunk in enumerate(chunks)):
        raise Malformed("a VP8X header out of place or cut short")
    return WebpFile(tuple(chunks), data[max(at, end) :])


def write_webp(chunks: Iterable[tuple[bytes, bytes]], trailing: bytes = b"") -> bytes:
    """A WebP file of these chunks (four letters, body), padded to even lengths.

    Raises:
        Malformed: it would be longer than RIFF can say.
    """
    parts = []
    for kind, body in chunks:
        parts += [kind, len(body).to_bytes(4, "little"), body, b"\0" * (len(body) % 2)]
    inner = b"".join(parts)
    if len(inner) + 4 > 0xFFFF_FFFE:
        raise Malformed("too long for RIFF")
    return b"".join((b"RIFF", (len(inner) + 4).to_bytes(4, "little"), b"WEBP", inner, trailing))
