"""How the desktop looks, as the Settings portal tells it (org.freedesktop.appearance), else its files."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from homepress.desktop.dbus import Address, BusError, Connection, Signal
from homepress.ui.tray.faces import Panel
from homepress.ui.tray.stage import themefiles

_BUS_NAME = "org.freedesktop.portal.Desktop"
_INTERFACE = "org.freedesktop.portal.Settings"
_PORTAL = Address(_BUS_NAME, "/org/freedesktop/portal/desktop", _INTERFACE)
_NAMESPACE = "org.freedesktop.appearance"
_PREFERS_DARK = 1
_PREFERS_LIGHT = 2
_MORE_CONTRAST = 1


def panel(connection: Connection) -> Panel:
    """What an icon probably stands on; dark where nobody says. A portal that does not run is not started."""
    return _told(connection) or themefiles.panel(os.environ, Path.home()) or Panel.DARK


def _told(connection: Connection) -> Panel | None:
    """What the portal says; None where there is none, or it has no opinion."""
    try:
        if not connection.has_owner(_BUS_NAME):
            return None
    except BusError:
        return None
    if _read(connection, "contrast") == _MORE_CONTRAST:
        return Panel.CONTRAST
    schemes = {_PREFERS_DARK: Panel.DARK, _PREFERS_LIGHT: Panel.LIGHT}
    return schemes.get(_read(connection, "color-scheme"))


def on_changed(connection: Connection, tell: Callable[[Signal], None]) -> None:
    """Have `tell` called when the desktop looks another way. Raises `BusError`."""
    connection.listen(_INTERFACE, "SettingChanged", tell)


def _read(connection: Connection, key: str) -> Any:
    """A setting; None where the portal does not know it, as older ones do not know the contrast."""
    try:
        value = connection.call(_PORTAL, "Read", "ss", (_NAMESPACE, key))[0]
    except BusError:
        return None
    while isinstance(value, tuple):  # a variant within a variant
        value = value[1]
    return value
