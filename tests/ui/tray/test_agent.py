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
from support import wait_for
from ui.tray.test_menu import status


class FakeIcon(TrayIcon):
    """Notes what it shows, and whether two threads ever did so at a time; `run` does what it is given."""

    activation_token = ""

    def __init__(self) -> None:
        self.shown: list[TrayState] = []
        self.alone = threading.Lock()
        self.meanwhile: Callable[[], None] = lambda: None

    def show(self, state: TrayState, theme: PanelTheme) -> None:
        assert self.alone.acquire(blocking=False), "two threads show something"
        self.shown.append(state)
        self.alone.release()

    def run(self, on_ready: Callable[[], None]) -> None:
        on_ready()
        self.meanwhile()

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


@pytest.fixture
def desktop() -> FakeDesktop:
    return FakeDesktop()


@pytest.fixture
def agent(tmp_path: Path, desktop: FakeDesktop, monkeypatch: pytest.MonkeyPatch) -> Agent:
    monkeypatch.setattr(StatusPoller, "start", lambda _: None)
    monkeypatch.setattr(agent_module, "serve_probe", lambda *_: None)
    monkeypatch.setattr(agent_module, "starts_at_login", lambda: True)
    return Agent(AgentPaths(tmp_path / "socket", tmp_path, tmp_path / "settings.toml"), desktop)


def test_a_state_that_comes_while_the_icon_is_made_stays(agent: Agent, desktop: FakeDesktop) -> None:
    newer, icon = TrayState(status()), desktop.icon
    desktop.on_theme = lambda: agent._on_state(newer)

    def meanwhile() -> None:
        wait_for(lambda: icon.shown[-1].status is newer.status, what="the newer state")

    icon.meanwhile = meanwhile
    agent.run()
    assert icon.shown[0].status is None, "the icon was there before the state was known to it"
    assert icon.shown[-1].autostart


def test_one_thread_shows_all_states_and_the_last_one_stays(
    agent: Agent, desktop: FakeDesktop, caplog: pytest.LogCaptureFixture
) -> None:
    icon, states = desktop.icon, [TrayState(status(waiting=number)) for number in range(100)]

    def refresh() -> None:
        for _ in states:
            agent._refresh()

    def meanwhile() -> None:
        refreshing = [threading.Thread(target=refresh) for _ in range(3)]
        for each in refreshing:
            each.start()
        for state in states:
            agent._on_state(state)
            assert any(shown.status is state.status for shown in icon.shown), "it is shown when that returns"
        for each in refreshing:
            each.join()

    icon.meanwhile = meanwhile
    agent.run()
    agent._to_show.join()
    assert icon.shown[-1].status is states[-1].status
    assert not caplog.records


def test_what_cannot_be_shown_does_not_end_the_showing(
    agent: Agent, desktop: FakeDesktop, caplog: pytest.LogCaptureFixture
) -> None:
    broken, good = TrayState(status(waiting=1)), TrayState(status(waiting=2))
    icon = desktop.icon

    def meanwhile() -> None:
        icon.alone.acquire()
        agent._on_state(broken)
        icon.alone.release()
        agent._on_state(good)

    icon.meanwhile = meanwhile
    agent.run()
    assert icon.shown[-1].status is good.status
    assert "something could not be shown" in caplog.text
