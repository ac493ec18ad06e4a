"""The menu as a panel gets it: numbers that never change their meaning, and only what is new is told."""

from typing import Any

import pytest

from homepress.desktop.dbus import BusError, Call, Signal
from homepress.ui.tray.actions import Action, PauseFor, Quit, UndoResults
from homepress.ui.tray.menu import SEPARATOR, MenuEntry
from homepress.ui.tray.sni import MENU_INTERFACE, MENU_PATH, DbusMenu


class Wire:
    """Takes the place of a connection."""

    def __init__(self) -> None:
        self.told: list[Signal] = []

    def emit(self, signal: Signal, signature: str = "") -> None:
        self.told.append(signal)


class Panel:
    """A menu and the panel that reads it."""

    def __init__(self) -> None:
        self.wire = Wire()
        self.clicked: list[Action] = []
        wire: Any = self.wire
        self.opened = 0
        self.menu = DbusMenu(wire, self.clicked.append, self._open)

    def _open(self) -> None:
        self.opened += 1

    def show(self, *entries: MenuEntry) -> None:
        self.menu.show(entries)

    def call(self, member: str, *body: Any) -> Any:
        return self.menu.answer(Call(MENU_PATH, MENU_INTERFACE, member, body)).body

    def numbers(self) -> dict[str, int]:
        found: dict[str, int] = {}

        def walk(node: Any) -> None:
            number, properties, children = node
            found[properties.get("label", ("s", ""))[1]] = number
            for _, child in children:
                walk(child)

        walk(self.call("GetLayout", 0, -1, [])[1])
        return found

    def click(self, number: int) -> None:
        self.call("Event", number, "clicked", ("i", 0), 0)


@pytest.fixture
def panel() -> Panel:
    return Panel()


def test_a_number_is_never_given_to_another_action(panel: Panel) -> None:
    panel.show(MenuEntry("Undo", UndoResults((1,))))
    old = panel.numbers()["Undo"]
    panel.show(MenuEntry("Undo", UndoResults((2,))))
    with pytest.raises(BusError, match="no menu item"):
        panel.click(old)
    panel.show(MenuEntry("Undo", UndoResults((1,))))
    with pytest.raises(BusError, match="no menu item"):
        panel.click(old)
    panel.click(panel.numbers()["Undo"])
    assert panel.clicked == [UndoResults((1,))]


def test_numbers_stay_while_other_lines_come_and_go(panel: Panel) -> None:
    panel.show(MenuEntry("Quit", Quit()))
    number = panel.numbers()["Quit"]
    panel.show(MenuEntry("Watching"), SEPARATOR, MenuEntry("Pause", PauseFor("")), MenuEntry("Quit", Quit()))
    assert panel.numbers()["Quit"] == number
    panel.click(number)
    assert panel.clicked == [Quit()]


def test_lines_that_do_the_same_stay_apart(panel: Panel) -> None:
    for words in ("one", "two", "three"):
        panel.show(*(MenuEntry(f"{words} {n}", Quit()) for n in range(3)))
        numbers = panel.numbers()
        assert [f"{words} {n}" in numbers for n in range(3)] == [True, True, True]
        assert len(set(numbers.values())) == len(numbers)


def test_only_what_is_new_is_told(panel: Panel) -> None:
    panel.show(MenuEntry("Compressing 1 of 3"), MenuEntry("Quit", Quit()))
    panel.wire.told.clear()
    panel.show(MenuEntry("Compressing 1 of 3"), MenuEntry("Quit", Quit()))
    assert panel.wire.told == []
    panel.show(MenuEntry("Compressing 2 of 3"), MenuEntry("Quit", Quit()))
    (signal,) = panel.wire.told
    assert signal.member == "ItemsPropertiesUpdated"
    ((number, changed),), removed = signal.body
    assert number == panel.numbers()["Compressing 2 of 3"]
    assert changed == {"label": ("s", "Compressing 2 of 3")}
    assert removed == []
    panel.show(MenuEntry("Compressing 2 of 3"), MenuEntry("Pause", PauseFor("")), MenuEntry("Quit", Quit()))
    assert panel.wire.told[-1].member == "LayoutUpdated"
    assert panel.wire.told[-1].body[0] == panel.call("GetLayout", 0, 0, [])[0]


def test_a_line_that_only_tells_cannot_be_clicked(panel: Panel) -> None:
    panel.show(MenuEntry("Watching 3 folders"), SEPARATOR, MenuEntry("Quit", Quit()))
    for number in panel.numbers().values():
        if number != panel.numbers()["Quit"]:
            panel.click(number)
    assert panel.clicked == []


def test_it_is_known_when_the_menu_opens(panel: Panel) -> None:
    panel.show(MenuEntry("Pause", children=(MenuEntry("For 2 hours", PauseFor("2h")),)))
    panel.call("AboutToShow", panel.numbers()["Pause"])
    assert panel.opened == 0
    panel.call("AboutToShow", 0)
    panel.call("AboutToShowGroup", [0])
    assert panel.opened == 2


def test_a_panel_may_ask_for_parts(panel: Panel) -> None:
    panel.show(MenuEntry("Pause", children=(MenuEntry("For 2_hours", PauseFor("2h"), checked=True),)))
    pause = panel.numbers()["Pause"]
    number, properties, children = panel.call("GetLayout", pause, 0, ["label"])[1]
    assert (number, properties, children) == (pause, {"label": ("s", "Pause")}, [])
    inner = panel.numbers()["For 2__hours"]
    assert panel.call("GetProperty", inner, "toggle-state") == (("i", 1),)
    ((found, all_properties),) = panel.call("GetGroupProperties", [inner, 999], [])[0]
    assert found == inner
    assert all_properties["toggle-type"] == ("s", "checkmark")
    assert panel.call("AboutToShow", pause) == (False,)
    assert panel.call("AboutToShowGroup", [pause, 999]) == ([], [999])
    assert panel.call("EventGroup", [(inner, "clicked", ("i", 0), 0), (999, "clicked", ("i", 0), 0)]) == (
        [999],
    )
    assert panel.clicked == [PauseFor("2h")]
    for member, body in [
        ("GetLayout", (999, -1, [])),
        ("GetProperty", (inner, "no-such")),
        ("EventGroup", ([(999, "clicked", ("i", 0), 0)],)),
        ("AboutToShow", (999,)),
        ("NoSuchMethod", ()),
        ("_node", (inner,)),
    ]:
        with pytest.raises(BusError):
            panel.call(member, *body)
