"""Message buses and programs on them, for tests: nothing here touches the bus of whoever runs the tests."""

import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from homepress.desktop.dbus import Address, BusError, Call, Connection, Reply, Signal
from support import wait_for

BUS = Address("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus")


@contextmanager
def private_bus(environment: dict[str, str] | None = None) -> Iterator[str]:
    """A message bus of our own; its address. Programs that the bus starts get `environment`."""
    daemon = shutil.which("dbus-daemon")
    if daemon is None:
        pytest.skip("dbus-daemon is not installed (package dbus-daemon)")
    command = [daemon, "--session", "--nofork", "--print-address=1"]
    environment = {"PATH": "/usr/bin:/bin", **(environment or {})}
    bus = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    )
    try:
        assert bus.stdout is not None
        yield bus.stdout.readline().strip()
    finally:
        bus.terminate()
        bus.wait(10)
        if bus.stdout is not None:
            bus.stdout.close()


def own_name(connection: Connection, name: str) -> None:
    """Go by a well-known name."""
    assert connection.call(BUS, "RequestName", "su", (name, 4))[0] == 1


def give_up_name(connection: Connection, name: str) -> None:
    """Go by it no more."""
    connection.call(BUS, "ReleaseName", "s", (name,))


def get(connection: Connection, to: Address, name: str) -> Any:
    """A property's value."""
    properties = Address(to.bus_name, to.path, "org.freedesktop.DBus.Properties")
    return connection.call(properties, "Get", "ss", (to.interface, name))[0][1]


class FakeWatcher:
    """Plays the part of the panel that collects icons."""

    NAME = "org.kde.StatusNotifierWatcher"

    def __init__(self, address: str) -> None:
        self.connection = Connection(address)
        self.registered: list[tuple[str, str]] = []
        self.connection.serve("/StatusNotifierWatcher", self._answer)

    def appear(self) -> None:
        own_name(self.connection, self.NAME)

    def vanish(self) -> None:
        give_up_name(self.connection, self.NAME)

    def _answer(self, call: Call) -> Reply:
        if call.member == "RegisterStatusNotifierItem":
            self.registered.append((call.sender, call.body[0]))
        return Reply()

    def icon(self, number: int = 1) -> "IconSeen":
        """The icon that registered as the `number`th."""
        wait_for(lambda: len(self.registered) >= number, what="an icon to register")
        return IconSeen(self.connection, self.registered[number - 1][1])


class IconSeen:
    """An icon as a panel sees it: over the bus only."""

    def __init__(self, connection: Connection, name: str) -> None:
        self._connection = connection
        self.item = Address(name, "/StatusNotifierItem", "org.kde.StatusNotifierItem")
        self.menu = Address(name, "/MenuBar", "com.canonical.dbusmenu")

    def property(self, name: str) -> Any:
        return get(self._connection, self.item, name)

    def call(self, to: Address, member: str, signature: str = "", body: tuple[Any, ...] = ()) -> Any:
        return self._connection.call(to, member, signature, body)

    def layout(self) -> Any:
        return self.call(self.menu, "GetLayout", "iias", (0, -1, []))[1]

    def items(self) -> dict[str, tuple[int, dict[str, Any]]]:
        """Number and properties of every menu item, by its labels joined with " > "."""
        found: dict[str, tuple[int, dict[str, Any]]] = {}

        def walk(node: Any, above: str) -> None:
            number, properties, children = node
            plain = {name: value for name, (_, value) in properties.items()}
            label = plain.get("label", "").replace("__", "_")
            name = " > ".join(part for part in (above, label) if part)
            if label:
                found[name] = (number, plain)
            for _, child in children:
                walk(child, name)

        walk(self.layout(), "")
        return found

    def labels(self) -> list[str]:
        return list(self.items())

    def click(self, label: str) -> None:
        """Click the one item whose label begins so."""
        (number,) = [n for name, (n, _) in self.items().items() if name.startswith(label)]
        self.call(self.menu, "Event", "isvu", (number, "clicked", ("i", 0), 0))

    def activate(self) -> None:
        self.call(self.item, "Activate", "ii", (10, 10))


class FakeProgram:
    """A program on the bus that notes what it is asked; answers come from a table."""

    def __init__(
        self, address: str, name: str, path: str, answers: dict[str, Callable[[Call], Reply]]
    ) -> None:
        self.connection = Connection(address)
        self.name = name
        self.calls: list[Call] = []
        self._answers = answers
        self._lock = threading.Lock()
        self.connection.serve(path, self._answer)
        own_name(self.connection, name)

    def _answer(self, call: Call) -> Reply:
        with self._lock:
            self.calls.append(call)
        if call.member not in self._answers:
            raise BusError(f"no {call.member} here", "org.freedesktop.DBus.Error.UnknownMethod")
        return self._answers[call.member](call)

    def heard(self, member: str) -> list[Call]:
        return [call for call in self.calls if call.member == member]


class Profiles(FakeProgram):
    """A power-profiles-daemon."""

    def __init__(self, bus: str, name: str, profile: str) -> None:
        self.profile = profile
        path = "/" + name.replace(".", "/")
        super().__init__(bus, name, path, {"Get": lambda _: Reply("v", (("s", self.profile),))})
        self.path = path

    def switch(self, profile: str) -> None:
        self.profile = profile
        changed: dict[str, Any] = {"ActiveProfile": ("s", profile)}
        body = (self.name, changed, [])
        signal = Signal(self.path, "org.freedesktop.DBus.Properties", "PropertiesChanged", body)
        self.connection.emit(signal, "sa{sv}as")


class Logind(FakeProgram):
    """What tells of suspend."""

    def __init__(self, bus: str) -> None:
        super().__init__(bus, "org.freedesktop.login1", "/org/freedesktop/login1", {})

    def sleeps(self, begins: bool) -> None:
        manager, path = "org.freedesktop.login1.Manager", "/org/freedesktop/login1"
        self.connection.emit(Signal(path, manager, "PrepareForSleep", (begins,)), "b")
