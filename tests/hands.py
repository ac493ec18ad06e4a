"""A clock for tests, so that days pass in no time and the wall clock can be wrong."""

from homepress.base.clock import Clock, system_clock


class Hands:
    """A clock whose hands a test moves: the computer's own, and what was added.

    Attributes:
        boot: name of the boot.
    """

    def __init__(self) -> None:
        self._real = system_clock()
        self._wall = self._since_boot = 0.0
        self.boot = "first boot"

    def clock(self) -> Clock:
        """What the store gets. Changing `boot` shows in the next one."""
        return Clock(self.wall, lambda: self._real.since_boot() + self._since_boot, self.boot)

    def wall(self) -> float:
        """Seconds since 1970."""
        return self._real.wall() + self._wall

    def jump(self, seconds: float) -> None:
        """Somebody sets the wall clock."""
        self._wall += seconds

    def let_pass(self, seconds: float) -> None:
        """Time passes, on both clocks."""
        self._wall += seconds
        self._since_boot += seconds

    def restart(self, seconds: float = 60.0) -> None:
        """The computer is off for so long and starts again."""
        self._wall += seconds
        self._since_boot = -self._real.since_boot() + 20.0
        self.boot += "'"
