"""A second opinion: whether a result looks like its picture, from a process that did not make it.

An attacker who has taken a worker over has it answer whatever he wants. This process has not seen how the
result came about; it decodes both files small and says how far they are apart. It shares the decoders with
the workers, so a picture that attacks a decoder may take both over: docs/privacy.md says what that leaves.
"""

from collections.abc import Sequence

from homepress.base.formats import SNIFF_BYTES, sniff
from homepress.base.results import ProbeAttempt
from homepress.compress import Unchanged
from homepress.privacy import Limits
from homepress.workers.dimensions import read_dimensions
from homepress.workers.memory import MemoryBudget
from homepress.workers.process import Death, DeathKind, WorkerDied, module_command
from homepress.workers.protocol import ComparedPictures
from homepress.workers.slot import Slot

_CHILD = "homepress.workers.checker_child"

MOST_APART, MOST_APART_IN_A_PART = 8.0, 25.0
"""Levels of 255, in the mean over the picture and over that part of it which differs most. The furthest of
998 honest results, down to a quality of 30, were at 4.8 and 16."""

MOST_APART_SMALL, MOST_APART_IN_A_SMALL_PART = 14.0, 45.0
"""The same for small pictures, of which honest results went up to 9.5 and 35."""

MOST_LOST = 0.33
"""Of the source's contrast: a page with little on it differs little from an empty one. Honest results lost up
to 0.17, one of noise 0.29."""

_SMALL_PIXELS = 100_000
_TOO_LITTLE_TO_TELL = 1.0
"""Levels, which are rounded: below, the contrast does not count."""

_ONE_COLOUR = 0.5
_MOST_SHIFTED = 2.5
"""Of contrast, and of levels: AVIF's rounding shifts a picture of one colour evenly by up to 2, at any
quality. Nobody sees that. What is further away, in the whole or in a part, is another picture."""

_CLOSELY = 2.0
"""At full size, what quality costs is not averaged away: so many times the levels are allowed."""

_ABSURD_SHARE = 0.02
"""A result of less than this part of its source is looked at closely, and by a fresh process."""


class Checker:
    """Owns the process that looks; starts it when needed.

    Usable from any thread: one looks, others wait.
    """

    def __init__(
        self, limits: Limits, *, memory: MemoryBudget | None = None, program: Sequence[str] = ()
    ) -> None:
        """Start nothing yet.

        Args:
            limits: of the process.
            memory: what large pictures may take; shared with the slots.
            program: its command line; empty takes the one of Homepress.
        """
        command = program or module_command(_CHILD)
        self._slot = Slot(limits, memory=memory, program=command)
        self._foreground = Slot(limits, memory=memory, background=False, program=command)

    @property
    def pid(self) -> int | None:
        """The id of the process for work in the background, or None while there is none."""
        return self._slot.pid

    @property
    def busy(self) -> bool:
        """Whether it is looking at a result: then others may be waiting for it."""
        return self._slot.busy or self._foreground.busy

    def check(
        self,
        source: bytes,
        result: bytes,
        *,
        alone: bool = False,
        attached: bool = False,
        background: bool = True,
    ) -> None:
        """Return if a result looks like its source.

        Args:
            source: the picture.
            result: what was made of it.
            alone: end the process afterwards: it has seen a picture that nobody vouches for.
            attached: whether what is attached to a JPEG, such as its gain map, must all be there: the same
                byte for byte, or JPEGs with the same headers and pixels.
            background: whether it may take its time; a process of normal priority looks where it may not.

        Raises:
            NoRoomError: to look at it needs more memory than there is.
            WorkerDied: it does not (`UNLIKE`), that could not be found out (`UNCHECKED`), or the process
                could not be started (`REFUSED_TO_START`) or was stopped meanwhile (`STOPPED`).
        """
        slot = self._slot if background else self._foreground
        try:
            _look(slot, source, result, closely=False, attached=attached)
            if len(result) < _ABSURD_SHARE * len(source):
                # Few pictures are like that: a process that has seen none looks again, at every pixel.
                slot.rest()
                _look(slot, source, result, closely=True)
        finally:
            if alone:
                slot.rest()

    def prepare(self) -> None:
        """Start the process for work that somebody waits for. Raises `WorkerDied` where it does not start."""
        self._foreground.prepare()

    def probe(self, other: int = 0) -> tuple[ProbeAttempt, ...]:
        """Have the process try every way out; see `Slot.probe`."""
        return self._slot.probe(other)

    def rest(self) -> None:
        """End its processes and give their memory back, unless they are looking at a result."""
        self._slot.rest()
        self._foreground.rest()

    def close(self) -> None:
        """End its processes; a comparison in progress raises `WorkerDied`."""
        self._slot.close()
        self._foreground.close()


def _look(slot: Slot, source: bytes, result: bytes, *, closely: bool, attached: bool = False) -> None:
    try:
        found = slot.look(source, result, closely=closely, attached=attached)
    except WorkerDied as died:
        if died.kind in (DeathKind.STOPPED, DeathKind.REFUSED_TO_START):
            raise
        raise WorkerDied(Death(DeathKind.UNCHECKED, detail=str(died))) from died
    if isinstance(found, Unchanged):
        slot.rest()
        raise WorkerDied(Death(DeathKind.UNCHECKED, detail=str(found)))
    if not _alike(found, result, closely):
        slot.rest()
        detail = f"independent check: {found.mean:.0f} of 255 apart, {found.worst:.0f} in a part of it"
        raise WorkerDied(Death(DeathKind.UNLIKE, detail=detail))
    if not found.attached:
        slot.rest()
        detail = "independent check: what is attached to the picture is not what it was"
        raise WorkerDied(Death(DeathKind.UNLIKE, detail=detail))


def _alike(found: ComparedPictures, result: bytes, closely: bool) -> bool:
    kind = sniff(result[:SNIFF_BYTES])
    size = read_dimensions(result, kind) if kind else None
    small = size is not None and size.width * size.height <= _SMALL_PIXELS
    mean, worst = (
        (MOST_APART_SMALL, MOST_APART_IN_A_SMALL_PART) if small else (MOST_APART, MOST_APART_IN_A_PART)
    )
    factor = _CLOSELY if closely else 1.0
    shifted = found.contrast < _ONE_COLOUR and found.worst <= _MOST_SHIFTED
    lost = found.mean > _TOO_LITTLE_TO_TELL and found.mean > MOST_LOST * found.contrast and not shifted
    return (closely or not lost) and found.mean <= factor * mean and found.worst <= factor * worst
