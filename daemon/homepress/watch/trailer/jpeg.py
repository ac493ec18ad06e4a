"""Where a JPEG ends: ITU-T T.81 annex B (markers), CIPA DC-007 (the index of further pictures, MPF)."""

import re

from homepress.watch.trailer.boxes import boxes_end
from homepress.watch.trailer.window import DoubtfulError, EndlessError, IncompleteError, Window

_SOI, _EOI, _SOS, _APP2 = 0xD8, 0xD9, 0xDA, 0xE2
_STANDALONE = {0x01, *range(0xD0, 0xD8)}
# In coded data 0xFF is followed by 0x00 (stuffing), D0-D7 (restart) or 0xFF (fill); all else is a marker.
_MARKER = re.compile(rb"\xff([\x01-\xcf\xd8-\xfe])", re.DOTALL)
# Markers lie close together in headers and far apart in coded data.
_SHORTEST_STRIDE, _LONGEST_STRIDE = 1 << 10, 1 << 18
_MPF = b"MPF\0"
_MP_ENTRIES = 0xB002
_MOST_PICTURES = 64


def jpeg_end(window: Window) -> int:
    """The position after the last picture or video that the file is known to hold.

    Other data after the end marker is legitimate (padding, makers' trailers) and not judged.

    Raises:
        IncompleteError: a segment, an end marker, or part of an appended picture or video is missing.
        DoubtfulError: an index points beyond the end of the file; edited copies have such stale indexes too.
    """
    if window.read(window.size - 2, 2) == b"\xff\xd9":
        end = window.size
        index = _walk_headers(window, 0)[1]
    else:
        end, index = picture_end(window, 0)
        end = _tail_end(window, end)
    for position in index:
        if position >= window.size or window.rest(position, 2) != b"\xff\xd8":
            raise DoubtfulError("its index names a further picture that is not there")
    return end


def picture_end(window: Window, start: int) -> tuple[int, list[int]]:
    """The position after the picture at `start`, and where its MPF index says that others are."""
    at, index = _walk_headers(window, start)
    while True:
        at, marker = _next_marker(window, at)
        if marker == _EOI:
            return at, index
        if marker == _SOI:
            raise IncompleteError("another picture begins before its end marker")
        if marker not in _STANDALONE:
            at += window.number(at, 2)


def _walk_headers(window: Window, start: int) -> tuple[int, list[int]]:
    """The position of the first scan's coded data, and the positions of further pictures."""
    if window.read(start, 2) != b"\xff\xd8":
        raise IncompleteError("it does not begin as a JPEG")
    at, index = start + 2, []
    while True:
        at, marker = _next_marker(window, at)
        if marker == _EOI:
            raise IncompleteError("it holds no picture data")
        if marker in _STANDALONE:
            continue
        length = window.number(at, 2)
        window.read(at + length - 1, 1)
        if marker == _APP2 and window.rest(at + 2, 4) == _MPF:
            index = _further_pictures(window, at + 6)
        at += length
        if marker == _SOS:
            return at, index


def _next_marker(window: Window, at: int) -> tuple[int, int]:
    """The position after the next marker from `at` on, and its code."""
    stride = _SHORTEST_STRIDE
    while at < window.size:
        piece = window.rest(at, stride)
        stride = min(4 * stride, _LONGEST_STRIDE)
        if found := _MARKER.search(piece):
            return at + found.end(), found.group(1)[0]
        # A marker may be cut in two by the end of the piece.
        at += max(1, len(piece) - 1) if at + len(piece) < window.size else len(piece)
    raise IncompleteError("its end marker is missing")


def _further_pictures(window: Window, header: int) -> list[int]:
    """Positions of all pictures but the first; they count from `header`, where the MP header begins."""
    order = "little" if window.rest(header, 2) == b"II" else "big"
    try:
        directory = header + window.number(header + 4, 4, order)
        for entry in range(window.number(directory, 2, order)):
            at = directory + 2 + 12 * entry
            if window.number(at, 2, order) == _MP_ENTRIES:
                count = min(window.number(at + 4, 4, order) // 16, _MOST_PICTURES)
                table = header + window.number(at + 8, 4, order)
                return [header + window.number(table + 16 * i + 8, 4, order) for i in range(1, count)]
    except IncompleteError:
        raise DoubtfulError("its index of further pictures is damaged") from None
    return []


def _tail_end(window: Window, at: int) -> int:
    """The position after the pictures or the video that directly follow the first picture."""
    for _ in range(_MOST_PICTURES):
        head = window.rest(at, 32)
        if head[:3] == b"\xff\xd8\xff":
            at = picture_end(window, at)[0]
        elif head[4:8] == b"ftyp":
            try:
                return boxes_end(window, at)
            except EndlessError as error:  # nobody decodes the video
                raise DoubtfulError(str(error)) from None
        elif b"MotionPhoto_Data" in head and window.read(window.size - 4, 4) != b"SEFT":
            raise IncompleteError("the video after the picture is cut off")
        else:
            break
    return at
