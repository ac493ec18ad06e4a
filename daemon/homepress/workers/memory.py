"""How much memory workers may take for large pictures: no more than the settings and the computer have."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from homepress.base.formats import SNIFF_BYTES, sniff
from homepress.base.units import size
from homepress.compress import Recipe
from homepress.compress.footprint import PictureHeader, bytes_to_compress, bytes_to_look_at
from homepress.workers.dimensions import read_dimensions
from homepress.workers.host import Host
from homepress.workers.host import host as this_computer

UNNOTICED_BYTES = 512 << 20
"""A picture that needs no more than this is worked on without asking: computers have it."""

_SHARE, _LEAST_SHARE = 2, 2 << 30
"""Of the computer's memory, one part in so many is what workers may take where nobody said otherwise; so many
bytes at the least, where other programs leave them free."""

_SPARE = 16
"""One part in so many is left to other programs, however much is free."""

_LOOK_SECONDS = 0.5
"""After so long one that waits for another picture's end looks whether it is still wanted."""


class NoRoomError(Exception):
    """A picture needs more memory than workers may take, or than is free; the message says both in figures.

    Attributes:
        needed: bytes that it needs.
        passing: whether it is not a matter of the settings: another try may do, or nothing will.
    """

    def __init__(self, message: str, needed: int, *, passing: bool) -> None:
        super().__init__(message)
        self.needed = needed
        self.passing = passing


@dataclass(frozen=True, slots=True, eq=False)
class _Held:
    """What one picture was given.

    Attributes:
        needed: bytes that its process may take.
        in_use: says how much of that it has taken so far.
    """

    needed: int
    in_use: Callable[[], int]


class MemoryBudget:
    """What large pictures take together; usable from any thread."""

    def __init__(self, most: int = 0, host: Host = this_computer) -> None:
        """Nothing is taken yet.

        Args:
            most: bytes that workers may take for large pictures; 0 for half of the computer's memory, which
                is 2 GiB at the least.
            host: asked how much the computer has, and how much of it is free.
        """
        self._asked = most
        self._host = host
        self._changed = threading.Condition()
        self._held: list[_Held] = []

    def allow(self, most: int) -> None:
        """From now on workers may take so many bytes; 0 for half of the computer's memory."""
        with self._changed:
            self._asked = most
            self._changed.notify_all()

    @property
    def most(self) -> int:
        """Bytes that workers may take for large pictures; 0 where neither settings nor system say."""
        total = self._host.total_memory()
        return self._asked or (max(total // _SHARE, _LEAST_SHARE) if total else 0)

    @property
    def free(self) -> int:
        """Bytes that one large picture could take now; 0 where the system does not say."""
        available = self._host.available_memory()
        return max(1, available - self._host.total_memory() // _SPARE) if available else 0

    @contextlib.contextmanager
    def reserved(self, needed: int, in_use: Callable[[], int], stopped: threading.Event) -> Iterator[None]:
        """Have so many bytes for the block; where others that are at work have them, wait for their end.

        Args:
            needed: bytes.
            in_use: says how much the process of this picture has taken so far.
            stopped: when it is set, waiting ends, and the block begins all the same.

        Raises:
            NoRoomError: there are not so many, whoever waits.
        """
        if needed <= UNNOTICED_BYTES:
            yield
            return
        mine = _Held(needed, in_use)
        with self._changed:
            while not self._fits(needed) and not stopped.is_set():
                self._changed.wait(_LOOK_SECONDS)
            self._held.append(mine)
        try:
            yield
        finally:
            with self._changed:
                self._held.remove(mine)
                self._changed.notify_all()

    def check(self, needed: int) -> None:
        """Return if so many bytes may be taken, now or when others have ended.

        Raises:
            NoRoomError: there are not so many.
        """
        with self._changed:
            self._fits(needed)

    def _fits(self, needed: int) -> bool:
        """Whether so many bytes are there now.

        Raises:
            NoRoomError: they are not, and no other picture has them.
        """
        most, total = self.most, self._host.total_memory()
        if 0 < most < needed:
            raise NoRoomError(_over(needed, most, total), needed, passing=0 < total < needed)
        taken = sum(held.needed for held in self._held)
        free = self.free
        if 0 < free < needed and not self._held:
            raise NoRoomError(_not_free(needed, free), needed, passing=True)
        to_come = sum(max(0, held.needed - held.in_use()) for held in self._held)
        return not (0 < most < taken + needed or 0 < free < to_come + needed)


def _over(needed: int, most: int, total: int) -> str:
    if 0 < total < needed:
        return f"it needs about {size(needed)} of memory, and this computer has {size(total)} in all"
    return (
        f"it needs about {size(needed)} of memory, and Homepress may use {size(most)}; "
        "raise worker_memory in the settings"
    )


def _not_free(needed: int, free: int) -> str:
    return (
        f"it needs about {size(needed)} of memory, and {size(free)} are free at present; "
        "close other programs, or wait until they need less"
    )


def needed_to_compress(source: bytes, recipe: Recipe) -> int:
    """Bytes of memory for a picture and what is asked of it; 0 where its header does not tell its size."""
    header = _header(source)
    return bytes_to_compress(header, recipe) if header is not None else 0


def needed_to_look_at(*pictures: bytes) -> int:
    """Bytes of memory to compare pictures, or to show one; those count whose headers tell their size."""
    return bytes_to_look_at(*(header for header in map(_header, pictures) if header is not None))


def _header(data: bytes) -> PictureHeader | None:
    kind = sniff(data[:SNIFF_BYTES])
    found = read_dimensions(data, kind) if kind is not None else None
    if kind is None or found is None:
        return None
    return PictureHeader(kind, found.width, found.height, len(data), found.inks)
