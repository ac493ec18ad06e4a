"""Reading TIFF."""

from PIL import Image

from homepress.compress.formats.images import to_rgba
from homepress.compress.formats.picture import CannotConvert, Picture
from homepress.compress.formats.reading.metadata import carried
from homepress.compress.formats.reading.opening import decoded, frame_count
from homepress.compress.formats.reading.plain import density
from homepress.compress.pixels import open_picture
from homepress.imagetype import ImageType

_BITS, _SAMPLE_FORMAT = 258, 339
_FURTHER = 330  # SubIFDs: smaller copies, or pictures of their own
_EXIF, _GPS = 0x8769, 0x8825
_MODES = frozenset({"1", "L", "P", "RGB", "RGBA", "LA"})
_CARRIED = (
    *(0x010E, 0x010F, 0x0110, 0x0131, 0x0132, 0x013B, 0x8298, 0x011A, 0x011B, 0x0128),
    *(0x010D, 0x011D, 0x013C, 0x4746, 0x4749, *range(0x9C9B, 0x9CA0)),
)
"""Description, make, model, software, date, artist, copyright, density; names of document, page and computer,
rating, and what Windows writes: title, comment, author, keywords, subject."""


def read(source: bytes, kind: ImageType) -> Picture:  # noqa: ARG001 (every reader offers this)
    """Decode a TIFF of one page and up to 8 bits; see `read_picture`.

    Its Exif values are put into a block of their own, for in a TIFF they share directories with the picture.
    """
    if frame_count(source, "TIFF") > 1:
        raise CannotConvert("it has more than one page")
    opened = open_picture(source, ("TIFF",))
    tags = getattr(opened, "tag_v2", {})
    if _FURTHER in tags:
        raise CannotConvert("it holds further pictures, which would be left behind")
    if max(tags.get(_BITS, (1,))) > 8 or set(tags.get(_SAMPLE_FORMAT, (1,))) != {1}:
        raise CannotConvert("it has more than 8 bits a channel")
    if opened.mode not in _MODES:
        raise CannotConvert(f"its colours are {opened.mode}")
    along = carried(source)
    exif = _exif(opened)
    image = decoded(source, "TIFF")  # Pillow turns it upright
    return Picture(rgba=to_rgba(image), icc=along.icc, exif=exif, xmp=along.xmp, density=density(image))


def _exif(opened: Image.Image) -> bytes | None:
    """The values that describe the photograph, as a block of their own; None where there are none."""
    found = opened.getexif()
    block = Image.Exif()
    for tag in _CARRIED:
        if tag in found:
            block[tag] = found[tag]
    for directory in (_EXIF, _GPS):
        if values := found.get_ifd(directory):
            block.get_ifd(directory).update(values)
    return block.tobytes().removeprefix(b"Exif\0\0") if len(block) or _has_children(block) else None


def _has_children(block: Image.Exif) -> bool:
    return bool(block.get_ifd(_EXIF) or block.get_ifd(_GPS))
