"""How a worker process can end before its work is done, or be ended since its work is not believed."""

import enum
import re
import signal as signals
from dataclasses import dataclass


class DeathKind(enum.StrEnum):
    """The cause, as far as it can be told."""

    CRASHED = "crashed"
    TIMED_OUT = "timed out"
    OUT_OF_MEMORY = "out of memory"
    REFUSED_TO_START = "refused to start"
    STOPPED = "stopped"
    """The slot was closed while the worker was at it."""
    UNLIKE = "gave a result that does not look like the picture"
    """By the independent look of another process; both processes are ended."""
    UNCHECKED = "gave a result that could not be checked"
    """The process that looks at results could not; it is ended."""


@dataclass(frozen=True, slots=True)
class Death:
    """The facts about one death.

    Attributes:
        kind: the cause.
        signal: the number of the signal that ended the process, or None.
        exit_code: its exit code, or None when a signal ended it.
        seconds: how long the worker had been at its task.
        detail: the last line that the worker wrote to its error output, or what was wrong; may be empty.
    """

    kind: DeathKind
    signal: int | None = None
    exit_code: int | None = None
    seconds: float = 0.0
    detail: str = ""

    def __str__(self) -> str:
        how = (
            f"the compressor {self.kind}" if self.kind is not DeathKind.OUT_OF_MEMORY else "not enough memory"
        )
        facts = [f"after {self.seconds:.1f} s"] if self.seconds else []
        if self.kind is DeathKind.CRASHED and self.signal is not None:
            facts.insert(0, signal_name(self.signal))
        if self.detail:
            facts.append(self.detail)
        return f"{how} ({', '.join(facts)})" if facts else how


class WorkerDied(Exception):  # noqa: N818 (reads as what happened)
    """The process ended before its work was done. The slot starts another for the next task.

    Attributes:
        death: what is known about it.
    """

    def __init__(self, death: Death) -> None:
        super().__init__(str(death))
        self.death = death

    @property
    def kind(self) -> DeathKind:
        """The cause."""
        return self.death.kind


def cause_of(return_code: int, errors: str, killed_as: DeathKind | None) -> DeathKind:
    """The cause of a death.

    Args:
        return_code: as `subprocess` gives it: the negated signal, or the exit code.
        errors: the end of what the process wrote to its error output.
        killed_as: why we killed it ourselves, or None when we did not.
    """
    if killed_as is not None:
        return killed_as
    if return_code == -_number("SIGXCPU"):
        return DeathKind.TIMED_OUT
    # Nobody but the kernel, when memory runs out, kills a worker with this signal.
    if return_code == -_number("SIGKILL") or _SAYS_MEMORY.search(errors):
        return DeathKind.OUT_OF_MEMORY
    return DeathKind.CRASHED


def signal_name(number: int) -> str:
    """Such as "SIGSEGV"."""
    try:
        return signals.Signals(number).name
    except ValueError:
        return f"signal {number}"


# What Python, Rust's and C++'s run-times say before they give up.
_SAYS_MEMORY = re.compile(r"MemoryError|memory allocation of \d+ bytes failed|bad_alloc|[Oo]ut of memory")


def _number(name: str) -> int:
    """The number of a signal that Windows does not have, there 0."""
    return int(getattr(signals, name, 0))
