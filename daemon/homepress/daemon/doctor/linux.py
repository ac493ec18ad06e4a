"""What the doctor asks of Linux: desktop session, portals, limits; the functions are those of `System`."""

import contextlib
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from homepress.base.units import counted
from homepress.base.volumes.linux import mount_of, parse_mountinfo
from homepress.daemon.doctor.finding import Finding, broken, good, worth_knowing
from homepress.desktop.dbus import Address, BusError, Connection, session_address
from homepress.settings import FolderSettings
from homepress.watch import this_system

# -- the desktop session, as its bus tells of it

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
        text = "there is no desktop session here, so no tray icon and no notices; all else works"
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


# -- mounts, inotify, Landlock

_MOUNTINFO = Path("/proc/self/mountinfo")
_INOTIFY = Path("/proc/sys/fs/inotify")
_USUAL_WATCHES = 524_288
_USUAL_INSTANCES = 1024
_SPARE_INSTANCES = 16
"""What the desktop's own programs hold of this user's observers, about."""

_PACKAGES = {
    "apt-get": {
        "gifsicle": "gifsicle",
        "notices": "dunst",
    },
    "dnf": {"gifsicle": "gifsicle", "notices": "dunst"},
    "pacman": {"gifsicle": "gifsicle", "notices": "dunst"},
    "zypper": {
        "gifsicle": "gifsicle",
        "notices": "dunst",
    },
    "apk": {"gifsicle": "gifsicle", "notices": "dunst"},
}
_INSTALL = {"pacman": "-S", "apk": "add"}


def file_system(path: bytes) -> str:
    """From mountinfo, which does not touch the mount itself."""
    mount = mount_of(path, parse_mountinfo(_MOUNTINFO.read_bytes()))
    return mount.kind if mount is not None else ""


def room_to_watch(folders: Sequence[FolderSettings]) -> Iterator[Finding]:
    """Inotify takes a watch for each folder and an instance for each tree (inotify(7))."""
    system = this_system()
    native = [
        folder
        for folder in folders
        if folder.watch == "native"
        or (folder.watch == "auto" and not system.is_remote(os.fsencode(folder.path.resolve())))
    ]
    wanted = sum(_directories(folder.path) if folder.recursive else 1 for folder in native)
    yield _limit(("watch", "watches"), "max_user_watches", wanted, _USUAL_WATCHES)
    instances = len(native) + _SPARE_INSTANCES if native else 0
    yield _limit(("observer", "observers"), "max_user_instances", instances, _USUAL_INSTANCES)


def _limit(nouns: tuple[str, str], name: str, wanted: int, usual: int) -> Finding:
    allowed = int((_INOTIFY / name).read_text("ascii"))
    fix = f"sudo sysctl fs.inotify.{name}={max(usual, 2 * allowed, 4 * wanted)}"
    text = f"about {counted(wanted, *nouns)} needed, {allowed:,} allowed for all your programs together"
    if wanted > allowed:
        return broken("inotify", f"{text}: pictures in some folders are found late", fix)
    if 2 * wanted > allowed:
        return worth_knowing("inotify", text, fix)
    return good("inotify", text)


def _directories(root: Path) -> int:
    return 1 + sum(len(inside) for _, inside, _ in os.walk(root))


def desktop(old_tray: bool) -> Iterator[Finding]:
    return session(old_tray, getting("notices"))


def getting(thing: str) -> str:
    for manager, packages in _PACKAGES.items():
        if shutil.which(manager):
            return f"sudo {manager} {_INSTALL.get(manager, 'install')} {packages[thing]}"
    return f"install {_PACKAGES['apt-get'][thing]} with the system's package manager"
