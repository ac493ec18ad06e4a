"""A desktop session on Linux: everything goes over the session bus, except an icon in an old XEmbed tray.

The background of the icon is learned from the Settings portal (org.freedesktop.appearance) or the desktop's
files. The files of toolkits and panels are only read, once, and believed in this order: the panel of XFCE
itself, `GTK_THEME`, the theme that XFCE hands to programs, KDE's colours, GTK's own settings file.
"""

import contextlib
import logging
import os
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from homepress.base.override import override
from homepress.desktop.dbus import Address, BusError, Connection, Signal, session_address
from homepress.desktop.launching import APP_ID
from homepress.desktop.notifications import BusNotifier, Notice, Notifier, Unshown
from homepress.desktop.opening import BusOpener, NotOpened, Opener
from homepress.desktop.power import Tell, Woke, power_watch
from homepress.ui.tray.backend import DesktopBackend, MakeIcon, OnAction, TrayIcon
from homepress.ui.tray.icon import PanelTheme
from homepress.ui.tray.legacy import has_old_tray, old_icons
from homepress.ui.tray.sni import WATCHER, NotifierIcon

_log = logging.getLogger(__name__)

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


# -- the session

_PANEL_SECONDS = 15.0
"""So long a panel may take to come before an old tray is looked for."""

_AGENT_PATH = "/io/github/homepress/Agent"
_STARTED = "Started"


class LinuxDesktop(DesktopBackend):
    """The session bus where there is one, and an old tray where there is that."""

    def __init__(self, home: str) -> None:
        self._home = home
        self._connection: Connection | None = None
        self._lacking = ""
        self._theme: PanelTheme | None = None
        self._refresh: Callable[[], None] = lambda: None
        address = session_address()
        try:
            self._connection = Connection(address) if address else None
        except BusError as error:
            self._lacking = f"the session bus cannot be used: {error}"
        if self._connection is None and not has_old_tray():
            self._lacking = self._lacking or "there is no desktop session here (no session bus)"

    @property
    @override
    def lacking(self) -> str:
        return self._lacking

    @property
    @override
    def theme(self) -> PanelTheme:
        if self._theme is None:
            self._theme = panel_theme(self._connection) if self._connection else PanelTheme.DARK
        return self._theme

    @property
    @override
    def opener(self) -> Opener:
        return BusOpener(self._connection) if self._connection else _NoBus()

    @override
    def notifier(self, on_pressed: Callable[[Any], None]) -> Notifier:
        return BusNotifier(self._connection, on_pressed) if self._connection else _NoBus()

    @override
    def icons(self) -> Iterator[MakeIcon]:
        """Our own over the bus; if no panel takes it but an old tray is there, pystray's; else none."""
        if self._connection is not None:
            yield self._yielding_icon
        yield from old_icons()
        if self._connection is not None:
            yield self._notifier_icon

    def _yielding_icon(self, on_action: OnAction) -> TrayIcon:
        """An icon that makes room for an old tray when no panel comes in time."""
        icon = self._notifier_icon(on_action)
        timer = threading.Timer(_PANEL_SECONDS, lambda: self._make_room(icon))
        timer.daemon = True
        timer.start()
        return icon

    def _notifier_icon(self, on_action: OnAction) -> TrayIcon:
        assert self._connection is not None
        return NotifierIcon(self._connection, on_action, self._refresh)

    def _make_room(self, icon: TrayIcon) -> None:
        assert self._connection is not None
        with contextlib.suppress(BusError):
            if not self._connection.has_owner(WATCHER) and has_old_tray():
                _log.info("no panel takes the icon; an old tray does")
                icon.stop()

    @override
    def on_changed(self, refresh: Callable[[], None]) -> None:
        self._refresh = refresh
        if self._connection is None:
            return

        def started(signal: Signal) -> None:
            if signal.body == (self._home,):
                refresh()

        def restyled(_: Signal) -> None:
            self._theme = None
            refresh()

        with contextlib.suppress(BusError):
            self._connection.listen(APP_ID, _STARTED, started)
            on_changed(self._connection, restyled)

    @override
    def on_end(self, end: Callable[[], None]) -> None:
        if self._connection is not None:
            self._connection.on_closed(end)

    @override
    def watch_power(self, on_saving: Tell, on_wake: Woke) -> None:
        power_watch().start(on_saving, on_wake)

    @override
    def wake_other(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(BusError):
                self._connection.emit(Signal(_AGENT_PATH, APP_ID, _STARTED, (self._home,)), "s")


class _NoBus(Notifier, Opener):
    """For what needs a session bus, without one."""

    @override
    def show(self, notice: Notice) -> None:
        raise Unshown("no session bus, so no notices")

    @override
    def folder(self, path: Path, token: str = "") -> None:
        raise NotOpened(f"{path} cannot be opened: there is no session bus")

    @override
    def reveal(self, paths: Sequence[Path], token: str = "") -> None:
        self.folder(paths[0])

    @override
    def file(self, path: Path, token: str = "") -> None:
        self.folder(path)
