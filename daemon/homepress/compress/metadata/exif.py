"""What an Exif block says that Homepress needs to know (CIPA DC-008)."""

from homepress.compress.metadata.errors import Malformed
from homepress.compress.metadata.tiff import GPS_IFD, TiffBlock, read_tiff

UPRIGHT = 1
_ORIENTATION = 0x0112
_POSITION_TAGS = frozenset({0x0002, 0x0004, 0x0014, 0x0016, 0x001C})
"""Latitude, longitude, both of the destination, and the name of the area."""


def read_exif(payload: bytes) -> TiffBlock:
    """Open an Exif block, with or without its "Exif" signature before the TIFF header.

    Raises:
        Malformed: no TIFF header.
    """
    return read_tiff(tiff_part(payload))


def tiff_part(payload: bytes) -> bytes:
    """An Exif block without its signature."""
    return payload[6:] if payload.startswith(b"Exif\0") else payload


def orientation(payload: bytes) -> int:
    """How a picture is to be turned, 1 (as it is) to 8, as the Exif tag Orientation says.

    A block that cannot be read, or a value that means nothing, counts as 1, as viewers take it.
    """
    try:
        block = read_exif(payload)
        entry = block.directory(block.first).find(_ORIENTATION)
    except Malformed:
        return UPRIGHT
    # Several values in one entry mean nothing.
    value = None if entry is None or not entry.is_inline else block.number(entry)
    return value if value is not None and 1 <= value <= 8 else UPRIGHT


def has_position(payload: bytes) -> bool:
    """Whether an Exif block holds coordinates or the name of a place."""
    try:
        block = read_exif(payload)
        gps = [block.child(directory, GPS_IFD) for directory in block.chain()]
    except Malformed:
        return False
    return any(
        entry.tag in _POSITION_TAGS and any(block.value(entry))
        for directory in gps
        if directory is not None
        for entry in directory.entries
    )
