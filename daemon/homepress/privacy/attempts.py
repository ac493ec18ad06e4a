"""What a process tried, and what the system answered."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt of a process to get at a network, or at a socket on this computer.

    Attributes:
        name: what was tried, in a few words, such as "TCP".
        allowed: whether the system let it through.
        answer: what the system said, such as "EACCES: Permission denied".
        local: whether it reaches no further than this computer (AF_UNIX).
    """

    name: str
    allowed: bool
    answer: str
    local: bool = False


def all_refused(attempts: Iterable[Attempt]) -> bool:
    """Whether nothing that leaves the computer was let through."""
    return not any(attempt.allowed and not attempt.local for attempt in attempts)
