"""Pictures that were compressed for nothing, since no result could be stored: not tried again for ever."""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass

from homepress.pipeline.job import Told

MOST = 2
"""So often the same content is compressed for the same settings without a result that could be stored."""

_MOST_REMEMBERED = 20_000

Key = tuple[str, str, str]
"""Hash of the content, settings in words, destination."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What is known of a picture that was compressed for nothing.

    Attributes:
        count: how often.
        conditions: what storing depended on at the last time.
        told: how that ended.
    """

    count: int
    conditions: Hashable
    told: Told


class Attempts:
    """Counts for each content and its settings; each thread counts what it carries, in single steps."""

    def __init__(self) -> None:
        self._known: OrderedDict[Key, Attempt] = OrderedDict()

    def get(self, key: Key) -> Attempt | None:
        """What is known of a picture; None when its result was never refused."""
        return self._known.get(key)

    def failed(self, key: Key, conditions: Hashable, told: Told) -> Attempt:
        """A result could not be stored."""
        before = self._known.pop(key, None)
        again = before is not None and before.conditions == conditions
        attempt = Attempt(before.count + 1 if before and again else 1, conditions, told)
        self._known[key] = attempt
        if len(self._known) > _MOST_REMEMBERED:
            self._known.popitem(last=False)
        return attempt

    def over(self, key: Key) -> None:
        """A result was stored, or none is wanted any more."""
        self._known.pop(key, None)

    def clear(self) -> None:
        """The user wants everything tried anew."""
        self._known.clear()
