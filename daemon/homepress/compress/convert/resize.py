"""Fewer pixels, with all that is said of them."""

from dataclasses import replace

from homepress.compress.convert.gain import scaled_tail
from homepress.compress.convert.hdr import Reduction
from homepress.compress.convert.picture import Picture, scale_down, shallow
from homepress.compress.metadata.errors import Malformed
from homepress.compress.metadata.exif import scaled, with_size, without_thumbnail
from homepress.compress.metadata.xmp import with_values
from homepress.compress.savings import shrunk


def resized(picture: Picture, size: tuple[int, int], *, thrifty: bool = False) -> Picture:
    """A picture at another size; its Exif block tells the new size and holds no thumbnail.

    Args:
        picture: the picture.
        size: width and height in pixels, none larger than before.
        thrifty: whether each byte counts, those of a gain map too.
    """
    if size == picture.size:
        return picture
    share = max(size) / max(picture.size)
    deep = None if picture.deep is None else scale_down(picture.deep, size)
    rgba = shallow(deep) if deep is not None else scale_down(picture.rgba, size)
    base = Reduction(picture.rgba, rgba, fine=not thrifty)
    exif = picture.exif
    if exif is not None:
        exif = scaled(with_size(without_thumbnail(exif), *size), share)
    return replace(
        picture,
        rgba=rgba,
        deep=deep,
        exif=exif,
        xmp=None if picture.xmp is None else _scaled_xmp(picture.xmp, size, share),
        tail=scaled_tail(picture.tail.file, base) if picture.tail else None,
        gain=picture.gain.scaled(base) if picture.gain else None,
        others=tuple(resized(each, shrunk(each.size, share)) for each in picture.others),
    )


_EXIF_XMP, _TIFF_XMP = "http://ns.adobe.com/exif/1.0/ ", "http://ns.adobe.com/tiff/1.0/ "
_DIMENSIONS = "http://ns.adobe.com/xap/1.0/sType/Dimensions# "
_PANORAMA = "http://ns.google.com/photos/1.0/panorama/ "
_WIDTHS = frozenset({_EXIF_XMP + "PixelXDimension", _TIFF_XMP + "ImageWidth", _DIMENSIONS + "w"})
_HEIGHTS = frozenset({_EXIF_XMP + "PixelYDimension", _TIFF_XMP + "ImageLength", _DIMENSIONS + "h"})
"""Those of `Dimensions` are what regions of faces apply to; the regions themselves are shares of it."""


def _scaled_xmp(packet: bytes, size: tuple[int, int], share: float) -> bytes:
    """The packet with the picture's new size, and places told in pixels; as it is if broken."""

    def change(name: str, value: str) -> str | None:
        if name in _WIDTHS | _HEIGHTS:
            return str(size[name in _HEIGHTS])
        if name.startswith(_PANORAMA) and name.endswith("Pixels") and value.isdigit():
            return str(round(int(value) * share))
        return None

    try:
        return with_values(packet, change)
    except Malformed:
        return packet
