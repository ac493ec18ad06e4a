"""What is in progress: written before the first step that can be seen, removed with the last."""

import contextlib
import sqlite3
from collections.abc import Iterator

from homepress.base.files import Mark
from homepress.store.ledger import history, known_files
from homepress.store.ledger.ledger import Ledger
from homepress.store.model import JobPlan, Role, decode, encode

STARTED = "started"
"""Nothing but our own temp file exists."""
READY = "ready"
"""The result is durable and verified; from here on names may have been exchanged."""


def begin(ledger: Ledger, plan: JobPlan) -> None:
    """Write down what is about to happen."""
    with ledger.transaction() as tx:
        tx.execute(
            "INSERT INTO job (id, state, plan, since) VALUES (?, ?, ?, ?)",
            (plan.job, STARTED, encode(plan), ledger.elapsed.at_most()),
        )


def ready(ledger: Ledger, plan: JobPlan) -> None:
    """Write down that the user's names come next."""
    with ledger.transaction() as tx:
        tx.execute("UPDATE job SET state = ? WHERE id = ?", (READY, plan.job))


@contextlib.contextmanager
def ending(ledger: Ledger, plan: JobPlan) -> Iterator[sqlite3.Connection]:
    """A transaction for what is to be remembered of a job, which takes the job out of the journal too."""
    with ledger.transaction() as tx:
        yield tx
        tx.execute("DELETE FROM job WHERE id = ?", (plan.job,))


def abandon(ledger: Ledger, plan: JobPlan) -> None:
    """Nothing of it is left."""
    with ending(ledger, plan):
        pass


def finish(ledger: Ledger, plan: JobPlan, result: Mark | None, source: Mark | None, *, kept: bool) -> int:
    """In one transaction: history, content, file and the end of the job. The history entry's id.

    Args:
        ledger: where.
        plan: what was done.
        result: what the result looks like in its folder, None when something else is there by now.
        source: likewise of a source that stays in place (output and beside).
        kept: whether the original is in its vault.
    """
    with ending(ledger, plan) as tx:
        entry = 0
        if plan.kind in ("output", "beside", "copy"):
            history.supersede(tx, plan)
        if plan.kind != "copy":
            entry = history.add_result(tx, plan, ledger.elapsed.at_most(), kept=kept)
            known_files.learn(ledger, tx, plan.result_sha256, Role.RESULT)
        if plan.kind == "convert":
            known_files.drop(ledger, tx, plan.source)
        if result is not None:
            known_files.note(ledger, tx, plan.result, result)
        if source is not None:
            known_files.note(ledger, tx, plan.source, source)
        if kept:
            tx.execute("INSERT OR IGNORE INTO vault (path) VALUES (?)", (plan.vault,))
    return entry


def open_jobs(ledger: Ledger) -> list[tuple[JobPlan, str]]:
    """All jobs that were begun and not ended, with their state."""
    return [(decode(plan), state) for plan, state in ledger.query("SELECT plan, state FROM job ORDER BY id")]


def age_of(ledger: Ledger, job: str) -> float:
    """Seconds that the ledger saw pass since a job was begun; 0 for one that is over."""
    rows = ledger.query("SELECT since FROM job WHERE id = ?", (job,))
    return ledger.elapsed.seconds() - float(rows[0][0]) if rows else 0.0


def state_of(ledger: Ledger, job: str) -> str:
    """The state of one job, empty when it is over."""
    rows = ledger.query("SELECT state FROM job WHERE id = ?", (job,))
    return str(rows[0][0]) if rows else ""
