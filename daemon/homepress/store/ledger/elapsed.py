"""Days as this program saw them pass: what decides when an original goes, whatever the clock says.

Wall clocks are wrong by years (an empty battery, no network yet, a restored machine) and are set right again.
So the ledger counts seconds of its own, by these rules:

1. Within one boot, time by the boot clock counts at once, up to an hour between two looks. The clock is
   looked at every few minutes while the program runs, so that covers all the time that it runs.
2. An absence of an hour or more beyond that (the computer was off or suspended, or the program did not run)
   counts as far as the wall clock says, within one boot only as far as the boot clock says so too, and never
   for more than a day. It waits until it is confirmed: by the next absence, or by a day of rule 1.
3. When the wall clock is found to have gone back before that, what waits shrinks by as much.

What begins is noted with all that waits already added, so that no absence before it is counted as its own.

So a jump of the clock adds at most one day, however far it goes, and one that is set back again adds nothing.
"""

import secrets
from contextlib import AbstractContextManager

import msgspec

from homepress.base.clock import Clock

AT_ONCE = 3600.0
"""Seconds between two looks that count without being confirmed."""
LONGEST_ABSENCE = 86_400.0
"""Seconds that one absence counts at most."""
CONFIRMED_AFTER = 86_400.0
"""Seconds without an absence that confirm the last one."""


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """What the ledger keeps between two looks at the clock.

    Attributes:
        boot: in which boot it was looked at.
        since_boot: reading of the boot clock, seconds.
        wall: reading of the wall clock, seconds since 1970.
        seconds: that have passed; never goes back.
        waiting: seconds of the last absence, until they are confirmed.
        agreed: seconds since that absence.
    """

    boot: str
    since_boot: float
    wall: float
    seconds: float = 0.0
    waiting: float = 0.0
    agreed: float = 0.0


def looked_again(last: Counted, boot: str, since_boot: float, wall: float) -> Counted:
    """What has passed by a further look at the clock."""
    by_wall = wall - last.wall
    if boot == last.boot and since_boot >= last.since_boot:
        by_boot = since_boot - last.since_boot
        at_once = min(by_boot, AT_ONCE)
        absent = min(by_boot, by_wall) - at_once
        gone_back = by_boot - by_wall
    else:
        at_once, absent, gone_back = 0.0, by_wall, -by_wall
    seconds, agreed = last.seconds, last.agreed
    waiting = max(0.0, last.waiting - max(0.0, gone_back))
    if absent >= AT_ONCE:
        seconds, waiting, agreed = seconds + waiting, min(absent, LONGEST_ABSENCE), 0.0
    seconds, agreed = seconds + at_once, agreed + at_once
    if agreed >= CONFIRMED_AFTER:
        seconds, waiting = seconds + waiting, 0.0
    return Counted(
        boot=boot, since_boot=since_boot, wall=wall, seconds=seconds, waiting=waiting, agreed=agreed
    )


class Elapsed:
    """The counter of an open ledger. Usable from any thread that may wait for the ledger."""

    def __init__(self, clock: Clock, kept: bytes | None, lock: AbstractContextManager[object]) -> None:
        """Go on from what `to_keep` gave; None, or what cannot be read, begins at 0.

        Args:
            clock: that is looked at.
            kept: what the ledger has of the counter.
            lock: the ledger's; its owner may ask too.
        """
        self._clock = clock
        # Without a name of the boot, readings can be compared within this process only.
        self._boot = clock.boot or secrets.token_hex(8)
        self._lock = lock
        self._counted = _read(kept) or Counted(
            boot=self._boot, since_boot=clock.since_boot(), wall=clock.wall()
        )

    def seconds(self) -> float:
        """Seconds that this ledger saw pass up to now; to be asked every few minutes."""
        return self._look().seconds

    def at_most(self) -> float:
        """The same, with what still waits to be confirmed: what begins now begins after that absence."""
        counted = self._look()
        return counted.seconds + counted.waiting

    def to_keep(self) -> bytes:
        """What is to be kept in the ledger, as of now."""
        return msgspec.json.encode(self._look())

    def _look(self) -> Counted:
        with self._lock:
            since_boot, wall = self._clock.since_boot(), self._clock.wall()
            self._counted = looked_again(self._counted, self._boot, since_boot, wall)
            return self._counted


def shown_at(kept: bytes | None, seconds: float, now: float) -> float:
    """When a count will probably be reached, for showing: seconds since 1970.

    Args:
        kept: what the ledger keeps of the counter, as much as an hour old while the program runs.
        seconds: the count.
        now: seconds since 1970.
    """
    counted = _read(kept)
    if counted is None:
        return now + seconds
    # While nobody counts, no day passes: the time moves along.
    looked = counted.wall if 0 <= now - counted.wall <= 2 * AT_ONCE else now
    return looked + max(0.0, seconds - counted.seconds - counted.waiting)


def _read(kept: bytes | None) -> Counted | None:
    try:
        return None if kept is None else msgspec.json.decode(kept, type=Counted)
    except msgspec.MsgspecError:
        return None
