"""The only room that writes into a user's folder: replacing, originals, recovery, undo and the ledger.

`reader` is its read-only side, for windows and commands. What is offered here is imported when it is first
asked for (PEP 562), so that whoever only reads does not load what writes.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
    from homepress.store.places import Absence
    from homepress.store.readiness import Conditions
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

_PLACES = {
    "Busy": "errors",
    "Changed": "errors",
    "Degraded": "errors",
    "LedgerError": "errors",
    "Refusal": "errors",
    "StoreError": "errors",
    "StoreFull": "errors",
    "UntrustedVault": "errors",
    "Vanished": "errors",
    "VerifyFailed": "errors",
    "OriginalsLimit": "originals",
    "Conditions": "readiness",
    "Identity": "receipt",
    "LeftUntil": "receipt",
    "Looked": "receipt",
    "OriginalState": "receipt",
    "Outcome": "receipt",
    "Receipt": "receipt",
    "Replacement": "receipt",
    "Role": "receipt",
    "Source": "receipt",
    "Undone": "receipt",
    "Absence": "places",
    "OriginalsSelection": "retention",
    "Store": "store",
    "UndoSelection": "undo",
    "RecoveryNote": "workshop",
}

__all__ = [
    "Absence",
    "Busy",
    "Changed",
    "Conditions",
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


def __getattr__(name: str) -> object:
    """Import what is asked for from the module that has it."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_PLACES[name]}"), name)
