"""The metadata that goes along when a picture changes its format."""

import re
from dataclasses import dataclass

from homepress.compress.formats.exif_edit import without_orientation
from homepress.compress.formats.picture import CannotConvert
from homepress.compress.metadata.embedded import read_embedded
from homepress.compress.metadata.exif import UPRIGHT
from homepress.compress.metadata.soundness import exif_damage

_IPTC_RESOURCE = b"8BIM\x04\x04"
_XMP_ORIENTATION = re.compile(rb"(tiff:Orientation\s*(?:=\s*[\"']|>))[2-8](?=[\"'<])")
_RGB, _GREY = b"RGB ", b"GRAY"


@dataclass(frozen=True, slots=True)
class Carried:
    """Metadata of an upright picture.

    Attributes:
        icc: its colour profile.
        exif: its Exif block, without orientation.
        xmp: its XMP packet.
        orientation: how the stored pixels are to be turned.
    """

    icc: bytes | None
    exif: bytes | None
    xmp: bytes | None
    orientation: int = UPRIGHT


def carried(source: bytes, *, iptc: bool = False, xmp: bytes | None = None) -> Carried:
    """What is carried over.

    Args:
        source: the bytes of the file.
        iptc: whether IPTC captions are taken care of elsewhere.
        xmp: the packet of the main picture, where a file may hold those of others too.

    Raises:
        CannotConvert: there is metadata that has no place in other formats.
        Malformed: the file's structure is broken.
    """
    found = read_embedded(source)
    packets = found.xmp if xmp is None else (xmp,)
    if len(found.exif) > 1 or len(packets) > 1:
        raise CannotConvert("it has more than one block of Exif or XMP")
    if not iptc and any(_IPTC_RESOURCE in block or block[:1] == b"\x1c" for block in found.iptc):
        raise CannotConvert("it has IPTC captions, which other formats cannot carry")
    if found.icc is not None and found.icc[16:20] not in (_RGB, _GREY):
        raise CannotConvert("its colours are neither RGB nor grey")
    if found.exif and (damage := exif_damage(found.exif[0])):
        raise CannotConvert(damage)
    exif = without_orientation(found.exif[0]) if found.exif else None
    packet = _XMP_ORIENTATION.sub(rb"\g<1>1", packets[0]) if packets else None
    return Carried(found.icc, exif, packet, found.orientation)
