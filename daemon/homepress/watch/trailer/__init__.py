"""Whether a file is whole, as far as its own format tells without decoding it.

Most formats say where they end: by a trailer (JPEG, PNG, GIF) or by lengths (WebP, HEIF, TIFF). A file that
was preallocated has its final length from the start, so long zeros count against it as well.
"""

import enum
from dataclasses import dataclass

from homepress.base.formats import SNIFF_BYTES, ImageType, sniff
from homepress.watch.trailer.blocks import gif_end, png_end, riff_end, svg_end
from homepress.watch.trailer.boxes import boxes_end
from homepress.watch.trailer.holes import has_hole, zero_tail
from homepress.watch.trailer.jpeg import jpeg_end
from homepress.watch.trailer.raster import bmp_end, tiff_end
from homepress.watch.trailer.window import DoubtfulError, EndlessError, IncompleteError, Window

__all__ = ["UNREAD", "Verdict", "Wholeness", "judge"]


class Wholeness(enum.Enum):
    """What a file's own structure says of it."""

    WHOLE = "whole"
    DOUBTFUL = "doubtful"
    """It may be whole; only a long quiet time can tell."""
    ENDLESS = "endless"
    """Its format does not say where it ends; decoding it tells, after a moderate quiet time."""
    CUT = "cut"
    """Part of it is missing."""
    NO_IMAGE = "no image"
    """Its first bytes are those of no known image."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judgement of one file; `detail` says in words what is missing or doubtful."""

    wholeness: Wholeness
    detail: str = ""


UNREAD = Verdict(Wholeness.DOUBTFUL)
"""The verdict on a file that was not read."""


def judge(fd: int, size: int) -> Verdict:
    """Judge the open file `fd`, which is `size` bytes long.

    Raises:
        OSError: reading failed.
    """
    window = Window(fd, size)
    try:
        head = window.rest(0, SNIFF_BYTES)
        if not any(head):
            return Verdict(Wholeness.CUT, "it has room on the disk but no content yet")
        kind = sniff(head)
        if kind is None:
            return Verdict(Wholeness.NO_IMAGE, "its first bytes are those of no known image")
        end = _end(kind, head, window)
        doubt = _doubt_about_zeros(kind, fd, window, end)
    except IncompleteError as missing:
        return Verdict(Wholeness.CUT, str(missing))
    except EndlessError as reason:
        return Verdict(Wholeness.ENDLESS, str(reason))
    except DoubtfulError as reason:
        return Verdict(Wholeness.DOUBTFUL, str(reason))
    return Verdict(Wholeness.DOUBTFUL, doubt) if doubt else Verdict(Wholeness.WHOLE)


def _end(kind: ImageType, head: bytes, window: Window) -> int:
    """The position at which the format itself says that the file is finished."""
    match kind:
        case ImageType.JPEG:
            return jpeg_end(window)
        case ImageType.PNG:
            return png_end(window)
        case ImageType.GIF:
            return gif_end(window)
        case ImageType.WEBP:
            return riff_end(window)
        case ImageType.TIFF:
            return tiff_end(window)
        case ImageType.BMP:
            return bmp_end(window)
        case ImageType.SVG:
            return svg_end(window)
        case ImageType.JXL if head.startswith(b"\xff\x0a"):
            if zero_tail(window):
                raise IncompleteError("its last 4 KiB are zeros")
            raise EndlessError("a bare JPEG XL codestream does not tell its length")
        case ImageType.JXL | ImageType.HEIC | ImageType.AVIF:
            return boxes_end(window)


def _doubt_about_zeros(kind: ImageType, fd: int, window: Window, end: int) -> str:
    """Why zeros in a file of the right length make it doubtful; empty when they do not.

    Raises:
        IncompleteError: its coded data ends in zeros.
    """
    if zero_tail(window):
        if end == window.size and kind not in (ImageType.TIFF, ImageType.BMP):
            raise IncompleteError("its last 4 KiB are zeros")
        return "it ends in a long run of zeros"
    return "a part of it reads as zeros, as if it were still to be written" if has_hole(fd, window) else ""
