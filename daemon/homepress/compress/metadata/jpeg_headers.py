"""What the APPn and COM segments of a JPEG hold, told by marker and signature."""

import enum

from homepress.compress.metadata.jpeg_segments import (
    APP0,
    APP1,
    APP2,
    APP11,
    APP13,
    APP14,
    COM,
    JpegStream,
    Segment,
)

EXIF_SIGNATURE = b"Exif\0\0"
XMP_SIGNATURE = b"http://ns.adobe.com/xap/1.0/\0"
EXTENDED_XMP_SIGNATURE = b"http://ns.adobe.com/xmp/extension/\0"
ICC_SIGNATURE = b"ICC_PROFILE\0"
MPF_SIGNATURE = b"MPF\0"
ISO_GAIN_MAP_SIGNATURE = b"urn:iso:std:iso:ts:21496:-1\0"


class HeaderKind(enum.StrEnum):
    """The kinds of header that something here treats in its own way."""

    JFIF = "JFIF"
    AVI1 = "AVI1"
    EXIF = "Exif"
    XMP = "XMP"
    EXTENDED_XMP = "extended XMP"
    ICC = "ICC profile"
    MPF = "MPF"
    ISO_GAIN_MAP = "ISO 21496-1"
    JUMBF = "JUMBF"
    JPEG_HDR = "JPEG-HDR"
    PHOTOSHOP = "Photoshop"
    ADOBE = "Adobe"
    COMMENT = "comment"
    OTHER = "other"


# The Exif signature ends in two zeros, but readers accept any sixth byte.
_SIGNATURES: tuple[tuple[int, bytes, HeaderKind], ...] = (
    (APP0, b"JFIF\0", HeaderKind.JFIF),
    (APP0, b"AVI1", HeaderKind.AVI1),
    (APP1, EXIF_SIGNATURE[:5], HeaderKind.EXIF),
    (APP1, XMP_SIGNATURE, HeaderKind.XMP),
    (APP1, EXTENDED_XMP_SIGNATURE, HeaderKind.EXTENDED_XMP),
    (APP2, ICC_SIGNATURE, HeaderKind.ICC),
    (APP2, MPF_SIGNATURE, HeaderKind.MPF),
    (APP2, ISO_GAIN_MAP_SIGNATURE, HeaderKind.ISO_GAIN_MAP),
    (APP11, b"JP", HeaderKind.JUMBF),
    (APP11, b"HDR_RI", HeaderKind.JPEG_HDR),
    (APP13, b"Photoshop ", HeaderKind.PHOTOSHOP),
    (APP13, b"Adobe_Photoshop", HeaderKind.PHOTOSHOP),
    (APP14, b"Adobe", HeaderKind.ADOBE),
    (COM, b"", HeaderKind.COMMENT),
)
_LONGEST = max(len(signature) for _, signature, _ in _SIGNATURES)


def header_kind(stream: JpegStream, segment: Segment) -> HeaderKind:
    """The kind of one APPn or COM segment."""
    body = stream.data[segment.start + 4 : min(segment.body_end, segment.start + 4 + _LONGEST)]
    for marker, signature, kind in _SIGNATURES:
        if segment.marker == marker and body.startswith(signature):
            return kind
    return HeaderKind.OTHER


def headers_of_kind(stream: JpegStream, kind: HeaderKind) -> list[Segment]:
    """All header segments of one kind, in order."""
    return [segment for segment in stream.headers if header_kind(stream, segment) is kind]
