"""The only room that writes into a user's folder: replacing, originals, recovery, undo and the ledger.

`reader` is its read-only side, for windows and commands.
"""

from homepress.store.errors import (
    Busy,
    Changed,
    Degraded,
    LedgerError,
    Refusal,
    StoreError,
    StoreFull,
    UntrustedVault,
    Vanished,
    VerifyFailed,
)
from homepress.store.originals import OriginalsLimit
from homepress.store.receipt import (
    Identity,
    LeftUntil,
    Looked,
    OriginalState,
    Outcome,
    Receipt,
    Replacement,
    Role,
    Source,
    Undone,
)
from homepress.store.retention import OriginalsSelection
from homepress.store.store import Store
from homepress.store.undo import UndoSelection
from homepress.store.workshop import RecoveryNote

__all__ = [
    "Busy",
    "Changed",
    "Degraded",
    "Identity",
    "LedgerError",
    "LeftUntil",
    "Looked",
    "OriginalState",
    "OriginalsLimit",
    "OriginalsSelection",
    "Outcome",
    "Receipt",
    "RecoveryNote",
    "Refusal",
    "Replacement",
    "Role",
    "Source",
    "Store",
    "StoreError",
    "StoreFull",
    "UndoSelection",
    "Undone",
    "UntrustedVault",
    "Vanished",
    "VerifyFailed",
]
