"""How the desktop looks, as the Settings portal tells it (org.freedesktop.appearance)."""

from collections.abc import Callable
from typing import Any

from homepress.desktop.dbus import Address, BusError, Connection, Signal
from homepress.ui.tray.faces import Panel

_BUS_NAME = "org.freedesktop.portal.Desktop"
_INTERFACE = "org.freedesktop.portal.Settings"
_PORTAL = Address(_BUS_NAME, "/org/freedesktop/portal/desktop", _INTERFACE)
_NAMESPACE = "org.freedesktop.appearance"
_PREFERS_LIGHT = 2
_MORE_CONTRAST = 1


def panel(connection: Connection) -> Panel:
    """What an icon probably stands on; dark where nobody says. A portal that does not run is not started."""
    try:
        if not connection.has_owner(_BUS_NAME):
            return Panel.DARK
        if _read(connection, "contrast") == _MORE_CONTRAST:
            return Panel.CONTRAST
        return Panel.LIGHT if _read(connection, "color-scheme") == _PREFERS_LIGHT else Panel.DARK
    except BusError:
        return Panel.DARK


def on_changed(connection: Connection, tell: Callable[[Signal], None]) -> None:
    """Have `tell` called when the desktop looks another way. Raises `BusError`."""
    connection.listen(_INTERFACE, "SettingChanged", tell)


def _read(connection: Connection, key: str) -> Any:
    value = connection.call(_PORTAL, "Read", "ss", (_NAMESPACE, key))[0]
    while isinstance(value, tuple):  # a variant within a variant
        value = value[1]
    return value
