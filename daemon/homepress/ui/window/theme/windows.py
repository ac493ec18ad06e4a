"""Looks on Windows: the user's theme from the registry, the scale from the display."""

import contextlib
import ctypes
import importlib
from typing import Any

_THEME = r"Software\Microsoft\Windows\CurrentVersion\Themes\Personalize"
_USUAL_DPI = 96
_SYSTEM_DPI_AWARE = 1


def prepare() -> None:
    """Tell Windows that we draw sharp ourselves; has to come before the first window."""
    with contextlib.suppress(AttributeError, OSError):
        ctypes.windll.shcore.SetProcessDpiAwareness(_SYSTEM_DPI_AWARE)  # type: ignore[attr-defined,unused-ignore]  # only on Windows


def is_dark() -> bool:
    """Whether the user chose dark programs."""
    winreg: Any = importlib.import_module("winreg")  # only on Windows

    try:
        with winreg.OpenKey(winreg.HKEY_CURRENT_USER, _THEME) as key:
            return bool(winreg.QueryValueEx(key, "AppsUseLightTheme")[0] == 0)
    except OSError:
        return False


def scale(dots_per_inch: float) -> float:
    """How large to draw, 1 for a usual screen."""
    return max(1.0, dots_per_inch / _USUAL_DPI)
