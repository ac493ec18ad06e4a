"""The background of the icon, from the Settings portal (org.freedesktop.appearance) or the desktop's files.

The files of toolkits and panels are only read, once, and believed in this order: the panel of XFCE itself,
`GTK_THEME`, the theme that XFCE hands to programs, KDE's colours, GTK's own settings file.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from homepress.desktop.dbus import Address, BusError, Connection, Signal
from homepress.ui.tray.icon_states import PanelTheme

_BUS_NAME = "org.freedesktop.portal.Desktop"
_INTERFACE = "org.freedesktop.portal.Settings"
_PORTAL = Address(_BUS_NAME, "/org/freedesktop/portal/desktop", _INTERFACE)
_NAMESPACE = "org.freedesktop.appearance"
_PREFERS_DARK = 1
_PREFERS_LIGHT = 2
_MORE_CONTRAST = 1

_MOST_BYTES = 1 << 18
_XFCE = Path("xfce4", "xfconf", "xfce-perchannel-xml")
_CHANNEL_VALUE = r'<property name="{name}" type="\w+" value="([^"]*)"'
_KDE_GROUND = re.compile(r"^\[Colors:Window\]$[^\[]*?^BackgroundNormal=(\d+),(\d+),(\d+)", re.MULTILINE)
_TRUE = ("1", "true", "yes")
_DARK_BELOW = 128


def panel_theme(connection: Connection) -> PanelTheme:
    """The probable background of an icon; dark if unknown. A portal that does not run is not started."""
    return _from_portal(connection) or theme_from_files(os.environ, Path.home()) or PanelTheme.DARK


def _from_portal(connection: Connection) -> PanelTheme | None:
    """What the portal says; None where there is none, or it has no opinion."""
    try:
        if not connection.has_owner(_BUS_NAME):
            return None
    except BusError:
        return None
    if _read(connection, "contrast") == _MORE_CONTRAST:
        return PanelTheme.CONTRAST
    schemes = {_PREFERS_DARK: PanelTheme.DARK, _PREFERS_LIGHT: PanelTheme.LIGHT}
    return schemes.get(_read(connection, "color-scheme"))


def on_changed(connection: Connection, on_signal: Callable[[Signal], None]) -> None:
    """Call `on_signal` when the desktop changes its looks. Raises `BusError`."""
    connection.listen(_INTERFACE, "SettingChanged", on_signal)


def _read(connection: Connection, key: str) -> Any:
    """A setting; None where the portal does not know it, as older ones do not know the contrast."""
    try:
        value = connection.call(_PORTAL, "Read", "ss", (_NAMESPACE, key))[0]
    except BusError:
        return None
    while isinstance(value, tuple):  # a variant within a variant
        value = value[1]
    return value


def theme_from_files(environment: Mapping[str, str], home: Path) -> PanelTheme | None:
    """The probable background of an icon; None where no file says.

    Args:
        environment: `XDG_CURRENT_DESKTOP`, `XDG_CONFIG_HOME` and `GTK_THEME` are looked at.
        home: the user's home folder.
    """
    config = Path(environment.get("XDG_CONFIG_HOME") or home / ".config")
    desktop = environment.get("XDG_CURRENT_DESKTOP", "").upper().split(":")
    return next((said for said in _said(environment, config, desktop) if said is not None), None)


def _said(environment: Mapping[str, str], config: Path, desktop: list[str]) -> Iterator[PanelTheme | None]:
    """What each place says, the most telling first."""
    xfce, gtk = "XFCE" in desktop, _text(config / "gtk-3.0" / "settings.ini")
    theme = environment.get("GTK_THEME", "")
    if xfce and not theme:
        theme = _found(_CHANNEL_VALUE.format(name="ThemeName"), _text(config / _XFCE / "xsettings.xml"))
    if "highcontrast" in theme.lower():
        yield PanelTheme.CONTRAST
    if (
        xfce
        and _found(_CHANNEL_VALUE.format(name="dark-mode"), _text(config / _XFCE / "xfce4-panel.xml"))
        == "true"
    ):
        yield PanelTheme.DARK
    yield _of_theme(theme)
    if "KDE" in desktop and (ground := _KDE_GROUND.search(_text(config / "kdeglobals"))):
        yield PanelTheme.DARK if sum(map(int, ground.groups())) < 3 * _DARK_BELOW else PanelTheme.LIGHT
    if _found(r"^gtk-application-prefer-dark-theme\s*=\s*(\w+)", gtk).lower() in _TRUE:
        yield PanelTheme.DARK
    yield _of_theme(_found(r"^gtk-theme-name\s*=\s*(.+?)\s*$", gtk))


def _of_theme(name: str) -> PanelTheme | None:
    """GTK's themes say in their names what they are: "Adwaita:dark", "Arc-Dark", "HighContrast"."""
    if not name:
        return None
    name = name.lower()
    if "highcontrast" in name:
        return PanelTheme.CONTRAST
    return PanelTheme.DARK if re.search(r"[:_-]dark\b|[:_-]dark[_-]", name) else PanelTheme.LIGHT


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text, re.MULTILINE)
    return match.group(1) if match else ""


def _text(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            return stream.read(_MOST_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""
