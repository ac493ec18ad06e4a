"""What a process asked of the system when it locked itself, and what it got."""

from dataclasses import dataclass
from typing import Literal

NetworkState = Literal["locked", "open"]
"""Whether the system refuses network access to a process; "open" until a measurement says otherwise."""


@dataclass(frozen=True, slots=True)
class Lock:
    """The outcome of locking a process. What holds in the end is measured by `state` and `probe`.

    Attributes:
        network: the system took the rule against sockets.
        files: the version of the file sandbox in force (Landlock's ABI on Linux, 1 elsewhere); 0 is none.
        missing: what could not be had, in words, with the system's answer.
    """

    network: bool
    files: int = 0
    missing: tuple[str, ...] = ()
