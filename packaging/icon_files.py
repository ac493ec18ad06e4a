"""The icon files of `service-files/icons/`, made of the same shapes that the tray draws while it runs."""

import io
from collections.abc import Iterator

from PIL import Image

from homepress.ui.tray.icon import STEPS, IconState, PanelTheme, Symbol, layers, rgba, svg

APP_SIZES = (16, 32, 48, 128, 256)
"""Pixels of an edge of the program's own icon."""

WINDOWS_SIZES = (16, 20, 24, 32, 40, 48, 64, 256)
"""Those that Windows asks for: title, taskbar, desktop at 100 to 200 % (Microsoft, "Construct your icon")."""


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


_SIDE = (164, 314)
_GROUND = (233, 239, 238)
_SYMBOL = 96


def installer_side() -> bytes:
    """The picture beside the first and the last page of the installer, as a BMP."""
    side = Image.new("RGB", _SIDE, _GROUND)
    symbol = Image.frombytes("RGBA", (_SYMBOL, _SYMBOL), rgba(IconState(Symbol.IDLE), _SYMBOL))
    side.paste(symbol, ((_SIDE[0] - _SYMBOL) // 2, (_SIDE[1] - _SYMBOL) // 3), symbol)
    bmp = io.BytesIO()
    side.save(bmp, "BMP")
    return bmp.getvalue()


def windows_icon() -> bytes:
    """The program's icon as Windows has it: one file with every size, each drawn for itself."""
    idle = IconState(Symbol.IDLE)
    drawn = [Image.frombytes("RGBA", (size, size), rgba(idle, size)) for size in WINDOWS_SIZES]
    ico = io.BytesIO()
    drawn[-1].save(ico, "ICO", sizes=[picture.size for picture in drawn], append_images=drawn[:-1])
    return ico.getvalue()
