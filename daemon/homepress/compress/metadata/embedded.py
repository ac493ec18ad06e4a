"""The metadata that a file of any format carries, as blocks of bytes."""

from collections.abc import Callable
from dataclasses import dataclass

from homepress.base.formats import ImageType, sniff
from homepress.compress.metadata import exif
from homepress.compress.metadata.errors import Malformed
from homepress.compress.metadata.exif import read_tiff
from homepress.compress.metadata.gif import ICC_APPLICATION, XMP_APPLICATION, read_gif
from homepress.compress.metadata.isobmff import colour_profile, metadata_items, read_boxes
from homepress.compress.metadata.jpeg_segments import (
    APP2,
    ICC_SIGNATURE,
    XMP_SIGNATURE,
    HeaderKind,
    JpegStream,
    headers_of_kind,
    parse_jpeg,
)
from homepress.compress.metadata.png import TEXT_KINDS, XMP_KEYWORD, inflate, read_chunks, read_text
from homepress.compress.metadata.webp import read_webp

# Colour profiles in JPEG and PNG (ICC.1:2022 annex B).

_SHARE = 65_519
"""Bytes of a profile that fit into one APP2 segment."""


def jpeg_profile(stream: JpegStream) -> bytes | None:
    """The profile in a JPEG's APP2 segments; None without one, or when its pieces do not fit together.

    The pieces are numbered from 1 and may stand in any order; each says how many there are.
    """
    pieces: dict[int, bytes] = {}
    counts = set()
    for segment in headers_of_kind(stream, HeaderKind.ICC):
        body = stream.payload(segment)[len(ICC_SIGNATURE) :]
        if len(body) < 2 or body[0] in pieces:
            return None
        pieces[body[0]] = body[2:]
        counts.add(body[1])
    if not pieces or counts != {len(pieces)} or set(pieces) != set(range(1, len(pieces) + 1)):
        return None
    return b"".join(pieces[number] for number in sorted(pieces)) or None


def jpeg_profile_segments(profile: bytes) -> bytes:
    """The APP2 segments that hold a profile.

    Raises:
        Malformed: it is longer than 255 segments can hold, or empty.
    """
    pieces = [profile[at : at + _SHARE] for at in range(0, len(profile), _SHARE)]
    if not 1 <= len(pieces) <= 255:
        raise Malformed("a colour profile that does not fit into a JPEG")
    segments = []
    for number, piece in enumerate(pieces, 1):
        body = ICC_SIGNATURE + bytes((number, len(pieces))) + piece
        segments.append(bytes((0xFF, APP2)) + (len(body) + 2).to_bytes(2, "big") + body)
    return b"".join(segments)


def png_profile(body: bytes) -> bytes | None:
    """The profile in an iCCP chunk's body; None when it is broken."""
    name, zero, rest = body[:80].partition(b"\0")
    if not (name and zero and rest[:1] == b"\0"):
        return None
    try:
        return inflate(body[len(name) + 2 :]) or None
    except Malformed:
        return None


# The metadata that a file of any format carries, as blocks of bytes.

_TIFF_XMP, _TIFF_IPTC, _TIFF_ICC = 700, 33723, 34675
GIF_XMP_TRAILER = b"\x01" + bytes(range(255, -1, -1)) + b"\0"
"""Ends the packet in a GIF: whatever byte of the packet is taken as a length leads into it."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """Metadata blocks of one file.

    Attributes:
        exif: Exif blocks, from the TIFF header on.
        xmp: XMP packets.
        iptc: IPTC blocks, or Photoshop image resources that may hold one.
        icc: the colour profile.
    """

    exif: tuple[bytes, ...] = ()
    xmp: tuple[bytes, ...] = ()
    iptc: tuple[bytes, ...] = ()
    icc: bytes | None = None

    @property
    def orientation(self) -> int:
        """How the picture is to be turned, 1 to 8, as its first Exif block says."""
        return exif.orientation(self.exif[0]) if self.exif else exif.UPRIGHT


def read_embedded(data: bytes) -> Embedded:
    """The metadata of a file; nothing for a format that has none or is not known.

    Of a JPEG it is that of the primary image. Compressed boxes of JPEG XL are not read.

    Raises:
        Malformed: the file's structure is broken.
    """
    image_type = sniff(data[:64])
    reader = None if image_type is None else _READERS.get(image_type)
    return Embedded() if reader is None else reader(data)


def of_jpeg(stream: JpegStream) -> Embedded:
    """The metadata of one JPEG image."""
    payloads = {
        kind: [stream.payload(segment) for segment in headers_of_kind(stream, kind)]
        for kind in (HeaderKind.EXIF, HeaderKind.XMP, HeaderKind.EXTENDED_XMP, HeaderKind.PHOTOSHOP)
    }
    packets = [body[len(XMP_SIGNATURE) :] for body in payloads[HeaderKind.XMP]]
    return Embedded(
        exif=tuple(exif.tiff_part(body) for body in payloads[HeaderKind.EXIF]),
        xmp=(*packets, *payloads[HeaderKind.EXTENDED_XMP]),
        iptc=tuple(payloads[HeaderKind.PHOTOSHOP]),
        icc=jpeg_profile(stream),
    )


def _of_png(data: bytes) -> Embedded:
    blocks: dict[str, list[bytes]] = {"exif": [], "xmp": [], "iptc": []}
    icc = None
    for chunk in read_chunks(data).chunks:
        if chunk.kind == b"eXIf":
            blocks["exif"].append(exif.tiff_part(chunk.body))
        elif chunk.kind == b"iCCP":
            icc = icc or png_profile(chunk.body)
        elif chunk.kind in TEXT_KINDS:
            _add_text(blocks, chunk.kind, chunk.body)
    return Embedded(tuple(blocks["exif"]), tuple(blocks["xmp"]), tuple(blocks["iptc"]), icc)


def _add_text(blocks: dict[str, list[bytes]], kind: bytes, body: bytes) -> None:
    try:
        text = read_text(kind, body)
    except Malformed:
        return  # a broken text hides nothing that a reader could show
    if text.keyword == XMP_KEYWORD:
        blocks["xmp"].append(text.text)
    elif (profile := text.raw_profile) is not None:
        name = {"app1": "exif", "8bim": "iptc"}.get(profile[0], profile[0])
        blocks.setdefault(name, []).append(exif.tiff_part(profile[1]))


def _of_webp(data: bytes) -> Embedded:
    bodies: dict[bytes, list[bytes]] = {b"EXIF": [], b"XMP ": [], b"ICCP": []}
    for chunk in read_webp(data).chunks:
        if chunk.kind in bodies:
            bodies[chunk.kind].append(chunk.body)
    return Embedded(
        exif=tuple(exif.tiff_part(body) for body in bodies[b"EXIF"]),
        xmp=tuple(bodies[b"XMP "]),
        icc=next(iter(bodies[b"ICCP"]), None),
    )


def _of_gif(data: bytes) -> Embedded:
    file = read_gif(data)
    packets = []
    icc = None
    for block in file.blocks:
        if block.application == XMP_APPLICATION:
            raw = data[block.data_start : block.end]
            packets.append(raw.removesuffix(GIF_XMP_TRAILER))
        elif block.application == ICC_APPLICATION:
            icc = icc or file.sub_blocks(block)
    return Embedded(xmp=tuple(packets), icc=icc)


def _of_tiff(data: bytes) -> Embedded:
    if data[2:4] in (b"+\0", b"\0+"):
        return Embedded()  # BigTIFF has other directories; it is never rewritten
    block = read_tiff(data)
    values: dict[int, list[bytes]] = {_TIFF_XMP: [], _TIFF_IPTC: [], _TIFF_ICC: []}
    for directory in block.chain():
        for tag, found in values.items():
            entry = directory.find(tag)
            found += [] if entry is None else [block.value(entry)]
    icc = next(iter(values[_TIFF_ICC]), None)
    return Embedded((data,), tuple(values[_TIFF_XMP]), tuple(values[_TIFF_IPTC]), icc)


def _of_heif(data: bytes) -> Embedded:
    blocks: dict[bytes, list[bytes]] = {b"Exif": [], b"mime": []}
    for item in metadata_items(data):
        blocks[item.kind].append(_after_offset(item.data) if item.kind == b"Exif" else item.data)
    return Embedded(tuple(blocks[b"Exif"]), tuple(blocks[b"mime"]), icc=colour_profile(data))


def _of_jxl(data: bytes) -> Embedded:
    if data.startswith(b"\xff\x0a"):
        return Embedded()  # a bare codestream
    boxes = read_boxes(data)
    return Embedded(
        exif=tuple(_after_offset(box.content(data)) for box in boxes if box.kind == b"Exif"),
        xmp=tuple(box.content(data) for box in boxes if box.kind == b"xml "),
    )


def _after_offset(content: bytes) -> bytes:
    """An Exif item without the offset of its TIFF header that comes first (ISO/IEC 23008-12 annex A)."""
    return exif.tiff_part(content[4 + int.from_bytes(content[:4], "big") :])


_READERS: dict[ImageType, Callable[[bytes], Embedded]] = {
    ImageType.JPEG: lambda data: of_jpeg(parse_jpeg(data)),
    ImageType.PNG: _of_png,
    ImageType.WEBP: _of_webp,
    ImageType.GIF: _of_gif,
    ImageType.TIFF: _of_tiff,
    ImageType.HEIC: _of_heif,
    ImageType.AVIF: _of_heif,
    ImageType.JXL: _of_jxl,
}
