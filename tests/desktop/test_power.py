"""The power profile, as each system tells it."""

import ctypes
from typing import Any

import pytest

from desktop.buses import Logind, Profiles
from homepress.desktop import macos, windows
from homepress.desktop.dbus import Connection
from homepress.desktop.power import Looking, ProfileWatch
from support import wait_for

NAMES = ["org.freedesktop.UPower.PowerProfiles", "net.hadess.PowerProfiles"]


def nothing() -> None:
    """For tests that are not about suspend."""


@pytest.mark.parametrize("name", NAMES)
def test_the_profile_is_told_at_once_and_at_each_change(bus: str, name: str) -> None:
    profiles = Profiles(bus, name, "power-saver")
    told: list[bool] = []
    ProfileWatch(bus).start(told.append, nothing)
    assert told == [True]
    profiles.switch("balanced")
    profiles.switch("power-saver")
    wait_for(lambda: len(told) == 3)
    assert told == [True, False, True]


def test_a_computer_without_profiles_tells_nothing(bus: str, connection: Connection) -> None:
    told: list[bool] = []
    ProfileWatch(bus).start(told.append, nothing)
    ProfileWatch("unix:path=/no/such/bus").start(told.append, nothing)
    assert told == []


def test_waking_is_told_and_falling_asleep_is_not(bus: str) -> None:
    logind = Logind(bus)
    woken: list[None] = []
    ProfileWatch(bus).start(lambda _: None, lambda: woken.append(None))
    logind.sleeps(True)
    logind.sleeps(False)
    logind.sleeps(True)
    logind.sleeps(False)
    wait_for(lambda: len(woken) >= 2)
    assert len(woken) == 2


def test_what_pmset_says() -> None:
    text = " System-wide power settings:\nCurrently in use:\n standby 1\n lowpowermode         {}\n sleep 1\n"
    assert macos.saves_power(text.format(1)) is True
    assert macos.saves_power(text.format(0)) is False
    assert macos.saves_power("Currently in use:\n sleep 1\n") is None


class Kernel32:
    def __init__(self, flag: int, answers: int = 1) -> None:
        self._flag, self._answers = flag, answers

    def GetSystemPowerStatus(self, pointer: Any) -> int:  # noqa: N802
        status = ctypes.cast(pointer, ctypes.POINTER(windows.SystemPowerStatus)).contents
        status.SystemStatusFlag = self._flag
        return self._answers


def test_what_windows_says() -> None:
    assert ctypes.sizeof(windows.SystemPowerStatus) == 12
    assert windows.saves_power(Kernel32(1)) is True
    assert windows.saves_power(Kernel32(0)) is False
    assert windows.saves_power(Kernel32(1, answers=0)) is None


def test_where_nothing_tells_it_is_looked_and_only_changes_are_told() -> None:
    answers = iter([False, True, True, False, None])
    told: list[bool] = []
    Looking(lambda: next(answers), every=0.0).start(told.append, nothing)
    wait_for(lambda: told == [True, False])
