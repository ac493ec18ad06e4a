"""Pauses between tries: each doubles the one before, up to an hour, until something changes."""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, replace
from pathlib import Path

from homepress.pipeline.state import confined

LONGEST = 3600.0
"""Seconds: no pause is longer."""

_DOUBLINGS = 32
_MOST_REMEMBERED = 20_000
"""Pictures whose pauses are remembered; one that was forgotten begins with its first pause again."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait before the next try.

    Attributes:
        first: seconds before the first try.
        tries: pauses that were waited for nothing.
    """

    first: float
    tries: int = 0

    @property
    def pause(self) -> float:
        """Seconds until the next try."""
        return min(self.first * float(1 << min(self.tries, _DOUBLINGS)), max(LONGEST, self.first))

    def again(self) -> "Backoff":
        """After one more try for nothing."""
        return replace(self, tries=self.tries + 1)


@confined
class Retries:
    """The pauses of single pictures; they belong to the state thread."""

    def __init__(self) -> None:
        self._known: OrderedDict[Path, tuple[Hashable, Backoff]] = OrderedDict()

    def pause(self, path: Path, state: Hashable, first: float) -> float:
        """Seconds until the next try of a picture that has to wait.

        Args:
            path: of the picture.
            state: what it looked like; when that is another than at the last try, pauses begin anew.
            first: seconds of the first pause for the present reason.
        """
        before = self._known.pop(path, None)
        backoff = Backoff(first)
        if before is not None and before[0] == state and before[1].first == first:
            backoff = before[1].again()
        self._known[path] = (state, backoff)
        if len(self._known) > _MOST_REMEMBERED:
            self._known.popitem(last=False)
        return backoff.pause

    def over(self, path: Path) -> None:
        """A picture does not wait any more."""
        self._known.pop(path, None)

    def clear(self) -> None:
        """Something was done that may help all of them."""
        self._known.clear()
