"""JPEG to JPEG XL without loss: the JPEG can be had back bit for bit (ISO/IEC 18181-2, annex on JPEG)."""

import dataclasses

from homepress.base.formats import ImageType
from homepress.compress import savings
from homepress.compress.convert.jxl import from_jpeg, read_header, to_jpeg
from homepress.compress.convert.picture import CannotConvert
from homepress.compress.convert.scrubbing import scrub
from homepress.compress.jpeg.whole import decode_whole, obstacle
from homepress.compress.metadata import parse_jpeg
from homepress.compress.metadata.embedded import Embedded, of_jpeg
from homepress.compress.metadata.isobmff import Box, make_box, read_boxes
from homepress.compress.metadata.soundness import check_jpeg_metadata
from homepress.compress.model import Compressed, MetadataPolicy, Reason, Recipe, Unchanged
from homepress.compress.pixels import Undecodable

_COMPRESSED = b"brob"


def compress(source: bytes, recipe: Recipe) -> Compressed | Unchanged:
    """Convert one JPEG; whatever the recipe's floor, nothing is lost.

    Args:
        source: the bytes of the file.
        recipe: what is asked; here the metadata policy counts.

    Raises:
        CannotConvert: the codec is missing or does not take this JPEG.
        Malformed, Refused: as the metadata policy's work does.
        Undecodable: the source does not decode.
    """
    jpeg: bytes | None = source
    if recipe.metadata is not MetadataPolicy.KEEP:
        jpeg = scrub(source, recipe.metadata)
    if jpeg is None:
        raise CannotConvert("turning it upright without its orientation would need a new coding")
    stream = parse_jpeg(jpeg)
    if trouble := obstacle(stream):
        raise CannotConvert(trouble)
    check_jpeg_metadata(stream)
    frame = stream.frame
    decode_whole(stream)
    try:
        data = from_jpeg(jpeg, frame.width, frame.height)
    except Undecodable as error:
        raise CannotConvert("JPEG XL cannot hold this kind of JPEG") from error
    data = _with_plain_metadata(data, of_jpeg(stream))
    if to_jpeg(data) != jpeg:
        return Unchanged(Reason.VERIFY_FAILED, "the JPEG does not come back bit for bit", ImageType.JPEG)
    if read_header(data).orientation != of_jpeg(stream).orientation:  # viewers go by the codestream's alone
        return Unchanged(Reason.VERIFY_FAILED, "the orientation differs", ImageType.JPEG)
    size = (frame.width, frame.height)
    method = "JPEG XL, gives the JPEG back"
    result = savings.lossless_result(source, data, ImageType.JXL, size, method, bigger=recipe.bigger)
    return dataclasses.replace(result, source_type=ImageType.JPEG)


def _with_plain_metadata(data: bytes, embedded: Embedded) -> bytes:
    """A container whose Exif and XMP are not compressed (boxes "brob"), so that every reader finds them.

    Brotli saves a few hundred bytes and hides the date of a photograph from readers that come without it.
    """
    return b"".join(_plain_box(data, box, embedded) for box in read_boxes(data))


def _plain_box(data: bytes, box: Box, embedded: Embedded) -> bytes:
    inner = box.content(data)[:4] if box.kind == _COMPRESSED else b""
    if inner == b"Exif" and len(embedded.exif) == 1:
        return make_box(inner, bytes(4) + embedded.exif[0])
    if inner == b"xml " and len(embedded.xmp) == 1:
        return make_box(inner, embedded.xmp[0])
    return data[box.start : box.end]
