"""Header bytes that `share` has blanked and that a rewrite may drop."""

import re

from homepress.compress.metadata.errors import Malformed
from homepress.compress.metadata.jpeg_file import JpegFile
from homepress.compress.metadata.jpeg_headers import EXIF_SIGNATURE, HeaderKind, header_kind
from homepress.compress.metadata.jpeg_segments import Segment
from homepress.compress.metadata.tiff import EXIF_IFD, INTEROPERABILITY_IFD, read_tiff

_BLANKS = re.compile(rb">[ \r\n\t]{2,}<")


def trimmed_headers(file: JpegFile) -> dict[Segment, bytes]:
    """The headers that can be shorter than they are: their new bytes, empty for those that go altogether."""
    shorter = {}
    for segment in file.stream.headers:
        body = file.stream.payload(segment)
        kind = header_kind(file.stream, segment)
        trimmed = body
        if body and not any(body):
            trimmed = b""
        elif kind is HeaderKind.EXIF:
            trimmed = body[:6] + _used(body[len(EXIF_SIGNATURE) :])
        elif kind is HeaderKind.XMP and file.directory.length_span is None:
            trimmed = _BLANKS.sub(b"> <", body)
        if len(trimmed) < len(body):
            head = file.stream.raw(segment)[:2] + (len(trimmed) + 2).to_bytes(2, "big")
            shorter[segment] = head + trimmed if trimmed else b""
    return shorter


def _used(block: bytes) -> bytes:
    """An Exif block without the zeros behind the last byte that an entry reaches."""
    try:
        tiff = read_tiff(block)
        directories = [tiff.directory(tiff.first)]
    except Malformed:
        return block
    for tag in (EXIF_IFD, INTEROPERABILITY_IFD):
        child = tiff.child(directories[-1], tag)
        directories += [] if child is None else [child]
    end = max(
        max((directory.end + 4, *(entry.start + entry.size for entry in directory.entries)))
        for directory in directories
    )
    return block if any(block[end:]) else block[:end]
