"""Whether the computer saves power, reported whenever that changes; and when it wakes from suspend."""

import contextlib
import logging
import sys
import threading
from collections.abc import Callable
from typing import Protocol, TypeAlias

from homepress.base.override import override
from homepress.desktop.dbus import Address, BusError, Connection, Signal, system_address

_log = logging.getLogger(__name__)

Tell: TypeAlias = Callable[[bool], None]
"""Called with True when the computer begins to save power, with False when it stops."""

Woke: TypeAlias = Callable[[], None]
"""Called when the computer wakes from suspend, where the system reports that."""

LOOK_SECONDS = 120.0
"""Between two looks where no event reports a change."""


class PowerWatch(Protocol):
    """Watches the power of one computer."""

    def start(self, tell: Tell, woke: Woke) -> None:
        """Tell how it is now, and each change from then on, from a thread of its own.

        Where it cannot be known, nothing is ever told.
        """


class Looking(PowerWatch):
    """A `PowerWatch` that looks from time to time; `saves` gives None where it cannot be known.

    It does not report waking: the daemon finds out by its clocks within half a minute.
    """

    def __init__(self, saves: Callable[[], bool | None], every: float = LOOK_SECONDS) -> None:
        self._saves = saves
        self._every = every

    @override
    def start(self, tell: Tell, woke: Woke) -> None:
        del woke
        threading.Thread(target=self._look, args=(tell,), name="power", daemon=True).start()

    def _look(self, tell: Tell) -> None:
        pause = threading.Event()
        told = False
        while (now := self._saves()) is not None:
            if now != told:
                tell(now)
                told = now
            pause.wait(self._every)


_NAMES = ("org.freedesktop.UPower.PowerProfiles", "net.hadess.PowerProfiles")
_LOGIN_PATH = "/org/freedesktop/login1"
_LOGIN_MANAGER = "org.freedesktop.login1.Manager"
_PROPERTIES = "org.freedesktop.DBus.Properties"
_PROFILE = "ActiveProfile"
_SAVER = "power-saver"


class ProfileWatch(PowerWatch):
    """Power profiles of Linux desktops (power-profiles-daemon or tuned), and suspend (logind).

    Waits for events only. Since UPower 1.90 the name is org.freedesktop.UPower.PowerProfiles;
    net.hadess.PowerProfiles is the older one.
    """

    def __init__(self, address: str | None = None) -> None:
        self._address = address or system_address()

    @override
    def start(self, tell: Tell, woke: Woke) -> None:
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


def power_watch() -> PowerWatch:
    """How this system is watched."""
    if sys.platform == "win32":
        from homepress.desktop.windows import SystemStatusWatch

        return SystemStatusWatch()
    if sys.platform == "darwin":
        from homepress.desktop.macos import LowPowerModeWatch

        return LowPowerModeWatch()

    return ProfileWatch()
