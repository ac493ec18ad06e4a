"""Telling a picture that somebody just made from one file of a large import."""

from collections import OrderedDict

_BURST = 10
_PER_SECOND = 1.0
_MOST_KEYS = 4096


class Freshness:
    """A token bucket a place: a few files are fresh, the rest of a flood is an import.

    Files that turn up in a folder already known share the bucket of that folder, so that an import elsewhere
    does not make them look old; all that a scan or a new folder brings shares one bucket.
    """

    def __init__(self) -> None:
        self._buckets: OrderedDict[bytes | None, tuple[float, float]] = OrderedDict()

    def take(self, place: bytes | None, now: float) -> bool:
        """Whether one more file at a place is fresh.

        Args:
            place: the folder it turned up in; None for scans and new folders.
            now: monotonic seconds.
        """
        tokens, last = self._buckets.pop(place, (float(_BURST), now))
        tokens = min(_BURST, tokens + (now - last) * _PER_SECOND)
        fresh = tokens >= 1
        self._buckets[place] = (tokens - 1 if fresh else tokens, now)
        if len(self._buckets) > _MOST_KEYS:
            self._buckets.popitem(last=False)
        return fresh
