"""Looks on Linux: the Settings portal for dark, the X resources and the toolkits' variables for the scale."""

import os
import shutil
import subprocess

_PORTAL = (
    "org.freedesktop.portal.Desktop",
    "/org/freedesktop/portal/desktop",
    "org.freedesktop.portal.Settings",
)
_APPEARANCE = "org.freedesktop.appearance"
_PREFERS_DARK = 1
_USUAL_DPI = 96
_ANSWER_SECONDS = 0.3
"""The window does not wait longer than this for the portal: it should be seen at once."""


def prepare() -> None:
    """Nothing to do before the first window."""


def is_dark() -> bool:
    """Whether the desktop asks for dark windows (org.freedesktop.appearance color-scheme)."""
    from homepress.desktop.dbus import Address, BusError, Connection, session_address

    portal = Address(*_PORTAL)
    if (address := session_address()) is None:
        return False
    try:
        connection = Connection(address)
    except BusError:
        return False
    try:
        if not connection.has_owner(portal.bus_name):
            return False
        body = (_APPEARANCE, "color-scheme")
        value = connection.call(portal, "Read", "ss", body, timeout=_ANSWER_SECONDS)[0]
        while isinstance(value, tuple):  # a variant within a variant
            value = value[1]
        return bool(value == _PREFERS_DARK)
    except BusError:
        return False
    finally:
        connection.close()


def scale(dots_per_inch: float) -> float:
    """How large to draw, 1 for a usual screen.

    Args:
        dots_per_inch: what the display claims; often a made-up number, so it counts only when it is high.
    """
    asked = _number(os.environ.get("GDK_SCALE")) or 0.0
    resource = (_resource_dpi() or 0.0) / _USUAL_DPI
    claimed = dots_per_inch / _USUAL_DPI if dots_per_inch > 1.4 * _USUAL_DPI else 1.0
    return asked or resource or claimed


def _resource_dpi() -> float | None:
    """`Xft.dpi` of the display, which desktops set to the scale of fonts."""
    if not os.environ.get("DISPLAY") or (program := shutil.which("xrdb")) is None:
        return None
    try:
        done = subprocess.run([program, "-query"], capture_output=True, timeout=1, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    for line in done.stdout.decode("utf-8", "replace").splitlines():
        key, _, value = line.partition(":")
        if key.strip() == "Xft.dpi":
            return _number(value)
    return None


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None
