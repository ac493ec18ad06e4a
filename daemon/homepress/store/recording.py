"""Noting why a file was left as it is: in the history, by name, and by content where that decides."""

from homepress.store import entries, memory
from homepress.store.entries import Record
from homepress.store.ledger import Ledger
from homepress.store.memory import Mark
from homepress.store.receipt import LeftUntil, Outcome, Role


def record_read(ledger: Ledger, record: Record, mark: Mark) -> int:
    """Note a picture that was read; the id of the history entry.

    Args:
        ledger: where.
        record: why it was left.
        mark: of the file as it was read.
    """
    with ledger.transaction(durable=False) as tx:
        entry = entries.add_record(ledger, tx, record)
        memory.note(ledger, tx, record.path, mark)
        if record.outcome is Outcome.UNCHANGED:
            memory.learn(ledger, tx, record.sha256, Role.REFUSED, record.settings)
    return entry


def record_unread(ledger: Ledger, record: Record, mark: Mark, until: LeftUntil) -> int:
    """Note a file that was not even read; the id of the history entry, 0 when it was noted before.

    Args:
        ledger: where.
        record: why it was left.
        mark: of the file.
        until: what may end that it is left alone.
    """
    with ledger.transaction(durable=False) as tx:
        if memory.is_noted(ledger, tx, record.path, mark):
            return 0
        entry = entries.add_record(ledger, tx, record)
        memory.note(ledger, tx, record.path, mark, until.value)
    return entry
