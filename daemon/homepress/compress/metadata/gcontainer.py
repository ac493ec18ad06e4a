"""Google's list of appended items: GContainer and MicroVideo in XMP (Ultra HDR, Motion Photo).

Where an item stands is not stored but follows from the order: after the primary and its padding, each item's
length and padding. Only the primary's own length, which real files leave at 0, changes with its coding.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from homepress.compress.metadata.errors import Malformed, Refusal, Refused
from homepress.compress.metadata.xmp import XmpElement, parse_xmp

ITEM = "http://ns.google.com/photos/1.0/container/item/"
CAMERA = "http://ns.google.com/photos/1.0/camera/"
INDEX_WORDS = (b"MicroVideoOffset", b"photos/1.0/container/item")
"""What an extended XMP that holds such a list must contain."""

MOST_ITEMS = 64


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of the list; lengths in bytes."""

    semantic: str
    mime: str
    length: int
    padding: int

    @property
    def is_video(self) -> bool:
        """Whether it is the video of a motion photo."""
        return self.mime.startswith("video/") or self.semantic == "MotionPhoto"


@dataclass(frozen=True, slots=True)
class Directory:
    """What one XMP packet says about the tail.

    Attributes:
        items: the list, the primary first; empty without one.
        micro_video_offset: bytes from the start of the video to the end of the file; 0 without one.
        length_span: place in the packet of the primary's stored length when that is not 0, and of the
            quote or end tag that closes it: (start of the number, end of what closes it).
    """

    items: tuple[Item, ...] = ()
    micro_video_offset: int = 0
    length_span: tuple[int, int] | None = None


def read_directory(packet: bytes) -> Directory:
    """Read the list in an XMP packet.

    Raises:
        Malformed: the packet is no well-formed XMP.
        Refused: a number in the list is none, or there are too many items.
    """
    items: list[Item] = []
    span: tuple[int, int] | None = None
    micro_video = 0
    for element in parse_xmp(packet).walk():
        properties = dict(element.properties())
        micro_video = _number(properties, f"{CAMERA} MicroVideoOffset") or micro_video
        if f"{ITEM} Semantic" not in properties and f"{ITEM} Mime" not in properties:
            continue
        item = Item(
            properties.get(f"{ITEM} Semantic", ""),
            properties.get(f"{ITEM} Mime", ""),
            _number(properties, f"{ITEM} Length"),
            _number(properties, f"{ITEM} Padding"),
        )
        if not items and item.length:
            span = _length_span(element)
        items.append(item)
        if len(items) > MOST_ITEMS:
            raise Refused(Refusal.GCONTAINER, "too many items")
    return Directory(tuple(items), micro_video, span)


def mended_length(packet: bytes, directory: Directory, length: int) -> bytes:
    """The bytes that state the primary's new length in place of `directory.length_span`, as many as before.

    Raises:
        Refused: the new number has more digits than the old one.
    """
    if directory.length_span is None:
        raise Refused(Refusal.GCONTAINER, "the primary's length is not stored")
    start, end = directory.length_span
    close = packet[start:end].lstrip(b"0123456789 \t\r\n")
    mended = b"%d%b" % (length, close)
    if len(mended) > end - start:
        raise Refused(Refusal.GCONTAINER, "no room for the primary's new length")
    return mended.ljust(end - start)


def read_directories(packets: list[bytes]) -> tuple[Directory, int]:
    """The list of a file and the number of the packet that holds it; an empty list if none does.

    Raises:
        Malformed: a packet is no well-formed XMP.
        Refused: see `read_directory`; or two packets hold one.
    """
    found, holder = Directory(), 0
    for number, packet in enumerate(packets):
        directory = read_directory(packet)
        if not directory.items and not directory.micro_video_offset:
            continue
        if found.items or found.micro_video_offset:
            raise Refused(Refusal.GCONTAINER, "two lists")
        found, holder = directory, number
    return found, holder


def _number(properties: Mapping[str, str], name: str) -> int:
    text = properties.get(name, "")
    if not text:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise Refused(Refusal.GCONTAINER, f"{name.rpartition(' ')[2]} is no number")
    return int(text)


def _length_span(item: XmpElement) -> tuple[int, int]:
    for attribute in item.attributes:
        if attribute.name == f"{ITEM} Length":
            return attribute.value_start, attribute.end
    for child in item.children:
        if child.name == f"{ITEM} Length":
            return child.content_start, child.end
    raise Malformed("a length without a place")
