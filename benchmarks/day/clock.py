"""A clock that moves when it is told to, in the place of the computer's. Import it before the program."""

import time


class Clock:
    """Seconds since the simulated day began."""

    def __init__(self) -> None:
        self.now = 0.0
        self._monotonic = time.monotonic()
        self._wall = time.time()

    def move_to(self, moment: float) -> None:
        """Let time pass; it never goes back."""
        self.now = max(self.now, moment)

    def monotonic(self) -> float:
        """In the place of `time.monotonic`."""
        return self._monotonic + self.now

    def wall(self) -> float:
        """In the place of `time.time`."""
        return self._wall + self.now

    def since_start(self, monotonic: float) -> float:
        """A moment of `monotonic` in seconds since the day began."""
        return monotonic - self._monotonic


CLOCK = Clock()
time.monotonic = CLOCK.monotonic
time.time = CLOCK.wall
