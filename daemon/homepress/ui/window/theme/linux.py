"""Looks on Linux: the Settings portal, for a Qt that does not ask it."""

import contextlib
from collections.abc import Iterator

from homepress.desktop.dbus import Address, BusError, Connection, session_address

_PORTAL = (
    "org.freedesktop.portal.Desktop",
    "/org/freedesktop/portal/desktop",
    "org.freedesktop.portal.Settings",
)
_APPEARANCE = "org.freedesktop.appearance"
_PREFERS_DARK = 1
_HIGH_CONTRAST = 1
_ANSWER_SECONDS = 0.3
"""The window does not wait longer than this for the portal: it should be seen at once."""


def is_dark() -> bool:
    """Whether the desktop asks for dark windows (org.freedesktop.appearance color-scheme)."""
    return _read("color-scheme") == _PREFERS_DARK


def wants_contrast() -> bool:
    """Whether the desktop asks for high contrast (org.freedesktop.appearance contrast)."""
    return _read("contrast") == _HIGH_CONTRAST


def has_portal() -> bool:
    """Whether the desktop's portal can be asked."""
    with _portal() as connection:
        return connection is not None


def _read(key: str) -> object:
    with _portal() as connection:
        if connection is None:
            return None
        try:
            value = connection.call(
                Address(*_PORTAL), "Read", "ss", (_APPEARANCE, key), timeout=_ANSWER_SECONDS
            )[0]
        except BusError:
            return None
    while isinstance(value, tuple):  # a variant within a variant
        value = value[1]
    return value


@contextlib.contextmanager
def _portal() -> Iterator[Connection | None]:
    """A connection to the session's bus with a portal on it; None if there is none."""
    if (address := session_address()) is None:
        yield None
        return
    try:
        connection = Connection(address)
    except BusError:
        yield None
        return
    with contextlib.closing(connection):
        try:
            found = connection.has_owner(_PORTAL[0])
        except BusError:
            found = False
        yield connection if found else None
