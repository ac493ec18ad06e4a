"""Reading JPEG."""

from PIL import Image

from homepress.compress.formats.images import to_rgba
from homepress.compress.formats.picture import CannotConvert, Picture
from homepress.compress.formats.reading.metadata import carried
from homepress.compress.formats.reading.plain import density
from homepress.compress.formats.reading.upright import upright
from homepress.compress.jpeg.decoding import JPEG_FORMATS
from homepress.compress.jpeg.source import obstacle
from homepress.compress.jpeg.whole import decode_whole
from homepress.compress.metadata import JpegStream, describe_jpeg, parse_jpeg, picture_only
from homepress.compress.metadata.jpeg_headers import HeaderKind, header_kind
from homepress.compress.metadata.soundness import check_jpeg_metadata
from homepress.compress.pixels import open_picture
from homepress.imagetype import ImageType

_REBUILT = frozenset(
    {HeaderKind.JFIF, HeaderKind.ADOBE, HeaderKind.EXIF, HeaderKind.XMP, HeaderKind.ICC, HeaderKind.MPF}
)
_MODES = frozenset({"L", "RGB"})


def read(source: bytes, kind: ImageType) -> Picture:  # noqa: ARG001 (every reader offers this)
    """Decode a JPEG that holds one picture and nothing else; see `read_picture`."""
    contents = describe_jpeg(source)
    if not contents.is_plain:
        raise CannotConvert(f"it holds more than one picture: {contents}")
    if HeaderKind.JUMBF in contents.headers or HeaderKind.JPEG_HDR in contents.headers:
        raise CannotConvert("it is signed or carries further layers")
    stream = parse_jpeg(source)
    if trouble := obstacle(stream):
        raise CannotConvert(trouble)
    check_jpeg_metadata(stream)
    opened = open_picture(picture_only(stream), JPEG_FORMATS)
    if opened.mode not in _MODES:
        raise CannotConvert(f"its colours are {opened.mode}")
    image = Image.fromarray(decode_whole(stream)[:, :])
    along = carried(source, iptc=True)
    return Picture(
        rgba=upright(to_rgba(image), along.orientation),
        icc=along.icc,
        exif=along.exif,
        xmp=along.xmp,
        density=density(opened),
        jpeg_headers=_headers(stream),
    )


def _headers(stream: JpegStream) -> tuple[bytes, ...]:
    """The header segments that are not built anew, whole."""
    return tuple(
        stream.raw(segment) for segment in stream.headers if header_kind(stream, segment) not in _REBUILT
    )
