"""Worker processes: every picture is decoded and compressed in one, locked, and lost without loss."""

from homepress.privacy import Limits
from homepress.workers.checker import Checker
from homepress.workers.dimensions import Dimensions, read_dimensions
from homepress.workers.memory import UNNOTICED_BYTES, MemoryBudget, NoRoomError
from homepress.workers.process import Death, DeathKind, WorkerDied
from homepress.workers.protocol import CodecReport
from homepress.workers.slot import Slot

__all__ = [
    "UNNOTICED_BYTES",
    "Checker",
    "CodecReport",
    "Death",
    "DeathKind",
    "Dimensions",
    "Limits",
    "MemoryBudget",
    "NoRoomError",
    "Slot",
    "WorkerDied",
    "read_dimensions",
]
