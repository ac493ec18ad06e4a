"""A desktop session on Linux: everything goes over the session bus, save an icon in an old XEmbed tray."""

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from homepress.desktop.dbus import BusError, Connection, Signal, session_address
from homepress.desktop.identity import APP_ID
from homepress.desktop.notices import BusNotifier, Notice, Notifier, Unshown
from homepress.desktop.opening import BusOpener, NotOpened, Opener
from homepress.desktop.power import Tell, Woke, power_watch
from homepress.ui.tray import fallback
from homepress.ui.tray.faces import Face, Panel, rgba
from homepress.ui.tray.menu import Known, menu, tooltip
from homepress.ui.tray.showing import NAME, Shown, directly, face_of
from homepress.ui.tray.sni import WATCHER, Icon, Pixmaps
from homepress.ui.tray.stage import appearance, login
from homepress.ui.tray.stage.interface import Do, MakeIcon
from homepress.ui.tray.toolkit import as_pystray

_log = logging.getLogger(__name__)

_SIZES = (16, 22, 24, 32, 48, 64)
_PANEL_SECONDS = 15.0
"""So long a panel may take to come before an old tray is looked for."""

_AGENT_PATH = "/io/github/homepress/Agent"
_STARTED = "Started"


class LinuxStage:
    """See `Stage`."""

    def __init__(self, home: str) -> None:
        self._home = home
        self._connection: Connection | None = None
        self._lacking = ""
        self._panel: Panel | None = None
        self._look: Callable[[], None] = lambda: None
        address = session_address()
        try:
            self._connection = Connection(address) if address else None
        except BusError as error:
            self._lacking = f"the session bus cannot be used: {error}"
        if self._connection is None and not fallback.has_tray():
            self._lacking = self._lacking or "there is no desktop session here (no session bus)"

    @property
    def lacking(self) -> str:
        """See `Stage`."""
        return self._lacking

    @property
    def panel(self) -> Panel:
        """See `Stage`."""
        if self._panel is None:
            self._panel = appearance.panel(self._connection) if self._connection else Panel.DARK
        return self._panel

    @property
    def opener(self) -> Opener:
        """See `Stage`."""
        return BusOpener(self._connection) if self._connection else _NoBus()

    def notifier(self, pressed: Callable[[Any], None]) -> Notifier:
        """See `Stage`."""
        return BusNotifier(self._connection, pressed) if self._connection else _NoBus()

    def icons(self) -> Iterator[MakeIcon]:
        """Our own over the bus; if no panel takes it but an old tray is there, pystray's; else none."""
        if self._connection is not None:
            yield self._notifier_item
        yield from fallback.icons()
        if self._connection is not None:
            yield self._lasting_item

    def _notifier_item(self, known: Known, do: Do) -> Shown:
        """An icon that makes room for an old tray when no panel comes in time."""
        shown, icon = self._item(known, do)
        timer = threading.Timer(_PANEL_SECONDS, lambda: self._make_room(icon))
        timer.daemon = True
        timer.start()
        return shown

    def _lasting_item(self, known: Known, do: Do) -> Shown:
        return self._item(known, do)[0]

    def _item(self, known: Known, do: Do) -> tuple[Shown, Icon]:
        assert self._connection is not None
        look = pixmaps(face_of(known, self.panel))
        icon = Icon(self._connection, NAME, look, tooltip(known), as_pystray(menu(known), do), self._look)
        return Shown(icon, pixmaps, do, directly), icon

    def _make_room(self, icon: Icon) -> None:
        assert self._connection is not None
        with contextlib.suppress(BusError):
            if not self._connection.has_owner(WATCHER) and fallback.has_tray():
                _log.info("no panel takes the icon; an old tray does")
                icon.stop()

    def starts_at_login(self) -> bool | None:
        """See `Stage`."""
        return login.starts()

    def set_autostart(self, on: bool) -> None:
        """See `Stage`."""
        login.set_start(on)

    def on_changed(self, look: Callable[[], None]) -> None:
        """See `Stage`."""
        self._look = look
        if self._connection is None:
            return

        def started(signal: Signal) -> None:
            if signal.body == (self._home,):
                look()

        def restyled(_: Signal) -> None:
            self._panel = None
            look()

        with contextlib.suppress(BusError):
            self._connection.listen(APP_ID, _STARTED, started)
            appearance.on_changed(self._connection, restyled)

    def on_end(self, end: Callable[[], None]) -> None:
        """See `Stage`."""
        if self._connection is not None:
            self._connection.on_closed(end)

    def watch_power(self, tell: Tell, woke: Woke) -> None:
        """See `Stage`."""
        power_watch().start(tell, woke)

    def wake_other(self) -> None:
        """See `Stage`."""
        if self._connection is not None:
            with contextlib.suppress(BusError):
                self._connection.emit(Signal(_AGENT_PATH, APP_ID, _STARTED, (self._home,)), "s")


def pixmaps(face: Face) -> Pixmaps:
    """A face as StatusNotifierItem wants it: ARGB32, big-endian, in the sizes that panels have."""
    images: Pixmaps = []
    for size in _SIZES:
        drawn = rgba(face, size)
        turned = bytearray(len(drawn))
        turned[0::4] = drawn[3::4]
        turned[1::4], turned[2::4], turned[3::4] = drawn[0::4], drawn[1::4], drawn[2::4]
        images.append((size, size, bytes(turned)))
    return images


class _NoBus:
    """Stands in for what needs a session bus."""

    def show(self, notice: Notice) -> None:
        """No notices."""
        raise Unshown("no session bus, so no notices")

    def folder(self, path: Path, token: str = "") -> None:
        """No opener."""
        raise NotOpened(f"{path} cannot be opened: there is no session bus")

    def reveal(self, paths: Sequence[Path], token: str = "") -> None:
        """No opener."""
        self.folder(paths[0])

    def file(self, path: Path, token: str = "") -> None:
        """No opener."""
        self.folder(path)
