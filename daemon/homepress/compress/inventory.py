"""What a file holds beside picture and metadata, counted, so that nothing of it goes without being named.

The metadata settings take away more than metadata: boxes, segments, chunks and trailers that may hold what is
private are emptied or left out with it. Both files are counted, and what is fewer afterwards is named.
"""

import contextlib
import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator

from homepress.base.formats import SNIFF_BYTES, ImageType, sniff
from homepress.compress.convert.along import is_padding
from homepress.compress.convert.jxl import box_words
from homepress.compress.metadata import Malformed, Refused, parse_jpeg
from homepress.compress.metadata.appended import HARMLESS_BLOCKS
from homepress.compress.metadata.gif import (
    ICC_APPLICATION,
    LOOP_APPLICATIONS,
    XMP_APPLICATION,
    GifBlockKind,
    read_gif,
)
from homepress.compress.metadata.heif_parts import HeifItems, heif_extras
from homepress.compress.metadata.jpeg_file import JpegFile, Media, read_jpeg_file
from homepress.compress.metadata.jpeg_segments import (
    APP0,
    APP12,
    HeaderKind,
    JpegStream,
    header_kind,
)
from homepress.compress.metadata.png import TEXT_KINDS, read_chunks
from homepress.compress.metadata.scrub import PNG_PICTURE
from homepress.compress.metadata.webp import PICTURE_CHUNKS, VP8X, read_webp
from homepress.compress.model import Compressed, Extra, MetadataPolicy, Recipe, Unchanged

_HEADER, _SIGNATURE, _UNKNOWN, _SCALE, _PROPERTIES = "header", "signature", "unknown", "scale", "properties"
_CALIBRATION = b"depthData:IntrinsicMatrix"
"""As Apple's XMP has it of a depth map: each camera's own, so it goes with what tells the device."""

# One count a format.

_SIGNED = frozenset({HeaderKind.JUMBF, HeaderKind.JPEG_HDR})
_SAVING = ((APP0, b"JFXX\0"), (APP12, b"Ducky"))
"""A thumbnail, and the quality that a picture was saved with: nothing that anyone misses."""


def _of_jpeg(data: bytes) -> Iterator[str]:
    yield from _headers(parse_jpeg(data))
    with contextlib.suppress(Refused):  # then nothing behind the picture is edited in place
        file = read_jpeg_file(data)
        yield from _behind(file)


def _headers(stream: JpegStream) -> Iterator[str]:
    for segment in stream.headers:
        kind, body = header_kind(stream, segment), stream.payload(segment)
        if kind in _SIGNED:
            yield _SIGNATURE
        if kind is not HeaderKind.OTHER or not any(body):
            continue
        if not any(segment.marker == marker and body.startswith(mark) for marker, mark in _SAVING):
            yield _HEADER


def _behind(file: JpegFile) -> Iterator[str]:
    """What share empties of what stands behind the picture: blocks of Samsung, and what no index names."""
    data = file.stream.data
    for start, end in file.unnamed:
        if end - start > 1 and data[start:end].strip(b"\0\xff\n\r\t "):
            yield Extra.MAKER
    for block in file.sef.blocks if file.sef is not None else ():
        if block.kind not in HARMLESS_BLOCKS and any(data[block.data_start : block.end]):
            yield Extra.MAKER
    for start, end in {(part.start, part.end) for part in file.parts if part.media is Media.JPEG}:
        with contextlib.suppress(Malformed):
            stream = parse_jpeg(data, start, end)
            yield from _headers(stream)
            if not is_padding(data[stream.end : end]):
                yield Extra.MAKER


_PNG_METADATA = frozenset({*TEXT_KINDS, b"eXIf", b"tIME", b"iDOT"})
_PNG_NAMED = {b"sCAL": _SCALE, b"pCAL": _SCALE, b"oFFs": _SCALE, b"caBX": _SIGNATURE, b"dSIG": _SIGNATURE}


def _of_png(data: bytes) -> Iterator[str]:
    file = read_chunks(data)
    for chunk in file.chunks:
        if chunk.kind not in PNG_PICTURE | _PNG_METADATA:
            yield _PNG_NAMED.get(chunk.kind, _UNKNOWN)
    if not is_padding(file.trailing):
        yield Extra.MAKER


def _of_webp(data: bytes) -> Iterator[str]:
    file = read_webp(data)
    for chunk in file.chunks:
        if chunk.kind not in PICTURE_CHUNKS | {VP8X, b"ICCP", b"EXIF", b"XMP "}:
            yield _SIGNATURE if chunk.kind == b"C2PA" else _UNKNOWN
    if not is_padding(file.trailing):
        yield Extra.MAKER


_KNOWN_APPLICATIONS = LOOP_APPLICATIONS | {XMP_APPLICATION, ICC_APPLICATION}


def _of_gif(data: bytes) -> Iterator[str]:
    file = read_gif(data)
    for block in file.blocks:
        if block.kind is GifBlockKind.UNKNOWN or (
            block.kind is GifBlockKind.APPLICATION and block.application not in _KNOWN_APPLICATIONS
        ):
            yield _UNKNOWN
    if not is_padding(data[file.end :]):
        yield Extra.MAKER


def _of_heif(data: bytes) -> Iterator[str]:
    items = HeifItems(data)
    for one in heif_extras(data):
        is_data = one.item and items.infos[one.item].kind in (b"mime", b"uri ")
        if one.extra is not None and (not is_data or any(items.content(one.item))):
            yield one.extra
    for box in items.descriptions():
        if any(box.content(data)):
            yield _PROPERTIES


_COUNTS: dict[ImageType, Callable[[bytes], Iterator[str]]] = {
    ImageType.JPEG: _of_jpeg,
    ImageType.PNG: _of_png,
    ImageType.WEBP: _of_webp,
    ImageType.GIF: _of_gif,
    ImageType.HEIC: _of_heif,
    ImageType.AVIF: _of_heif,
    ImageType.JXL: box_words,
}
_ANEW = frozenset({ImageType.JPEG, ImageType.PNG, ImageType.WEBP, ImageType.GIF})
"""Formats that are emptied before they are read for another one; of the others the reader names what goes."""


def beside(data: bytes) -> Counter[str]:
    """How many of each there are, in the words of the table of parts; none in a format without a count."""
    kind = sniff(data[:SNIFF_BYTES])
    count = _COUNTS.get(kind) if kind is not None else None
    with contextlib.suppress(Malformed, Refused):
        return Counter(map(str, count(data) if count is not None else ()))
    return Counter()


def naming_lost(result: Compressed | Unchanged, source: bytes, recipe: Recipe) -> Compressed | Unchanged:
    """The result, which says what a metadata setting took of its source beside metadata."""
    if not isinstance(result, Compressed) or recipe.metadata is MetadataPolicy.KEEP:
        return result
    lost: list[str] = []
    if result.image_type is result.source_type or result.source_type in _ANEW:
        lost += beside(source) - beside(result.data)
    if Extra.DEPTH not in result.dropped and _CALIBRATION in source and _CALIBRATION not in result.data:
        lost.append(_PROPERTIES)
    return dataclasses.replace(result, dropped=tuple(dict.fromkeys((*result.dropped, *lost))))
