"""Bringing one original back: exact bytes, name, times and attributes; nothing is overwritten."""

import contextlib
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from homepress.store import entries, journal, metadata
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
from homepress.store.plan import Metadata, Plan
from homepress.store.receipt import Undone
from homepress.store.restored import settle_undo
from homepress.store.settlement import Settled
from homepress.store.workshop import Found, Workshop, look


class Restoring:
    """One original on its way back."""

    def __init__(self, workshop: Workshop, kept: Kept, roots: Sequence[Path], to: Path | None) -> None:
        """Check that it may go where it would go.

        Args:
            workshop: the tools.
            kept: the history entry.
            roots: folders, resolved, beneath which originals may be restored. Where our own records say that
                we replaced it, the folder that was named then counts as well; a sidecar's word does not.
            to: restore into this folder instead, resolved.

        Raises:
            CannotUndo: its place is beneath no such folder.
        """
        self._workshop = workshop
        self._kernel = workshop.kernel
        self._kept = kept
        self._to = to
        self._path = Path(os.fsdecode(kept.path))
        self._vault = workshop.originals.vault(kept.vault)
        if to is None:
            named = [] if kept.adopted else [Path(os.fsdecode(kept.root)) if kept.root else self._path.parent]
            inside = any(self._path.is_relative_to(root) for root in (*roots, *named))
            if not inside or not self._path.is_absolute() or ".." in self._path.parts:
                raise CannotUndo(
                    "only its sidecar says where it belongs, and that is not beneath a configured folder: "
                    "name it, add its folder, or say where it shall go with --to DIR"
                )

    def restore(self) -> Undone:
        """Bring it back and note it.

        Raises:
            CannotUndo: the stored original is gone or damaged.
            DriveAway: the drive of its folder is away.
            Refusal: an attribute cannot be given back.
            Busy: a program has the result open for writing.
            OSError: the system refused a step. In every case nothing was changed.
        """
        place = self._to or self._path.parent
        self._workshop.places.check(place)
        self._check_vault()
        with (
            self._workshop.places.held(place),
            opened_folder(self._kernel, place, create=True) as folder,
        ):
            self._workshop.places.confirm(folder)
            here = None if self._to else look(self._kernel, folder, self._path.name)
            plan = self._plan(place / self._free_name(folder, here))
            with self._workshop.live(plan.job):
                journal.begin(self._workshop.ledger, plan)
                try:
                    self._bring(folder, plan, here)
                except BaseException:
                    if settle_undo(self._workshop, folder, plan) is not Settled.FINISHED:
                        raise
                else:
                    settle_undo(self._workshop, folder, plan)
        if not self._to and plan.result != self._path:
            taken = "its name is taken by another file"
            return Undone(self._kept.entry, self._path, "beside", plan.result, taken)
        return Undone(self._kept.entry, self._path, "restored", plan.result, self._result_that_stays())

    def _check_vault(self) -> None:
        """That the original can be had, before a folder is made for it.

        Raises:
            CannotUndo: its disk is away.
        """
        absence = self._workshop.places.absence(self._vault.path)
        if absence is None and self._vault.path.is_dir():
            return
        where = shown(self._vault.path)
        raise CannotUndo(f"{where}, where its original is, is away; connect its disk")

    def _free_name(self, folder: Folder, here: Found | None) -> str:
        """The name that the original gets: its own, unless something else has it."""
        if not self._to and (here is None or self._makes_way(here)):
            return self._path.name
        own = self._path.name
        if self._to and self._kernel.windows_names(folder):
            own = fitting(own)
        for name in (*([own] if self._to else []), *original_names(own)):
            if look(self._kernel, folder, name) is None:
                return name
        raise CannotUndo(f"a thousand names for it are taken in {shown(folder.path)}")

    def _makes_way(self, here: Found) -> bool:
        """Whether what has the original's name is the original itself, or the result that it takes back.

        A conversion's result has another name: a file under this one that equals it is somebody's own. And
        where the picture was replaced again since, even an equal result belongs to the later original.
        """
        if here.sha256 == self._kept.before_sha256:
            return True
        if self._kept.kind == "convert" or here.sha256 != self._kept.after_sha256:
            return False
        return not entries.is_taken_since(self._workshop.ledger, self._kept.entry, self._kept.target)

    def _plan(self, target: Path) -> Plan:
        return Plan(
            job=new_job(),
            kind="undo",
            time=time.time(),
            path=self._kept.path,
            target=os.fsencode(target),
            vault=self._kept.vault,
            source_sha256=self._kept.before_sha256,
            source_size=self._kept.before_bytes,
            source_inode=0,
            metadata=self._metadata(),
            result_sha256=self._kept.after_sha256,
            result_size=0,
            entry=self._kept.entry,
        )

    def _metadata(self) -> Metadata:
        """From the sidecar; from the stored file itself where the sidecar is damaged or gone."""
        try:
            return self._vault.plan(self._kept.stored_name).metadata
        except (FileNotFoundError, ValueError):
            with self._stored() as (_, fd):
                return metadata.capture(self._kernel, fd)

    @contextlib.contextmanager
    def _stored(self) -> Iterator[tuple[Folder, int]]:
        """The stored original, open."""
        with contextlib.ExitStack() as stack:
            try:
                vault = stack.enter_context(self._vault.opened())
                fd = stack.enter_context(opened_file(self._kernel, vault, self._kept.stored_name))
            except FileNotFoundError:
                self._check_vault()
                raise CannotUndo(f"its original is not in {shown(self._vault.path)} any more") from None
            yield vault, fd

    def _bring(self, folder: Folder, plan: Plan, here: Found | None) -> None:
        """Everything up to the original being durably under its name."""
        temp = temp_name(plan.job)
        with self._stored() as (vault, fd):
            if sha256_of(self._kernel, fd) != plan.source_sha256:
                raise CannotUndo(
                    f"its original is damaged; it stays in {shown(self._vault.path)} "
                    f"as {self._kept.stored_name}"
                )
            self._stage(vault, fd, folder, plan)
        journal.ready(self._workshop.ledger, plan)
        if here is None or plan.result.name != self._path.name:
            place_new(self._kernel, folder, temp, plan.result.name)
        elif here.sha256 != plan.source_sha256:
            self._exchange(folder, plan)
        self._kernel.sync_folder(folder)

    def _stage(self, vault: Folder, fd: int, folder: Folder, plan: Plan) -> None:
        """The original under a temp name in its folder: the very file by a second name, else a copy."""
        temp = temp_name(plan.job)
        try:
            self._kernel.link(vault, self._kept.stored_name, folder, temp)
            staged = self._same_as(fd, folder, temp)
        except (Unsupported, OSError):
            staged = None
        if staged is None:
            with contextlib.suppress(FileNotFoundError):
                self._kernel.unlink(folder, temp)
            staged = self._kernel.create_file(folder, temp)
            write_whole(self._kernel, staged, read_whole(self._kernel, fd))
        try:
            metadata.apply(self._kernel, staged, plan.metadata, str(plan))
            self._kernel.sync(staged)
            if sha256_of(self._kernel, staged) != plan.source_sha256:
                raise CannotUndo("its original reads back differently; check the disk")
        finally:
            self._kernel.close(staged)

    def _same_as(self, fd: int, folder: Folder, name: str) -> int | None:
        """A descriptor of the stored original by its second name; None where the name has another file.

        Whoever owns the folder can put another file there at any moment, one that is not his; owner, mode
        and attributes would go to it. Where inode numbers are made up, the original is copied instead.
        """
        staged = self._kernel.open_file(folder, name)
        one, other = self._kernel.stat(fd), self._kernel.stat(staged)
        if (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino):
            return staged
        self._kernel.close(staged)
        return None

    def _exchange(self, folder: Folder, plan: Plan) -> None:
        """The original takes the name of the result, which must still be what it was."""
        kernel, name, temp = self._kernel, plan.result.name, temp_name(plan.job)
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

    def _result_that_stays(self) -> str:
        """For a conversion: where its result is when it was edited since."""
        result = Path(os.fsdecode(self._kept.target))
        if self._kept.kind == "convert" and not self._to and result.exists():
            return f"its result was edited since and stays: {shown(result)}"
        return ""
