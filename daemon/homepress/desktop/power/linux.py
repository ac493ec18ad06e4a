"""The power profile of Linux desktops, by power-profiles-daemon or tuned, and suspend, by logind.

Since UPower 1.90 the name is org.freedesktop.UPower.PowerProfiles; net.hadess.PowerProfiles is the older one.
"""

import contextlib
import logging

from homepress.desktop.dbus import Address, BusError, Connection, Signal, system_address
from homepress.desktop.power.interface import Tell, Woke

_log = logging.getLogger(__name__)

_NAMES = ("org.freedesktop.UPower.PowerProfiles", "net.hadess.PowerProfiles")
_LOGIN_PATH = "/org/freedesktop/login1"
_LOGIN_MANAGER = "org.freedesktop.login1.Manager"
_PROPERTIES = "org.freedesktop.DBus.Properties"
_PROFILE = "ActiveProfile"
_SAVER = "power-saver"


class ProfileWatch:
    """See `PowerWatch`. Waits for events only; costs nothing while nothing changes."""

    def __init__(self, address: str | None = None) -> None:
        self._address = address or system_address()

    def start(self, tell: Tell, woke: Woke) -> None:
        """See `PowerWatch`."""
        try:
            bus = Connection(self._address)
            _watch_sleep(bus, woke)
            _watch_profile(bus, tell)
        except BusError as error:
            _log.info("neither power saving nor suspend can be seen: %s", error)


def _watch_sleep(bus: Connection, woke: Woke) -> None:
    def changed(signal: Signal) -> None:
        if signal.body == (False,):  # True comes before the computer sleeps
            woke()

    bus.listen(_LOGIN_MANAGER, "PrepareForSleep", changed, path=_LOGIN_PATH)


def _watch_profile(bus: Connection, tell: Tell) -> None:
    def changed(signal: Signal) -> None:
        interface, values, _ = signal.body
        if interface in _NAMES and _PROFILE in values:
            tell(values[_PROFILE][1] == _SAVER)

    for name in _NAMES:
        bus.listen(_PROPERTIES, "PropertiesChanged", changed, path=_path(name))
    for name in _NAMES:
        # A service that is not there is an ordinary computer without profiles, or with the other name.
        with contextlib.suppress(BusError):
            place = Address(name, _path(name), _PROPERTIES)
            profile = bus.call(place, "Get", "ss", (name, _PROFILE))[0][1]
            tell(profile == _SAVER)
            return
    _log.info("this computer has no power profiles")


def _path(name: str) -> str:
    return "/" + name.replace(".", "/")
