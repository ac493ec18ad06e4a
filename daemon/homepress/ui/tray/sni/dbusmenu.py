"""The object /MenuBar: a tree of items with numbers, which the panel reads, shows and clicks.

A number belongs to what an item does and is never given again to another: a panel that shows an older menu
cannot click what has come in its place meanwhile.
"""

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from homepress.desktop.dbus import BusError, Call, Connection, Reply, Signal, unknown_method
from homepress.ui.tray.sni.properties import Properties, answer_properties, introspection, lasting

PATH = "/MenuBar"
INTERFACE = "com.canonical.dbusmenu"
_INVALID = "org.freedesktop.DBus.Error.InvalidArgs"
_ROOT = 0

_METHODS = {
    "GetLayout": (("i", "i", "as"), ("u", "(ia{sv}av)")),
    "GetGroupProperties": (("ai", "as"), ("a(ia{sv})",)),
    "GetProperty": (("i", "s"), ("v",)),
    "Event": (("i", "s", "v", "u"), ()),
    "EventGroup": (("a(isvu)",), ("ai",)),
    "AboutToShow": (("i",), ("b",)),
    "AboutToShowGroup": (("ai",), ("ai", "ai")),
}
_SIGNALS = {"ItemsPropertiesUpdated": ("a(ia{sv})", "a(ias)"), "LayoutUpdated": ("u", "i")}
_PROPERTIES: Properties = {
    "Version": ("u", 3),
    "Status": ("s", "normal"),
    "TextDirection": ("s", "ltr"),
    "IconThemePath": ("as", []),
}


class Item(Protocol):
    """What is read of a pystray menu item."""

    text: str
    enabled: bool
    checked: bool | None
    radio: bool
    submenu: Any
    key: object


@dataclass(frozen=True, slots=True)
class _Node:
    properties: Properties
    children: tuple[int, ...] = ()
    item: Any = field(default=None, compare=False)


class DbusMenu:
    """Serves a menu and tells the panel when it has become another."""

    def __init__(
        self,
        connection: Connection,
        clicked: Callable[[Any], None],
        opened: Callable[[], None],
        separator: object,
    ) -> None:
        """Begin with an empty menu.

        Args:
            connection: to the bus; what is called back is called in the thread that reads it.
            clicked: gets the clicked item.
            opened: is called when the menu is about to be shown.
            separator: what is no item among the items.
        """
        self._connection = connection
        self._clicked = clicked
        self._opened = opened
        self._separator = separator
        self._numbers = itertools.count(1)
        self._ids: dict[tuple[object, ...], int] = {}
        self._nodes: dict[int, _Node] = {_ROOT: _Node({"children-display": ("s", "submenu")})}
        self._revision = 1

    def serve(self) -> None:
        """Begin to answer."""
        self._connection.serve(PATH, self.answer)

    def show(self, items: Iterable[Any]) -> None:
        """Make `items` the menu, and tell the panel what is new."""
        used: dict[tuple[object, ...], int] = {}
        nodes: dict[int, _Node] = {}
        children = self._build(items, (), nodes, used)
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
        items: Iterable[Any],
        above: tuple[object, ...],
        nodes: dict[int, _Node],
        used: dict[tuple[object, ...], int],
    ) -> tuple[int, ...]:
        numbers = []
        for place, item in enumerate(items):
            key = (*above, place if item is self._separator or item.key is None else item.key)
            while key in used:  # several lines that do the same are told apart by their order
                key = (*key, "again")
            number = self._ids.get(key) or next(self._numbers)
            used[key] = number
            numbers.append(number)
            if item is self._separator:
                nodes[number] = _Node({"type": ("s", "separator")})
            else:
                below = self._build(item.submenu or (), key, nodes, used)
                nodes[number] = _Node(_properties(item), below, item)
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
        self._connection.emit(Signal(PATH, INTERFACE, member, body), signature)

    def answer(self, call: Call) -> Reply:
        """Answer a call to the object."""
        if (reply := answer_properties(call, INTERFACE, _PROPERTIES)) is not None:
            return reply
        if call.member == "Introspect":
            return introspection(INTERFACE, _METHODS, _SIGNALS, _PROPERTIES)
        if call.interface not in (INTERFACE, "") or call.member not in _METHODS:
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
            self._opened()
        return Reply("b", (False,))  # what has changed since is told by a signal

    def _AboutToShowGroup(self, numbers: Sequence[int]) -> Reply:  # noqa: N802
        if _ROOT in numbers:
            self._opened()
        return Reply("aiai", ([], [number for number in numbers if number not in self._nodes]))

    def _happened(self, number: int, kind: str) -> None:
        node = self._nodes.get(number)
        if kind == "clicked" and node is not None and node.item is not None and node.item.enabled:
            self._clicked(node.item)

    def _node(self, number: int) -> _Node:
        if (node := self._nodes.get(number)) is None:
            raise BusError(f"there is no menu item {number}", _INVALID)
        return node


def _properties(item: Item) -> Properties:
    # A lone underscore would mark the next letter as a shortcut.
    properties: Properties = {"label": ("s", lasting(item.text).replace("_", "__"))}
    if not item.enabled:
        properties["enabled"] = ("b", False)
    if item.checked is not None:
        properties["toggle-type"] = ("s", "radio" if item.radio else "checkmark")
        properties["toggle-state"] = ("i", int(item.checked))
    if item.submenu:
        properties["children-display"] = ("s", "submenu")
    return properties


def _picked(properties: Properties, names: Sequence[str]) -> Properties:
    return {name: value for name, value in properties.items() if not names or name in names}
