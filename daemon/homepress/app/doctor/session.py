"""The desktop session on Linux, as the session bus tells of it."""

import contextlib
import os
from collections.abc import Iterator

from homepress.app.doctor.finding import Finding, broken, good, worth_knowing
from homepress.desktop.dbus import Address, BusError, Connection, session_address

_WATCHER = Address(
    "org.kde.StatusNotifierWatcher", "/StatusNotifierWatcher", "org.freedesktop.DBus.Properties"
)
_NOTICES = Address(
    "org.freedesktop.Notifications", "/org/freedesktop/Notifications", "org.freedesktop.Notifications"
)
_BUS = Address("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus")

# What makes the panel of a desktop take icons, by a word of XDG_CURRENT_DESKTOP.
_TRAY_FIXES = {
    "gnome": "gnome-extensions install or enable AppIndicator support: sudo apt-get install "
    "gnome-shell-extension-appindicator, then log in again",
    "xfce": "xfce4-panel --add=systray",
    "mate": "mate-panel --reset     (or add the notification area to the panel by hand)",
    "lxqt": "add the plugin Status Notifier to the panel",
}


def session(old_tray: bool, getting_notices: str) -> Iterator[Finding]:
    """What the session offers.

    Args:
        old_tray: whether there is a tray of the old kind, as the X server tells.
        getting_notices: the command that installs a program which shows notices.
    """
    address = session_address()
    if address is None:
        text = "there is no desktop session here: no tray icon, no notices, nothing else is missing"
        yield worth_knowing("session bus", text, "look at what goes on with: homepress status")
        if old_tray:
            yield good("tray", "an old tray takes the icon")
        return
    try:
        with contextlib.closing(Connection(address)) as connection:
            yield good("session bus", f"it answers at {address}")
            yield _tray(connection, old_tray)
            yield _notices(connection, getting_notices)
    except BusError as error:
        text = f"{error}: no tray icon, no notices; daemon and command line work"
        yield broken("session bus", text, "log out and in again, or unset DBUS_SESSION_BUS_ADDRESS")


def _tray(connection: Connection, old_tray: bool) -> Finding:
    if connection.has_owner(_WATCHER.bus_name):
        wanted = (_WATCHER.bus_name, "IsStatusNotifierHostRegistered")
        if connection.call(_WATCHER, "Get", "ss", wanted)[0][1]:
            return good("tray", "a panel takes the icon (StatusNotifierItem)")
    if old_tray:
        return good("tray", "an old tray takes the icon (XEmbed)")
    names = os.environ.get("XDG_CURRENT_DESKTOP", "").casefold()
    fix = next((way for desktop, way in _TRAY_FIXES.items() if desktop in names), "")
    text = "no panel takes icons: no tray icon; notices and commands do all it does"
    return worth_knowing("tray", text, fix or "use a panel that takes StatusNotifierItem icons")


def _notices(connection: Connection, getting: str) -> Finding:
    startable = _NOTICES.bus_name in connection.call(_BUS, "ListActivatableNames")[0]
    if not startable and not connection.has_owner(_NOTICES.bus_name):
        text = "no program shows notices: errors are only told by tray and `homepress status`"
        return worth_knowing("notices", text, getting)
    try:
        name, vendor, version, _ = connection.call(_NOTICES, "GetServerInformation")
    except BusError as error:
        if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
            text = "there is no display to show them on: errors are only told by `homepress status`"
            return worth_knowing("notices", text, "look at what goes on with: homepress status")
        text = f"the notification service does not answer: {error}"
        return broken("notices", text, "log out and in again, or start another, such as: dunst")
    return good("notices", f"{name} {version} ({vendor}) shows them")
