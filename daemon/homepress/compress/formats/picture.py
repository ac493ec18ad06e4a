"""A decoded picture on its way from one format or size to another, with all that goes along."""

from dataclasses import dataclass

from homepress.compress.formats.images import Rgba


class CannotConvert(Exception):  # noqa: N818 (reads as a verdict)
    """A picture cannot be made into what is asked without losing something; the message says what."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A picture the right way up.

    Attributes:
        rgba: height x width x 4.
        icc: its colour profile.
        exif: its Exif block from the TIFF header on, without orientation.
        xmp: its XMP packet.
        density: pixels an inch, across and down, where the container says it.
        jpeg_headers: whole marker segments that only another JPEG can take over.
    """

    rgba: Rgba
    icc: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    density: tuple[float, float] | None = None
    jpeg_headers: tuple[bytes, ...] = ()

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.rgba.shape[1], self.rgba.shape[0]
