"""Headers full of what must not be shared, and the check that it is gone."""

from compress.metadata.exif_builder import SECRETS, exif_block
from compress.metadata.jpeg_builder import (
    APP0,
    APP1,
    APP13,
    COM,
    segment,
    xmp_segment,
)
from homepress.compress.metadata import (
    has_location,
)

PRIVATE_XMP = (
    "<dc:creator><rdf:Seq><rdf:li>Jane Owner</rdf:li></rdf:Seq></dc:creator><!-- secret remark -->"
    "<aux:SerialNumber>SN-4711</aux:SerialNumber><exif:GPSLatitude>52,31.2N</exif:GPSLatitude>"
    "<photoshop:City>Berlin</photoshop:City><xmpMM:InstanceID>xmp.iid:1</xmpMM:InstanceID>"
    "<GCamera:HdrPlusMakernote>LENS-0815</GCamera:HdrPlusMakernote>"
    "<tiff:Orientation>6</tiff:Orientation><xmp:CreateDate>2024-05-06</xmp:CreateDate>"
)
PRIVATE_WORDS = (*SECRETS, b"52,31.2N", b"Berlin", b"xmp.iid", b"+52.5200")


def private_headers(block: bytes | None = None) -> list[bytes]:
    """Headers full of what must not be shared."""
    return [
        segment(APP1, b"Exif\0\0" + (exif_block() if block is None else block)),
        xmp_segment(PRIVATE_XMP),
        segment(APP13, b"Photoshop 3.0\x008BIM\4\4\0\0\0\0\0\x0b\x1c\2\x5a\0\6Berlin"),
        segment(APP0, b"JFXX\0\x10THUMBNAIL"),
        segment(COM, b"secret remark"),
    ]


def assert_clean(data: bytes) -> None:
    assert [word for word in PRIVATE_WORDS if word in data] == []
    assert not has_location(data)
