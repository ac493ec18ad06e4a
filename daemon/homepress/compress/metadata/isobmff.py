"""The boxes of ISO base media files (ISO/IEC 14496-12): MP4 in motion photos, HEIC, AVIF, JPEG XL."""

from collections.abc import Iterator
from dataclasses import dataclass

from homepress.compress.metadata.errors import Malformed

MOST_BOXES = 50_000


@dataclass(frozen=True, slots=True)
class Box:
    """One box.

    Attributes:
        kind: its four letters.
        start: position of its size field in the file.
        content_start: position after size, kind and, where the size is 64 bits wide, that.
        end: position after it.
    """

    kind: bytes
    start: int
    content_start: int
    end: int

    def content(self, data: bytes) -> bytes:
        """What it carries."""
        return data[self.content_start : self.end]


def read_boxes(data: bytes, start: int = 0, end: int | None = None) -> list[Box]:
    """The boxes from `start` to `end`, one after the other, not those inside them.

    Raises:
        Malformed: a box that is shorter than its header or longer than what holds it.
    """
    end = len(data) if end is None else min(end, len(data))
    boxes = []
    at = start
    while at < end:
        box = _read_box(data, at, end)
        boxes.append(box)
        if len(boxes) > MOST_BOXES:
            raise Malformed("too many boxes", at)
        at = box.end
    return boxes


def find_boxes(data: bytes, path: tuple[bytes, ...], start: int = 0, end: int | None = None) -> Iterator[Box]:
    """All boxes at a path such as (b"moov", b"udta"); a `meta` box on the way counts as a full box.

    Raises:
        Malformed: as `read_boxes`.
    """
    for box in read_boxes(data, start, end):
        if box.kind != path[0]:
            continue
        if len(path) == 1:
            yield box
        else:
            yield from find_boxes(data, path[1:], children_start(data, box), box.end)


def children_start(data: bytes, box: Box) -> int:
    """Where the boxes inside a container begin.

    A `meta` box is a full box with four more bytes, except in QuickTime files.
    """
    if box.kind == b"meta" and data[box.content_start + 4 : box.content_start + 8] != b"hdlr":
        return min(box.content_start + 4, box.end)
    return box.content_start


def make_box(kind: bytes, content: bytes) -> bytes:
    """A box of less than 4 GB."""
    return (8 + len(content)).to_bytes(4, "big") + kind + content


def _read_box(data: bytes, at: int, end: int) -> Box:
    if at + 8 > end:
        raise Malformed("a box is cut short", at, truncated=True)
    size = int.from_bytes(data[at : at + 4], "big")
    content = at + 8
    if size == 1:
        size = int.from_bytes(data[at + 8 : at + 16], "big")
        content = at + 16
    elif size == 0:
        size = end - at
    if content > at + size:
        raise Malformed("a box shorter than its header", at)
    if at + size > end:
        raise Malformed("a box is longer than what holds it", at, truncated=end == len(data))
    return Box(data[at + 4 : at + 8], at, content, at + size)
