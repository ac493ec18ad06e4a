"""Fixtures of the tests of the desktop room."""

from collections.abc import Iterator

import pytest

from desktop.buses import private_bus
from homepress.desktop.dbus import Connection


@pytest.fixture
def bus() -> Iterator[str]:
    """The address of a message bus of this test alone."""
    with private_bus() as address:
        yield address


@pytest.fixture
def connection(bus: str) -> Iterator[Connection]:
    """A connection to that bus."""
    made = Connection(bus)
    yield made
    made.close()
