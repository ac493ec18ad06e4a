"""Looks on Windows, from the registry, for a Qt that does not know them."""

import importlib
from typing import Any

_THEME = r"Software\Microsoft\Windows\CurrentVersion\Themes\Personalize"
_CONTRAST = r"Control Panel\Accessibility\HighContrast"
_CONTRAST_ON = 1  # HCF_HIGHCONTRASTON


def is_dark() -> bool:
    """Whether the user chose dark programs."""
    return _value(_THEME, "AppsUseLightTheme") == 0


def wants_contrast() -> bool:
    """Whether the user switched high contrast on."""
    flags = _value(_CONTRAST, "Flags")
    return str(flags).isdigit() and bool(int(str(flags)) & _CONTRAST_ON)


def _value(place: str, name: str) -> object:
    winreg: Any = importlib.import_module("winreg")  # only on Windows
    try:
        with winreg.OpenKey(winreg.HKEY_CURRENT_USER, place) as key:
            return winreg.QueryValueEx(key, name)[0]
    except OSError:
        return None
