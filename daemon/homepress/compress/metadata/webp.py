"""WebP files: chunks of RIFF (RFC 9649 section 2), and putting another picture into the container."""

from collections.abc import Iterable
from dataclasses import dataclass

from homepress.compress.metadata.errors import Malformed, Refused, RewriteRefusal

# The chunks of a WebP file (RIFF; RFC 9649).

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


# Another coding of a WebP's picture or animation, everything else kept byte for byte.

_OF_PICTURE = ALPHA | ANIMATION
"""Flags that tell about the picture; the others tell which metadata there is."""


def swap_webp_picture(original: bytes, recoded: bytes) -> bytes:
    """`original` with its picture or animation replaced by that of `recoded`.

    Profile, Exif, XMP and unknown chunks stay byte for byte and in their order; metadata of `recoded` is not
    carried over. The result was parsed again and compared. That both show the same is the caller's to prove.

    Raises:
        Malformed: one of the two is not a well-formed WebP.
        Refused: they differ in size, or one is animated and the other is not.
    """
    old, new = read_webp(original), read_webp(recoded)
    if canvas(old) != canvas(new) or old.is_animated != new.is_animated:
        raise Refused(RewriteRefusal.FRAME_DIFFERS, f"{canvas(old)} became {canvas(new)}")
    picture = [(chunk.kind, chunk.body) for chunk in new.chunks if chunk.kind in PICTURE_CHUNKS]
    chunks: list[tuple[bytes, bytes]] = []
    placed = False
    for chunk in old.chunks:
        if chunk.kind not in PICTURE_CHUNKS:
            chunks.append((chunk.kind, chunk.body))
        elif not placed:
            chunks += picture
            placed = True
    others = [(kind, body) for kind, body in chunks if kind not in PICTURE_CHUNKS and kind != VP8X]
    header = _header(old, new, needed=bool(others))
    kept = [*header, *((kind, body) for kind, body in chunks if kind != VP8X)]
    result = write_webp(kept, old.trailing)
    again = read_webp(result)
    if [(chunk.kind, chunk.body) for chunk in again.chunks] != kept or again.trailing != old.trailing:
        raise Refused(RewriteRefusal.PROOF)
    return result


def canvas(file: WebpFile) -> tuple[int, int]:
    """Width and height in pixels, from VP8X or from the one picture's own header (RFC 9649, RFC 6386 9.1).

    Raises:
        Malformed: the header is cut short.
    """
    first = file.chunks[0]
    body = first.body
    if first.kind == VP8X:
        return 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")
    if first.kind == b"VP8L" and len(body) >= 5 and body[0] == 0x2F:
        bits = int.from_bytes(body[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if first.kind == b"VP8 " and len(body) >= 10 and body[3:6] == b"\x9d\x01\x2a":
        return int.from_bytes(body[6:8], "little") & 0x3FFF, int.from_bytes(body[8:10], "little") & 0x3FFF
    raise Malformed("a picture header that is cut short or unknown")


def _header(old: WebpFile, new: WebpFile, *, needed: bool) -> list[tuple[bytes, bytes]]:
    """The VP8X chunk of the result: the old flags of metadata with the new ones of the picture."""
    source = old.first(VP8X) or new.first(VP8X)
    if source is None or (old.first(VP8X) is None and not needed and not new.flags & _OF_PICTURE):
        return []
    flags = old.flags & ~_OF_PICTURE | (_picture_flags(new))
    return [(VP8X, bytes((flags,)) + source.body[1:])]


def _picture_flags(file: WebpFile) -> int:
    """Alpha and animation flags, from VP8X or, in the simple layout, from the lossless header's alpha bit."""
    if file.first(VP8X) is not None:
        return file.flags & _OF_PICTURE
    lossless = file.first(b"VP8L")
    return ALPHA if lossless is not None and len(lossless.body) >= 5 and lossless.body[4] & 0x10 else 0
