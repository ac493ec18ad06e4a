"""How long originals stay: accepted, expired, looked at for damage and for late writers."""

import contextlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import Literal, TypeVar

from homepress.base.files import paths_under
from homepress.base.results import OriginalOutcome
from homepress.base.system_errors import printable
from homepress.store.context import StoreContext, in_time
from homepress.store.late_writes import SETTLE_SECONDS, return_stored_edit, was_written_to
from homepress.store.ledger.history import Kept, kept_entries, merged, naming, set_original
from homepress.store.ledger.schema import DAYS, end_of_day
from homepress.store.model import (
    NextExpiry,
    OriginalsAway,
    OriginalsSelection,
    OriginalState,
    StoreError,
)

_MARKED = f"min(259200.0, {DAYS} / 2)"
"""SQL: for how many seconds an original is marked before it goes: three days, or half of fewer than six."""
T = TypeVar("T")

_PATIENCE = 60.0
"""Seconds for one original of a vault that answers."""


def accept(context: StoreContext, selection: OriginalsSelection) -> Iterator[OriginalOutcome]:
    """Delete stored originals permanently; the results stay."""
    for kept in _choose(context, selection):
        try:
            yield _in_time(context, kept, partial(_let_go, context, kept, OriginalState.ACCEPTED))
        except (OSError, StoreError) as error:
            yield _outcome(kept, "failed", str(error))


def expire(context: StoreContext, now: float) -> None:
    """Mark the originals whose days are nearly over, and delete those that were marked before.

    What could not be deleted is noted and tried again.

    Args:
        context: the tools.
        now: `Elapsed.seconds`.
    """
    ledger = context.ledger
    over = f"({DAYS} = 0 OR since + {DAYS} - {_MARKED} <= ?)"
    due = f"original = 'kept' AND goes IS NULL AND settled = 1 AND {over}"
    if ledger.query(f"SELECT 1 FROM history WHERE {due} LIMIT 1", (now,)):
        with ledger.transaction() as tx:
            goes = f"CASE WHEN {DAYS} = 0 THEN ? ELSE ? + {_MARKED} END"
            at_most = ledger.elapsed.at_most()
            tx.execute(f"UPDATE history SET goes = {goes} WHERE {due}", (now, at_most, now))
    for kept in kept_entries(ledger, "goes <= ? AND settled = 1", (now,)):
        try:
            _in_time(context, kept, partial(_let_go, context, kept, OriginalState.EXPIRED))
        except OriginalsAway:
            continue  # it goes when its disk is back
        except (OSError, StoreError) as error:
            context.notes.add(kept.source, f"its original could not be let go: {error}")


def next_expiry(context: StoreContext) -> NextExpiry:
    """Which originals go next, and when."""
    ledger = context.ledger
    marked = "SELECT count(*), min(goes) FROM history WHERE original = 'kept' AND goes IS NOT NULL"
    _, first = ledger.query(marked)[0]
    if first is None:
        return NextExpiry()
    now, counted = ledger.clock.wall(), ledger.elapsed.at_most()
    at = now + max(0.0, first - counted)
    number, _ = ledger.query(f"{marked} AND goes < ?", (counted + end_of_day(at) - now,))[0]
    return NextExpiry(number, at)


def verify(context: StoreContext, selection: OriginalsSelection) -> Iterator[OriginalOutcome]:
    """Read stored originals and compare their hashes."""
    for kept in _choose(context, selection):
        try:
            yield _in_time(context, kept, partial(_verified, context, kept))
        except (OSError, StoreError) as error:
            yield _outcome(kept, "failed", str(error))


def look_for_late_writers(context: StoreContext) -> None:
    """Look once more at originals that were stored some seconds ago; edits go back to their owner."""
    now = context.ledger.elapsed.at_most()
    # What seems to be stored in the future was stored before a clock was set back.
    condition = "settled = 0 AND since NOT BETWEEN ? AND ?"
    due = kept_entries(context.ledger, condition, (now - SETTLE_SECONDS, now))
    for kept in due:
        try:
            edited = _in_time(context, kept, partial(return_stored_edit, context, kept))
        except (OSError, StoreError):
            continue  # its folder is away, or the disk in trouble: looked for again next time
        if not edited:
            with context.ledger.transaction(durable=False) as tx:
                tx.execute("UPDATE history SET settled = 1 WHERE id = ?", (kept.entry,))


def _choose(context: StoreContext, selection: OriginalsSelection) -> list[Kept]:
    ledger = context.ledger
    older: tuple[str, ...] = ()
    values: tuple[object, ...] = ()
    if selection.older_than is not None:
        older, values = ("since <= ?",), (ledger.elapsed.seconds() - selection.older_than,)
    if not (selection.paths or selection.entries):
        if not older and not selection.all:
            return []
        return kept_entries(ledger, "".join(older) or "1", values)
    named = naming(
        selection.paths,
        selection.entries,
        "path = ? OR result_path = ? OR (path >= ? AND path < ?)",
        lambda path: (path, path, *paths_under(path)),
    )
    return merged(
        kept_entries(ledger, " AND ".join((each, *older)), (*of_it, *values)) for each, of_it in named
    )


def _outcome(
    kept: Kept, outcome: Literal["accepted", "good", "damaged", "failed"], reason: str = ""
) -> OriginalOutcome:
    return OriginalOutcome(
        id=kept.entry, path=str(kept.source), bytes=kept.before_bytes, outcome=outcome, reason=reason
    )


def _let_go(context: StoreContext, kept: Kept, state: OriginalState) -> OriginalOutcome:
    """Let one original go, after a last look whether somebody wrote to it.

    Raises:
        OriginalsAway: its disk is away; the entry stays as it is.
    """
    vault = context.originals.vault(kept.vault)
    if context.drives.absence(vault.path) is not None or not vault.path.is_dir():
        raise OriginalsAway(f"{printable(vault.path)}, where its original is, is away; connect its disk")
    if return_stored_edit(context, kept):
        edited = "a program wrote to it after it was replaced: the edit was put back into its folder"
        return _outcome(kept, "accepted", edited)
    with context.ledger.transaction() as tx:
        set_original(context.ledger, tx, kept.entry, state)
    # Only now: a crash in between, or a disk that goes, leaves a file that recovery knows to be let go.
    with contextlib.suppress(FileNotFoundError):
        vault.remove(kept.stored_name)
    return _outcome(kept, "accepted")


def _verified(context: StoreContext, kept: Kept) -> OriginalOutcome:
    vault = context.originals.vault(kept.vault)
    found = vault.look(kept.stored_name)
    if found is None:
        where = f"it is not in {printable(vault.path)}; is its disk connected?"
        return _outcome(kept, "damaged", where)
    if found.sha256 == kept.before_sha256:
        return _outcome(kept, "good")
    why = (
        "a program wrote to it after it was replaced"
        if was_written_to(context, kept)
        else "its bytes are not what was stored: the disk may be failing"
    )
    return _outcome(kept, "damaged", why)


def _in_time(context: StoreContext, kept: Kept, call: Callable[[], T]) -> T:
    """What is done with one original, unless the disk hangs that it is on."""
    return in_time(call, _PATIENCE, context.originals.vault(kept.vault).path)
