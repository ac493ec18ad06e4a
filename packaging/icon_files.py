"""The icon files of `service-files/icons/`, made of the same shapes that the tray draws while it runs."""

import io
from collections.abc import Iterator

from PIL import Image

from homepress.ui.tray.icon import STEPS, IconState, PanelTheme, Symbol, layers, rgba, svg

APP_SIZES = (16, 32, 48, 128, 256)
"""Pixels of an edge of the program's own icon."""


def icon_files() -> Iterator[tuple[str, bytes]]:
    """Name and content of each file."""
    idle = IconState(Symbol.IDLE)
    yield "homepress.svg", svg(layers(idle), "Homepress").encode()
    for size in APP_SIZES:
        png = io.BytesIO()
        Image.frombytes("RGBA", (size, size), rgba(idle, size)).save(png, "PNG", optimize=True)
        yield f"homepress-{size}.png", png.getvalue()
    for theme in PanelTheme:
        for symbol in Symbol:
            icon = IconState(symbol, STEPS // 2 if symbol is Symbol.WORKING else 0, theme)
            title = f"Homepress, {symbol.value}"
            yield f"tray-{symbol.value}-{theme.value}.svg", svg(layers(icon), title).encode()
