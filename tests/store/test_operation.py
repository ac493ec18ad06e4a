"""The frame of every change: its steps, in their order, and one end for whatever happens."""

import typing
from dataclasses import dataclass
from pathlib import Path

import pytest

from homepress.base.override import override
from homepress.store import operation
from homepress.store.context import StoreContext
from homepress.store.fs.base import Folder, opened_folder
from homepress.store.ledger import journal
from homepress.store.model import JobPlan, Kind, Metadata
from homepress.store.operation import JobOutcome, Operation, carry_out
from homepress.store.recovery import OPERATION_OF_KIND
from store.kit import Bench, digest
from store.operations import CASES, EVERY, Case, count_steps

DONE = b"done"

STEPS: list[tuple[str, str]] = []
"""The steps of the last operation, and the state of its job in the journal at each."""


def plan_in(folder: Path) -> JobPlan:
    target = bytes(folder / "a.jpg")
    return JobPlan(
        job="0" * 16,
        kind="replace",
        time=0.0,
        path=target,
        target=target,
        source_sha256=digest(b"not yet"),
        source_size=7,
        source_inode=1,
        metadata=Metadata(mode=0o600, uid=0, gid=0, atime_ns=0, mtime_ns=0),
        result_sha256=digest(DONE),
        result_size=4,
    )


@dataclass(frozen=True)
class Noting(Operation):
    """An operation that notes its steps, and fails at one of them."""

    fails_at: str = ""
    error: type[BaseException] = OSError

    @override
    def stage(self, folder: Folder) -> None:
        self._step("stage")

    @override
    def switch(self, folder: Folder) -> None:
        self._step("switch")
        self.plan.result.write_bytes(DONE)

    def _step(self, name: str) -> None:
        STEPS.append((name, journal.state_of(self.context.ledger, self.plan.job)))
        assert self.plan.job in self.context.jobs
        if name == self.fails_at:
            raise self.error("injected")

    @override
    @staticmethod
    def settle(context: StoreContext, folder: Folder, plan: JobPlan) -> JobOutcome:
        assert folder.path == plan.folder
        STEPS.append(("settle", journal.state_of(context.ledger, plan.job)))
        journal.abandon(context.ledger, plan)
        done = plan.result.exists() and plan.result.read_bytes() == DONE
        return JobOutcome.FINISHED if done else JobOutcome.ROLLED_BACK


def carried_out(bench: Bench, operation: Noting) -> JobOutcome:
    STEPS.clear()
    with opened_folder(operation.context.fs, bench.watched) as folder:
        return carry_out(operation, folder)


def test_the_journal_is_written_before_each_step_that_needs_it(bench: Bench) -> None:
    with bench.store() as store:
        assert carried_out(bench, Noting(store._context, plan_in(bench.watched))) is JobOutcome.FINISHED
        assert STEPS == [("stage", "started"), ("switch", "ready"), ("settle", "ready")]
        assert journal.open_jobs(store._context.ledger) == []
        assert store._context.jobs == set()


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize(("step", "state"), [("stage", "started"), ("switch", "ready")])
def test_a_step_that_fails_is_settled_before_it_is_told(
    bench: Bench, step: str, state: str, error: type[BaseException]
) -> None:
    with bench.store() as store:
        with pytest.raises(error, match="injected"):
            carried_out(bench, Noting(store._context, plan_in(bench.watched), step, error))
        assert STEPS[-1] == ("settle", state)
        assert store._context.jobs == set()


def test_a_step_that_fails_after_its_work_is_done_is_no_failure(bench: Bench) -> None:
    (bench.watched / "a.jpg").write_bytes(DONE)
    with bench.store() as store:
        assert (
            carried_out(bench, Noting(store._context, plan_in(bench.watched), "switch"))
            is JobOutcome.FINISHED
        )


def test_every_kind_of_job_is_an_operation_and_every_case_belongs_to_one() -> None:
    assert set(OPERATION_OF_KIND) == set(typing.get_args(Kind))
    assert sorted(EVERY) == sorted(CASES)


def test_a_case_that_begins_no_job_of_its_kind_is_noticed(quick_disk: Path) -> None:
    with pytest.raises(AssertionError, match="no case of 'edit'"):
        count_steps(Case("edit", CASES["beside"].work), quick_disk, None, frozenset())


STORE = Path(operation.__file__).parent


@pytest.mark.parametrize(
    ("call", "callers"),
    [
        # `recovery` enters a job whose ledger was lost, from its sidecar.
        ("journal.begin(", {"operation.py", "recovery.py"}),
        ("journal.ready(", {"operation.py", "recovery.py"}),
        # Onto names of ours alone; the operations themselves cannot overwrite anything.
        ("fs.overwrite(", {"fs/base.py", "originals.py"}),
    ],
)
def test_what_the_frame_promises_is_done_nowhere_else(call: str, callers: set[str]) -> None:
    found = {
        path.relative_to(STORE).as_posix()
        for path in STORE.rglob("*.py")
        if call in path.read_text(encoding="utf-8")
    }
    assert found == callers
