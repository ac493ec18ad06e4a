"""Remembering, in little memory, files as they are now that no ledger can know for done."""

from homepress.watch.arrival import Signature

_MOST = 50_000


class Told:
    """Files by a hash of path and signature, at most so many. May be used from several threads."""

    def __init__(self, most: int = _MOST, *, when_full: bool) -> None:
        """Remember nothing yet; with `most` files remembered, all others count as such if `when_full`."""
        self._most = most
        self._when_full = when_full
        self._hashes: set[int] = set()

    def add(self, path: bytes, signature: Signature) -> None:
        """Remember a file as it is now; any change, of its permissions too, makes it another."""
        if len(self._hashes) < self._most:
            self._hashes.add(hash((path, signature)))

    def holds(self, path: bytes, signature: Signature) -> bool:
        """Whether a file was added as it is now."""
        if hash((path, signature)) in self._hashes:
            return True
        return self._when_full and len(self._hashes) >= self._most

    def clear(self) -> None:
        """Remember nothing any more."""
        self._hashes.clear()
