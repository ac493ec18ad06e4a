"""A pystray `Icon` whose system is the message bus."""

import logging
import queue
import threading
from collections.abc import Callable
from typing import Any

from homepress.desktop.dbus import Address, BusError, Connection, Signal
from homepress.ui.tray.sni.dbusmenu import DbusMenu
from homepress.ui.tray.sni.item import Looks, NotifierItem, Pixmaps
from homepress.ui.tray.toolkit import BaseIcon, Menu

_log = logging.getLogger(__name__)

WATCHER = "org.kde.StatusNotifierWatcher"
"""Who has this name on the bus shows icons, or passes them on to who does."""

_WATCHER = Address(WATCHER, "/StatusNotifierWatcher", WATCHER)


class Icon(BaseIcon):  # type: ignore[misc]  # pystray has no types
    """An icon that appears in whatever panel there is, when there is one, and again after it restarted.

    As `icon` it takes `Pixmaps`. Clicks are carried out one after the other in a thread of their own.
    """

    HAS_DEFAULT_ACTION = True
    HAS_MENU = True
    HAS_MENU_RADIO = True
    HAS_NOTIFICATION = False  # notices go over the same bus without an icon

    def __init__(
        self,
        connection: Connection,
        name: str,
        icon: Pixmaps,
        title: str,
        menu: Any,
        opened: Callable[[], None] = lambda: None,
    ) -> None:
        """As pystray's icons; `opened` is called, in the thread that reads the bus, before the menu shows."""
        super().__init__(name, icon, title, menu)
        self._connection = connection
        self._item = NotifierItem(connection, name, lambda: self._do(self))
        self._dbusmenu = DbusMenu(
            connection, lambda item: self._do(self._handler(item)), opened, separator=Menu.SEPARATOR
        )
        self._clicks: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._stopped = threading.Event()
        self._pixmaps: Pixmaps = []
        self._shown = False
        connection.on_closed(self._stop)

    @property
    def activation_token(self) -> str:
        """The token that the panel gave with the last click; empty on X11."""
        return str(self._item.activation_token)

    def _run(self) -> None:
        self._item.serve()
        self._dbusmenu.serve()
        try:
            self._connection.listen("org.freedesktop.DBus", "NameOwnerChanged", self._owner_changed)
            self._register()
            threading.Thread(target=self._carry_out, name="tray-clicks", daemon=True).start()
        except BusError as error:
            _log.warning("the tray icon cannot be shown: %s", error)
            self._stopped.set()
        self._mark_ready()
        self._stopped.wait()

    def _stop(self) -> None:
        self._clicks.put(None)
        self._stopped.set()

    def _owner_changed(self, signal: Signal) -> None:
        """A panel came, perhaps after we did, perhaps again: it has to be told of us."""
        name, _, owner = signal.body
        if name == WATCHER and owner:
            self._register()

    def _register(self) -> None:
        # By our unique name: with a name of its own, GNOME's extension does not find the item.
        body = (self._connection.unique_name,)
        self._connection.send(_WATCHER, "RegisterStatusNotifierItem", "s", body)

    def _do(self, click: Callable[[], None]) -> None:
        self._clicks.put(click)

    def _carry_out(self) -> None:
        while (click := self._clicks.get()) is not None:
            try:
                click()
            except Exception:  # noqa: BLE001  a boundary: the next click must still work
                _log.exception("a click in the tray failed")

    def _show(self) -> None:
        self._shown = True
        self._tell()

    def _hide(self) -> None:
        self._shown = False
        self._tell()

    def _update_icon(self) -> None:
        self._pixmaps = self.icon
        self._icon_valid = True
        self._tell()

    def _update_title(self) -> None:
        self._tell()

    def _update_menu(self) -> None:
        try:
            self._dbusmenu.show(self.menu or ())
        except BusError as error:
            _log.debug("the menu was not told to anybody: %s", error)

    def _tell(self) -> None:
        try:
            self._item.show(Looks(self.name, self.title, self._pixmaps, self._shown))
        except BusError as error:
            _log.debug("the icon was not told to anybody: %s", error)
