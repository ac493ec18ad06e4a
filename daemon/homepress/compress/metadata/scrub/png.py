"""PNG files for sharing, and stripped."""

import zlib

from homepress.compress.metadata.errors import Malformed
from homepress.compress.metadata.exif import tiff_part
from homepress.compress.metadata.png_chunks import PngChunk, read_chunks, write_chunks
from homepress.compress.metadata.png_text import TEXT_KINDS, XMP_KEYWORD, read_text
from homepress.compress.metadata.scrub.exif import share_exif
from homepress.compress.metadata.scrub.xmp import share_xmp

_PICTURE = frozenset(
    {
        *(b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"bKGD", b"hIST", b"sPLT", b"sBIT"),
        *(b"acTL", b"fcTL", b"fdAT", b"pHYs", b"sTER"),
        *(b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP", b"mDCV", b"cLLI"),
    }
)
"""What makes the picture look as it does."""

_SHARED = _PICTURE | {b"tIME", b"oFFs", b"pCAL", b"sCAL"}
_SHARED_KEYWORDS = frozenset({b"Software", b"Creation Time", b"Source"})
_SHARED_PREFIXES = (b"date:", b"Raw profile type icc", b"Raw profile type icm")


def share_png(data: bytes) -> bytes:
    """A PNG for sharing: picture, colour, dates and software stay, Exif and XMP are scrubbed, the rest goes.

    Raises:
        Malformed: not a well-formed PNG.
    """
    kept = []
    for chunk in read_chunks(data).chunks:
        body = _shared_body(chunk)
        if body is not None:
            kept.append((chunk.kind, body))
    return write_chunks(kept)


def strip_png(data: bytes) -> bytes:
    """A PNG with nothing but the picture, its colour and its pixel density.

    Raises:
        Malformed: not a well-formed PNG.
    """
    return write_chunks(
        (chunk.kind, chunk.body) for chunk in read_chunks(data).chunks if chunk.kind in _PICTURE
    )


def _shared_body(chunk: PngChunk) -> bytes | None:
    """The body of a chunk for sharing; None for one that goes."""
    if chunk.kind in _SHARED:
        return chunk.body
    if chunk.kind == b"eXIf":
        block = share_exif(tiff_part(chunk.body))
        return block if any(block) else None
    return _shared_text(chunk) if chunk.kind in TEXT_KINDS else None


def _shared_text(chunk: PngChunk) -> bytes | None:
    try:
        text = read_text(chunk.kind, chunk.body)
    except Malformed:
        return None
    if text.keyword == XMP_KEYWORD:
        packet = share_xmp(text.text)
        stored = zlib.compress(packet, 9) if text.compressed else packet
        return chunk.body[: text.text_start] + stored if any(packet) else None
    kept = text.keyword in _SHARED_KEYWORDS or text.keyword.startswith(_SHARED_PREFIXES)
    return chunk.body if kept else None
