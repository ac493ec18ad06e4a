"""Looks on Linux: the Settings portal, for a Qt that does not ask it."""

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


def _read(key: str) -> object:
    from homepress.desktop.dbus import Address, BusError, Connection, session_address

    portal = Address(*_PORTAL)
    if (address := session_address()) is None:
        return None
    try:
        connection = Connection(address)
    except BusError:
        return None
    try:
        if not connection.has_owner(portal.bus_name):
            return None
        value = connection.call(portal, "Read", "ss", (_APPEARANCE, key), timeout=_ANSWER_SECONDS)[0]
        while isinstance(value, tuple):  # a variant within a variant
            value = value[1]
        return value
    except BusError:
        return None
    finally:
        connection.close()
