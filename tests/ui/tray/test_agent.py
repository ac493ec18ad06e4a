"""The agent: what it shows while icons are made and states arrive."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from homepress.ui.tray import agent as agent_module
from homepress.ui.tray.agent import Agent, AgentPaths
from homepress.ui.tray.backend import DesktopBackend, MakeIcon, OnAction, TrayIcon
from homepress.ui.tray.icon import PanelTheme
from homepress.ui.tray.menu import TrayState
from homepress.ui.tray.status_poller import StatusPoller
from ui.tray.test_menu import status


class FakeIcon(TrayIcon):
    """Notes what it shows; `run` returns at once."""

    activation_token = ""

    def __init__(self) -> None:
        self.shown: list[TrayState] = []

    def show(self, state: TrayState, theme: PanelTheme) -> None:
        self.shown.append(state)

    def run(self) -> None:
        pass

    def stop(self) -> None:
        pass


class FakeDesktop(DesktopBackend):
    """A desktop with one icon; `on_theme` is called when it is first asked for its looks."""

    lacking = ""
    opener: Any = None

    def __init__(self) -> None:
        self.icon = FakeIcon()
        self.on_theme: Callable[[], None] | None = None

    @property
    def theme(self) -> PanelTheme:
        callback, self.on_theme = self.on_theme, None
        if callback is not None:
            callback()
        return PanelTheme.DARK

    def wake_other(self) -> None:
        raise AssertionError("it is the only one")

    def notifier(self, on_pressed: Callable[[Any], None]) -> Any:
        return None

    def icons(self) -> Iterator[MakeIcon]:
        def make(_: OnAction) -> TrayIcon:
            return self.icon

        yield make

    def on_changed(self, refresh: Callable[[], None]) -> None:
        pass

    def on_end(self, end: Callable[[], None]) -> None:
        pass

    def watch_power(self, on_saving: object, on_wake: object) -> None:
        pass


def test_a_state_that_comes_while_the_icon_is_made_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(StatusPoller, "start", lambda _: None)
    monkeypatch.setattr(agent_module, "serve_probe", lambda *_: None)
    desktop = FakeDesktop()
    agent = Agent(AgentPaths(tmp_path / "socket", tmp_path, tmp_path / "settings.toml"), desktop)
    newer = TrayState(status())

    def deliver() -> None:
        thread = threading.Thread(target=agent._on_state, args=(newer,))
        thread.start()
        thread.join(30)

    desktop.on_theme = deliver
    agent.run()
    assert desktop.icon.shown[-1] is newer
