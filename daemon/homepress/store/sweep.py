"""Ledger and vaults brought together at the start: each original is in both, or in neither.

A vault describes itself: when the ledger was lost, its originals are entered again from their sidecars, and
so are results by their hashes, so that nothing is compressed twice. What a sidecar says of a path is not
trusted beyond showing it: `undo` restores such an original only beneath a configured folder.
"""

import msgspec

from homepress.store import entries, journal, memory
from homepress.store.errors import StoreError
from homepress.store.plan import Plan
from homepress.store.receipt import OriginalState, Role
from homepress.store.recovery import Recovery
from homepress.store.vault import Vault
from homepress.store.workshop import Workshop

_LET_GO = (OriginalState.RESTORED, OriginalState.ACCEPTED, OriginalState.EXPIRED)


def sweep(workshop: Workshop, recovery: Recovery) -> None:
    """Look through all vaults that can be reached. Only while nothing else is under way."""
    adopted = 0
    for vault in workshop.originals.reachable_vaults():
        try:
            adopted += _Sweep(workshop, recovery, vault).run()
        except (OSError, StoreError) as error:
            workshop.notes.tell(vault.path, f"its originals could not be looked through ({error})")
    if adopted:
        workshop.notes.tell(
            workshop.originals.main.path,
            f"{adopted} originals that the ledger did not know were entered again",
        )


class _Sweep:
    """One vault."""

    def __init__(self, workshop: Workshop, recovery: Recovery, vault: Vault) -> None:
        self._workshop = workshop
        self._ledger = workshop.ledger
        self._recovery = recovery
        self._vault = vault

    def run(self) -> int:
        """Put it in order; how many originals were entered again."""
        self._vault.remove_parts()
        stored = self._vault.stored()
        unknown = (stored | self._vault.sidecars()) - self._kept() - self._open()
        lost: list[Plan] = []
        for name in sorted(unknown):
            state = entries.original_of(self._ledger, name[65:])
            if state in _LET_GO or (state is not None and name not in stored):
                self._vault.remove(name)  # the crash came before it was deleted
            elif state is not None:
                self._keep_again(name)
            elif (plan := self._plan(name)) is None:
                continue
            elif name in stored:
                lost.append(plan)
            else:
                self._resume(plan)
        for plan in sorted(lost, key=lambda plan: plan.time):
            self._adopt(plan)
        return len(lost)

    def _kept(self) -> set[str]:
        """Names that the ledger has for this vault."""
        rows = self._ledger.query(
            "SELECT before_sha256 || '-' || job FROM history WHERE original = 'kept' AND vault = ?",
            (self._workshop.originals.name_of(self._vault),),
        )
        return {name for (name,) in rows}

    def _open(self) -> set[str]:
        """Names of jobs that could not be settled yet."""
        return {plan.stored_name for plan, _ in journal.open_jobs(self._ledger)}

    def _plan(self, name: str) -> Plan | None:
        """What the sidecar says, as far as it is to be believed: the vault is the one it lies in."""
        try:
            plan = self._vault.plan(name)
        except (FileNotFoundError, ValueError):
            self._workshop.notes.tell(
                self._vault.path / name, "an original without a description that can be read; it stays here"
            )
            return None
        return msgspec.structs.replace(plan, vault=self._workshop.originals.name_of(self._vault))

    def _keep_again(self, name: str) -> None:
        """It is here although the history has none: better one too many than one too few."""
        vault = self._workshop.originals.name_of(self._vault)
        with self._ledger.transaction() as tx:
            entries.keep_again(tx, name[65:], vault)

    def _adopt(self, plan: Plan) -> None:
        with self._ledger.transaction() as tx:
            entries.add_result(tx, plan, self._ledger.elapsed.at_most(), kept=True, adopted=True)
            memory.learn(self._ledger, tx, plan.result_sha256, Role.RESULT)
            tx.execute("INSERT OR IGNORE INTO vault (path) VALUES (?)", (plan.vault,))

    def _resume(self, plan: Plan) -> None:
        """Described but not stored: the crash that lost the ledger came in the middle of a replacement."""
        inside = any(plan.source.is_relative_to(root) for root in self._workshop.originals.roots)
        if plan.kind not in ("replace", "convert") or not inside or ".." in plan.source.parts:
            return
        journal.begin(self._ledger, plan)
        journal.ready(self._ledger, plan)
        self._recovery.settle(plan)
