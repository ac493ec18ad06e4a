"""Bringing one original back: exact bytes, name, times and attributes; nothing is overwritten."""

import contextlib
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from homepress.base.override import override
from homepress.store import entries, metadata
from homepress.store.entries import Kept
from homepress.store.errors import Busy, CannotUndo, Unsupported, shown
from homepress.store.fitting import fitting
from homepress.store.kernel import (
    Folder,
    move_away,
    opened_file,
    opened_folder,
    place_new,
    read_whole,
    sha256_of,
    write_whole,
)
from homepress.store.names import new_job, old_name, original_names, temp_name
from homepress.store.operation import JobOutcome, Operation, carry_out
from homepress.store.plan import Metadata, Plan
from homepress.store.receipt import Undone
from homepress.store.restored import settle_restoring
from homepress.store.workshop import Found, Workshop, look


def restore(workshop: Workshop, kept: Kept, roots: Sequence[Path], to: Path | None) -> Undone:
    """Bring an original back and note it.

    Args:
        workshop: the tools.
        kept: its history entry.
        roots: folders, resolved, beneath which originals may be restored. Where our own records say that we
            replaced it, the folder that was named then counts as well; a sidecar's word does not.
        to: restore into this folder instead, resolved.

    Raises:
        CannotUndo: its place is beneath no such folder, or the stored original is gone or damaged.
        DriveAway: the drive of its folder is away.
        Refusal: an attribute cannot be given back.
        Busy: a program has the result open for writing, or changes it just now.
        OSError: the system refused a step. In every case nothing was changed.
    """
    path = Path(os.fsdecode(kept.path))
    if to is None:
        _check_place(kept, path, roots)
    place = to or path.parent
    workshop.places.check(place)
    _check_vault(workshop, kept)
    with (
        workshop.places.held(place),
        opened_folder(workshop.kernel, place, create=True) as folder,
    ):
        workshop.places.confirm(folder)
        here = None if to else look(workshop.kernel, folder, path.name)
        name = _free_name(workshop, folder, kept, here, elsewhere=to is not None)
        in_place = here if name == path.name else None
        plan = _plan(workshop, kept, place / name)
        if carry_out(Restore(workshop, plan, kept, in_place), folder) is not JobOutcome.FINISHED:
            raise Busy(f"{shown(plan.target)}: somebody changes it just now; try again")
    if not to and plan.result != path:
        return Undone(kept.entry, path, "beside", plan.result, "its name is taken by another file")
    return Undone(kept.entry, path, "restored", plan.result, "" if to else _result_that_stays(kept))


def _check_place(kept: Kept, path: Path, roots: Sequence[Path]) -> None:
    named = [] if kept.adopted else [Path(os.fsdecode(kept.root)) if kept.root else path.parent]
    inside = any(path.is_relative_to(root) for root in (*roots, *named))
    if not inside or not path.is_absolute() or ".." in path.parts:
        raise CannotUndo(
            "only its sidecar says where it belongs, and that is not beneath a configured folder: "
            "name it, add its folder, or say where it shall go with --to DIR"
        )


def _check_vault(workshop: Workshop, kept: Kept) -> None:
    """That the original can be had, before a folder is made for it."""
    vault = workshop.originals.vault(kept.vault)
    if workshop.places.absence(vault.path) is None and vault.path.is_dir():
        return
    raise CannotUndo(f"{shown(vault.path)}, where its original is, is away; connect its disk")


def _free_name(workshop: Workshop, folder: Folder, kept: Kept, here: Found | None, *, elsewhere: bool) -> str:
    """The name that the original gets: its own, unless something else has it."""
    own = Path(os.fsdecode(kept.path)).name
    if not elsewhere and (here is None or _makes_way(workshop, kept, here)):
        return own
    if elsewhere and workshop.kernel.windows_names(folder):
        own = fitting(own)
    for name in (*([own] if elsewhere else []), *original_names(own)):
        if look(workshop.kernel, folder, name) is None:
            return name
    raise CannotUndo(f"a thousand names for it are taken in {shown(folder.path)}")


def _makes_way(workshop: Workshop, kept: Kept, here: Found) -> bool:
    """Whether what has the original's name is the original itself, or the result that it takes back.

    A conversion's result has another name: a file under this one that equals it is somebody's own. And
    where the picture was replaced again since, even an equal result belongs to the later original.
    """
    if here.sha256 == kept.before_sha256:
        return True
    if kept.kind == "convert" or here.sha256 != kept.after_sha256:
        return False
    return not entries.is_taken_since(workshop.ledger, kept.entry, kept.target)


def _plan(workshop: Workshop, kept: Kept, target: Path) -> Plan:
    return Plan(
        job=new_job(),
        kind="undo",
        time=time.time(),
        path=kept.path,
        target=os.fsencode(target),
        vault=kept.vault,
        source_sha256=kept.before_sha256,
        source_size=kept.before_bytes,
        source_inode=0,
        metadata=_metadata(workshop, kept),
        result_sha256=kept.after_sha256,
        result_size=0,
        entry=kept.entry,
    )


def _metadata(workshop: Workshop, kept: Kept) -> Metadata:
    """From the sidecar; from the stored file itself where the sidecar is damaged or gone."""
    try:
        return workshop.originals.vault(kept.vault).plan(kept.stored_name).metadata
    except (FileNotFoundError, ValueError):
        with _stored(workshop, kept) as (_, fd):
            return metadata.capture(workshop.kernel, fd)


@contextlib.contextmanager
def _stored(workshop: Workshop, kept: Kept) -> Iterator[tuple[Folder, int]]:
    """The stored original, open."""
    place = workshop.originals.vault(kept.vault)
    with contextlib.ExitStack() as stack:
        try:
            vault = stack.enter_context(place.opened())
            fd = stack.enter_context(opened_file(workshop.kernel, vault, kept.stored_name))
        except FileNotFoundError:
            _check_vault(workshop, kept)
            raise CannotUndo(f"its original is not in {shown(place.path)} any more") from None
        yield vault, fd


def _result_that_stays(kept: Kept) -> str:
    """For a conversion: where its result is when it was edited since."""
    result = Path(os.fsdecode(kept.target))
    if kept.kind == "convert" and result.exists():
        return f"its result was edited since and stays: {shown(result)}"
    return ""


@dataclass(frozen=True, slots=True)
class Restore(Operation):
    """An original on its way back.

    Attributes:
        kept: its history entry.
        here: what has the name that it gets: the original itself, or the result that makes way for it.
    """

    kept: Kept
    here: Found | None

    @override
    def stage(self, folder: Folder) -> None:
        with _stored(self.workshop, self.kept) as (vault, fd):
            if sha256_of(self.workshop.kernel, fd) != self.plan.source_sha256:
                where = shown(self.workshop.originals.vault(self.kept.vault).path)
                raise CannotUndo(f"its original is damaged; it stays in {where} as {self.kept.stored_name}")
            self._stage(vault, fd, folder)

    def _stage(self, vault: Folder, fd: int, folder: Folder) -> None:
        """The very file by a second name, else a copy."""
        kernel, plan, temp = self.workshop.kernel, self.plan, temp_name(self.plan.job)
        try:
            kernel.link(vault, self.kept.stored_name, folder, temp)
            staged = self._same_as(fd, folder, temp)
        except (Unsupported, OSError):
            staged = None
        if staged is None:
            with contextlib.suppress(FileNotFoundError):
                kernel.unlink(folder, temp)
            staged = kernel.create_file(folder, temp)
            write_whole(kernel, staged, read_whole(kernel, fd))
        try:
            metadata.apply(kernel, staged, plan.metadata, str(plan))
            kernel.sync(staged)
            if sha256_of(kernel, staged) != plan.source_sha256:
                raise CannotUndo("its original reads back differently; check the disk")
        finally:
            kernel.close(staged)

    def _same_as(self, fd: int, folder: Folder, name: str) -> int | None:
        """A descriptor of the stored original by its second name; None where the name has another file.

        Whoever owns the folder can put another file there at any moment, one that is not his; owner, mode
        and attributes would go to it. Where inode numbers are made up, the original is copied instead.
        """
        kernel = self.workshop.kernel
        staged = kernel.open_file(folder, name)
        one, other = kernel.stat(fd), kernel.stat(staged)
        if (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino):
            return staged
        kernel.close(staged)
        return None

    @override
    def switch(self, folder: Folder) -> None:
        if self.here is None:
            place_new(self.workshop.kernel, folder, temp_name(self.plan.job), self.plan.result.name)
        elif self.here.sha256 != self.plan.source_sha256:
            self._exchange(folder)
        self.workshop.kernel.sync_folder(folder)

    def _exchange(self, folder: Folder) -> None:
        """The original takes the name of the result, which must still be what it was."""
        kernel, plan, name = self.workshop.kernel, self.plan, self.plan.result.name
        temp = temp_name(plan.job)
        with opened_file(kernel, folder, name) as fd:
            leased = kernel.take_lease(fd)
            try:
                try:
                    kernel.exchange(folder, temp, name)
                    aside = temp
                except Unsupported:
                    aside = old_name(plan.job)
                    move_away(kernel, folder, name, aside)
                out = look(kernel, folder, aside)
                written = leased and not kernel.lease_whole(fd)
                if out is None or out.sha256 != plan.result_sha256 or written:
                    if aside == temp:
                        kernel.exchange(folder, temp, name)
                    else:
                        place_new(kernel, folder, aside, name)
                    raise Busy(f"{shown(plan.target)}: somebody changes it just now; try again")
                if aside != temp:
                    place_new(kernel, folder, temp, name)
            except FileExistsError:
                raise Busy(f"{shown(plan.target)}: somebody saved it just now; try again") from None
            finally:
                if leased:
                    kernel.drop_lease(fd)

    @override
    @staticmethod
    def settle(workshop: Workshop, folder: Folder, plan: Plan) -> JobOutcome:
        return settle_restoring(workshop, folder, plan)
