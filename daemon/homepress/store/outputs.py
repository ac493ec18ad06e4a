"""Results that go elsewhere, into an output folder or beside the source, which stays; and their removal."""

import contextlib
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from homepress.base.files import FileId, Mark
from homepress.base.override import override
from homepress.base.results import UndoOutcome
from homepress.base.system_errors import of_output, printable
from homepress.store import staging
from homepress.store.context import StoreContext, digest_of_image, quarantine, remove_ours
from homepress.store.fs.base import (
    FileState,
    Folder,
    holds,
    leased,
    look,
    move_away,
    opened_file,
    opened_folder,
    rename_noreplace,
    untouched,
)
from homepress.store.ledger import journal, known_files
from homepress.store.ledger.history import (
    Kept,
    entry_of,
    is_result_elsewhere,
    note_undone,
    output_at,
    result_of,
)
from homepress.store.model import (
    CannotUndo,
    Changed,
    JobPlan,
    Kind,
    Metadata,
    Receipt,
    Refusal,
    Replacement,
    Role,
    Source,
    Unsupported,
)
from homepress.store.names import (
    REFUSED,
    beside_names,
    converted_names,
    fitting,
    fitting_folder,
    name_there,
    numbered_names,
)
from homepress.store.operation import JobOutcome, Operation, carry_out
from homepress.store.read_source import missing_or_linked
from homepress.store.staging import check_result, make_plan, stage

_NOTHING = hashlib.sha256(b"").hexdigest()


def write_output(context: StoreContext, source: Source, replacement: Replacement, target: Path) -> Receipt:
    """Write a result to `target`, making the folders on the way.

    A replacement that equals the source is a plain copy: it gets no history entry (entry 0).

    Args:
        context: the tools.
        source: as it was read; it must not have changed since.
        replacement: the result, or the source itself when it could not be made smaller.
        target: absolute; in a conversion the result's suffix takes the place of its own. Where another
            source's result has the name, or one that the file system takes for the same, a number is added.
            What the file system cannot hold is replaced, see `fitting`.

    Raises:
        Changed, Vanished: the source is not what was read any more.
        Refusal: another file, not made by Homepress, has the name.
        DriveAway: the drive of the target is away.
        OSError: the system refused a step; nothing is left behind.
    """
    with _about_output(target.parent):
        context.drives.check(target)
        place = fitting_folder(context.fs, target.parent)
    if replacement.suffix or replacement.sha256 != source.sha256:
        check_result(source, replacement)
    carried = _check_source(context, source)
    with context.drives.held(place), _output_folder(context, place) as folder:
        context.drives.confirm(folder)
        context.drives.remember_mount(folder.path)
        fits = fitting(target.name)
        wanted = fits if context.fs.windows_names(folder) else target.name
        try:
            return _write_as(context, folder, source, replacement, carried, wanted)
        except OSError as error:
            if error.errno not in REFUSED or wanted == fits:
                raise
            return _write_as(context, folder, source, replacement, carried, fits)


@contextlib.contextmanager
def _output_folder(context: StoreContext, place: Path) -> Iterator[Folder]:
    """Open the folder for results, making it where it is not there."""
    with contextlib.ExitStack() as opened:
        with _about_output(place):
            folder = opened.enter_context(opened_folder(context.fs, place, create=True))
        yield folder


@contextlib.contextmanager
def _about_output(place: Path) -> Iterator[None]:
    """What the system refuses here, it refuses to the folder for results and not to the picture."""
    try:
        yield
    except OSError as error:
        of_output(error, printable(place))
        raise


def _write_as(
    context: StoreContext,
    folder: Folder,
    source: Source,
    replacement: Replacement,
    carried: Metadata,
    wanted: str,
) -> Receipt:
    """Write a result into a folder under a name that is wanted, or the next one that can be had."""
    kind: Kind = "copy" if replacement.sha256 == source.sha256 else "output"
    if kind == "copy" and (there := _equal_file(context, folder, wanted, source.sha256)) is not None:
        plan = make_plan(kind, source, replacement, folder.path / wanted, carried, b"")
        entry = journal.finish(context.ledger, plan, there.mark, _source_mark(plan), kept=False)
        return Receipt(entry, plan.result, plan.source_size, plan.result_size)
    name, again = _name_for(context, folder, source, replacement, wanted)
    plan = make_plan(kind, source, replacement, folder.path / name, carried, b"")
    return _write(WriteOutput(context, plan, source, replacement.data, again), folder)


def _equal_file(context: StoreContext, folder: Folder, name: str, sha256: str) -> FileState | None:
    """What a name holds, if it is just this: no matter who put the copy there, nothing is left to do."""
    there = look(context.fs, folder, name)
    if there is None or there.sha256 != sha256 or name_there(context.fs, folder, name) != name:
        return None
    return there


def _name_for(
    context: StoreContext, folder: Folder, source: Source, replacement: Replacement, name: str
) -> tuple[str, bool]:
    """The name that a result gets in its output folder, and whether our earlier one of this source has it."""
    suffix = replacement.suffix
    for candidate in converted_names(name, suffix) if suffix else numbered_names(name):
        there = look(context.fs, folder, candidate)
        if there is None:
            return candidate, False
        if name_there(context.fs, folder, candidate) != candidate:
            continue  # the same name to this file system, but another one: not ours to write over
        made_from = _made_from(context, there, folder.path / candidate)
        if made_from == os.fsencode(source.path) or (made_from == b"" and not suffix):
            return candidate, True
        if made_from is None and not suffix:
            raise _taken(source, folder.path / candidate)
    raise Refusal(f"{printable(folder.path / name)}: a thousand names like it are taken")


def write_beside(context: StoreContext, source: Source, replacement: Replacement) -> Receipt:
    """Write a result beside its source as NAME.min.EXT, never over anything.

    A result of it that is there already, byte for byte, is not written twice. Raises as `write_output`.
    """
    check_result(source, replacement)
    carried = _check_source(context, source)
    with opened_folder(context.fs, source.path.parent) as folder:
        for name in beside_names(source.path.name, replacement.suffix):
            there = look(context.fs, folder, name)
            plan = make_plan("beside", source, replacement, folder.path / name, carried, b"")
            if there is None:
                return _write(WriteOutput(context, plan, source, replacement.data, again=False), folder)
            if there.sha256 == replacement.sha256 and _is_of(context, there, plan):
                entry = journal.finish(context.ledger, plan, there.mark, _source_mark(plan), kept=False)
                return Receipt(entry, plan.result, plan.source_size, plan.result_size)
    raise Refusal(f"{printable(source.path)}: a thousand names beside it are taken")


def _write(operation: Operation, folder: Folder) -> Receipt:
    plan = operation.plan
    carry_out(operation, folder)
    return Receipt(entry_of(operation.context.ledger, plan), plan.result, plan.source_size, plan.result_size)


def stands(context: StoreContext, source: Source, target: Path, settings: str) -> bool:
    """Whether the result of a picture, made in the same way, is in its output folder already.

    Args:
        context: the tools.
        source: the picture as it was read.
        target: where its result goes; in a conversion, with another suffix.
        settings: the recipe in words.

    Raises:
        OSError: the output folder cannot be read.
    """
    made = result_of(context.ledger, os.fsencode(source.path), source.sha256, settings)
    if made is not None and Path(os.fsdecode(made[0])).parent != target.parent:
        made = None
    if made is None and known_files.role(context.ledger, source.sha256, settings) is Role.REFUSED:
        made = os.fsencode(target), source.sha256  # it could not be smaller, and was copied
    if made is None:
        return False
    place = Path(os.fsdecode(made[0]))
    try:
        with opened_folder(context.fs, place.parent) as folder:
            return holds(context.fs, folder, place.name, made[1])
    except (FileNotFoundError, NotADirectoryError):
        return False


@dataclass(frozen=True, slots=True)
class WriteOutput(Operation):
    """Writing a result, or a copy, to where its source is not.

    Attributes:
        source: as it was read.
        data: what is written.
        again: our own earlier result has the name and makes way.
    """

    source: Source
    data: bytes
    again: bool

    @override
    def stage(self, folder: Folder) -> None:
        stage(self.context.fs, folder, self.plan, self.data, exactly=False)

    @override
    def switch(self, folder: Folder) -> None:
        _check_source(self.context, self.source)
        if self.again:
            self._take_turns(folder)
        else:
            rename_noreplace(self.context.fs, folder, self.plan.temp_name, self.plan.result.name)
        self.context.fs.sync_folder(folder)

    def _take_turns(self, folder: Folder) -> None:
        """The new result takes the name of our earlier one, once it is sure that it was ours."""
        fs, temp, plan = self.context.fs, self.plan.temp_name, self.plan
        try:
            fs.exchange(folder, temp, plan.result.name)
        except Unsupported:
            self._take_turns_by_moving(folder)
            return
        earlier = look(fs, folder, temp)
        if earlier is not None and _made_from(self.context, earlier, plan.result) is None:
            fs.exchange(folder, temp, plan.result.name)
            raise _taken(self.source, plan.result)

    def _take_turns_by_moving(self, folder: Folder) -> None:
        """Where names cannot be exchanged: the earlier result leaves and is looked at first."""
        fs, old, plan = self.context.fs, self.plan.old_name, self.plan
        move_away(fs, folder, plan.result.name, old)
        earlier = look(fs, folder, old)
        try:
            if earlier is not None and _made_from(self.context, earlier, plan.result) is None:
                rename_noreplace(fs, folder, old, plan.result.name)
                raise _taken(self.source, plan.result)
            rename_noreplace(fs, folder, plan.temp_name, plan.result.name)
        except FileExistsError:
            raise _taken(self.source, plan.result) from None

    @override
    @staticmethod
    def settle(context: StoreContext, folder: Folder, plan: JobPlan) -> JobOutcome:
        fs = context.fs
        _fill_name(context, folder, plan)
        there = look(fs, folder, plan.result.name)
        staged = look(fs, folder, plan.temp_name)
        # While ours still has its temp name, a file of the same bytes is somebody else's, or another result.
        waits = staged is not None and staged.sha256 == plan.result_sha256
        ours = not waits or (there is not None and (staged == there or _is_of(context, there, plan)))
        _clear(context, folder, plan)
        fs.sync_folder(folder)
        if there is not None and there.sha256 == plan.result_sha256 and ours:
            journal.finish(context.ledger, plan, there.mark, _source_mark(plan), kept=False)
            return JobOutcome.FINISHED
        if there is not None and there.mark[0] == 0 and staged is not None:
            # The empty file that claimed the name where FAT needs one.
            remove_ours(context, folder, plan.result.name, plan.old_name, _NOTHING)
        journal.abandon(context.ledger, plan)
        return JobOutcome.ROLLED_BACK


def _fill_name(context: StoreContext, folder: Folder, plan: JobPlan) -> None:
    """A name that was emptied to make room gets the new result, or what was there."""
    fs, old, temp = context.fs, plan.old_name, plan.temp_name
    earlier, made = look(fs, folder, old), look(fs, folder, temp)
    if earlier is None or look(fs, folder, plan.result.name) is not None:
        return
    ours = _made_from(context, earlier, plan.result) is not None
    whole = made is not None and made.sha256 == plan.result_sha256
    rename_noreplace(fs, folder, temp if ours and whole else old, plan.result.name)


def _clear(context: StoreContext, folder: Folder, plan: JobPlan) -> None:
    """Remove what was staged, and our earlier result; what is neither is kept for its owner."""
    begun = journal.state_of(context.ledger, plan.job) == journal.STARTED
    for name in (plan.temp_name, plan.old_name):
        if (found := look(context.fs, folder, name)) is None:
            continue
        ours = (
            begun or found.sha256 == plan.result_sha256 or _made_from(context, found, plan.result) is not None
        )
        if ours:
            context.fs.unlink(folder, name)
        else:
            quarantine(context, folder, name, plan.result.name)


def _taken(source: Source, target: Path) -> Refusal:
    return Refusal(
        f"{printable(target)}: it is there already and Homepress did not make it; move it away, then "
        f"{printable(source.path)} is written there"
    )


def _check_source(context: StoreContext, source: Source) -> Metadata:
    """That the source is still what was read; its attributes."""
    fs, path = context.fs, source.path
    try:
        with opened_folder(fs, path.parent) as folder, opened_file(fs, folder, path.name) as fd:
            if not untouched(fs, fd, source.identity, source.sha256):
                raise Changed(f"{printable(path)}: it changed while it was compressed")
            return staging.capture_attributes(fs, fd)
    except (FileNotFoundError, NotADirectoryError):
        raise missing_or_linked(path) from None


def _made_from(context: StoreContext, there: FileState, target: Path) -> bytes | None:
    """The source of what has the target's name: its path, empty when only that it is ours is known.

    None for what is not ours, or was changed since.
    """
    if not there.sha256:
        return None
    path, sha256 = output_at(context.ledger, os.fsencode(target))
    if sha256 == there.sha256:
        return path
    noted = known_files.known(context.ledger, os.fsencode(target.parent)).get(os.fsencode(target.name))
    if noted == there.mark:
        return b""
    # Another inode may be another mount of the same disk: then what it holds has to be known as well.
    if noted is not None and noted[:2] == there.mark[:2] and known_files.is_met(context.ledger, there.sha256):
        return b""
    known = known_files.role(context.ledger, there.sha256, "") is Role.RESULT
    if known and not is_result_elsewhere(context.ledger, there.sha256, os.fsencode(target)):
        return b""
    return None


def _is_of(context: StoreContext, there: FileState, plan: JobPlan) -> bool:
    """Whether what is beside a picture was made from it, and not from another that came to the same bytes."""
    return _made_from(context, there, plan.result) in (plan.path, b"")


def _source_mark(plan: JobPlan) -> Mark | None:
    """The source is done as well: the next scan passes it by."""
    with contextlib.suppress(OSError):
        facts = plan.source.lstat()
        if FileId.of(facts).mark == (
            plan.source_size,
            plan.metadata.mtime_ns,
            plan.source_inode,
        ):
            return FileId.of(facts).mark
    return None


def remove_result(context: StoreContext, kept: Kept) -> UndoOutcome:
    """Take a result away, if it is still ours and its source still whole.

    Raises:
        CannotUndo: the source or the result is not what it was.
        DriveAway: the drive of one of them is away.
        Busy: a program has the result open for writing.
        OSError: the system refused a step.
    """
    fs, source, result = context.fs, kept.source, kept.result
    for path in (source, result):
        context.drives.check(path)
    with opened_folder(fs, source.parent) as folder:
        if not holds(fs, folder, source.name, kept.before_sha256):
            raise CannotUndo("its source is not what it was any more, so the result stays")
    with opened_folder(fs, result.parent) as folder:
        if not holds(fs, folder, result.name, kept.after_sha256):
            raise CannotUndo(f"the result was changed or moved since and stays: {printable(result)}")
        with opened_file(fs, folder, result.name) as fd, leased(fs, fd):
            outcome = carry_out(RemoveResult(context, kept.plan("remove", result)), folder)
    if outcome is not JobOutcome.FINISHED:
        raise CannotUndo(f"the result was changed just now and stays: {printable(result)}")
    reason = f"the result {printable(result)}; {printable(source)} is untouched"
    return UndoOutcome(id=kept.entry, path=str(source), outcome="removed", reason=reason)


class RemoveResult(Operation):
    """Removing a result that was written elsewhere."""

    __slots__ = ()

    @override
    def stage(self, folder: Folder) -> None:
        pass

    @override
    def switch(self, folder: Folder) -> None:
        # Out of its name first: what somebody saves there in this instant is not what is deleted.
        move_away(self.context.fs, folder, self.plan.result.name, self.plan.old_name)

    @override
    @staticmethod
    def settle(context: StoreContext, folder: Folder, plan: JobPlan) -> JobOutcome:
        fs, old = context.fs, plan.old_name
        found = look(fs, folder, old)
        if found is not None and found.sha256 != plan.result_sha256:
            with contextlib.suppress(FileExistsError):
                rename_noreplace(fs, folder, old, plan.result.name)
            if look(fs, folder, old) is not None:
                quarantine(context, folder, old, plan.result.name)
        elif found is not None:
            fs.unlink(folder, old)
        fs.sync_folder(folder)
        if look(fs, folder, plan.result.name) is not None:
            journal.abandon(context.ledger, plan)
            return JobOutcome.ROLLED_BACK
        image = _image_of_source(context, plan)
        with journal.ending(context.ledger, plan) as tx:
            note_undone(context.ledger, tx, plan, image)
            known_files.drop(context.ledger, tx, plan.result)
        return JobOutcome.FINISHED


def _image_of_source(context: StoreContext, plan: JobPlan) -> str:
    """The digest of the coded image of a source that stayed in place; empty where it cannot be read."""
    with contextlib.suppress(OSError), opened_folder(context.fs, plan.source.parent) as folder:
        return digest_of_image(context.fs, folder, plan.source.name)
    return ""
