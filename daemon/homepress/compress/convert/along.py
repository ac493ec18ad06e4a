"""What every reader of a format does: opening, turning upright, taking metadata along."""

import dataclasses
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from homepress.base.formats import SNIFF_BYTES, ImageType, sniff
from homepress.compress.convert.picture import CannotConvert
from homepress.compress.metadata.embedded import read_embedded
from homepress.compress.metadata.exif import UPRIGHT, says_orientation, without_orientation
from homepress.compress.metadata.soundness import exif_damage
from homepress.compress.model import Extra
from homepress.compress.pixels import DECODER_ERRORS, decode, open_picture, undecodable

# Turning stored pixels the way an orientation asks for (CIPA DC-008, tag Orientation).


_Depth = TypeVar("_Depth", np.uint8, np.uint16)


def upright(rgba: NDArray[_Depth], orientation: int) -> NDArray[_Depth]:
    """The pixels turned and mirrored so that no orientation is needed any more.

    Args:
        rgba: height x width x 4 as stored.
        orientation: 1 to 8; 5 to 8 swap width and height.
    """
    if orientation >= 5:
        rgba = rgba.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        rgba = rgba[:, ::-1]
    if orientation in (3, 4, 7, 8):
        rgba = rgba[::-1]
    return np.ascontiguousarray(rgba)


# Opening pictures with Pillow and asking them things that make it read on.

_READER_ERRORS = (*DECODER_ERRORS, RuntimeError)
"""What Pillow's readers raise on bad bytes; RuntimeError comes from libavif's."""


def frame_count(source: bytes, format_name: str) -> int:
    """How many frames or pages a picture has.

    Raises:
        Undecodable: its structure is broken.
        TooManyPixels: as `open_picture`.
    """
    try:
        return int(getattr(open_picture(source, (format_name,)), "n_frames", 1))
    except _READER_ERRORS as error:
        raise undecodable(error) from error


def decoded(source: bytes, format_name: str) -> Image.Image:
    """A picture with all pixels of its first frame.

    Raises:
        Undecodable: the bytes do not decode in full.
        TooManyPixels: as `open_picture`.
    """
    try:
        return decode(source, (format_name,))
    except RuntimeError as error:
        raise undecodable(error) from error


# The metadata that goes along when a picture changes its format.

_IPTC_RESOURCE = b"8BIM\x04\x04"
_XMP_ORIENTATION = re.compile(rb"(tiff:Orientation\s*(?:=\s*[\"']|>))[2-8](?=[\"'<])")
_TURNED_BY_EXIF = frozenset({ImageType.JPEG, ImageType.PNG, ImageType.WEBP})
"""Where Exif says nothing about these, their pixels stay as they lie, and what XMP says of it stays true."""
_RGB, _GREY = b"RGB ", b"GRAY"


@dataclass(frozen=True, slots=True)
class CarriedMetadata:
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


def read_metadata(
    source: bytes,
    *,
    iptc: bool = False,
    exif: Sequence[bytes] | None = None,
    xmp: Sequence[bytes] | None = None,
    profile: bytes | None = None,
    inks: bool = False,
) -> CarriedMetadata:
    """What is carried over.

    Args:
        source: the bytes of the file.
        iptc: whether IPTC captions are taken care of elsewhere.
        exif: the blocks of the main picture, where a file may hold those of others too.
        xmp: its packets, likewise.
        profile: its colour profile, likewise.
        inks: whether the pixels were inks and are sRGB now: then their profile has done its work.

    Raises:
        CannotConvert: there is metadata that has no place in other formats.
        Malformed: the file's structure is broken.
    """
    found = read_embedded(source)
    packets = found.xmp if xmp is None else tuple(xmp)
    if exif is not None:
        found = dataclasses.replace(found, exif=tuple(exif), icc=profile)
    if len(found.exif) > 1 or len(packets) > 1:
        raise CannotConvert("it has more than one block of Exif or XMP")
    if not iptc and any(_IPTC_RESOURCE in block or block[:1] == b"\x1c" for block in found.iptc):
        raise CannotConvert("it has IPTC captions, which other formats cannot carry")
    icc = None if inks else found.icc
    if icc is not None and icc[16:20] not in (_RGB, _GREY):
        raise CannotConvert("its colours are neither RGB nor grey")
    if found.exif and (damage := exif_damage(found.exif[0])):
        raise CannotConvert(damage)
    said = [says_orientation(each) for each in found.exif]
    if None in said:
        raise CannotConvert("its orientation is stored in a way that some programs follow and others do not")
    block = without_orientation(found.exif[0]) if found.exif else None
    packet = packets[0] if packets else None
    if packet is not None and (any(said) or sniff(source[:SNIFF_BYTES]) not in _TURNED_BY_EXIF):
        packet = _XMP_ORIENTATION.sub(rb"\g<1>1", packet)
    return CarriedMetadata(icc, block, packet, found.orientation)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a picture is read for.

    Attributes:
        target: the format that it will be written in.
        drop: what is taken out.
    """

    target: ImageType
    drop: frozenset[Extra] = frozenset()


IN_WORDS = {
    Extra.HDR: "an HDR gain map",
    Extra.DEPTH: "a depth map or matte",
    Extra.MOTION: "a motion video",
    Extra.PICTURES: "further pictures",
    Extra.MAKER: "data of its maker",
}


def density(image: Image.Image) -> tuple[float, float] | None:
    """Pixels an inch, across and down, as the container says; None where it does not, or nonsense."""
    value = image.info.get("dpi")
    if not isinstance(value, tuple) or len(value) != 2:
        return None
    across, down = float(value[0]), float(value[1])
    return (across, down) if 1.0 <= across <= 65_535.0 and 1.0 <= down <= 65_535.0 else None


def pixel_shape(across: int, down: int) -> bytes:
    """Unit 0 and the densities of pixels that are not square, as JFIF has them; nothing for others."""
    if not (across > 0 and down > 0) or abs(across - down) * 100 <= max(across, down):
        return b""
    ratio = Fraction(across, down).limit_denominator(_MOST_DENSITY)
    if not 0 < ratio.numerator <= _MOST_DENSITY:
        return b""
    return b"\0" + ratio.numerator.to_bytes(2, "big") + ratio.denominator.to_bytes(2, "big")


_MOST_DENSITY = 65_535
_PADDING = b"\0\r\n"


def is_padding(data: bytes) -> bool:
    """Whether bytes behind a picture's end are nothing: a stray one, or zeros and ends of lines."""
    return len(data) <= 1 or not data.strip(_PADDING)


def appended(data: bytes, wanted: Wanted) -> tuple[str, ...]:
    """What is left out of the bytes behind a picture's end: nothing of a stray byte or padding.

    Raises:
        CannotConvert: there is more, and it was not asked to be taken out.
    """
    if is_padding(data):
        return ()
    if Extra.MAKER not in wanted.drop:
        raise CannotConvert(
            f"it holds {len(data):,} bytes behind its picture, which would be left behind; "
            f"to take them out, drop {Extra.MAKER}"
        )
    return (Extra.MAKER,)
