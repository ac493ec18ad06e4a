"""What the system says about looks: whether it is dark, and how many pixels make a length."""

import sys

from homepress.ui.window.look import Look

if sys.platform == "win32":
    from homepress.ui.window.theme.system.windows import is_dark, prepare, scale
elif sys.platform == "darwin":
    from homepress.ui.window.theme.system.macos import is_dark, prepare, scale
else:
    from homepress.ui.window.theme.system.linux import is_dark, prepare, scale

__all__ = ["Look", "is_dark", "prepare", "scale"]
