"""Telling a misbehaving worker what to do."""

import json
import struct
import sys
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from homepress.base.formats import ImageType
from homepress.compress import Compressed, Recipe, Unchanged
from homepress.workers import Limits, Slot

HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"
PNG = b"\x89PNG\r\n\x1a\n"


def png(width: int, height: int, size: int = 0) -> bytes:
    """The start of a PNG of so many pixels, filled up to `size` bytes: all that the daemon looks at."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    return (PNG + chunk).ljust(size, b"x")


PROGRAM = (sys.executable, "-I", str(Path(__file__).with_name("misbehaving.py")))


def slot(limits: Limits | None = None, program: Sequence[str] = PROGRAM) -> Slot:
    """A slot whose worker does what it is told, at normal priority so that busy machines do not stop it."""
    return Slot(limits or Limits(), background=False, program=program)


def tell(worker: Slot, deed: str, *, within: float = 120.0, **arguments: Any) -> str:
    """Have a worker do something; "done: ..." or "refused: ..."."""
    return _told(worker, json.dumps({"do": deed, "with": arguments}).encode(), Recipe(), within)


def tell_heic(worker: Slot, deed: str, *, convert: bool) -> str:
    """As `tell`, by what begins as a HEIC does."""
    source = HEIC + json.dumps({"do": deed}).encode()
    return _told(worker, source, Recipe(convert_to=ImageType.JPEG if convert else None), 120.0)


def _told(worker: Slot, source: bytes, recipe: Recipe, within: float) -> str:
    result = worker.compress(source, recipe, within)
    assert isinstance(result, Unchanged)
    return result.detail


def ask_for(worker: Slot, size: int) -> Compressed:
    """Have a worker give a result of so many bytes."""
    order = json.dumps({"do": "give", "with": {"size": size}}).encode()
    result = worker.compress(png(1, 1) + order.ljust(2 * size + 5_000), Recipe())
    assert isinstance(result, Compressed)
    return result
