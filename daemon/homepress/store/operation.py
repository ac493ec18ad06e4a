"""The frame of every change that Homepress makes to a user's files. Read this page first.

A result takes the place of its picture, or is written elsewhere; an original comes back; a late edit goes
back to its file. Each of these is an `Operation`, and `carry_out` is the only code that carries one out, in
five steps:

1. **Journal.** The plan is made durable: which files, and by hash what each of them holds.
2. **Stage.** Whatever can be prepared is prepared under hidden names of our own: written, flushed, read back.
3. **Ready.** The journal notes, durably, that from here on names may have changed.
4. **Switch.** Names change hands, by an exchange or by a rename to a free name.
5. **Settle.** What the names hold decides how the job ends: completed, or rolled back. One transaction
   writes the history and takes the job out of the journal.

Nothing is lost, whichever step fails and wherever the process or the power ends:

- *Until `ready`, no name that a user sees has changed.* What was made has a name derived from the job, which
  nobody else uses; without it, everything is as before.
- *`switch` overwrites nothing.* A file that leaves its name gets one of ours in the same system call. So at
  every instant each content has a name: the user's, or one of two that the plan tells. What left is looked
  at before anything else happens: a file that somebody saved at that very instant gets its name back. Where a
  file system cannot exchange names, the user's name is empty for that instant, and `settle` fills it.
- *`settle` believes the files.* It is a static method: it gets the plan, the folder, and nothing that a
  running operation knows. So success, failure and crash all end in the same code, after a crash at the next
  start. A hash tells an original from a result. What is neither belongs to somebody: it gets the name that it
  had, or one that says so (`recovered-...`), and is never deleted.
- *A job stays in the journal until it is settled*, and `settle` can be cut off and called again: each of its
  steps leaves a state in which it would decide the same. What it deletes is stored elsewhere, whole and
  durable, or can be made again.

So three things prove an operation safe, each to be seen in one place: `stage` touches only names of ours,
`switch` overwrites nothing, and `settle` ends whatever it finds after each of their steps. The registry,
`recovery.OPERATION_OF_KIND`, has all operations. The tests go through it: they fail every step of each
operation with every error, kill the process before every step, and look for anything that is missing.
"""

import abc
import enum
from dataclasses import dataclass

from homepress.store.context import StoreContext
from homepress.store.fs.base import Folder
from homepress.store.ledger import journal
from homepress.store.model import JobPlan


class JobOutcome(enum.Enum):
    """How a job ended."""

    FINISHED = "finished"
    """What was planned is done, and in the history."""
    ROLLED_BACK = "rolled back"
    """Everything is as it was before, and nothing of the job is left."""
    PENDING = "pending"
    """Nobody can say yet: a folder that is needed is not there. The job stays in the journal."""


@dataclass(frozen=True, slots=True)
class Operation(abc.ABC):
    """One change of a user's files. Every method may raise `OSError` for what the system refuses.

    Attributes:
        context: the tools.
        plan: what is done, complete: with it alone, `settle` can end the job.
    """

    context: StoreContext
    plan: JobPlan

    @abc.abstractmethod
    def stage(self, folder: Folder) -> None:
        """Prepare what can be prepared, under names of ours in the folder, and make it durable.

        Raises:
            StoreError: it cannot be done, or a file is not what the plan says.
        """

    @abc.abstractmethod
    def switch(self, folder: Folder) -> None:
        """Let names change hands, without ever overwriting anything.

        Raises:
            StoreError: somebody else uses the file.
        """

    @staticmethod
    @abc.abstractmethod
    def settle(context: StoreContext, folder: Folder, plan: JobPlan) -> JobOutcome:
        """Complete the job or roll it back, by what the names hold, and take it out of the journal.

        Raises:
            OSError: the system refused a step; the job stays in the journal and is settled later.
        """


def carry_out(operation: Operation, folder: Folder) -> JobOutcome:
    """Carry out an operation from the journal's first entry to its last.

    Args:
        operation: what is done.
        folder: the open folder of its plan (`JobPlan.folder`).

    Returns:
        How it ended. Without an exception that is nearly always `FINISHED`; else somebody has changed the
        files since the switch, or took their folder away, and nothing was lost.

    Raises:
        StoreError, OSError: what a step raised, once the job was settled and was not finished by that.
    """
    context, plan = operation.context, operation.plan
    with context.in_progress(plan.job):
        journal.begin(context.ledger, plan)
        try:
            operation.stage(folder)
            journal.ready(context.ledger, plan)
            operation.switch(folder)
        except BaseException:
            if (outcome := operation.settle(context, folder, plan)) is not JobOutcome.FINISHED:
                raise
            return outcome
        return operation.settle(context, folder, plan)
