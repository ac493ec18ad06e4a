"""Whether the metadata of a file is whole: damage is left for its owner to see, not carried along.

Readers get over a damaged block in different ways, so nobody can say what of it a picture still says. The
tests are those that no camera's file fails; odd values and dangling pointers of maker notes pass.
"""

from collections.abc import Iterator

from PIL import ExifTags

from homepress.compress.metadata import exif
from homepress.compress.metadata.embedded import jpeg_profile, png_profile
from homepress.compress.metadata.errors import Malformed, Refused, RewriteRefusal
from homepress.compress.metadata.exif import EXIF_IFD, GPS_IFD, Directory, TiffBlock
from homepress.compress.metadata.jpeg_segments import HeaderKind, JpegStream, headers_of_kind
from homepress.compress.metadata.png import PngChunk
from homepress.compress.metadata.webp import WebpFile

_ORIENTATION = 0x0112
_HIGHEST_ORIENTATION = 8
_PROFILE_HEADER, _PROFILE_MARK = 128, slice(36, 40)
_FIXED_BYTES = {
    b"sRGB": 1,
    b"gAMA": 4,
    b"cHRM": 32,
    b"pHYs": 9,
    b"tIME": 7,
    b"cICP": 4,
    b"mDCV": 24,
    b"cLLI": 8,
}
"""PNG chunks that have one length (W3C PNG, third edition, section 11.3)."""


def check_jpeg_metadata(stream: JpegStream) -> None:
    """Check the Exif block and the colour profile of a JPEG image.

    Raises:
        Refused: they are damaged, or there is more than one Exif block, and what exactly.
    """
    _check_exif([stream.payload(each) for each in headers_of_kind(stream, HeaderKind.EXIF)])
    if headers_of_kind(stream, HeaderKind.ICC):
        _check_profile(jpeg_profile(stream))


def check_png_metadata(chunks: tuple[PngChunk, ...]) -> None:
    """Check the Exif block, the colour profile and the chunks of known length of a PNG.

    Raises:
        Refused: they are damaged, and what exactly.
    """
    _check_exif([each.body for each in chunks if each.kind == b"eXIf"])
    for each in chunks:
        if each.kind == b"iCCP":
            _check_profile(png_profile(each.body))
        if len(each.body) != _FIXED_BYTES.get(each.kind, len(each.body)):
            raise _damaged(f"its {each.kind.decode()} chunk has a wrong length")


def check_webp_metadata(file: WebpFile) -> None:
    """Check the Exif block and the colour profile of a WebP.

    Raises:
        Refused: they are damaged, and what exactly.
    """
    _check_exif([each.body for each in file.chunks if each.kind == b"EXIF"])
    for each in file.chunks:
        if each.kind == b"ICCP":
            _check_profile(each.body)


def exif_damage(payload: bytes) -> str:
    """What is damaged in an Exif block, in words; empty when nothing is.

    Looked at are the main directory and those of the camera's settings and the place, not maker notes: many
    point to what was never there.
    """
    try:
        for directory in _directories(exif.read_exif(payload)):
            for entry in directory.entries:
                if entry.count and not entry.is_readable:
                    return f"the Exif value {_tag_name(entry.tag)} is cut off"
    except Malformed as error:
        return f"Exif: {error}"
    return ""


def _tag_name(tag: int) -> str:
    return ExifTags.TAGS.get(tag) or ExifTags.GPSTAGS.get(tag) or f"number {tag}"


def _directories(block: TiffBlock) -> Iterator[Directory]:
    main = block.directory(block.first)
    yield main
    if main.following == main.at:
        raise Malformed("a directory that leads back to itself", main.at)
    orientation = main.find(_ORIENTATION)
    value = None if orientation is None else block.number(orientation)
    if value is not None and value > _HIGHEST_ORIENTATION:
        raise Malformed(f"an orientation of {value}")
    for tag in (EXIF_IFD, GPS_IFD):
        entry = main.find(tag)
        if entry is not None and (at := block.number(entry)):
            yield block.directory(at)


def _check_exif(payloads: list[bytes]) -> None:
    if len(payloads) > 1:
        raise _damaged("two Exif blocks")
    for payload in payloads:
        if what := exif_damage(payload):
            raise _damaged(what)


def _check_profile(profile: bytes | None) -> None:
    """Check the header of a profile (ICC.1:2022 section 7.2). Some are padded, none is cut."""
    if profile is None:
        raise _damaged("parts of its colour profile are missing")
    declared = int.from_bytes(profile[:4], "big")
    if profile[_PROFILE_MARK] != b"acsp" or not _PROFILE_HEADER <= declared <= len(profile):
        raise _damaged("its colour profile is damaged")


def _damaged(what: str) -> Refused:
    return Refused(RewriteRefusal.DAMAGED_METADATA, what)
