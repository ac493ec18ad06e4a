"""The object /StatusNotifierItem: icon, title and state, and the clicks on the icon itself."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from homepress.desktop.dbus import Call, Connection, Reply, Signal, unknown_method
from homepress.ui.tray.sni import dbusmenu
from homepress.ui.tray.sni.properties import Properties, answer_properties, introspection, lasting

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
_SIGNALS: dict[str, tuple[str, ...]] = {
    "NewTitle": (),
    "NewIcon": (),
    "NewToolTip": (),
    "NewStatus": ("s",),
}

Pixmaps = list[tuple[int, int, bytes]]
"""Width, height and ARGB32 pixels in network byte order, one for each size."""


@dataclass(frozen=True, slots=True)
class Looks:
    """What the item shows."""

    name: str
    title: str = ""
    pixmaps: Pixmaps | None = None
    visible: bool = False


class NotifierItem:
    """Serves the item and tells the panel what changed."""

    def __init__(self, connection: Connection, name: str, activated: Callable[[], None]) -> None:
        """`activated` is called when the icon was clicked, in the thread that reads the bus."""
        self._connection = connection
        self._activated = activated
        self._looks = Looks(name)
        self.activation_token = ""
        """What a Wayland panel gave with the last click, for the window that opens (xdg-activation)."""

    def serve(self) -> None:
        """Begin to answer."""
        self._connection.serve(PATH, self.answer)

    def show(self, looks: Looks) -> None:
        """Take on new looks and tell the panel which part of them is new."""
        before, self._looks = self._looks, looks
        if before.pixmaps != looks.pixmaps:
            self._emit("NewIcon")
        if before.title != looks.title:
            self._emit("NewTitle")
            self._emit("NewToolTip")
        if before.visible != looks.visible:
            self._emit("NewStatus", "s", (_status(looks),))

    def _emit(self, member: str, signature: str = "", body: tuple[Any, ...] = ()) -> None:
        self._connection.emit(Signal(PATH, INTERFACE, member, body), signature)

    def answer(self, call: Call) -> Reply:
        """Answer a call to the object."""
        properties = self.properties()
        if (reply := answer_properties(call, INTERFACE, properties)) is not None:
            return reply
        if call.member == "Introspect":
            return introspection(INTERFACE, _METHODS, _SIGNALS, properties)
        if call.interface not in (INTERFACE, "") or call.member not in _METHODS:
            raise unknown_method(call)
        if call.member == "Activate":
            self._activated()
        elif call.member == "ProvideXdgActivationToken":
            self.activation_token = str(call.body[0])
        return Reply()  # the panel draws the menu itself; scrolling means nothing here

    def properties(self) -> Properties:
        """All properties of the item."""
        looks = self._looks
        pixmaps = looks.pixmaps or []
        title = lasting(looks.title or looks.name)
        return {
            "Category": ("s", "ApplicationStatus"),
            "Id": ("s", looks.name),
            "Title": ("s", title),
            "Status": ("s", _status(looks)),
            "WindowId": ("i", 0),
            "IconName": ("s", ""),
            "IconThemePath": ("s", ""),
            "IconPixmap": ("a(iiay)", pixmaps),
            "OverlayIconName": ("s", ""),
            "OverlayIconPixmap": ("a(iiay)", []),
            "AttentionIconName": ("s", ""),
            "AttentionIconPixmap": ("a(iiay)", []),
            "AttentionMovieName": ("s", ""),
            "ToolTip": ("(sa(iiay)ss)", ("", [], title, "")),
            "ItemIsMenu": ("b", False),
            "Menu": ("o", dbusmenu.PATH),
        }


def _status(looks: Looks) -> str:
    return "Active" if looks.visible else "Passive"
