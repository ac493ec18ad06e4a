"""Taking names out of the ledger; what was done stays known by keyed hashes alone."""

import os
from pathlib import Path

from homepress.base.system_errors import in_words
from homepress.store import memory
from homepress.store.errors import NotScrubbed, shown
from homepress.store.ledger import Ledger
from homepress.store.memory import beneath


def forget(ledger: Ledger, path: Path | None, before: float | None) -> int:
    """Remove history entries and make the names of their files unreadable; how many entries went.

    Entries whose original is still kept stay: without them the original could not be found again. Accept or
    undo it first.

    Args:
        ledger: where.
        path: of a picture, or of a folder with everything beneath; None for any.
        before: only entries older than this, seconds since 1970; None for any.

    Raises:
        OSError: nothing was forgotten.
        NotScrubbed: the entries are gone, but what they held may still be read out of the files.
    """
    conditions: list[str] = ["original <> 'kept'"]
    values: list[bytes | float] = []
    if path is not None:
        raw = os.fsencode(path)
        of_it = "({0} = ? OR ({0} >= ? AND {0} < ?))"
        conditions.append(f"({of_it.format('path')} OR {of_it.format('result_path')})")
        values += [raw, *beneath(raw)] * 2
    if before is not None:
        conditions.append("time < ?")
        values.append(before)
    condition = " AND ".join(conditions)
    with ledger.transaction() as tx:
        names = tx.execute(f"SELECT path, result_path FROM history WHERE {condition}", values).fetchall()
        tx.execute(f"DELETE FROM history WHERE {condition}", values)
        for pair in names:
            for name in set(pair):
                memory.forget_file(ledger, tx, name)
        if path is not None and before is None:
            memory.forget_file(ledger, tx, os.fsencode(path))
            memory.forget_beneath(ledger, tx, os.fsencode(path))
    try:
        ledger.scrub()
    except OSError as error:
        raise NotScrubbed(
            f"the history does not show them any more, but their names can still be read out of "
            f"{shown(ledger.path)} and its backup: {in_words(error)}; then forget them again"
        ) from error
    return len(names)
