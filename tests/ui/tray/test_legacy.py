"""pystray's icon: what it is given, when, and by which thread."""

import sys
import threading
import types
from collections.abc import Callable
from typing import Any

import pytest

from homepress.desktop.notifications import Notice, NoticeSlot, Unshown
from homepress.ui.tray.actions import Action, Quit
from homepress.ui.tray.icon import IconState, PanelTheme, icon_state
from homepress.ui.tray.legacy import (
    MacosDesktop,
    PystrayDesktop,
    PystrayIcon,
    _pystray,
    directly,
    pystray_menu,
    show_in_passing,
)
from homepress.ui.tray.menu import MenuEntry, TrayState, menu
from support import wait_for
from ui.tray.test_menu import status


def fits(text: str, places: int) -> bool:
    """Whether a text and its closing zero go into a field of NOTIFYICONDATAW; pystray fails where not."""
    return len(text.encode("utf-16-le")) // 2 < places


class FakeIcon:
    """A pystray icon that notes every touch, with the thread it came from."""

    touched: list[tuple[str, threading.Thread]]
    said: tuple[str, str]
    icon: str
    visible: bool

    def __init__(self, name: str = "", icon: Any = None, title: str = "", menu: Any = None) -> None:
        self.__dict__["touched"] = []
        self.__dict__["ended"] = threading.Event()

    def __setattr__(self, name: str, value: Any) -> None:
        assert name != "title" or fits(value, 128)
        self.touched.append((name, threading.current_thread()))
        self.__dict__[name] = value

    def run(self, setup: Callable[[Any], None]) -> None:
        threading.Thread(target=setup, args=(self,)).start()

    def stop(self) -> None:
        self.touched.append(("stop", threading.current_thread()))

    def notify(self, message: str, title: str) -> None:
        assert message, "pystray shows nothing without"
        assert title, "pystray fails on macOS without"
        assert fits(message, 256) and fits(title, 64)
        self.__dict__["said"] = (message, title)
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
    tray_icon.run(lambda: None)
    wait_for(lambda: tray_icon._is_running)
    for _ in range(3):
        tray_icon.show(TrayState(status(), now=1), PanelTheme.DARK)
    assert [name for name, _ in icon.touched] == ["icon", "title", "menu", "visible"]
    tray_icon.show(TrayState(status(state="paused", paused_for="user"), now=1), PanelTheme.DARK)
    assert [name for name, _ in icon.touched[4:]] == ["icon", "title", "menu"]


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
    ready = threading.Event()
    tray_icon.run(ready.set)

    def from_elsewhere() -> None:
        assert ready.wait(10)
        tray_icon.show(TrayState(status()), PanelTheme.DARK)
        desktop.notifier(print).show(Notice(NoticeSlot.RESULT, "12 pictures"))
        desktop.notifier(print).show(Notice(NoticeSlot.RESULT, "12 pictures", "and more"))
        tray_icon.stop()

    other = threading.Thread(target=from_elsewhere)
    other.start()
    other.join(10)
    wait_for(lambda: len(loop.waiting) == 4)
    assert icon.touched == [], "nothing before the main thread does it"
    loop.turn()
    names = {name for name, _ in icon.touched}
    assert names == {"visible", "icon", "title", "menu", "notify", "stop"}
    assert {thread for _, thread in icon.touched} == {threading.main_thread()}


def test_a_state_that_comes_while_the_icon_appears_is_shown() -> None:
    icon, ready = FakeIcon(), threading.Event()
    tray_icon = PystrayIcon(icon, draw, lambda _: None, directly)
    tray_icon.show(TrayState(None), PanelTheme.DARK)
    del icon.touched[:]
    tray_icon.show(TrayState(status()), PanelTheme.DARK)
    assert icon.touched == [], "pystray works on it, with the first state"
    tray_icon.run(ready.set)
    assert ready.wait(10)
    assert icon.touched == [], "its own thread leaves it to the one that shows"
    tray_icon.show(TrayState(status()), PanelTheme.DARK)
    assert [name for name, _ in icon.touched] == ["icon", "title", "menu", "visible"]
    assert icon.icon == draw(icon_state(TrayState(status()), PanelTheme.DARK))
    assert icon.visible


def test_the_last_of_several_states_stays_where_they_are_shown_later() -> None:
    icon, loop = FakeIcon(), MainLoop()
    tray_icon = PystrayIcon(icon, draw, lambda _: None, loop.callAfter)
    tray_icon.show(TrayState(None), PanelTheme.DARK)
    tray_icon.run(lambda: None)
    wait_for(lambda: tray_icon._is_running)
    loop.turn()
    tray_icon.show(TrayState(status()), PanelTheme.DARK)
    tray_icon.show(TrayState(None), PanelTheme.DARK)
    loop.turn()
    assert icon.icon == draw(icon_state(TrayState(None), PanelTheme.DARK))


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


@pytest.mark.parametrize("letter", ["x", "ü", "𝔵"])
def test_what_is_too_long_for_windows_is_cut(monkeypatch: pytest.MonkeyPatch, letter: str) -> None:
    monkeypatch.setattr(_pystray(), "Icon", FakeIcon)
    desktop = PystrayDesktop()
    (make,) = desktop.icons()
    monkeypatch.setattr("homepress.ui.tray.legacy.tooltip", lambda _: letter * 300)
    make(lambda _: None).show(TrayState(status()), PanelTheme.DARK)
    assert len(desktop._icon.title) > 60
    for text in (letter * 300, letter * 30):
        desktop.notifier(print).show(Notice(NoticeSlot.PROBLEM, text, text))
        message, title = desktop._icon.said
        assert text.startswith(message.rstrip("…")) and text.startswith(title.rstrip("…"))
        assert len(title) >= 30


def test_a_notice_of_a_program_that_ends_has_an_icon_for_that_long(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[FakeIcon] = []

    def make(*arguments: Any) -> FakeIcon:
        made.append(FakeIcon(*arguments))
        return made[-1]

    monkeypatch.setattr(_pystray(), "Icon", make)
    show_in_passing(Notice(NoticeSlot.RESULT, "1 picture, 3 MB saved"), seconds=0)
    wait_for(lambda: "stop" in [name for name, _ in made[0].touched])
    assert [name for name, _ in made[0].touched] == ["visible", "notify", "stop"]
    assert made[0].said == ("1 picture, 3 MB saved", "Homepress")


def test_no_notification_area_no_notice(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: Any) -> None:
        raise OSError("no shell")

    monkeypatch.setattr(_pystray(), "Icon", refuse)
    with pytest.raises(Unshown, match="no shell"):
        show_in_passing(Notice(NoticeSlot.RESULT, "1 picture"))
