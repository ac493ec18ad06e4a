"""What is asked of each system, and how those are watched that tell nothing by themselves."""

import threading
from collections.abc import Callable
from typing import Protocol, TypeAlias

Tell: TypeAlias = Callable[[bool], None]
"""Is told True when the computer begins to save power, False when it stops."""

Woke: TypeAlias = Callable[[], None]
"""Is called when the computer wakes from suspend, where the system tells of that."""

LOOK_SECONDS = 120.0
"""Between two looks where no event tells of a change."""


class PowerWatch(Protocol):
    """Watches the power of one computer."""

    def start(self, tell: Tell, woke: Woke) -> None:
        """Tell how it is now, and each change from then on, from a thread of its own.

        Where it cannot be known, nothing is ever told.
        """


class Looking:
    """A `PowerWatch` that looks from time to time; `saves` gives None where it cannot be known.

    It does not tell of waking: the daemon finds out by its clocks within half a minute.
    """

    def __init__(self, saves: Callable[[], bool | None], every: float = LOOK_SECONDS) -> None:
        self._saves = saves
        self._every = every

    def start(self, tell: Tell, woke: Woke) -> None:
        """See `PowerWatch`."""
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
