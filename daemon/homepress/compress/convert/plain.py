"""Reading WebP, GIF and BMP: formats that Pillow decodes without losing depth."""

from homepress.base.formats import FORMATS, ImageType
from homepress.compress.convert.along import (
    Wanted,
    appended,
    decoded,
    density,
    frame_count,
    pixel_shape,
    read_metadata,
    upright,
)
from homepress.compress.convert.bmp import bmp_appended, bmp_profile, check_bmp
from homepress.compress.convert.picture import ANIMATED, CannotConvert, Picture, to_rgba, unknown_data
from homepress.compress.metadata.gif import (
    ICC_APPLICATION,
    LOOP_APPLICATIONS,
    XMP_APPLICATION,
    GifBlockKind,
    read_gif,
)
from homepress.compress.metadata.soundness import check_webp_metadata
from homepress.compress.metadata.webp import PICTURE_CHUNKS, VP8X, read_webp
from homepress.compress.pixels import colours

_MODES = frozenset({"1", "L", "P", "RGB", "RGBA", "LA", "PA"})


def read_webp_picture(source: bytes, wanted: Wanted) -> Picture:
    """Decode a still WebP; see `read.read_picture`."""
    file = read_webp(source)
    check_webp_metadata(file)
    _refuse_frames(source, ImageType.WEBP)
    known = PICTURE_CHUNKS | {VP8X, b"ICCP", b"EXIF", b"XMP "}
    if other := next((each.kind for each in file.chunks if each.kind not in known), b""):
        raise CannotConvert(unknown_data(other) if other != b"C2PA" else "it is signed (C2PA)")
    return _picture(source, ImageType.WEBP, dropped=appended(file.trailing, wanted))


_KNOWN_APPLICATIONS = LOOP_APPLICATIONS | {XMP_APPLICATION, ICC_APPLICATION}
_WRITTEN = frozenset({GifBlockKind.PLAIN_TEXT, GifBlockKind.UNKNOWN})
_ASPECT = 12
"""Where the header says the shape of pixels: (value + 15) / 64 is their width by their height."""


def read_gif_picture(source: bytes, wanted: Wanted) -> Picture:
    """Decode a GIF of one image; see `read.read_picture`."""
    file = read_gif(source)
    _refuse_frames(source, ImageType.GIF)
    for block in file.blocks:
        unknown = block.kind is GifBlockKind.APPLICATION and block.application not in _KNOWN_APPLICATIONS
        if unknown or block.kind in _WRITTEN:
            name = block.application.decode("latin-1") or block.kind.name.lower().replace("_", " ")
            raise CannotConvert(f"it holds an extension that other formats cannot carry ({name})")
    comments = any(block.kind is GifBlockKind.COMMENT for block in file.blocks)
    dropped = (*(("comment",) if comments else ()), *appended(source[file.end :], wanted))
    shape = source[_ASPECT]
    return _picture(
        source,
        ImageType.GIF,
        aspect=pixel_shape(64, shape + 15) if shape else b"",
        dropped=dropped,
    )


def read_bmp_picture(source: bytes, wanted: Wanted) -> Picture:
    """Decode a BMP; see `read.read_picture`."""
    check_bmp(source)
    dropped = appended(bmp_appended(source), wanted)
    return _picture(source, ImageType.BMP, icc=bmp_profile(source), dropped=dropped)


def _refuse_frames(source: bytes, kind: ImageType) -> None:
    if frame_count(source, FORMATS[kind].pillow[0]) > 1:
        raise CannotConvert(ANIMATED)


def _picture(
    source: bytes,
    kind: ImageType,
    *,
    icc: bytes | None = None,
    aspect: bytes = b"",
    dropped: tuple[str, ...] = (),
) -> Picture:
    image = decoded(source, FORMATS[kind].pillow[0])
    if image.mode not in _MODES:
        raise CannotConvert(f"its colours are {colours(image.mode)}")
    along = read_metadata(source)
    return Picture(
        rgba=upright(to_rgba(image), along.orientation),
        icc=icc or along.icc,
        exif=along.exif,
        xmp=along.xmp,
        density=density(image),
        aspect=aspect,
        dropped=dropped,
    )
