"""Whether a picture tells where it was taken."""

from collections.abc import Iterator

from homepress.compress.metadata.embedded import Embedded, of_jpeg, read_embedded
from homepress.compress.metadata.errors import Malformed, Refused
from homepress.compress.metadata.exif import has_position
from homepress.compress.metadata.isobmff import find_boxes
from homepress.compress.metadata.jpeg_file import Media, read_jpeg_file
from homepress.compress.metadata.jpeg_segments import START_OF_IMAGE, parse_jpeg
from homepress.compress.metadata.xmp import parse_xmp

_PLACE_PROPERTIES = frozenset(
    {
        *("GPSLatitude", "GPSLongitude", "GPSDestLatitude", "GPSDestLongitude", "GPSAreaInformation"),
        *(
            "City",
            "State",
            "Country",
            "CountryCode",
            "Location",
            "LocationCreated",
            "LocationShown",
            "Sublocation",
        ),
    }
)
_PLACE_RECORDS = tuple(bytes((0x1C, 2, dataset)) for dataset in (26, 27, 90, 92, 95, 100, 101))
"""IPTC application records: content location, city, sub-location, state, country."""
_IPTC_RESOURCE = b"8BIM\x04\x04"


def has_location(data: bytes) -> bool:
    """Whether a file carries coordinates or the name of a place, in its metadata or in what is appended.

    Looks at Exif, XMP and IPTC of JPEG, PNG, WebP, GIF, TIFF, HEIC, AVIF and JPEG XL, at every appended
    picture, and at the user data of an appended video. What cannot be read counts as carrying none.
    """
    try:
        blocks = read_embedded(data)
    except Malformed:
        return False
    if _tells(blocks):
        return True
    return data.startswith(START_OF_IMAGE) and any(_appended(data))


def _tells(blocks: Embedded) -> bool:
    return (
        any(map(has_position, blocks.exif))
        or any(map(_xmp_tells, blocks.xmp))
        or any(map(_iptc_tells, blocks.iptc))
    )


def _xmp_tells(packet: bytes) -> bool:
    try:
        root = parse_xmp(packet)
    except Malformed:
        return any(word in packet for word in (b"GPSLatitude", b"GPSLongitude"))
    for element in root.walk():
        if any(_is_place(attribute.name) and attribute.value.strip() for attribute in element.attributes):
            return True
        if _is_place(element.name) and (element.text.strip() or element.children):
            return True
    return False


def _is_place(name: str) -> bool:
    return name.rpartition(" ")[2] in _PLACE_PROPERTIES


def _iptc_tells(block: bytes) -> bool:
    start = block.find(_IPTC_RESOURCE)
    return any(record in block for record in _PLACE_RECORDS) if start >= 0 or block[:1] == b"\x1c" else False


def _appended(data: bytes) -> Iterator[bool]:
    try:
        parts = read_jpeg_file(data).parts
    except (Malformed, Refused):
        return
    for part in parts:
        if part.media is Media.JPEG:
            yield _tells(of_jpeg(parse_jpeg(data, part.start, part.end)))
        elif part.media is Media.VIDEO:
            yield video_tells(data, part.start, part.end)


def video_tells(data: bytes, start: int, end: int) -> bool:
    """Whether an MP4's user data or metadata names a place."""
    try:
        boxes = [box for kind in (b"udta", b"meta") for box in find_boxes(data, (b"moov", kind), start, end)]
    except Malformed:
        return False
    words = (b"\xa9xyz", b"loci", b"location.ISO6709")
    return any(word in box.content(data) for box in boxes for word in words)
