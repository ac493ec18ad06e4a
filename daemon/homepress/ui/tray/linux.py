"""A desktop session on Linux: everything goes over the session bus, except an icon in an old XEmbed tray."""

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from homepress.base.override import override
from homepress.desktop.dbus import BusError, Connection, Signal, session_address
from homepress.desktop.launching import APP_ID
from homepress.desktop.notifications import BusNotifier, Notice, Notifier, Unshown
from homepress.desktop.opening import BusOpener, NotOpened, Opener
from homepress.desktop.power import Tell, Woke, power_watch
from homepress.ui.tray import panel_theme
from homepress.ui.tray.backend import DesktopBackend, MakeIcon, OnAction, TrayIcon
from homepress.ui.tray.icon_states import PanelTheme
from homepress.ui.tray.legacy import has_old_tray, old_icons
from homepress.ui.tray.sni import WATCHER, NotifierIcon

_log = logging.getLogger(__name__)

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
            self._theme = panel_theme.panel_theme(self._connection) if self._connection else PanelTheme.DARK
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
            panel_theme.on_changed(self._connection, restyled)

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
