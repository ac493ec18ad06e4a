"""Remembering, in little memory, which files the sink was told of that the ledger cannot know for done."""

from homepress.watch.arrival import Signature

_MOST = 50_000


class Told:
    """Files by a hash of path and signature. Once it is full, every file counts as told."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._hashes: set[int] = set()

    def add(self, path: bytes, signature: Signature) -> None:
        """Remember a file as it is now; any change, of its permissions too, makes it another."""
        if len(self._hashes) < self._most:
            self._hashes.add(hash((path, signature)))

    def holds(self, path: bytes, signature: Signature) -> bool:
        """Whether a file was added as it is now."""
        return len(self._hashes) >= self._most or hash((path, signature)) in self._hashes
