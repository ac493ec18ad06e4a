"""What an icon is told, when, and by which thread."""

import sys
import threading
import types
from collections.abc import Callable
from typing import Any

import pytest

from homepress.desktop.notices import Notice, Slot
from homepress.ui.tray.actions import Action, Quit
from homepress.ui.tray.faces import STEPS, Face, Panel, State
from homepress.ui.tray.following import Progress
from homepress.ui.tray.menu import Entry, Known, menu
from homepress.ui.tray.showing import Shown, directly, face_of
from homepress.ui.tray.stage import macos, pystray_only
from homepress.ui.tray.toolkit import as_pystray
from support import wait_for
from ui.tray.test_menu import status


class FakeIcon:
    """A pystray icon that notes every touch, with the thread it came from."""

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


def test_a_crash_looks_like_a_problem_and_a_stop_does_not() -> None:
    assert face_of(Known(None, crashed=True), Panel.DARK).state is State.PROBLEM
    assert face_of(Known(None), Panel.DARK).state is State.STOPPED


def draw(face: Face) -> str:
    return f"{face.state.value} {face.step}"


def test_only_what_changed_is_told() -> None:
    icon = FakeIcon()
    shown = Shown(icon, draw, lambda _: None, directly)
    for _ in range(3):
        shown.show(Known(status(), now=1))
    assert [name for name, _ in icon.touched] == ["icon", "title", "menu"]
    shown.show(Known(status(state="paused", paused_for="user"), now=1))
    assert [name for name, _ in icon.touched[3:]] == ["icon", "title", "menu"]


def test_on_macos_the_main_thread_alone_touches_the_icon(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = MainLoop()
    helper = types.ModuleType("PyObjCTools.AppHelper")
    helper.callAfter = loop.callAfter  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "PyObjCTools", types.ModuleType("PyObjCTools"))
    monkeypatch.setitem(sys.modules, "PyObjCTools.AppHelper", helper)
    pystray = types.ModuleType("pystray")
    pystray.Icon = FakeIcon  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pystray", pystray)

    stage = macos.MacosStage()
    (make,) = stage.icons()
    shown = make(Known(None), lambda _: None)
    icon = stage._icon
    shown.run()

    def from_elsewhere() -> None:
        shown.show(Known(status()))
        stage.notifier(print).show(Notice(Slot.RESULT, "12 pictures"))
        stage.notifier(print).show(Notice(Slot.RESULT, "12 pictures", "and more"))
        shown.stop()

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
    pystray = types.ModuleType("pystray")
    pystray.Icon = FakeIcon  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pystray", pystray)
    stage = pystray_only.PystrayStage()
    (make,) = stage.icons()
    make(Known(None), lambda _: None).show(Known(status()))
    assert {name for name, _ in stage._icon.touched} == {"icon", "title", "menu"}


def test_the_face_says_the_state_and_the_progress() -> None:
    assert face_of(Known(None), Panel.DARK).state is State.STOPPED
    assert face_of(Known(status(state="problem")), Panel.DARK).state is State.PROBLEM
    steps = [face_of(Known(status(state="working"), n, 16), Panel.DARK).step for n in range(17)]
    assert steps == sorted(steps)
    assert (steps[0], steps[-1]) == (0, STEPS)


def test_progress_counts_from_what_waits() -> None:
    progress = Progress()
    seen = []
    for state, waiting in [("idle", 0), ("working", 3), ("working", 2), ("working", 5), ("working", 1)]:
        progress.see(status(state=state, waiting=waiting))
        seen.append((progress.done, progress.total))
    assert seen == [(0, 0), (0, 3), (1, 3), (1, 6), (5, 6)]
    progress.see(status(state="idle", waiting=0))
    assert (progress.done, progress.total) == (0, 0)


def test_a_click_in_pystrays_menu_gives_its_action() -> None:
    done: list[Action] = []
    made = as_pystray(menu(Known(status(), autostart=True)), done.append)
    items = {item.text: item for item in made}
    items["Quit"](None)
    assert done == [Quit()]
    assert items["Start at login"].checked is True
    assert items["Statistics"].enabled is True
    (telling,) = as_pystray((Entry("Only words"),), done.append)
    assert telling.enabled is False
    assert next(item.text for item in items["Pause"].submenu) == "For 30 minutes"
