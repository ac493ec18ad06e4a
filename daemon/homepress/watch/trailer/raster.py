"""Where TIFF and BMP files end: formats that only say where their pixels are."""

from collections.abc import Iterator

from homepress.base.units import counted
from homepress.watch.trailer.window import DoubtfulError, IncompleteError, Window

_TYPE_BYTES = {
    1: 1,
    2: 1,
    3: 2,
    4: 4,
    5: 8,
    6: 1,
    7: 1,
    8: 2,
    9: 4,
    10: 8,
    11: 4,
    12: 8,
    13: 4,
    16: 8,
    17: 8,
    18: 8,
}
_OFFSETS = {273: 279, 324: 325, 288: 289}
"""Tags with positions of strips, tiles and free space, and the tags with their lengths."""
_JPEG_PAIR = (513, 514)
_MOST_DIRECTORIES = 4096
_MOST_VALUES = 1 << 17


def tiff_end(window: Window) -> int:
    """The highest position that any directory, value, strip or tile reaches (TIFF 6.0; BigTIFF alike).

    Raises:
        IncompleteError: something lies beyond the end of the file.
        DoubtfulError: the directories make a loop.
    """
    layout = _Layout(window)
    end, at, seen = 0, layout.first, set[int]()
    while at:
        if at in seen or len(seen) >= _MOST_DIRECTORIES:
            raise DoubtfulError("its directories make a loop")
        seen.add(at)
        reach, at = _directory(layout, at)
        end = max(end, reach)
    if not seen:
        raise IncompleteError("its directory is not written yet")
    if end > window.size:
        raise IncompleteError(f"{counted(end - window.size, 'byte')} missing at its end")
    return end


class _Layout:
    """Byte order and field widths of one TIFF."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self.order = "little" if window.read(0, 2) == b"II" else "big"
        self.big = window.number(2, 2, self.order) == 43
        self.word = 8 if self.big else 4
        self.entry = 20 if self.big else 12
        self.count_bytes = 8 if self.big else 2
        self.first = self.number(8 if self.big else 4, self.word)

    def number(self, at: int, length: int) -> int:
        return self.window.number(at, length, self.order)

    def values(self, kind: int, count: int, at: int) -> Iterator[int]:
        width = _TYPE_BYTES.get(kind, 1)
        return (self.number(at + width * i, width) for i in range(min(count, _MOST_VALUES)))


def _directory(layout: _Layout, at: int) -> tuple[int, int]:
    """How far the directory at `at` reaches, and where the next one is."""
    entries = layout.number(at, layout.count_bytes)
    first = at + layout.count_bytes
    after = first + entries * layout.entry
    following = layout.number(after, layout.word)
    reach = after + layout.word
    fields: dict[int, tuple[int, int, int]] = {}
    for entry in range(entries):
        place = first + entry * layout.entry
        tag, kind = layout.number(place, 2), layout.number(place + 2, 2)
        count = layout.number(place + 4, layout.word)
        value, length = place + 4 + layout.word, count * _TYPE_BYTES.get(kind, 1)
        if length > layout.word:
            value = layout.number(value, layout.word)
            reach = max(reach, value + length)
        fields[tag] = (kind, count, value)
    if reach > layout.window.size:
        raise IncompleteError(f"{counted(reach - layout.window.size, 'byte')} missing at its end")
    return max(reach, _data_reach(layout, fields)), following


def _data_reach(layout: _Layout, fields: dict[int, tuple[int, int, int]]) -> int:
    """How far the pixels reach that a directory names."""
    reach = 0
    for offsets, lengths in (*_OFFSETS.items(), _JPEG_PAIR):
        if offsets in fields and lengths in fields:
            pairs = zip(layout.values(*fields[offsets]), layout.values(*fields[lengths]), strict=False)
            reach = max(reach, *(position + length for position, length in pairs), 0)
    return reach


def bmp_end(window: Window) -> int:
    """The position after the pixels of a Windows bitmap.

    Raises:
        IncompleteError: the file is shorter than its pixels need.
        DoubtfulError: it is coded so that its header does not tell the length.
    """
    said, pixels, header = (window.number(at, 4, "little") for at in (2, 10, 14))
    if header == 12:
        width, height, bits, coding = *(window.number(at, 2, "little") for at in (18, 20, 24)), 0
    else:
        width, height = (abs(_signed(window, at)) for at in (18, 22))
        bits, coding = window.number(28, 2, "little"), window.number(30, 4, "little")
    if coding in (0, 3, 6):
        end = pixels + (width * bits + 31) // 32 * 4 * height
    elif said:
        end = said
    else:
        raise DoubtfulError("its header does not tell its length")
    if end > window.size:
        raise IncompleteError(f"{counted(end - window.size, 'byte')} missing at its end")
    return max(end, min(said, window.size))


def _signed(window: Window, at: int) -> int:
    return int.from_bytes(window.read(at, 4), "little", signed=True)
