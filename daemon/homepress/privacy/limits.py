"""How much of the machine a worker may use."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds that the system enforces on one worker process.

    Attributes:
        memory_bytes: address space, which is more than the memory in use.
        cpu_seconds: processor time over the life of the process.
        open_files: descriptors.
    """

    memory_bytes: int = 2 << 30
    cpu_seconds: int = 1800
    open_files: int = 64
