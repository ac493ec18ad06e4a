"""Where PNG, WebP and GIF files end: formats whose blocks carry their lengths, and SVG, which is text."""

from homepress.base.units import counted
from homepress.watch.trailer.window import DoubtfulError, IncompleteError, Window

_PNG_SIGNATURE = 8
_MOST_CHUNKS = 10_000_000
_SVG_TAIL = 1 << 16


def png_end(window: Window) -> int:
    """The position after the IEND chunk (PNG, third edition, section 5.3).

    Raises:
        IncompleteError: a chunk is cut off or there is no IEND.
    """
    at = _PNG_SIGNATURE
    for _ in range(_MOST_CHUNKS):
        length, kind = window.number(at, 4), window.read(at + 4, 4)
        at += 12 + length
        if at > window.size:
            raise IncompleteError(f"{counted(at - window.size, 'byte')} missing from one of its parts")
        if kind == b"IEND":
            return at
        if not kind.isalpha():
            raise IncompleteError("a part of it is not written yet")
    raise DoubtfulError("it has more parts than any picture")


def riff_end(window: Window) -> int:
    """The position after the RIFF chunk that a WebP file is (RFC 9649 section 2.4).

    Raises:
        IncompleteError: the file is shorter than it says.
    """
    end = 8 + window.number(4, 4, "little")
    if end > window.size:
        raise IncompleteError(f"{counted(end - window.size, 'byte')} missing at its end")
    return end


def gif_end(window: Window) -> int:
    """The position after the trailer byte (GIF89a specification, section 27).

    Raises:
        IncompleteError: a block is cut off, there is no trailer, or no block stands where one should.
    """
    at = 13 + _colour_table(window.number(10, 1))
    while True:
        kind = window.read(at, 1)
        if kind == b"\x3b":
            return at + 1
        if kind == b"\x21":
            at = _sub_blocks_end(window, at + 2)
        elif kind == b"\x2c":
            at = _sub_blocks_end(window, at + 11 + _colour_table(window.number(at + 9, 1)))
        else:
            raise IncompleteError("a part of it is not written yet")


def svg_end(window: Window) -> int:
    """The end of the file, when the document's last tag is near it.

    Raises:
        DoubtfulError: the closing tag was not found; it may have a prefix, or the file is cut off.
    """
    if b"</svg>" not in window.rest(max(0, window.size - _SVG_TAIL), _SVG_TAIL):
        raise DoubtfulError("its closing tag was not found")
    return window.size


def _colour_table(flags: int) -> int:
    """Bytes of the colour table that packed flags announce."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _sub_blocks_end(window: Window, at: int) -> int:
    while length := window.number(at, 1):
        at += 1 + length
    return at + 1
