"""WebP files for sharing, and stripped."""

from homepress.compress.metadata.exif import tiff_part
from homepress.compress.metadata.riff import (
    EXIF,
    PICTURE_CHUNKS,
    VP8X,
    XMP,
    RiffChunk,
    read_webp,
    write_webp,
)
from homepress.compress.metadata.scrub.exif import share_exif
from homepress.compress.metadata.scrub.xmp import share_xmp

_KEPT = PICTURE_CHUNKS | {VP8X, b"ICCP"}


def share_webp(data: bytes) -> bytes:
    """A WebP for sharing: picture, colour profile, scrubbed Exif and XMP.

    Raises:
        Malformed: not a well-formed WebP.
    """
    return _rebuilt([(chunk.kind, _shared_body(chunk)) for chunk in read_webp(data).chunks])


def strip_webp(data: bytes) -> bytes:
    """A WebP with nothing but picture and colour profile.

    Raises:
        Malformed: not a well-formed WebP.
    """
    return _rebuilt(
        [(chunk.kind, chunk.body if chunk.kind in _KEPT else b"") for chunk in read_webp(data).chunks]
    )


def _shared_body(chunk: RiffChunk) -> bytes:
    """The body of a chunk for sharing; empty for one that goes."""
    if chunk.kind in _KEPT:
        return chunk.body
    if chunk.kind == b"EXIF":
        block = tiff_part(chunk.body)
        shared = share_exif(block)
        return chunk.body.removesuffix(block) + shared if any(shared) else b""
    if chunk.kind == b"XMP ":
        packet = share_xmp(chunk.body)
        return packet if any(packet) else b""
    return b""


def _rebuilt(chunks: list[tuple[bytes, bytes]]) -> bytes:
    """A file of the chunks that are not empty, with the flags of its header put right."""
    kept = [(kind, body) for kind, body in chunks if body or kind in PICTURE_CHUNKS]
    present = {kind for kind, _ in kept}
    gone = (0 if b"EXIF" in present else EXIF) | (0 if b"XMP " in present else XMP)
    return write_webp(
        (kind, bytes((body[0] & ~gone,)) + body[1:] if kind == VP8X else body) for kind, body in kept
    )
