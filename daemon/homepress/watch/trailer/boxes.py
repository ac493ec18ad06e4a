"""Where a file of boxes ends: ISO/IEC 14496-12 section 4.2 (HEIF, AVIF, JPEG XL in boxes, MP4)."""

from homepress.base.units import counted
from homepress.watch.trailer.window import DoubtfulError, EndlessError, IncompleteError, Window

_MOST_BOXES = 100_000
_LOOK_AHEAD = 4096


def boxes_end(window: Window, start: int = 0) -> int:
    """The position after the last complete box from `start` on; what follows and is no box is not judged.

    Raises:
        IncompleteError: the last box is longer than the file, or there are zeros where a box should begin.
        EndlessError: the last box has no length of its own.
        DoubtfulError: it has more boxes than any picture.
    """
    at = start
    for _ in range(_MOST_BOXES):
        if at == window.size:
            return at
        length, header = window.number(at, 4), 8
        if length == 1:
            length, header = window.number(at + 8, 8), 16
        kind = window.read(at + 4, 4)
        if not kind.isascii() or not kind.strip(b"\0"):
            if any(window.rest(at, _LOOK_AHEAD)):
                return at
            raise IncompleteError("a part of it is not written yet")
        if length == 0:
            raise EndlessError("its last part has no length, so its end cannot be told")
        if length < header:
            return at
        if at + length > window.size:
            raise IncompleteError(f"{counted(at + length - window.size, 'byte')} missing at its end")
        at += length
    raise DoubtfulError("it has more parts than any picture")
