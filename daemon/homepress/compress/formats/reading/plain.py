"""Reading WebP, GIF and BMP: formats that Pillow decodes without losing depth."""

from PIL import Image

from homepress.compress.formats.images import to_rgba
from homepress.compress.formats.picture import CannotConvert, Picture
from homepress.compress.formats.reading.metadata import carried
from homepress.compress.formats.reading.opening import decoded, frame_count
from homepress.compress.formats.reading.upright import upright
from homepress.compress.metadata.riff import read_webp
from homepress.compress.metadata.soundness import check_webp_metadata
from homepress.imagetype import ImageType

_PILLOW = {ImageType.WEBP: "WEBP", ImageType.GIF: "GIF", ImageType.BMP: "BMP"}
_BMP_PROFILES = (b"DEBM", b"KNIL")  # "MBED" and "LINK", the way round that they are stored
_MODES = frozenset({"1", "L", "P", "RGB", "RGBA", "LA", "PA"})


def read(source: bytes, kind: ImageType) -> Picture:
    """Decode a still picture; see `read_picture`."""
    if kind is ImageType.WEBP:
        check_webp_metadata(read_webp(source))
    if frame_count(source, _PILLOW[kind]) > 1:
        raise CannotConvert("it is animated")
    image = decoded(source, _PILLOW[kind])
    if image.mode not in _MODES:
        raise CannotConvert(f"its pixels are of another kind ({image.mode})")
    if kind is ImageType.BMP and _has_own_colours(source):
        raise CannotConvert("it holds or names a colour profile, which is not read from BMP")
    along = carried(source)
    return Picture(
        rgba=upright(to_rgba(image), along.orientation),
        icc=along.icc,
        exif=along.exif,
        xmp=along.xmp,
        density=density(image),
    )


def _has_own_colours(bmp: bytes) -> bool:
    """Whether a BMP's header (version 4 or 5) says that a profile is embedded or linked."""
    header = int.from_bytes(bmp[14:18], "little")
    return header >= 108 and bmp[70:74] in _BMP_PROFILES


def density(image: Image.Image) -> tuple[float, float] | None:
    """Pixels an inch, across and down, as the container says; None where it does not, or nonsense."""
    value = image.info.get("dpi")
    if not isinstance(value, tuple) or len(value) != 2:
        return None
    across, down = float(value[0]), float(value[1])
    return (across, down) if 1.0 <= across <= 65_535.0 and 1.0 <= down <= 65_535.0 else None
