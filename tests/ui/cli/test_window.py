"""`homepress` without a command."""

import subprocess
from collections.abc import Sequence

import pytest

from control.fake_service import FakeService
from homepress.base.paths import Paths
from homepress.ui.cli.commands import window
from ui.cli.running import Run


class Spawned:
    """Takes the place of processes that are started."""

    def __init__(self, code: int | None) -> None:
        self.commands: list[Sequence[str]] = []
        self._code = code

    def __call__(self, command: Sequence[str]) -> "Spawned":
        self.commands.append(command[-2:])
        return self

    def wait(self, timeout: float) -> int:
        if self._code is None:
            raise subprocess.TimeoutExpired("homepress", timeout)
        return self._code


@pytest.fixture
def spawned(monkeypatch: pytest.MonkeyPatch) -> Spawned:
    made = Spawned(None)
    monkeypatch.setattr(window, "spawn", made)
    return made


@pytest.fixture
def display(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A display; what is opened on it."""
    opened: list[str] = []

    def open_window() -> int:
        opened.append("window")
        return 0

    monkeypatch.setattr(window, "can_open", lambda: True)
    monkeypatch.setattr(window, "open_window", open_window)
    return opened


@pytest.fixture
def no_display(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window, "can_open", lambda: False)


def watch(paths: Paths) -> None:
    paths.config_file.write_text(f'[[folder]]\npath = "{paths.state}"\n')


def test_with_a_display_it_begins_and_opens_the_window(
    run: Run, spawned: Spawned, display: list[str]
) -> None:
    assert run().code == 0
    assert spawned.commands == [("run", "--login")]
    assert display == ["window"]


@pytest.mark.usefixtures("no_display")
def test_without_a_display_it_says_what_to_type_first(run: Run, spawned: Spawned) -> None:
    ran = run()
    assert ran.code == 2
    assert "homepress folder add PATH" in ran.err
    assert spawned.commands == []


@pytest.mark.usefixtures("no_display", "daemon")
def test_without_a_display_it_begins_once_there_is_a_folder(
    run: Run, paths: Paths, spawned: Spawned, service: FakeService
) -> None:
    watch(paths)
    ran = run()
    assert ran.code == 0
    assert spawned.commands == [("run", "--login")]
    assert "runs in the background" in ran.out
    assert "homepress autostart on" in ran.out


@pytest.mark.usefixtures("no_display")
def test_a_daemon_that_does_not_start_is_told_with_the_place_of_its_log(
    run: Run, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch(paths)
    monkeypatch.setattr(window, "spawn", Spawned(1))
    ran = run()
    assert ran.code == 3
    assert str(paths.log) in ran.err
