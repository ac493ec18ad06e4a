"""Gain maps on their way: decoded from HEIC and AVIF, scaled with their picture, coded as JPEG."""

import dataclasses
import io
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from PIL import Image

from homepress.compress.convert.beside import naming
from homepress.compress.convert.hdr import (
    Gain,
    Reduction,
    Values,
    gain_of_apple,
    gain_of_curve,
    scaled_map,
)
from homepress.compress.convert.picture import CannotConvert
from homepress.compress.jpeg import optimise
from homepress.compress.metadata.errors import Malformed
from homepress.compress.metadata.exif import with_size
from homepress.compress.metadata.gain_map import (
    GainChannel,
    GainCurve,
    apple_headroom,
    gain_map_packet,
    iso_block,
    read_iso_curve,
    read_xmp_curve,
)
from homepress.compress.metadata.heif_parts import HeifExtra, HeifItems
from homepress.compress.metadata.jpeg_file import JpegFile, xmp_packet
from homepress.compress.metadata.jpeg_segments import (
    APP1,
    APP2,
    END_OF_IMAGE,
    EXIF_SIGNATURE,
    ISO_GAIN_MAP_SIGNATURE,
    START_OF_IMAGE,
    XMP_SIGNATURE,
    HeaderKind,
    JpegStream,
    header_kind,
    headers_of_kind,
    is_adobe,
    is_jfif,
    parse_jpeg,
    picture_only,
)
from homepress.compress.metadata.jpeg_tail import JpegTail, gain_map_part
from homepress.compress.pixels import decode

_QUALITY = 90
"""Of a gain map as JPEG; what it errs by is smaller than what the picture's own coding does."""


@dataclass(frozen=True, slots=True, eq=False)
class GainMap:
    """A gain map without the coding that it came in.

    Attributes:
        values: height x width, or height x width x 3; the right way up, as its picture.
        curve: what they mean; None for Apple's where nothing says how bright they make the picture.
        packet: what Apple says of them then, which goes along for whoever knows.
    """

    values: Values
    curve: GainCurve | None
    packet: bytes = b""

    def scaled(self, base: Reduction) -> "GainMap":
        """The map for a smaller picture."""
        channels = 1 if self.values.ndim == 2 else 3
        gain = None if self.curve is None else gain_of_curve(self.curve, channels)
        return dataclasses.replace(self, values=scaled_map(self.values, gain, base))

    def jpeg(self) -> bytes:
        """The map as a JPEG that describes itself: Adobe's XMP, and the block of ISO 21496-1."""
        stream = parse_jpeg(_coded(Image.fromarray(self.values)))
        if self.curve is None:
            headers = [_segment(APP1, XMP_SIGNATURE + self.packet)]
        else:
            headers = [
                _segment(APP1, XMP_SIGNATURE + gain_map_packet(self.curve)),
                _segment(APP2, ISO_GAIN_MAP_SIGNATURE + iso_block(self.curve)),
            ]
        kept = [stream.raw(segment) for segment in stream.headers]
        coding = [stream.raw(segment) for segment in stream.coding]
        return b"".join((START_OF_IMAGE, *kept, *headers, *coding, END_OF_IMAGE))


def from_heif(items: HeifItems, extra: HeifExtra, shown: Image.Image, exif: bytes | None) -> GainMap:
    """The gain map of a HEIC or AVIF.

    Args:
        items: of the file.
        extra: which of them is the gain map.
        shown: it, decoded.
        exif: of the picture.

    Raises:
        CannotConvert: what it means is not told, or cannot be said in a JPEG.
    """
    values = np.asarray(shown.convert("L" if shown.mode in ("1", "L", "LA", "I;16") else "RGB"))
    tone_map = items.tone_map()
    if tone_map is not None and extra.item in tone_map[1]:
        return GainMap(values, _iso_curve(items, *tone_map))
    if b"apple" not in items.auxiliary_kind(extra.item):
        raise CannotConvert("its HDR gain map does not say how bright it is; to take it out, drop hdr")
    packets = items.described(extra.item, b"mime")
    packet = packets[0] if packets else None
    values = values if values.ndim == 2 else values[..., 1]
    headroom = apple_headroom(exif, packet)
    if headroom is None:
        try:
            return GainMap(values, None, naming(packet, items.auxiliary_kind(extra.item)))
        except Malformed as error:
            raise CannotConvert(f"it holds an HDR gain map, but {error}; to take it out, drop hdr") from error
    return _from_apple(values, headroom)


def _iso_curve(items: HeifItems, number: int, made_of: list[int]) -> GainCurve:
    block = items.content(number)
    try:
        curve = read_iso_curve(block[1:] if block[:1] == b"\0" else b"")
    except Malformed as error:
        raise CannotConvert(f"it holds {error}; to take it out, drop hdr") from error
    if curve.base_is_hdr or not made_of or made_of[0] != items.primary:
        raise CannotConvert(
            "its picture is HDR, and its gain map makes it darker; to take that out, drop hdr"
        )
    if not curve.base_colours and _primaries(items, number) not in (None, _primaries(items, items.primary)):
        raise CannotConvert("its HDR gain map is for other colours than its own; to take it out, drop hdr")
    return curve


def _primaries(items: HeifItems, number: int) -> bytes | None:
    for box in items.properties(number):
        content = box.content(items.data)
        if box.kind == b"colr" and content[:4] == b"nclx":
            return content[4:6]
    return None


def _from_apple(values: Values, headroom: float) -> GainMap:
    """Apple's map, light coded as in Rec. 709, as powers of two, which is what all others are.

    HDR = base * (1 + (headroom - 1) * light).
    """
    table = gain_of_apple(headroom).stops[0]
    stops = float(table[-1])
    levels = np.rint(255.0 * table / stops).astype(np.uint8)
    full = Fraction(stops).limit_denominator(1_000_000)
    channel = GainChannel(Fraction(0), full, Fraction(1), Fraction(0), Fraction(0))
    return GainMap(levels[values], GainCurve((channel,), Fraction(0), full))


# The gain map that a JPEG brings along.


def scaled_tail(file: JpegFile, base: Reduction) -> JpegTail:
    """What stands behind a JPEG's primary with a gain map, if there is one, for a smaller picture.

    Everything else, such as a video, stays byte for byte.
    """
    part = gain_map_part(file)
    if part is None:
        return JpegTail(file, {})
    stream = parse_jpeg(file.stream.data, part.start, part.end)
    image = decode(picture_only(stream), ("JPEG",))
    gain = _gain_of_jpeg(file.stream, stream, image.mode)
    values = np.asarray(image if image.mode in ("L", "RGB") else image.convert("RGB"))
    del image  # of a large map, the room is needed
    small = scaled_map(values, gain, base)
    if small is values:
        return JpegTail(file, {})
    return JpegTail(file, {part.start: _with_values(stream, small)})


def _gain_of_jpeg(primary: JpegStream, gain: JpegStream, mode: str) -> Gain | None:
    """What a gain map's values mean, as it or its picture says; None where nothing does."""
    channels = 1 if mode == "L" else 3
    packets = [xmp_packet(gain, each) for each in headers_of_kind(gain, HeaderKind.XMP)]
    blocks = [gain.payload(each) for each in headers_of_kind(gain, HeaderKind.ISO_GAIN_MAP)]
    try:
        for curve in map(read_xmp_curve, packets):
            if curve is not None:
                return gain_of_curve(curve, channels)
        for block in blocks:
            return gain_of_curve(read_iso_curve(block[len(ISO_GAIN_MAP_SIGNATURE) :]), channels)
    except Malformed:
        return None
    exif = [primary.payload(each) for each in headers_of_kind(primary, HeaderKind.EXIF)]
    tags = exif[0][len(EXIF_SIGNATURE) :] if exif else None
    headroom = apple_headroom(tags, packets[0] if packets else None)
    return None if headroom is None or channels != 1 else gain_of_apple(headroom)


def _with_values(old: JpegStream, values: Values) -> bytes:
    """A gain map's JPEG with other values and all of its headers, in which only its size is put right."""
    new = parse_jpeg(_coded(Image.fromarray(values)))
    height, width = values.shape[:2]
    headers = [new.raw(segment) for segment in new.headers]
    for segment in old.headers:
        if is_jfif(old, segment) or is_adobe(old, segment):
            continue
        raw = old.raw(segment)
        if header_kind(old, segment) is HeaderKind.EXIF:
            block = with_size(old.payload(segment)[len(EXIF_SIGNATURE) :], width, height)
            raw = raw[: 4 + len(EXIF_SIGNATURE)] + block
        if header_kind(old, segment) is not HeaderKind.MPF:
            headers.append(raw)
    coding = [new.raw(segment) for segment in new.coding]
    return b"".join((START_OF_IMAGE, *headers, *coding, END_OF_IMAGE))


def _coded(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=_QUALITY, subsampling=0)
    return optimise(out.getvalue())


def _segment(marker: int, body: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(body) + 2).to_bytes(2, "big") + body
