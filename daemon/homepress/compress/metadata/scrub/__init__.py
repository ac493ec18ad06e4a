"""Files for sharing (`share`) and files stripped of all metadata (`strip`)."""

from collections.abc import Callable
from dataclasses import dataclass

from homepress.compress.metadata.embedded import read_embedded
from homepress.compress.metadata.errors import Refusal, Refused
from homepress.compress.metadata.scrub.exif import share_exif
from homepress.compress.metadata.scrub.gif import share_gif
from homepress.compress.metadata.scrub.jpeg import share_jpeg, strip_jpeg
from homepress.compress.metadata.scrub.png import share_png, strip_png
from homepress.compress.metadata.scrub.webp import share_webp, strip_webp
from homepress.compress.metadata.scrub.xmp import share_xmp
from homepress.imagetype import ImageType, sniff

__all__ = ["Stripped", "share", "share_exif", "share_xmp", "strip"]

_SHARE: dict[ImageType, Callable[[bytes], bytes]] = {
    ImageType.JPEG: share_jpeg,
    ImageType.PNG: share_png,
    ImageType.WEBP: share_webp,
    ImageType.GIF: share_gif,
}
_STRIP: dict[ImageType, Callable[[bytes], bytes]] = {
    ImageType.JPEG: strip_jpeg,
    ImageType.PNG: strip_png,
    ImageType.WEBP: strip_webp,
    ImageType.GIF: share_gif,
}


@dataclass(frozen=True, slots=True)
class Stripped:
    """A file without metadata.

    Attributes:
        data: the file.
        orientation: how the source said its picture is to be turned, 1 to 8. Nothing in `data` says it any
            more: unless it is 1 the caller turns the pixels.
    """

    data: bytes
    orientation: int


def share(data: bytes) -> bytes:
    """A JPEG, PNG, WebP or GIF without location, serial numbers, names, descriptions and embedded thumbnail.

    Orientation, colour profile, dates, make, model and exposure stay; no pixel changes. A JPEG keeps its
    length, gain maps, further pictures and video; blanked headers can be dropped later with
    `swap_primary(..., trim=True)`.

    Raises:
        Malformed: the file's structure is broken.
        Refused: another format, or something in it cannot be vouched for.
    """
    return _edit(data, _SHARE)


def strip(data: bytes) -> Stripped:
    """A JPEG, PNG, WebP or GIF with its picture, animation and colour profile, and nothing else.

    What is appended to a JPEG goes too: gain map, further pictures, video.

    Raises:
        Malformed: the file's structure is broken.
        Refused: another format.
    """
    return Stripped(_edit(data, _STRIP), read_embedded(data).orientation)


def _edit(data: bytes, editors: dict[ImageType, Callable[[bytes], bytes]]) -> bytes:
    image_type = sniff(data[:64])
    if image_type not in editors:
        raise Refused(Refusal.UNSUPPORTED, str(image_type or "unknown"))
    return editors[image_type](data)
