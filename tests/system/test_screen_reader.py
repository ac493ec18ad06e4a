"""The window as a screen reader knows it: each control is there, has a name, and does what it says."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from homepress.ui.window.frame import PAGES, PageName
from support import wait_for
from system.pictures import jpeg, write
from system.program import Program
from system.screen import needs_a_screen
from system.screenreader import Node, ScreenReader

_REGISTRY = Path("/usr/share/dbus-1/services/org.a11y.Bus.service")
pytestmark = [
    *needs_a_screen,
    pytest.mark.skipif(not _REGISTRY.exists(), reason="needs at-spi2-core"),
]

_CONTROLS = {
    *("push button", "button", "check box", "combo box", "text", "spin button", "slider", "radio button"),
    *("toggle button", "table", "list", "tree", "tree table", "scroll area"),
}
_NAMELESS = {"scroll area"}
"""Places that only hold others."""


@pytest.fixture
def bus(program: Program, display: str, tmp_path: Path) -> Iterator[str]:
    """A session bus whose accessibility bus knows the display."""
    from desktop.buses import private_bus

    run = tmp_path / "run"
    run.mkdir(mode=0o700)
    environment = {"DISPLAY": display, "XDG_RUNTIME_DIR": str(run), "HOME": str(tmp_path)}
    with private_bus(environment) as address:
        program.environment |= {**environment, "DBUS_SESSION_BUS_ADDRESS": address}
        yield address


@pytest.fixture
def reader(bus: str) -> Iterator[ScreenReader]:
    made = ScreenReader(bus)
    yield made
    made.close()


@contextmanager
def shown(program: Program, *arguments: str) -> Iterator["subprocess.Popen[bytes]"]:
    """The window as a user opens it."""
    process = subprocess.Popen(
        program.command("window", *arguments), env=program.environment, start_new_session=True
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def test_every_control_of_every_page_is_named(program: Program, inbox: Path, reader: ScreenReader) -> None:
    write(inbox / "holiday.jpg", jpeg(1))
    program.watch(inbox, existing="compress")
    program.start()
    wait_for(lambda: program.status()["compressed_today"] == 1, within=60)
    dumps = os.environ.get("HOMEPRESS_SHOTS", "")
    for page in (PageName.FIRST_RUN, *PAGES):
        title = PAGES[page][0] if page in PAGES else "Add a folder"
        with shown(program, "--page", page):
            tree = until(reader, lambda node, t=title: any(t in one.name for one in page_of(node)))
            if dumps:
                Path(dumps, f"{page}.txt").write_text(tree.dump() + "\n", encoding="utf-8")
            controls = [one for one in tree.all() if one.role in _CONTROLS - _NAMELESS]
            assert {one.name for one in controls} >= {title for title, _ in PAGES.values()}
            unnamed = [one for one in controls if not one.name.strip()]
            assert not unnamed, f"{page}:\n{tree.dump()}"
            idle = [
                one
                for one in controls
                if "button" in one.role and "enabled" in one.states and not one.actions
            ]
            assert not idle, f"{page}: nothing can be done with {idle}"


def test_a_control_does_what_it_says(program: Program, inbox: Path, reader: ScreenReader) -> None:
    """Without mouse and keyboard: another page, a switch, and what came of it is said."""
    program.watch(inbox)
    program.start()
    settings = program.home / "settings.toml"
    with shown(program, "--page", PageName.STATISTICS):
        tree = until(reader, lambda node: find(node, "General", "button") is not None)
        reader.press(there(tree, "General", "button"))
        tree = until(reader, lambda node: find(node, "Pause on power saver", "check box") is not None)
        heard = reader.said()
        switch = there(tree, "Pause on power saver", "check box")
        assert "checked" in switch.states
        reader.press(switch)
        wait_for(lambda: "power_saver" in settings.read_text("utf-8"), what="the setting to be written")
        until(reader, lambda node: "checked" not in there(node, "Pause on power saver", "check box").states)
        wait_for(lambda: heard, what="what was done to be said")


def page_of(window: Node) -> Iterator[Node]:
    """What is on the page: no button of the side bar."""
    return (one for one in window.all() if one.role not in _CONTROLS)


def until(reader: ScreenReader, condition: Callable[[Node], object]) -> Node:
    """The tree, once something holds of it."""
    last: list[Node] = []

    def found() -> Node | None:
        last[:] = [reader.window("Homepress")]
        return last[0] if condition(last[0]) else None

    try:
        return wait_for(found, within=60)
    except AssertionError:
        raise AssertionError("in vain waited for in:\n" + (last[0].dump() if last else "nothing")) from None


def find(window: Node, name: str, role: str) -> Node | None:
    """The first with this name and a role with this word in it."""
    return next((one for one in window.all() if one.name == name and role in one.role), None)


def there(window: Node, name: str, role: str) -> Node:
    """The same; it has to be there."""
    found = find(window, name, role)
    assert found is not None, window.dump()
    return found
