"""What the icon stands on, as the desktop's portal tells it."""

import sys
from collections.abc import Iterator

import pytest

from desktop.buses import FakeProgram, private_bus
from homepress.desktop.dbus import BusError, Call, Connection, Reply
from homepress.ui.tray.faces import Panel
from homepress.ui.tray.stage.appearance import panel

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the portal is of Linux")


@pytest.fixture
def bus() -> Iterator[str]:
    with private_bus() as address:
        yield address


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"color-scheme": 2, "contrast": 0}, Panel.LIGHT),
        ({"color-scheme": 1, "contrast": 0}, Panel.DARK),
        ({"color-scheme": 2, "contrast": 1}, Panel.CONTRAST),
        ({"color-scheme": 2}, Panel.DARK),
    ],
)
def test_the_portal_is_believed(bus: str, settings: dict[str, int], expected: Panel) -> None:
    def read(call: Call) -> Reply:
        key = call.body[1]
        if key not in settings:
            raise BusError("no such setting", "org.freedesktop.portal.Error.NotFound")
        return Reply("v", (("v", ("u", settings[key])),))

    name, path = "org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop"
    FakeProgram(bus, name, path, {"Read": read})
    connection = Connection(bus)
    assert panel(connection) is expected
    connection.close()


def test_without_a_portal_the_panel_counts_as_dark(bus: str) -> None:
    connection = Connection(bus)
    assert panel(connection) is Panel.DARK
    connection.close()
