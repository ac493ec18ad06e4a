"""The tray icon on Linux: StatusNotifierItem over D-Bus (freedesktop's draft), with its menu.

KDE, XFCE, LXQt, waybar, Cinnamon, MATE, and GNOME with its AppIndicator extension show such icons.

The menu is the object /MenuBar, of the interface com.canonical.dbusmenu (libdbusmenu). A panel reads a tree
of items with numbers, shows them, and says which number was clicked. A number belongs to what an entry does
and is never given again to another: a panel that shows an older menu cannot click what has come in its
place meanwhile.
"""

import itertools
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from homepress.base.override import override
from homepress.desktop.dbus import Address, BusError, Call, Connection, Reply, Signal, unknown_method
from homepress.desktop.launching import PROGRAM
from homepress.ui.tray.actions import Action
from homepress.ui.tray.backend import OnAction, TrayIcon
from homepress.ui.tray.icon import IconState, PanelTheme, icon_state, rgba
from homepress.ui.tray.menu import SEPARATOR, MenuEntry, TrayState, default_action, menu, tooltip

_log = logging.getLogger(__name__)

Properties: TypeAlias = dict[str, tuple[str, Any]]
"""Name to variant: signature and value."""

_PROPERTIES_INTERFACE = "org.freedesktop.DBus.Properties"
_READ_ONLY = "org.freedesktop.DBus.Error.PropertyReadOnly"
_UNKNOWN = "org.freedesktop.DBus.Error.UnknownProperty"

MENU_PATH = "/MenuBar"
MENU_INTERFACE = "com.canonical.dbusmenu"
_INVALID = "org.freedesktop.DBus.Error.InvalidArgs"
_ROOT = 0

_MENU_METHODS = {
    "GetLayout": (("i", "i", "as"), ("u", "(ia{sv}av)")),
    "GetGroupProperties": (("ai", "as"), ("a(ia{sv})",)),
    "GetProperty": (("i", "s"), ("v",)),
    "Event": (("i", "s", "v", "u"), ()),
    "EventGroup": (("a(isvu)",), ("ai",)),
    "AboutToShow": (("i",), ("b",)),
    "AboutToShowGroup": (("ai",), ("ai", "ai")),
}
_MENU_SIGNALS = {"ItemsPropertiesUpdated": ("a(ia{sv})", "a(ias)"), "LayoutUpdated": ("u", "i")}
_MENU_PROPERTIES: Properties = {
    "Version": ("u", 3),
    "Status": ("s", "normal"),
    "TextDirection": ("s", "ltr"),
    "IconThemePath": ("as", []),
}


@dataclass(frozen=True, slots=True)
class _Node:
    properties: Properties
    children: tuple[int, ...] = ()
    action: Action | None = None


class DbusMenu:
    """Serves a menu and tells the panel when it has become another."""

    def __init__(self, connection: Connection, on_action: OnAction, on_opened: Callable[[], None]) -> None:
        """Begin with an empty menu.

        Args:
            connection: to the bus; its thread makes both calls below.
            on_action: gets the action of the clicked entry.
            on_opened: called when the menu is about to be shown.
        """
        self._connection = connection
        self._on_action = on_action
        self._on_opened = on_opened
        self._numbers = itertools.count(1)
        self._ids: dict[tuple[object, ...], int] = {}
        self._nodes: dict[int, _Node] = {_ROOT: _Node({"children-display": ("s", "submenu")})}
        self._revision = 1

    def serve(self) -> None:
        """Begin to answer."""
        self._connection.serve(MENU_PATH, self.answer)

    def show(self, entries: tuple[MenuEntry, ...]) -> None:
        """Make `entries` the menu, and tell the panel what is new. Raises `BusError`."""
        used: dict[tuple[object, ...], int] = {}
        nodes: dict[int, _Node] = {}
        children = self._build(entries, (), nodes, used)
        nodes[_ROOT] = _Node({"children-display": ("s", "submenu")}, children)
        before, self._nodes, self._ids = self._nodes, nodes, used
        if before == nodes:
            return
        if {number: node.children for number, node in before.items()} == {
            number: node.children for number, node in nodes.items()
        }:
            self._tell_properties(before)
        else:
            self._revision += 1
            self._emit("LayoutUpdated", "ui", (self._revision, _ROOT))

    def _build(
        self,
        entries: tuple[MenuEntry, ...],
        above: tuple[object, ...],
        nodes: dict[int, _Node],
        used: dict[tuple[object, ...], int],
    ) -> tuple[int, ...]:
        numbers = []
        for place, entry in enumerate(entries):
            key = (*above, place if entry.action is None else entry.action)
            while key in used:  # several lines that do the same are distinguished by their order
                key = (*key, "again")
            number = self._ids.get(key) or next(self._numbers)
            used[key] = number
            numbers.append(number)
            below = self._build(entry.children, key, nodes, used)
            nodes[number] = _Node(_properties(entry), below, entry.action)
        return tuple(numbers)

    def _tell_properties(self, before: dict[int, _Node]) -> None:
        changed, removed = [], []
        for number, node in self._nodes.items():
            old = before[number].properties
            if new := {k: v for k, v in node.properties.items() if old.get(k) != v}:
                changed.append((number, new))
            if gone := [name for name in old if name not in node.properties]:
                removed.append((number, gone))
        self._emit("ItemsPropertiesUpdated", "a(ia{sv})a(ias)", (changed, removed))

    def _emit(self, member: str, signature: str, body: tuple[Any, ...]) -> None:
        self._connection.emit(Signal(MENU_PATH, MENU_INTERFACE, member, body), signature)

    def answer(self, call: Call) -> Reply:
        """Answer a call to the object."""
        if (reply := answer_properties(call, MENU_INTERFACE, _MENU_PROPERTIES)) is not None:
            return reply
        if call.member == "Introspect":
            return introspection(MENU_INTERFACE, _MENU_METHODS, _MENU_SIGNALS, _MENU_PROPERTIES)
        if call.interface not in (MENU_INTERFACE, "") or call.member not in _MENU_METHODS:
            raise unknown_method(call)
        answer: Callable[..., Reply] = getattr(self, f"_{call.member}")
        return answer(*call.body)

    def _GetLayout(self, parent: int, depth: int, names: Sequence[str]) -> Reply:  # noqa: N802
        return Reply("u(ia{sv}av)", (self._revision, self._layout(parent, depth, names)))

    def _layout(self, number: int, depth: int, names: Sequence[str]) -> tuple[Any, ...]:
        node = self._node(number)
        below = [
            ("(ia{sv}av)", self._layout(child, depth - 1, names)) for child in node.children if depth != 0
        ]
        return number, _picked(node.properties, names), below

    def _GetGroupProperties(self, numbers: Sequence[int], names: Sequence[str]) -> Reply:  # noqa: N802
        found = [number for number in numbers or self._nodes if number in self._nodes]
        return Reply("a(ia{sv})", ([(n, _picked(self._nodes[n].properties, names)) for n in found],))

    def _GetProperty(self, number: int, name: str) -> Reply:  # noqa: N802
        value = self._node(number).properties.get(name)
        if value is None:
            raise BusError(f"menu item {number} has no property {name}", _INVALID)
        return Reply("v", (value,))

    def _Event(self, number: int, kind: str, _data: object, _time: int) -> Reply:  # noqa: N802
        self._node(number)
        self._happened(number, kind)
        return Reply()

    def _EventGroup(self, events: Sequence[tuple[int, str, object, int]]) -> Reply:  # noqa: N802
        unknown = [number for number, *_ in events if number not in self._nodes]
        if unknown and len(unknown) == len(events):
            raise BusError(f"there are no menu items {unknown}", _INVALID)
        for number, kind, *_ in events:
            self._happened(number, kind)
        return Reply("ai", (unknown,))

    def _AboutToShow(self, number: int) -> Reply:  # noqa: N802
        self._node(number)
        if number == _ROOT:
            self._on_opened()
        return Reply("b", (False,))  # a signal announces later changes

    def _AboutToShowGroup(self, numbers: Sequence[int]) -> Reply:  # noqa: N802
        if _ROOT in numbers:
            self._on_opened()
        return Reply("aiai", ([], [number for number in numbers if number not in self._nodes]))

    def _happened(self, number: int, kind: str) -> None:
        node = self._nodes.get(number)
        if kind == "clicked" and node is not None and node.action is not None:
            self._on_action(node.action)

    def _node(self, number: int) -> _Node:
        if (node := self._nodes.get(number)) is None:
            raise BusError(f"there is no menu item {number}", _INVALID)
        return node


def _properties(entry: MenuEntry) -> Properties:
    if entry == SEPARATOR:
        return {"type": ("s", "separator")}
    # A lone underscore would mark the next letter as a shortcut.
    properties: Properties = {"label": ("s", valid_utf8(entry.label).replace("_", "__"))}
    if not entry.enabled:
        properties["enabled"] = ("b", False)
    if entry.checked is not None:
        properties["toggle-type"] = ("s", "checkmark")
        properties["toggle-state"] = ("i", int(entry.checked))
    if entry.children:
        properties["children-display"] = ("s", "submenu")
    return properties


def _picked(properties: Properties, names: Sequence[str]) -> Properties:
    return {name: value for name, value in properties.items() if not names or name in names}


def answer_properties(call: Call, interface: str, properties: Properties) -> Reply | None:
    """The answer to a call of org.freedesktop.DBus.Properties; None when it is another call.

    Raises:
        BusError: there is no such property, or it cannot be written.
    """
    if call.interface != _PROPERTIES_INTERFACE:
        return None
    if call.member == "GetAll":
        return Reply("a{sv}", (properties if call.body[0] in (interface, "") else {},))
    if call.member == "Set":
        raise BusError(f"{call.body[1]} cannot be set", _READ_ONLY)
    if call.member == "Get" and call.body[0] in (interface, "") and call.body[1] in properties:
        return Reply("v", (properties[call.body[1]],))
    raise BusError(f"{interface} has no property {call.body[1:]}", _UNKNOWN)


def introspection(
    interface: str,
    methods: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]],
    signals: Mapping[str, tuple[str, ...]],
    properties: Properties,
) -> Reply:
    """The object's description (D-Bus specification, "Introspection Data Format").

    Args:
        interface: its name.
        methods: signatures that go in and out, by name.
        signals: signatures, by name.
        properties: as they are.
    """
    lines = [f'<node><interface name="{interface}">']
    for name, (taken, given) in methods.items():
        arguments = "".join(f'<arg type="{kind}" direction="in"/>' for kind in taken)
        arguments += "".join(f'<arg type="{kind}" direction="out"/>' for kind in given)
        lines.append(f'<method name="{name}">{arguments}</method>')
    for name, kinds in signals.items():
        arguments = "".join(f'<arg type="{kind}"/>' for kind in kinds)
        lines.append(f'<signal name="{name}">{arguments}</signal>')
    for name, (kind, _) in properties.items():
        lines.append(f'<property name="{name}" type="{kind}" access="read"/>')
    lines.append("</interface></node>")
    return Reply("s", ("\n".join(lines),))


def valid_utf8(text: str) -> str:
    """Text as D-Bus accepts it: valid UTF-8 without NUL."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "")


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
_SIGNALS: dict[str, tuple[str, ...]] = {
    "NewTitle": (),
    "NewIcon": (),
    "NewToolTip": (),
    "NewStatus": ("s",),
}

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
    def run(self, on_ready: Callable[[], None]) -> None:
        on_ready()  # what it is shown goes to the bus, whoever listens there by then
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
            "Menu": ("o", MENU_PATH),
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
