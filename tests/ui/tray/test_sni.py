"""The icon as a panel gets it: what is announced, and what a click on it does."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from desktop.buses import private_bus
from homepress.desktop.dbus import BusError, Call, Signal
from homepress.ui.tray.actions import Action, StartDaemon
from homepress.ui.tray.icon import PanelTheme
from homepress.ui.tray.menu import TrayState, tooltip
from homepress.ui.tray.sni import INTERFACE, PATH, WATCHER, NotifierIcon
from support import REPOSITORY
from ui.tray.test_menu import status


class FakeConnection:
    """Notes what is sent and announced."""

    unique_name = ":1.7"

    def __init__(self) -> None:
        self.signals: list[str] = []
        self.sent: list[tuple[str, tuple[Any, ...]]] = []
        self.objects: dict[str, Callable[[Call], Any]] = {}
        self.listener: Callable[[Signal], None] = lambda _: None

    def on_closed(self, callback: Callable[[], None]) -> None:
        self.closed = callback

    def emit(self, signal: Signal, signature: str = "") -> None:
        self.signals.append(signal.member)

    def serve(self, path: str, handler: Callable[[Call], Any]) -> None:
        self.objects[path] = handler

    def listen(self, interface: str, member: str, listener: Callable[[Signal], None]) -> None:
        self.listener = listener

    def send(self, to: object, member: str, signature: str = "", body: tuple[Any, ...] = ()) -> None:
        self.sent.append((member, body))
        if len(self.sent) == 1:
            self.closed()  # has `run` return


class Desk:
    """An icon and the panel that shows it."""

    def __init__(self) -> None:
        self.bus = FakeConnection()
        self.actions: list[Action] = []
        bus: Any = self.bus
        self.icon = NotifierIcon(bus, self.actions.append, lambda: None)

    def call(self, member: str, *body: object, interface: str = INTERFACE) -> Any:
        return self.bus.objects[PATH](Call(PATH, interface, member, body)).body

    def get(self, name: str) -> Any:
        return self.call("Get", INTERFACE, name, interface="org.freedesktop.DBus.Properties")[0][1]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_only_what_changed_is_announced(desk: Desk) -> None:
    watching = TrayState(status(), now=1)
    desk.icon.show(watching, PanelTheme.DARK)
    assert set(desk.bus.signals) == {"NewIcon", "NewTitle", "NewToolTip", "LayoutUpdated"}
    desk.bus.signals.clear()
    desk.icon.show(watching, PanelTheme.DARK)
    assert desk.bus.signals == []
    desk.icon.show(watching, PanelTheme.LIGHT)
    assert desk.bus.signals == ["NewIcon"]


def test_a_click_on_the_icon_does_the_default(desk: Desk) -> None:
    stopped = TrayState(None)
    desk.icon.show(stopped, PanelTheme.DARK)
    desk.icon.run(lambda: None)
    desk.call("Activate", 0, 0)
    assert desk.actions == [StartDaemon()]
    assert desk.get("ToolTip")[2] == tooltip(stopped)
    assert desk.get("Status") == "Active"
    assert [size for size, _, _ in desk.get("IconPixmap")] == [16, 22, 24, 32, 48, 64]
    desk.call("ProvideXdgActivationToken", "token-1")
    assert desk.icon.activation_token == "token-1"
    with pytest.raises(BusError):
        desk.call("NoSuchMethod")


def test_an_icon_that_made_room_stays_away(desk: Desk) -> None:
    desk.icon.run(lambda: None)
    assert desk.bus.sent == [("RegisterStatusNotifierItem", (":1.7",))]
    desk.bus.listener(Signal("/", "", "NameOwnerChanged", (WATCHER, "", ":1.9")))
    assert len(desk.bus.sent) == 1, "a panel that comes after the old tray would show a second icon"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the Linux tray")
def test_a_panel_that_takes_our_icon_needs_no_pystray() -> None:
    program = """
import sys
import homepress.ui.tray.agent
from homepress.ui.tray.backend import desktop_backend
from homepress.ui.tray.menu import TrayState
backend = desktop_backend("/home")
icon = next(backend.icons())(print)
icon.show(TrayState(None), backend.theme)
print(sorted({"pystray", "PIL", "Xlib", "PySide6"} & {name.partition(".")[0] for name in sys.modules}))
"""
    with private_bus() as address:
        environment = {"DBUS_SESSION_BUS_ADDRESS": address, "PYTHONPATH": str(REPOSITORY / "daemon")}
        command = [sys.executable, "-c", program]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[]", done.stderr
