"""The two clocks of a computer: the one that people set, and the one that nobody can set.

The wall clock may be wrong by years and may jump at any moment: it is for showing, and for what people say in
its terms. How long something lasts is measured with the boot clock, which goes on while the computer is
suspended and begins anew with each boot.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


class ClockSystem(Protocol):
    """What each system answers."""

    def since_boot(self) -> float:
        """Seconds since the computer was started, suspended time included."""

    def boot_id(self) -> str:
        """A name of this boot that no other boot of this computer has; empty when it cannot be told."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Where times come from; tests hand in their own.

    Attributes:
        wall: seconds since 1970 as the computer's clock shows them.
        since_boot: seconds since the computer was started, suspended time included; never goes back.
        boot: name of this boot; readings of `since_boot` can be compared only within one.
    """

    wall: Callable[[], float]
    since_boot: Callable[[], float]
    boot: str


def system_clock() -> Clock:
    """The clocks of this computer."""
    system = _system()
    return Clock(time.time, system.since_boot, system.boot_id())


def _system() -> ClockSystem:
    if sys.platform == "win32":
        from homepress.base.clock import windows

        return windows
    if sys.platform == "darwin":
        from homepress.base.clock import macos

        return macos
    from homepress.base.clock import linux

    return linux
