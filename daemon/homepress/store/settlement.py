"""Carrying one replacement to its end, or taking it back: decided by what is in the files.

The same code ends every replacement, whether the process lived through it, a step failed, or the power
went. Content is told by its hash: an original goes into its vault, a result of ours that is not in place is
deleted, anything else belongs to the user: it gets the picture's name where that has nothing but our
untouched result, and is kept under a name that says so elsewhere.
"""

import contextlib

from homepress.store import journal
from homepress.store.errors import StoreError, Unsupported
from homepress.store.kernel import Folder, move_away, place_new
from homepress.store.names import old_name, temp_name
from homepress.store.operation import JobOutcome
from homepress.store.plan import Plan
from homepress.store.vault import Stored
from homepress.store.workshop import Found, Workshop, keep_unknown, look, remove_ours

_EDIT_KEPT = "a program wrote to it while it was being replaced: the edit was kept and nothing was replaced"


class Settlement:
    """One replacement or conversion, seen after the fact."""

    def __init__(self, workshop: Workshop, folder: Folder, plan: Plan) -> None:
        self._workshop = workshop
        self._kernel = workshop.kernel
        self._folder = folder
        self._plan = plan
        self._vault = workshop.originals.vault(plan.vault)
        self._taken = False
        self._leftovers = False
        self._ready = False

    def settle(self) -> JobOutcome:
        """Bring it to an end.

        Raises:
            OSError: the system refused a step. Where the original could not be kept it is under its name
                again; otherwise the job stays open.
        """
        state = journal.state_of(self._workshop.ledger, self._plan.job)
        self._ready = state == journal.READY
        for name in (old_name(self._plan.job), temp_name(self._plan.job)):
            if (found := self._look(name)) is not None:
                ours = name == temp_name(self._plan.job) and state == journal.STARTED
                self._clear(name, found, ours)
        if self._taken:
            return self._finish(kept=True)
        return self._conclude()

    def _look(self, name: str) -> Found | None:
        return look(self._kernel, self._folder, name)

    def _here(self) -> Found | None:
        """What the source's name holds."""
        return self._look(self._plan.source.name)

    @property
    def _placed(self) -> bool:
        """Whether a result under the name of a conversion is ours to take back.

        Until it got its name, a file there with the same bytes is the user's, or another picture's result.
        A replacement has one name for both, and what it holds is never deleted.
        """
        return self._plan.kind == "convert" and self._ready and not self._leftovers

    def _result_in_place(self) -> Found | None:
        """The result, if it is where it belongs and nobody changed it."""
        found = self._look(self._plan.result.name)
        return found if found is not None and found.sha256 == self._plan.result_sha256 else None

    def _clear(self, name: str, found: Found, ours: bool) -> None:
        """Put one of our temp names in order.

        Args:
            name: of the file.
            found: what it holds.
            ours: it cannot be anything but a result that was being written.
        """
        here = self._here()
        if here is not None and (here.inode, here.sha256) == (found.inode, found.sha256):
            # A second name of the very file that is in place. The number alone does not tell: some file
            # systems make inode numbers up.
            self._unlink(name)
        elif found.sha256 == self._plan.source_sha256:
            self._clear_original(name, here)
        elif found.sha256 == self._plan.result_sha256 or ours:
            self._leftovers = not self._is_second_name(found)
            self._unlink(name)
        elif here is None and (name == old_name(self._plan.job) or self._may_have_left_its_name):
            # Saved at the very instant in which the name was emptied: it has a right to that name.
            place_new(self._kernel, self._folder, name, self._plan.source.name)
            self._kernel.sync_folder(self._folder)
        elif self._is_edit(found, here) and self._give_name(name):
            self._leftovers = True
            self._workshop.notes.tell(self._plan.path, _EDIT_KEPT)
        elif self._look(name) is not None:
            keep_unknown(self._workshop, self._folder, name, self._plan.source.name)

    @property
    def _may_have_left_its_name(self) -> bool:
        """Whether any of our temp names may hold what had the picture's name until now."""
        return self._plan.kind == "replace" and self._ready and not self._taken

    def _is_edit(self, found: Found, here: Found | None) -> bool:
        """Whether unknown content was written or saved by the user, and only our result has its name.

        Above all the original itself, written to after it was last looked at. Nobody has its bytes from
        before that, as if it had been written to without us. Where its size and time are what they were, no
        program wrote to it: then the disk is failing, and the result is the better copy.
        """
        if not self._may_have_left_its_name or here is None or here.sha256 != self._plan.result_sha256:
            return False
        return found.mark[:2] != (self._plan.source_size, self._plan.metadata.mtime_ns)

    def _is_second_name(self, found: Found) -> bool:
        """Whether a temp file is also under the result's name: the last step of naming it was cut off."""
        result = self._result_in_place()
        return result is not None and result.inode == found.inode

    def _clear_original(self, name: str, here: Found | None) -> None:
        if here is not None and here.sha256 == self._plan.source_sha256:
            self._unlink(name)  # the same bytes are in place already
        elif here is None and self._look(self._plan.result.name) is None:
            # Neither is there: whoever removed the result gets the original back rather than nothing.
            place_new(self._kernel, self._folder, name, self._plan.source.name)
            self._kernel.sync_folder(self._folder)
        else:
            self._take(name)

    def _take(self, name: str) -> None:
        """The waiting original into its vault; if that fails, back to its own name."""
        try:
            self._vault.take(self._folder, name, self._plan)
            self._taken = True
        except (OSError, StoreError):
            if self._look(name) is not None:
                self._put_back(name)
                if self._look(name) is None:
                    self._withdraw()
            raise

    def _put_back(self, name: str) -> None:
        """The original takes its name again where the result has it; a user's newer file keeps it."""
        result, source = self._result_in_place(), self._plan.source.name
        if self._plan.kind == "convert":
            place_new(self._kernel, self._folder, name, source)
            self._kernel.sync_folder(self._folder)
            if result is not None:
                self._remove_conversion()
        elif result is not None:
            self._give_name(name)

    def _remove_conversion(self) -> None:
        """The result of a conversion that is taken back, unless somebody saves over it at this instant."""
        remove_ours(
            self._workshop,
            self._folder,
            self._plan.result.name,
            temp_name(self._plan.job),
            self._plan.result_sha256,
        )

    def _give_name(self, name: str) -> bool:
        """What waits under a temp name takes the picture's name from our result; whether it did.

        What comes out is looked at before it is deleted. Whatever somebody saved at this instant keeps the
        name, and the file waits on.
        """
        kernel, folder, source = self._kernel, self._folder, self._plan.source.name
        waiting = self._look(name)
        try:
            kernel.exchange(folder, name, source)
        except Unsupported:
            return self._give_name_by_moving(name)
        if self._has_result(name):
            kernel.sync_folder(folder)
            self._unlink(name)
            kernel.sync_folder(folder)
            return True
        kernel.exchange(folder, name, source)
        back = self._look(name)
        if not (back and waiting and (back.sha256 == waiting.sha256 or back.inode == waiting.inode)):
            kernel.exchange(folder, name, source)  # saved once more: the newest one keeps the name
        kernel.sync_folder(folder)
        return False

    def _give_name_by_moving(self, name: str) -> bool:
        """As `_give_name`, where names cannot be exchanged: the result leaves first, and is looked at."""
        kernel, folder, source = self._kernel, self._folder, self._plan.source.name
        names = temp_name(self._plan.job), old_name(self._plan.job)
        aside = names[1] if name == names[0] else names[0]
        if self._has_result(aside):
            self._unlink(aside)  # a second name of the result
        elif self._look(aside) is not None:
            return False
        move_away(kernel, folder, source, aside)
        ours = self._has_result(aside)
        try:
            place_new(kernel, folder, name if ours else aside, source)
        except FileExistsError:
            if not ours:
                keep_unknown(self._workshop, folder, aside, source)
            ours = False
        kernel.sync_folder(folder)
        if self._has_result(aside):
            self._unlink(aside)
        return ours

    def _has_result(self, name: str) -> bool:
        """Whether a name holds our result and nothing that somebody saved since."""
        found = self._look(name)
        return found is not None and found.sha256 == self._plan.result_sha256

    def _conclude(self) -> JobOutcome:
        """No original waits: either nothing was exchanged, or it has reached its vault already."""
        here, result, stored = self._here(), self._result_in_place(), self._vault.condition(self._plan)
        untouched = here is not None and here.sha256 == self._plan.source_sha256
        if stored is Stored.CHANGED:
            return self._finish(kept=True)  # a late writer's bytes: looked at, and given back, from there
        if stored is Stored.WHOLE and not self._leftovers and not untouched:
            return self._finish(kept=True)
        if self._leftovers and self._plan.kind == "replace":
            # Our result never came into place: an equal one there is another computer's work, with its
            # original kept there.
            self._withdraw()
            return JobOutcome.ROLLED_BACK
        source_left = here is None or self._plan.kind == "replace"
        if result is not None and not untouched and source_left:
            if not self._vault.path.is_dir():
                return JobOutcome.PENDING
            return self._finish(kept=False)
        if here is None and not self._leftovers and self._look(self._plan.result.name) is None:
            return JobOutcome.PENDING
        if result is not None and self._placed:
            self._remove_conversion()  # its source never left
        self._withdraw()
        return JobOutcome.ROLLED_BACK

    def _finish(self, *, kept: bool) -> JobOutcome:
        self._kernel.sync_folder(self._folder)
        result = self._result_in_place()
        journal.finish(
            self._workshop.ledger, self._plan, result.mark if result is not None else None, None, kept=kept
        )
        return JobOutcome.FINISHED

    def _withdraw(self) -> None:
        """Nothing was replaced: nothing of it stays in the vault and the journal."""
        self._kernel.sync_folder(self._folder)
        with contextlib.suppress(FileNotFoundError):
            self._vault.remove(self._plan.stored_name)
        journal.abandon(self._workshop.ledger, self._plan)

    def _unlink(self, name: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            self._kernel.unlink(self._folder, name)
