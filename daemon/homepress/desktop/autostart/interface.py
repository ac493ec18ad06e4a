"""What can be asked of each system's way to start at login."""

from dataclasses import dataclass
from typing import Protocol


class AutostartError(OSError):
    """It cannot be switched on or off; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class AutostartState:
    """How things stand.

    Attributes:
        kind: "desktop entry", "systemd unit", "launch agent" or "registry".
        on: whether the user asked for it here.
        starts: whether it will really start at the next login.
        reason: why not, or what else is worth knowing; empty when there is nothing to say.
        place: the file or registry value.
    """

    kind: str
    on: bool
    starts: bool
    reason: str
    place: str


class Autostart(Protocol):
    """One way to start at login."""

    def state(self) -> AutostartState:
        """How things stand; changes nothing."""

    def enable(self) -> None:
        """Start at login from now on. Raises `AutostartError`."""

    def disable(self) -> None:
        """Do not start at login any more. Raises `AutostartError`."""

    def mend(self) -> bool:
        """Write it anew when it is on and what it would start is gone; whether it was. Raises as `enable`."""
