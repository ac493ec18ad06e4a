"""How the desktop looks, as the files say in which toolkits and panels keep it; for where no portal tells.

Only read, once, and believed in this order: the panel of XFCE itself, `GTK_THEME`, the theme that XFCE
hands to programs, KDE's colours, GTK's own settings file.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from homepress.ui.tray.faces import Panel

_MOST_BYTES = 1 << 18
_XFCE = Path("xfce4", "xfconf", "xfce-perchannel-xml")
_CHANNEL_VALUE = r'<property name="{name}" type="\w+" value="([^"]*)"'
_KDE_GROUND = re.compile(r"^\[Colors:Window\]$[^\[]*?^BackgroundNormal=(\d+),(\d+),(\d+)", re.MULTILINE)
_TRUE = ("1", "true", "yes")
_DARK_BELOW = 128


def panel(environment: Mapping[str, str], home: Path) -> Panel | None:
    """What an icon probably stands on; None where no file says.

    Args:
        environment: `XDG_CURRENT_DESKTOP`, `XDG_CONFIG_HOME` and `GTK_THEME` are looked at.
        home: the user's home folder.
    """
    config = Path(environment.get("XDG_CONFIG_HOME") or home / ".config")
    desktop = environment.get("XDG_CURRENT_DESKTOP", "").upper().split(":")
    return next((said for said in _said(environment, config, desktop) if said is not None), None)


def _said(environment: Mapping[str, str], config: Path, desktop: list[str]) -> Iterator[Panel | None]:
    """What each place says, the most telling first."""
    xfce, gtk = "XFCE" in desktop, _text(config / "gtk-3.0" / "settings.ini")
    theme = environment.get("GTK_THEME", "")
    if xfce and not theme:
        theme = _found(_CHANNEL_VALUE.format(name="ThemeName"), _text(config / _XFCE / "xsettings.xml"))
    if "highcontrast" in theme.lower():
        yield Panel.CONTRAST
    if (
        xfce
        and _found(_CHANNEL_VALUE.format(name="dark-mode"), _text(config / _XFCE / "xfce4-panel.xml"))
        == "true"
    ):
        yield Panel.DARK
    yield _of_theme(theme)
    if "KDE" in desktop and (ground := _KDE_GROUND.search(_text(config / "kdeglobals"))):
        yield Panel.DARK if sum(map(int, ground.groups())) < 3 * _DARK_BELOW else Panel.LIGHT
    if _found(r"^gtk-application-prefer-dark-theme\s*=\s*(\w+)", gtk).lower() in _TRUE:
        yield Panel.DARK
    yield _of_theme(_found(r"^gtk-theme-name\s*=\s*(.+?)\s*$", gtk))


def _of_theme(name: str) -> Panel | None:
    """GTK's themes say in their names what they are: "Adwaita:dark", "Arc-Dark", "HighContrast"."""
    if not name:
        return None
    name = name.lower()
    if "highcontrast" in name:
        return Panel.CONTRAST
    return Panel.DARK if re.search(r"[:_-]dark\b|[:_-]dark[_-]", name) else Panel.LIGHT


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text, re.MULTILINE)
    return match.group(1) if match else ""


def _text(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            return stream.read(_MOST_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""
