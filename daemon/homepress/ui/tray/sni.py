"""The tray icon on Linux: StatusNotifierItem over D-Bus, with the menu of `dbusmenu` (freedesktop's draft).

KDE, XFCE, LXQt, waybar, Cinnamon, MATE, and GNOME with its AppIndicator extension show such icons.
"""

import logging
import threading
from collections.abc import Callable
from typing import TypeAlias

from homepress.base.override import override
from homepress.desktop.dbus import Address, BusError, Call, Connection, Reply, Signal, unknown_method
from homepress.desktop.launching import PROGRAM
from homepress.ui.tray import dbusmenu
from homepress.ui.tray.backend import OnAction, TrayIcon
from homepress.ui.tray.dbusmenu import DbusMenu, Properties, answer_properties, introspection, valid_utf8
from homepress.ui.tray.icon_states import IconState, PanelTheme, icon_state, rgba
from homepress.ui.tray.menu import TrayState, default_action, menu, tooltip

_log = logging.getLogger(__name__)

WATCHER = "org.kde.StatusNotifierWatcher"
"""The program with this name on the bus shows icons, or passes them on to one that does."""

_WATCHER = Address(WATCHER, "/StatusNotifierWatcher", WATCHER)

PATH = "/StatusNotifierItem"
INTERFACE = "org.kde.StatusNotifierItem"

_POINT = (("i", "i"), ())
_METHODS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "Activate": _POINT,
    "SecondaryActivate": _POINT,
    "ContextMenu": _POINT,
    "Scroll": (("i", "s"), ()),
    "ProvideXdgActivationToken": (("s",), ()),
    "XAyatanaSecondaryActivate": (("u",), ()),
}
_SIGNALS: dict[str, tuple[str, ...]] = {"NewTitle": (), "NewIcon": (), "NewToolTip": (), "NewStatus": ("s",)}

_SIZES = (16, 22, 24, 32, 48, 64)

Pixmaps: TypeAlias = list[tuple[int, int, bytes]]
"""Width, height and ARGB32 pixels in network byte order, one for each size."""


class NotifierIcon(TrayIcon):
    """An icon that appears in whatever panel there is, when there is one, and again after it restarted."""

    def __init__(self, connection: Connection, on_action: OnAction, on_menu: Callable[[], None]) -> None:
        """Not on the bus before `run`.

        Args:
            connection: to the session bus; its thread makes both calls below.
            on_action: gets the action of what was clicked.
            on_menu: called before the menu is shown.
        """
        self._connection = connection
        self._item = NotifierItem(connection, self._activated)
        self._menu = DbusMenu(connection, on_action, on_menu)
        self._on_action = on_action
        self._state = TrayState(None)
        self._stopped = threading.Event()
        connection.on_closed(self.stop)

    @property
    @override
    def activation_token(self) -> str:
        return self._item.activation_token

    @override
    def show(self, state: TrayState, theme: PanelTheme) -> None:
        self._state = state
        try:
            self._item.show(tooltip(state), icon_state(state, theme))
            self._menu.show(menu(state))
        except BusError as error:
            _log.debug("the panel did not get a change: %s", error)

    @override
    def run(self) -> None:
        self._item.serve()
        self._menu.serve()
        try:
            self._connection.listen("org.freedesktop.DBus", "NameOwnerChanged", self._owner_changed)
            self._register()
        except BusError as error:
            _log.warning("the tray icon cannot be shown: %s", error)
            return
        self._stopped.wait()

    @override
    def stop(self) -> None:
        self._stopped.set()

    def _activated(self) -> None:
        if (action := default_action(menu(self._state))) is not None:
            self._on_action(action)

    def _owner_changed(self, signal: Signal) -> None:
        """A panel came, perhaps after us, perhaps again: it has to know of us."""
        name, _, owner = signal.body
        if name == WATCHER and owner and not self._stopped.is_set():
            self._register()

    def _register(self) -> None:
        # By our unique name: with a name of its own, GNOME's extension does not find the item.
        body = (self._connection.unique_name,)
        self._connection.send(_WATCHER, "RegisterStatusNotifierItem", "s", body)


class NotifierItem:
    """The object /StatusNotifierItem: icon and title, and the clicks on the icon itself."""

    def __init__(self, connection: Connection, on_activated: Callable[[], None]) -> None:
        """`on_activated` is called when the icon was clicked, in the thread that reads the bus."""
        self._connection = connection
        self._on_activated = on_activated
        self._title = PROGRAM
        self._icon: IconState | None = None
        self._pixmaps: Pixmaps = []
        self.activation_token = ""
        """What a Wayland panel gave with the last click, for the window that opens (xdg-activation)."""

    def serve(self) -> None:
        """Begin to answer."""
        self._connection.serve(PATH, self.answer)

    def show(self, title: str, icon: IconState) -> None:
        """Show this, and tell the panel what changed. Raises `BusError`."""
        changed: list[str] = []
        if icon != self._icon:
            self._icon, self._pixmaps = icon, pixmaps(icon)
            changed += ["NewIcon"]
        if title != self._title:
            self._title = title
            changed += ["NewTitle", "NewToolTip"]
        for member in changed:
            self._connection.emit(Signal(PATH, INTERFACE, member, ()))

    def answer(self, call: Call) -> Reply:
        """Answer a call to the object. Raises `BusError` for what it does not have."""
        properties = self._properties()
        if (reply := answer_properties(call, INTERFACE, properties)) is not None:
            return reply
        if call.member == "Introspect":
            return introspection(INTERFACE, _METHODS, _SIGNALS, properties)
        if call.interface not in (INTERFACE, "") or call.member not in _METHODS:
            raise unknown_method(call)
        if call.member == "Activate":
            self._on_activated()
        elif call.member == "ProvideXdgActivationToken":
            self.activation_token = str(call.body[0])
        return Reply()  # the panel draws the menu itself; scrolling means nothing here

    def _properties(self) -> Properties:
        title = valid_utf8(self._title)
        return {
            "Category": ("s", "ApplicationStatus"),
            "Id": ("s", PROGRAM),
            "Title": ("s", title),
            "Status": ("s", "Active"),
            "WindowId": ("i", 0),
            "IconName": ("s", ""),
            "IconThemePath": ("s", ""),
            "IconPixmap": ("a(iiay)", self._pixmaps),
            "OverlayIconName": ("s", ""),
            "OverlayIconPixmap": ("a(iiay)", []),
            "AttentionIconName": ("s", ""),
            "AttentionIconPixmap": ("a(iiay)", []),
            "AttentionMovieName": ("s", ""),
            "ToolTip": ("(sa(iiay)ss)", ("", [], title, "")),
            "ItemIsMenu": ("b", False),
            "Menu": ("o", dbusmenu.PATH),
        }


def pixmaps(icon: IconState) -> Pixmaps:
    """An icon as StatusNotifierItem wants it: ARGB32, big-endian, in the sizes that panels have."""
    images: Pixmaps = []
    for size in _SIZES:
        drawn = rgba(icon, size)
        turned = bytearray(len(drawn))
        turned[0::4] = drawn[3::4]
        turned[1::4], turned[2::4], turned[3::4] = drawn[0::4], drawn[1::4], drawn[2::4]
        images.append((size, size, bytes(turned)))
    return images
