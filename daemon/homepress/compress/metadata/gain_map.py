"""What a gain map means: read from ISO 21496-1 and Apple, written as ISO 21496-1 and Adobe's XMP.

A gain map says, pixel by pixel, by how many powers of two the HDR picture is brighter than the one that
every screen shows (its base):
(base + offset) * 2 ** (minimum + (maximum - minimum) * value ** (1 / gamma)) - offset.
"""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from homepress.compress.metadata.appended import ContainerItem
from homepress.compress.metadata.errors import Malformed, Refused, RewriteRefusal
from homepress.compress.metadata.exif import EXIF_IFD, TiffBlock, read_tiff
from homepress.compress.metadata.xmp import RDF, XmpElement, parse_xmp, with_description

HDRGM = "http://ns.adobe.com/hdr-gain-map/1.0/"
_APPLE = "http://ns.apple.com/HDRGainMap/1.0/"
_FINEST = 1_000_000
"""Denominators that are written; screens do not know finer steps."""
_MOST_STOPS = 16.0
"""Of Apple's maps; their light is three times that of white, seldom eight."""


@dataclass(frozen=True, slots=True)
class GainChannel:
    """The curve of one channel; `minimum` and `maximum` are powers of two, offsets parts of white."""

    minimum: Fraction = Fraction(0)
    maximum: Fraction = Fraction(1)
    gamma: Fraction = Fraction(1)
    base_offset: Fraction = Fraction(1, 64)
    hdr_offset: Fraction = Fraction(1, 64)


@dataclass(frozen=True, slots=True)
class GainCurve:
    """What a gain map's numbers mean.

    Attributes:
        channels: one for all colours, or three.
        least_headroom: power of two by which a screen has to be brighter for the map to be used at all.
        full_headroom: the same for all of it.
        base_is_hdr: whether the base is the bright one.
        base_colours: whether the gain is to be applied in the base's own colour space.
    """

    channels: tuple[GainChannel, ...]
    least_headroom: Fraction = Fraction(0)
    full_headroom: Fraction = Fraction(1)
    base_is_hdr: bool = False
    base_colours: bool = True


# ISO 21496-1: a binary block, in JPEG's APP2 and in HEIF's item "tmap".

_MULTICHANNEL, _BASE_COLOURS = 0x80, 0x40


def read_iso_curve(block: bytes) -> GainCurve:
    """The curve in a block of ISO 21496-1 annex C, from its versions on.

    Raises:
        Malformed: it is cut short, of a later version, or has a zero below the line.
    """
    if len(block) < 5 or block[:2] != b"\0\0":
        raise Malformed("a gain map of a version that is not known")
    flags = block[4]
    count = 3 if flags & _MULTICHANNEL else 1
    size = 16 + 40 * count
    if len(block) < 5 + size:
        raise Malformed("a gain map whose description is cut short")
    numbers = struct.unpack_from(f">4I{'iIiIIIiIiI' * count}", block, 5)
    pairs = list(zip(numbers[::2], numbers[1::2], strict=True))
    if any(not below for _, below in pairs):
        raise Malformed("a gain map with a zero below the line")
    least, full, *rest = (Fraction(above, below) for above, below in pairs)
    channels = tuple(GainChannel(*rest[at : at + 5]) for at in range(0, 5 * count, 5))
    hdr = least > full
    return GainCurve(channels, min(least, full), max(least, full), hdr, bool(flags & _BASE_COLOURS))


def iso_block(curve: GainCurve) -> bytes:
    """The block of ISO 21496-1 for a curve whose base is the ordinary picture."""
    flags = (_MULTICHANNEL if len(curve.channels) > 1 else 0) | (_BASE_COLOURS if curve.base_colours else 0)
    out = [bytes(4), bytes((flags,)), _ratio(curve.least_headroom), _ratio(curve.full_headroom)]
    for channel in curve.channels:
        values = (channel.minimum, channel.maximum, channel.gamma, channel.base_offset, channel.hdr_offset)
        out += map(_ratio, values)
    return b"".join(out)


def _ratio(value: Fraction) -> bytes:
    exact = value.numerator.bit_length() < 31 and value.denominator.bit_length() < 32
    near = value if exact else value.limit_denominator(_FINEST)
    return struct.pack(">iI", near.numerator, near.denominator)


# Adobe's namespace hdrgm, in XMP.


def read_xmp_curve(packet: bytes) -> GainCurve | None:
    """The curve in a gain map's XMP packet; None where it has none.

    Raises:
        Malformed: the packet is no XMP, or a value no number.
    """
    for element in parse_xmp(packet).walk():
        values = {
            name.rpartition(" ")[2]: [text] for name, text in element.properties() if name.startswith(HDRGM)
        }
        for child in element.children:
            if child.name.startswith(HDRGM) and child.children:
                values[child.name.rpartition(" ")[2]] = list(_listed(child))
        if "GainMapMax" in values:
            return _curve(values)
    return None


def _listed(element: XmpElement) -> Iterable[str]:
    return (one.text.strip() for one in element.walk() if one.name == f"{RDF} li")


def _number(text: str) -> Fraction:
    """What a property says, as exactly as a float can hold it: "1e999999999" would be worked on for hours."""
    over, slash, under = text.partition("/")
    return Fraction(float(over)) / Fraction(float(under)) if slash else Fraction(float(over))


def _curve(values: dict[str, list[str]]) -> GainCurve:
    def numbers(name: str, default: str) -> list[Fraction]:
        try:
            return [_number(text) for text in values.get(name, [default])]
        except (ValueError, ZeroDivisionError, OverflowError) as error:
            raise Malformed(f"a gain map whose {name} is no number") from error

    columns = [
        numbers("GainMapMin", "0"),
        numbers("GainMapMax", "1"),
        numbers("Gamma", "1"),
        numbers("OffsetSDR", "1/64"),
        numbers("OffsetHDR", "1/64"),
    ]
    count = max(map(len, columns))
    if any(len(column) not in (1, count) for column in columns) or count not in (1, 3):
        raise Malformed("a gain map with an odd number of channels")
    channels = tuple(
        GainChannel(*(column[number % len(column)] for column in columns)) for number in range(count)
    )
    least = numbers("HDRCapacityMin", "0")[0]
    full = numbers("HDRCapacityMax", str(max(columns[1])))[0]
    return GainCurve(channels, least, full, values.get("BaseRenditionIsHDR", [""])[0].lower() == "true")


def gain_map_packet(curve: GainCurve) -> bytes:
    """The XMP packet of a gain map's own picture."""
    values = (
        ("GainMapMin", [channel.minimum for channel in curve.channels]),
        ("GainMapMax", [channel.maximum for channel in curve.channels]),
        ("Gamma", [channel.gamma for channel in curve.channels]),
        ("OffsetSDR", [channel.base_offset for channel in curve.channels]),
        ("OffsetHDR", [channel.hdr_offset for channel in curve.channels]),
        ("HDRCapacityMin", [curve.least_headroom]),
        ("HDRCapacityMax", [curve.full_headroom]),
    )
    attributes = "".join(f' hdrgm:{name}="{_decimal(of[0])}"' for name, of in values if len(of) == 1)
    lists = "".join(
        f"<hdrgm:{name}><rdf:Seq>{_items(of)}</rdf:Seq></hdrgm:{name}>" for name, of in values if len(of) > 1
    )
    return (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{RDF}"><rdf:Description rdf:about="" '
        f'xmlns:hdrgm="{HDRGM}" hdrgm:Version="1.0"{attributes} hdrgm:BaseRenditionIsHDR="False">'
        f"{lists}</rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()


def _items(values: Iterable[Fraction]) -> str:
    return "".join(f"<rdf:li>{_decimal(value)}</rdf:li>" for value in values)


def _decimal(value: Fraction) -> str:
    return f"{float(value):.9g}"


def with_directory(packet: bytes | None, items: Sequence[ContainerItem]) -> bytes:
    """A primary's XMP packet with Google's list of what is appended, and the mark of a gain map.

    Args:
        packet: the packet so far, without such a list; None where there is none.
        items: what is appended, in order.

    Raises:
        Refused: the packet is no XMP.
    """
    listed = "".join(
        f'<rdf:li rdf:parseType="Resource"><Container:Item Item:Semantic="{item.semantic}" '
        f'Item:Mime="{item.mime}" Item:Length="{item.length}"/></rdf:li>'
        for item in items
    )
    description = (
        f'<rdf:Description xmlns:rdf="{RDF}" rdf:about="" xmlns:hdrgm="{HDRGM}" '
        'xmlns:Container="http://ns.google.com/photos/1.0/container/" '
        'xmlns:Item="http://ns.google.com/photos/1.0/container/item/" hdrgm:Version="1.0">'
        '<Container:Directory><rdf:Seq><rdf:li rdf:parseType="Resource">'
        '<Container:Item Item:Semantic="Primary" Item:Mime="image/jpeg"/></rdf:li>'
        f"{listed}</rdf:Seq></Container:Directory></rdf:Description>"
    ).encode()
    if packet is None:
        head = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{RDF}">'.encode()
        return head + description + b"</rdf:RDF></x:xmpmeta>"
    try:
        return with_description(packet, description)
    except Malformed as error:
        raise Refused(RewriteRefusal.XMP, str(error)) from error


# Apple's own gain maps: light in one channel, as the camera's maker note and XMP say how bright.

_MAKER_NOTE, _HEADROOM, _GAIN = 0x927C, 0x0021, 0x0030
_NOTE_SIGNATURE = b"Apple iOS\0\0\1MM"


def apple_headroom(exif: bytes | None, packet: bytes | None) -> float | None:
    """How many times brighter than white Apple's gain map makes a picture; None where nothing says it.

    Source: Apple, "Applying Apple HDR effect to your photos".

    Args:
        exif: the picture's Exif block.
        packet: the gain map's XMP packet.
    """
    told = _told_headroom(packet)
    if told is not None:
        return told
    found = _note_values(exif)
    headroom, gain = found.get(_HEADROOM), found.get(_GAIN)
    if headroom is None or gain is None:
        return None
    if headroom < 1.0:
        stops = -20.0 * gain + 1.8 if gain <= 0.01 else -0.101 * gain + 1.601
    else:
        stops = -70.0 * gain + 3.0 if gain <= 0.01 else -0.303 * gain + 2.303
    return float(2.0 ** min(max(stops, 0.0), _MOST_STOPS))


def _told_headroom(packet: bytes | None) -> float | None:
    if packet is None:
        return None
    try:
        for element in parse_xmp(packet).walk():
            for name, text in element.properties():
                if name == f"{_APPLE} HDRGainMapHeadroom":
                    value = float(text)
                    return value if 1.0 <= value <= 1000.0 else None
    except (Malformed, ValueError):
        pass
    return None


def _note_values(exif: bytes | None) -> dict[int, float]:
    """The signed ratios among the two entries of Apple's note that speak of its gain map."""
    if exif is None:
        return {}
    try:
        tiff = read_tiff(exif)
        photo = tiff.child(tiff.directory(tiff.first), EXIF_IFD)
        entry = photo.find(_MAKER_NOTE) if photo is not None else None
        note = b"" if entry is None else tiff.value(entry)
        if not note.startswith(_NOTE_SIGNATURE):
            return {}
        inner = TiffBlock(note, ">", len(_NOTE_SIGNATURE))
        directory = inner.directory(inner.first)
    except Malformed:
        return {}
    found = {}
    for tag in (_HEADROOM, _GAIN):
        value = directory.find(tag)
        if value is not None and value.size == 8:
            above, below = struct.unpack(">ii", inner.value(value))
            if below:
                found[tag] = above / below
    return found
