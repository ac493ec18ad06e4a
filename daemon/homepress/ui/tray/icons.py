"""Writes the icon files of `service-files/icons/`: `python -m homepress.ui.tray.icons FOLDER`.

The files are made of the same shapes that the tray draws while it runs; a test holds the two together.
"""

import struct
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

from homepress.ui.tray.faces import STEPS, Face, Panel, State, layers, rgba
from homepress.ui.tray.shapes import svg

APP_SIZES = (16, 32, 48, 128, 256)
"""Pixels of an edge of the program's own icon."""


def files() -> Iterator[tuple[str, bytes]]:
    """Name and content of each file."""
    idle = Face(State.IDLE)
    yield "homepress.svg", svg(layers(idle), "Homepress").encode()
    for size in APP_SIZES:
        yield f"homepress-{size}.png", png(rgba(idle, size), size)
    for panel in Panel:
        for state in State:
            face = Face(state, STEPS // 2 if state is State.WORKING else 0, panel)
            title = f"Homepress, {state.value}"
            yield f"tray-{state.value}-{panel.value}.svg", svg(layers(face), title).encode()


def png(pixels: bytes, size: int) -> bytes:
    """RGBA pixels as a PNG (W3C PNG Specification, third edition)."""
    rows = b"".join(b"\0" + pixels[at : at + 4 * size] for at in range(0, len(pixels), 4 * size))
    header = struct.pack(">IIBBBBB", size, size, 8, 6, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def main(folder: Path) -> None:
    """Write all files into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files():
        (folder / name).write_bytes(content)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
