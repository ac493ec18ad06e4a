"""Another coding of a WebP's picture or animation, everything else kept byte for byte."""

from homepress.compress.metadata.errors import Malformed, Refusal, Refused
from homepress.compress.metadata.riff import (
    ALPHA,
    ANIMATION,
    PICTURE_CHUNKS,
    VP8X,
    WebpFile,
    read_webp,
    write_webp,
)

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
        raise Refused(Refusal.FRAME_DIFFERS, f"{canvas(old)} became {canvas(new)}")
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
        raise Refused(Refusal.PROOF)
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
