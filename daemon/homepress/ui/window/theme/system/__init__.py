"""What the system says about looks: whether it is dark, and how many pixels make a length."""

import sys
from dataclasses import dataclass

if sys.platform == "win32":
    from homepress.ui.window.theme.system.windows import is_dark, prepare, scale
elif sys.platform == "darwin":
    from homepress.ui.window.theme.system.macos import is_dark, prepare, scale
else:
    from homepress.ui.window.theme.system.linux import is_dark, prepare, scale

__all__ = ["Look", "is_dark", "prepare", "scale"]


@dataclass(frozen=True, slots=True)
class Look:
    """What somebody asked for by hand; None leaves it to the system."""

    dark: bool | None = None
    scale: float | None = None
