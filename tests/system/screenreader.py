"""What a screen reader knows of a window: the tree of AT-SPI, asked as Orca does, over the accessibility bus.

Interfaces: at-spi2-core, xml/Accessible.xml, Action.xml and Status.xml; numbers of states: atspi-constants.h.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from desktop.buses import get
from homepress.desktop.dbus import Address, BusError, Connection
from support import wait_for

_LAUNCHER = Address("org.a11y.Bus", "/org/a11y/bus", "org.a11y.Bus")
_ROOT = "/org/a11y/atspi/accessible/root"
_ACCESSIBLE = "org.a11y.atspi.Accessible"
_STATES = {"checked": 4, "enabled": 8, "focusable": 11, "focused": 12, "showing": 25}
_DEEPEST = 40


@dataclass
class Node:
    """One thing that a screen reader can name.

    Attributes:
        role: what it is, in AT-SPI's words: "push button", "check box", "label".
        name, description: what is said of it.
        states: those of `_STATES` that hold.
        actions: what can be done with it, by name.
        children: what is in it, as far as it is seen.
    """

    role: str
    name: str
    description: str
    states: frozenset[str]
    actions: tuple[str, ...]
    place: Address
    children: list["Node"] = field(default_factory=list)

    def all(self) -> Iterator["Node"]:
        """This and all in it, in the order of reading."""
        yield self
        for child in self.children:
            yield from child.all()

    def dump(self, depth: int = 0) -> str:
        """The tree in lines."""
        words = [self.role, repr(self.name)]
        words += [f"({self.description})"] if self.description else []
        words += sorted(self.states & {"checked", "focused"})
        lines = ["  " * depth + " ".join(words)]
        return "\n".join([*lines, *(child.dump(depth + 1) for child in self.children)])


class ScreenReader:
    """Asks for the tree, and presses what is in it."""

    def __init__(self, session: str) -> None:
        """Say on a session bus that a screen reader runs, so that programs tell what they show."""
        self._session = Connection(session)
        status = ("org.a11y.Status", "ScreenReaderEnabled", ("b", True))
        properties = Address(_LAUNCHER.bus_name, _LAUNCHER.path, "org.freedesktop.DBus.Properties")
        for name in ("IsEnabled", "ScreenReaderEnabled"):
            self._session.call(properties, "Set", "ssv", (status[0], name, status[2]))
        (address,) = self._session.call(_LAUNCHER, "GetAddress")
        self._bus = Connection(address)

    def close(self) -> None:
        """Ask no more."""
        self._bus.close()
        self._session.close()

    def window(self, program: str) -> Node:
        """The window of a program with all that is seen in it, once it is there."""
        return wait_for(lambda: self._window(program), what=f"a window of {program} in the tree")

    def press(self, node: Node) -> None:
        """Do the first thing that can be done with it."""
        action = Address(node.place.bus_name, node.place.path, "org.a11y.atspi.Action")
        assert self._bus.call(action, "DoAction", "i", (0,)) == (True,), node

    def said(self) -> list[str]:
        """A list that fills with what programs announce from now on (Qt 6.8 and newer)."""
        heard: list[str] = []
        registry = Address("org.a11y.atspi.Registry", "/org/a11y/atspi/registry", "org.a11y.atspi.Registry")
        self._bus.call(registry, "RegisterEvent", "s", ("object:announcement",))
        self._bus.listen(
            "org.a11y.atspi.Event.Object", "Announcement", lambda call: heard.append(call.body[3][1])
        )
        return heard

    def _window(self, program: str) -> Node | None:
        registry = Address("org.a11y.atspi.Registry", _ROOT, _ACCESSIBLE)
        try:
            for name, path in self._children(registry):
                application = Address(name, path, _ACCESSIBLE)
                if get(self._bus, application, "Name") == program:
                    for window, at in self._children(application):
                        return self._node(Address(window, at, _ACCESSIBLE), 0)
        except BusError:  # something went while it was asked for
            return None
        return None

    def _node(self, place: Address, depth: int) -> Node:
        (role,) = self._bus.call(place, "GetRoleName")
        ((low, high),) = self._bus.call(place, "GetState")
        bits = low | high << 32
        (interfaces,) = self._bus.call(place, "GetInterfaces")
        node = Node(
            role,
            get(self._bus, place, "Name"),
            get(self._bus, place, "Description"),
            frozenset(state for state, bit in _STATES.items() if bits >> bit & 1),
            self._actions(place) if "org.a11y.atspi.Action" in interfaces else (),
            place,
        )
        if depth < _DEEPEST:
            children = (Address(name, path, _ACCESSIBLE) for name, path in self._children(place))
            found = [self._node(child, depth + 1) for child in children]
            node.children = [child for child in found if "showing" in child.states]
        return node

    def _actions(self, place: Address) -> tuple[str, ...]:
        action = Address(place.bus_name, place.path, "org.a11y.atspi.Action")
        (found,) = self._bus.call(action, "GetActions")
        return tuple(name for name, _, _ in found)

    def _children(self, place: Address) -> list[Any]:
        (found,) = self._bus.call(place, "GetChildren")
        return list(found)
