"""Putting a result in the place of its picture, so that the name holds one or the other at every instant.

A conversion is the same with two names. The order of the steps and why it is this one is in docs/safety.md,
the frame around them in `operation`.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from homepress.base.override import override
from homepress.base.system_errors import Scope, explain, printable
from homepress.store import staging
from homepress.store.context import StoreContext, quarantine, remove_ours
from homepress.store.fs.base import (
    FileState,
    FileSystem,
    Folder,
    exists,
    holds,
    leased,
    look,
    move_away,
    opened_file,
    opened_folder,
    rename_noreplace,
    same_file,
    sha256_of,
    untouched,
)
from homepress.store.health import check_writable
from homepress.store.late_writes import HeldOriginals
from homepress.store.ledger import journal
from homepress.store.ledger.history import entry_of
from homepress.store.model import (
    Busy,
    Changed,
    Degraded,
    JobPlan,
    Kind,
    Receipt,
    Refusal,
    Replacement,
    Source,
    StoreError,
    Unsupported,
)
from homepress.store.names import converted_names
from homepress.store.operation import JobOutcome, Operation, carry_out
from homepress.store.originals import OriginalPlace, Stored
from homepress.store.read_source import missing_or_linked
from homepress.store.staging import check_result, make_plan, stage

_SIDECAR_BYTES = 4096
"""What an original needs on the disk that it is on already: a block for its sidecar."""


def replace(context: StoreContext, held: HeldOriginals, source: Source, replacement: Replacement) -> Receipt:
    """Replace a picture, or convert it where the replacement has another suffix.

    Args:
        context: the tools.
        held: gets the original where its content had to be copied away.
        source: as it was read.
        replacement: its result.

    Raises:
        Changed, Busy, Vanished: worth reading again.
        Refusal: an attribute cannot be kept, or the result is empty or the picture itself.
        StoreFull: no room for the original.
        Degraded: this file system can replace nothing safely.
        VerifyFailed: the disk does not give back what was written.
        OSError: the system refused a step. In every case nothing was replaced.
    """
    check_result(source, replacement)
    fs, originals = context.fs, context.originals
    with _opened(fs, source) as (folder, fd):
        if not untouched(fs, fd, source.identity, source.sha256):
            raise Changed(f"{printable(source.path)}: it changed since it was read")
        place = originals.place_for(folder, replacement.root)
        carried = staging.capture_attributes(fs, fd)
        target = _target(fs, folder, source, replacement)
        kind: Kind = "replace" if target == source.path else "convert"
        plan = make_plan(kind, source, replacement, target, carried, originals.name_of(place.vault))
        with originals.room_for(plan.source_size, place.vault):
            try:
                outcome = carry_out(Replace(context, plan, source, replacement.data, fd, place), folder)
            except FileNotFoundError as error:
                if explain(error).scope is Scope.ORIGINALS:
                    raise
                raise Changed(f"{plan}: it was moved or removed at the moment of replacing") from None
        if outcome is not JobOutcome.FINISHED:
            raise Changed(f"{plan}: it changed at the moment of replacing; nothing was lost")
        if not place.same_filesystem:
            held.hold(fd, plan)
    return Receipt(entry_of(context.ledger, plan), plan.result, plan.source_size, plan.result_size)


def check_room(context: StoreContext, source: Source, root: Path | None) -> None:
    """See whether the original of a picture could be kept now, before any work is done for it.

    Raises:
        StoreFull: the limit would be exceeded.
        OSError: nothing can be written into the folder of originals.
    """
    size = source.identity.size
    with _opened(context.fs, source) as (folder, _):
        place = context.originals.place_for(folder, root)
    with context.originals.room_for(size, place.vault), place.vault.opened():
        check_writable(place.vault.path, _SIDECAR_BYTES if place.same_filesystem else size)


@contextlib.contextmanager
def _opened(fs: FileSystem, source: Source) -> Iterator[tuple[Folder, int]]:
    path = source.path
    with contextlib.ExitStack() as stack:
        try:
            folder = stack.enter_context(opened_folder(fs, path.parent))
            fd = stack.enter_context(opened_file(fs, folder, path.name))
        except (FileNotFoundError, NotADirectoryError):
            raise missing_or_linked(path) from None
        yield folder, fd


def _target(fs: FileSystem, folder: Folder, source: Source, replacement: Replacement) -> Path:
    """Where the result goes: the same name, or for a conversion the first free one."""
    if not replacement.suffix:
        return source.path
    for name in converted_names(source.path.name, replacement.suffix):
        if not exists(fs, folder, name):
            return folder.path / name
    raise Refusal(f"{printable(source.path)}: a thousand names for its conversion are taken")


@dataclass(frozen=True, slots=True)
class Replace(Operation):
    """A result on its way to the place of its picture, and the original on its way to its vault.

    Attributes:
        source: the picture as it was read.
        data: the result.
        fd: of the picture, open.
        place: where the original will be kept.
    """

    source: Source
    data: bytes
    fd: int
    place: OriginalPlace

    @override
    def stage(self, folder: Folder) -> None:
        stage(self.context.fs, folder, self.plan, self.data, exactly=True)
        if not self.place.same_filesystem:
            self.place.vault.copy_in(self.fd, self.plan)
        self.place.vault.write_sidecar(self.plan)

    @override
    def switch(self, folder: Folder) -> None:
        """While no program can begin to write to the original unnoticed."""
        fs = self.context.fs
        with leased(fs, self.fd) as has_lease:
            switch = _Switch(fs, folder, self.fd, self.source, self.plan, has_lease)
            switch.check_untouched()
            if self.plan.kind == "convert":
                switch.convert()
            else:
                switch.exchange()

    @override
    @staticmethod
    def settle(context: StoreContext, folder: Folder, plan: JobPlan) -> JobOutcome:
        return _Settlement(context, folder, plan).settle()


@dataclass(frozen=True, slots=True)
class _Switch:
    """The moment in which an original leaves its name, with what tells whether somebody else uses it."""

    fs: FileSystem
    folder: Folder
    fd: int
    source: Source
    plan: JobPlan
    has_lease: bool

    @property
    def _name(self) -> str:
        return self.source.path.name

    def check_untouched(self) -> None:
        """Raise unless the picture is, byte for byte and attribute for attribute, what was read."""
        if not untouched(self.fs, self.fd, self.source.identity, self.source.sha256):
            raise Changed(f"{self.plan}: it changed while it was compressed")
        if sha256_of(self.fs, self.fd) != self.source.sha256:
            raise Changed(f"{self.plan}: its content changed while it was compressed")
        self._check_name()

    def _check_name(self) -> None:
        if self.has_lease and not self.fs.lease_whole(self.fd):
            raise Busy(f"{self.plan}: a program is about to write to it")
        if not exists(self.fs, self.folder, self._name):
            raise Changed(f"{self.plan}: it was moved or removed while it was compressed")
        if not self._is_original(self._name):
            raise Changed(f"{self.plan}: another file took its name while it was compressed")

    def exchange(self) -> None:
        """Result and original exchange their names."""
        try:
            self.fs.exchange(self.folder, self.plan.temp_name, self._name)
        except Unsupported:
            self._move()
            return
        if self._got_the_original(self.plan.temp_name):
            self.fs.sync_folder(self.folder)
            if self._is_calm():
                return
        self._exchange_back()
        raise Changed(f"{self.plan}: somebody used it at the moment of replacing")

    def _exchange_back(self) -> None:
        """Unless the name has got yet another file by now: the newest one keeps it."""
        if not self.fs.exchanges_open_files():
            with contextlib.suppress(FileNotFoundError):
                if self._has_result(self._name):
                    self._move_back(self.plan.temp_name, self.plan.old_name)
            return
        for _ in range(2):
            with contextlib.suppress(FileNotFoundError):
                if not self._has_result(self._name):
                    return
                self.fs.exchange(self.folder, self.plan.temp_name, self._name)
                if self._has_result(self.plan.temp_name):
                    return
                # Somebody saved over the result between the look and the exchange: theirs goes back.
                self.fs.exchange(self.folder, self.plan.temp_name, self._name)

    def _move(self) -> None:
        """Where names cannot be exchanged: the original leaves its name, then the result takes it.

        Nothing is ever renamed over the picture, so a file that is saved in between keeps the name. For that
        moment the name is empty; the journal knows it, and recovery gives it back.
        """
        fs, folder = self.fs, self.folder
        self._check_links()
        self._check_name()
        move_away(fs, folder, self._name, self.plan.old_name)
        if not self._got_the_original(self.plan.old_name):
            with contextlib.suppress(FileExistsError):
                rename_noreplace(fs, folder, self.plan.old_name, self._name)
            raise Changed(f"{self.plan}: somebody used it at the moment of replacing")
        try:
            rename_noreplace(fs, folder, self.plan.temp_name, self._name)
        except FileExistsError:
            raise Changed(f"{self.plan}: somebody saved it at the moment of replacing") from None
        fs.sync_folder(folder)
        if not self._is_calm():
            self._move_back(self.plan.old_name, self.plan.temp_name)
            raise Changed(f"{self.plan}: somebody wrote to it at the moment of replacing")

    def _check_links(self) -> None:
        """That a file can be given a name that is free, and only then: what moving rests on."""
        try:
            self.fs.link(self.folder, self.plan.temp_name, self.folder, self.plan.old_name)
        except Unsupported:
            raise Degraded(
                f"{printable(self.folder.path)}: its file system can neither exchange two files nor link "
                "one, so that no picture can be replaced safely there; have results written elsewhere with "
                "--output DIR"
            ) from None
        self.fs.unlink(self.folder, self.plan.old_name)

    def _move_back(self, waiting: str, aside: str) -> None:
        """What waits under one of our names takes the picture's again, unless that has yet another file."""
        with contextlib.suppress(FileNotFoundError, FileExistsError):
            move_away(self.fs, self.folder, self._name, aside)
            ours = self._has_result(aside)
            rename_noreplace(self.fs, self.folder, waiting if ours else aside, self._name)

    def convert(self) -> None:
        """The result gets its new name first, durably; then the source leaves its own."""
        fs, folder, plan = self.fs, self.folder, self.plan
        try:
            rename_noreplace(fs, folder, self.plan.temp_name, plan.result.name)
        except FileExistsError:
            raise Changed(f"{printable(plan.target)}: the name was taken meanwhile") from None
        fs.sync_folder(folder)
        self._check_name()
        move_away(fs, folder, self._name, self.plan.old_name)
        if not (self._got_the_original(self.plan.old_name) and self._is_calm()):
            with contextlib.suppress(FileExistsError):
                rename_noreplace(fs, folder, self.plan.old_name, self._name)
            raise Changed(f"{plan}: somebody used it at the moment of converting")
        fs.sync_folder(folder)

    def _got_the_original(self, name: str) -> bool:
        """Whether what left the picture's name is what was read, and not what somebody put there just now."""
        return self._is_original(name) and self._is_calm()

    def _is_original(self, name: str) -> bool:
        """Whether a name has the file that was read.

        Where the inode number is another, the content decides: some file systems make numbers up, for each
        path or each look.
        """
        identity = self.source.identity
        try:
            facts = self.fs.stat_name(self.folder, name)
        except FileNotFoundError:
            return False
        if same_file(facts, identity):
            return True
        if (facts.st_size, facts.st_mtime_ns) != (identity.size, identity.mtime_ns):
            return False
        return holds(self.fs, self.folder, name, self.source.sha256)

    def _is_calm(self) -> bool:
        """Whether nobody has begun to write to the original; without a lease, whether nobody has written."""
        if self.has_lease:
            return self.fs.lease_whole(self.fd)
        return sha256_of(self.fs, self.fd) == self.source.sha256

    def _has_result(self, name: str) -> bool:
        """Whether a name holds our result and nothing that somebody saved since."""
        return holds(self.fs, self.folder, name, self.plan.result_sha256)


_EDIT_KEPT = "a program wrote to it while it was being replaced: the edit was kept and nothing was replaced"


class _Settlement:
    """One replacement or conversion, seen after the fact: completed or rolled back by what is in the files.

    Content is recognised by its hash: an original goes into its vault, a result of ours that is not in place
    is deleted, anything else belongs to the user: it gets the picture's name where that has nothing but our
    untouched result, and is kept under a name that says so elsewhere.
    """

    def __init__(self, context: StoreContext, folder: Folder, plan: JobPlan) -> None:
        self._context = context
        self._fs = context.fs
        self._folder = folder
        self._plan = plan
        self._vault = context.originals.vault(plan.vault)
        self._taken = False
        self._leftovers = False
        self._ready = False

    def settle(self) -> JobOutcome:
        """Bring it to an end.

        Raises:
            OSError: the system refused a step. Where the original could not be kept it is under its name
                again; otherwise the job stays open.
        """
        state = journal.state_of(self._context.ledger, self._plan.job)
        self._ready = state == journal.READY
        for name in (self._plan.old_name, self._plan.temp_name):
            if (found := self._look(name)) is not None:
                ours = name == self._plan.temp_name and state == journal.STARTED
                self._clear(name, found, ours)
        if self._taken:
            return self._finish(kept=True)
        return self._conclude()

    def _look(self, name: str) -> FileState | None:
        return look(self._fs, self._folder, name)

    def _here(self) -> FileState | None:
        """What the source's name holds."""
        return self._look(self._plan.source.name)

    @property
    def _placed(self) -> bool:
        """Whether a result under the name of a conversion is ours to remove.

        Until it got its name, a file there with the same bytes is the user's, or another picture's result.
        A replacement has one name for both, and what it holds is never deleted.
        """
        return self._plan.kind == "convert" and self._ready and not self._leftovers

    def _result_in_place(self) -> FileState | None:
        """The result, if it is where it belongs and nobody changed it."""
        found = self._look(self._plan.result.name)
        return found if found is not None and found.sha256 == self._plan.result_sha256 else None

    def _clear(self, name: str, found: FileState, ours: bool) -> None:
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
        elif here is None and (name == self._plan.old_name or self._may_have_left_its_name):
            # Saved at the very instant in which the name was emptied: it has a right to that name.
            rename_noreplace(self._fs, self._folder, name, self._plan.source.name)
            self._fs.sync_folder(self._folder)
        elif self._is_edit(found, here) and self._give_name(name):
            self._leftovers = True
            self._context.notes.add(self._plan.path, _EDIT_KEPT)
        elif self._look(name) is not None:
            quarantine(self._context, self._folder, name, self._plan.source.name)

    @property
    def _may_have_left_its_name(self) -> bool:
        """Whether any of our temp names may hold what had the picture's name until now."""
        return self._plan.kind == "replace" and self._ready and not self._taken

    def _is_edit(self, found: FileState, here: FileState | None) -> bool:
        """Whether unknown content was written or saved by the user, and only our result has its name.

        Above all the original itself, written to after it was last looked at. Nobody has its bytes from
        before that, as if it had been written to without us. Where its size and time are what they were, no
        program wrote to it: then the disk is failing, and the result is the better copy.
        """
        if not self._may_have_left_its_name or here is None or here.sha256 != self._plan.result_sha256:
            return False
        return found.mark[:2] != (self._plan.source_size, self._plan.metadata.mtime_ns)

    def _is_second_name(self, found: FileState) -> bool:
        """Whether a temp file is also under the result's name: the last step of naming it was cut off."""
        result = self._result_in_place()
        return result is not None and result.inode == found.inode

    def _clear_original(self, name: str, here: FileState | None) -> None:
        if here is not None and here.sha256 == self._plan.source_sha256:
            self._unlink(name)  # the same bytes are in place already
        elif here is None and self._look(self._plan.result.name) is None:
            # Neither is there: who removed the result gets the original back rather than nothing.
            rename_noreplace(self._fs, self._folder, name, self._plan.source.name)
            self._fs.sync_folder(self._folder)
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
            rename_noreplace(self._fs, self._folder, name, source)
            self._fs.sync_folder(self._folder)
            if result is not None:
                self._remove_conversion()
        elif result is not None:
            self._give_name(name)

    def _remove_conversion(self) -> None:
        """The result of a conversion that is rolled back, unless somebody saves over it at this instant."""
        remove_ours(
            self._context,
            self._folder,
            self._plan.result.name,
            self._plan.temp_name,
            self._plan.result_sha256,
        )

    def _give_name(self, name: str) -> bool:
        """What waits under a temp name takes the picture's name from our result; whether it did.

        What comes out is looked at before it is deleted. Whatever somebody saved at this instant keeps the
        name, and the file waits on.
        """
        fs, folder, source = self._fs, self._folder, self._plan.source.name
        if not fs.exchanges_open_files():
            return self._give_name_by_moving(name)  # the original is open until its job is settled
        waiting = self._look(name)
        try:
            fs.exchange(folder, name, source)
        except Unsupported:
            return self._give_name_by_moving(name)
        if self._has_result(name):
            fs.sync_folder(folder)
            self._unlink(name)
            fs.sync_folder(folder)
            return True
        fs.exchange(folder, name, source)
        back = self._look(name)
        if not (back and waiting and (back.sha256 == waiting.sha256 or back.inode == waiting.inode)):
            fs.exchange(folder, name, source)  # saved once more: the newest one keeps the name
        fs.sync_folder(folder)
        return False

    def _give_name_by_moving(self, name: str) -> bool:
        """As `_give_name`, where names cannot be exchanged: the result leaves first, and is looked at."""
        fs, folder, source = self._fs, self._folder, self._plan.source.name
        names = self._plan.temp_name, self._plan.old_name
        aside = names[1] if name == names[0] else names[0]
        if self._has_result(aside):
            self._unlink(aside)  # a second name of the result
        elif self._look(aside) is not None:
            return False
        move_away(fs, folder, source, aside)
        ours = self._has_result(aside)
        try:
            rename_noreplace(fs, folder, name if ours else aside, source)
        except FileExistsError:
            if not ours:
                quarantine(self._context, folder, aside, source)
            ours = False
        fs.sync_folder(folder)
        if self._has_result(aside):
            self._unlink(aside)
        return ours

    def _has_result(self, name: str) -> bool:
        """Whether a name holds our result and nothing that somebody saved since."""
        return holds(self._fs, self._folder, name, self._plan.result_sha256)

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
        self._fs.sync_folder(self._folder)
        result = self._result_in_place()
        journal.finish(
            self._context.ledger, self._plan, result.mark if result is not None else None, None, kept=kept
        )
        return JobOutcome.FINISHED

    def _withdraw(self) -> None:
        """Nothing was replaced: nothing of it stays in the vault and the journal."""
        self._fs.sync_folder(self._folder)
        with contextlib.suppress(FileNotFoundError):
            self._vault.remove(self._plan.stored_name)
        journal.abandon(self._context.ledger, self._plan)

    def _unlink(self, name: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            self._fs.unlink(self._folder, name)
