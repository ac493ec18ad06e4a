"""pystray's icon: what it is given, when, and by which thread."""

import sys
import threading
import types
from collections.abc import Callable
from typing import Any

import pytest

from homepress.desktop.notifications import Notice, NoticeSlot
from homepress.ui.tray.actions import Action, Quit
from homepress.ui.tray.icon import IconState, PanelTheme
from homepress.ui.tray.legacy import (
    MacosDesktop,
    PystrayDesktop,
    PystrayIcon,
    _pystray,
    directly,
    pystray_menu,
)
from homepress.ui.tray.menu import MenuEntry, TrayState, menu
from support import wait_for
from ui.tray.test_menu import status


class FakeIcon:
    """A pystray icon that notes every touch, with the thread it came from."""

    touched: list[tuple[str, threading.Thread]]

    def __init__(self, name: str = "", icon: Any = None, title: str = "", menu: Any = None) -> None:
        self.__dict__["touched"] = []
        self.__dict__["ended"] = threading.Event()

    def __setattr__(self, name: str, value: Any) -> None:
        self.touched.append((name, threading.current_thread()))
        self.__dict__[name] = value

    def run(self, setup: Callable[[Any], None]) -> None:
        threading.Thread(target=setup, args=(self,)).start()

    def stop(self) -> None:
        self.touched.append(("stop", threading.current_thread()))

    def notify(self, message: str, title: str) -> None:
        assert message, "pystray shows nothing without"
        assert title, "pystray fails on macOS without"
        self.touched.append(("notify", threading.current_thread()))


class MainLoop:
    """Stands in for AppKit: what is called after is done by the thread that runs the loop."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], None]] = []

    def callAfter(self, work: Callable[..., None], *arguments: Any) -> None:  # noqa: N802
        self.waiting.append(lambda: work(*arguments))

    def turn(self) -> None:
        while self.waiting:
            self.waiting.pop(0)()


def draw(icon: IconState) -> str:
    return f"{icon.symbol.value} {icon.step}"


def test_only_what_changed_is_told() -> None:
    icon = FakeIcon()
    tray_icon = PystrayIcon(icon, draw, lambda _: None, directly)
    for _ in range(3):
        tray_icon.show(TrayState(status(), now=1), PanelTheme.DARK)
    assert [name for name, _ in icon.touched] == ["icon", "title", "menu"]
    tray_icon.show(TrayState(status(state="paused", paused_for="user"), now=1), PanelTheme.DARK)
    assert [name for name, _ in icon.touched[3:]] == ["icon", "title", "menu"]


def test_on_macos_the_main_thread_alone_touches_the_icon(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = MainLoop()
    helper = types.ModuleType("PyObjCTools.AppHelper")
    helper.callAfter = loop.callAfter  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "PyObjCTools", types.ModuleType("PyObjCTools"))
    monkeypatch.setitem(sys.modules, "PyObjCTools.AppHelper", helper)
    monkeypatch.setattr(_pystray(), "Icon", FakeIcon)

    desktop = MacosDesktop()
    (make,) = desktop.icons()
    tray_icon = make(lambda _: None)
    icon = desktop._icon
    tray_icon.run()

    def from_elsewhere() -> None:
        tray_icon.show(TrayState(status()), PanelTheme.DARK)
        desktop.notifier(print).show(Notice(NoticeSlot.RESULT, "12 pictures"))
        desktop.notifier(print).show(Notice(NoticeSlot.RESULT, "12 pictures", "and more"))
        tray_icon.stop()

    other = threading.Thread(target=from_elsewhere)
    other.start()
    other.join(10)
    wait_for(lambda: len(loop.waiting) == 5)
    assert icon.touched == [], "nothing before the main thread does it"
    loop.turn()
    names = {name for name, _ in icon.touched}
    assert names == {"visible", "icon", "title", "menu", "notify", "stop"}
    assert {thread for _, thread in icon.touched} == {threading.main_thread()}


def test_on_windows_any_thread_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_pystray(), "Icon", FakeIcon)
    desktop = PystrayDesktop()
    (make,) = desktop.icons()
    make(lambda _: None).show(TrayState(status()), PanelTheme.DARK)
    assert {name for name, _ in desktop._icon.touched} == {"icon", "title", "menu"}


def test_a_click_in_pystrays_menu_gives_its_action() -> None:
    done: list[Action] = []
    made = pystray_menu(menu(TrayState(status(), autostart=True)), done.append)
    items = {item.text: item for item in made}
    items["Quit"](None)
    assert done == [Quit()]
    assert items["Start at login"].checked is True
    assert items["Statistics"].enabled is True
    (telling,) = pystray_menu((MenuEntry("Only words"),), done.append)
    assert telling.enabled is False
    assert next(item.text for item in items["Pause"].submenu) == "For 30 minutes"
