"""Putting a result in the place of its picture, so that the name holds one or the other at every instant.

The order of steps, and why it is this one, is in docs/safety.md. Everything up to the exchange happens beside
the picture and can be thrown away; everything after it is what recovery would do, done by the same code.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from homepress.base.system_errors import Scope, explain
from homepress.store import journal, metadata
from homepress.store.entries import entry_of
from homepress.store.errors import Busy, Changed, Degraded, Refusal, Unsupported, shown
from homepress.store.kernel import (
    Folder,
    exists,
    move_away,
    opened_file,
    opened_folder,
    place_new,
    same_file,
    sha256_of,
    untouched,
)
from homepress.store.late import HeldOriginals
from homepress.store.names import converted_names, old_name, temp_name
from homepress.store.originals import Place
from homepress.store.plan import Kind, Plan
from homepress.store.reading import missing_or_linked
from homepress.store.receipt import Receipt, Replacement, Source
from homepress.store.recovery import Recovery
from homepress.store.settlement import Settled
from homepress.store.staging import check_result, make_plan, stage
from homepress.store.workshop import Workshop, look


@dataclass(frozen=True, slots=True)
class _Scene:
    """An open picture and what is about to happen to it."""

    folder: Folder
    fd: int
    source: Source
    plan: Plan
    leased: bool = False

    @property
    def name(self) -> str:
        return self.source.path.name


class Replacer:
    """Replaces and converts pictures in place."""

    def __init__(self, workshop: Workshop, recovery: Recovery, held: HeldOriginals) -> None:
        self._workshop = workshop
        self._kernel = workshop.kernel
        self._ledger = workshop.ledger
        self._originals = workshop.originals
        self._recovery = recovery
        self._held = held

    def replace(self, source: Source, replacement: Replacement) -> Receipt:
        """Replace a picture, or convert it where the replacement has another suffix.

        Raises:
            Changed, Busy, Vanished: worth reading again.
            Refusal: an attribute cannot be kept, or the result is empty or the picture itself.
            StoreFull: no room for the original.
            Degraded: this file system can replace nothing safely.
            VerifyFailed: the disk does not give back what was written.
            OSError: the system refused a step. In every case nothing was replaced.
        """
        check_result(source, replacement)
        with self._opened(source) as (folder, fd):
            if not untouched(self._kernel, fd, source.identity, source.sha256):
                raise Changed(f"{shown(source.path)}: it changed since it was read")
            place = self._originals.place_for(folder, replacement.root)
            carried = metadata.capture(self._kernel, fd)
            target = self._target(folder, source, replacement)
            kind: Kind = "replace" if target == source.path else "convert"
            plan = make_plan(kind, source, replacement, target, carried, self._originals.name_of(place.vault))
            with self._originals.room_for(plan.source_size, place.vault), self._workshop.live(plan.job):
                try:
                    return self._carry_out(_Scene(folder, fd, source, plan), place, replacement.data)
                except FileNotFoundError as error:
                    if explain(error).scope is Scope.ORIGINALS:
                        raise
                    raise Changed(f"{plan}: it was moved or removed at the moment of replacing") from None

    def check_room(self, source: Source, root: Path | None) -> None:
        """Raise `StoreFull` when the original of a picture could not be kept now: before any work is done."""
        with self._opened(source) as (folder, _):
            place = self._originals.place_for(folder, root)
            with self._originals.room_for(source.identity.size, place.vault):
                pass

    @contextlib.contextmanager
    def _opened(self, source: Source) -> Iterator[tuple[Folder, int]]:
        path = source.path
        with contextlib.ExitStack() as stack:
            try:
                folder = stack.enter_context(opened_folder(self._kernel, path.parent))
                fd = stack.enter_context(opened_file(self._kernel, folder, path.name))
            except (FileNotFoundError, NotADirectoryError):
                raise missing_or_linked(path) from None
            yield folder, fd

    def _target(self, folder: Folder, source: Source, replacement: Replacement) -> Path:
        """Where the result goes: the same name, or for a conversion the first free one."""
        if not replacement.suffix:
            return source.path
        for name in converted_names(source.path.name, replacement.suffix):
            if not exists(self._kernel, folder, name):
                return folder.path / name
        raise Refusal(f"{shown(source.path)}: a thousand names for its conversion are taken")

    def _carry_out(self, scene: _Scene, place: Place, data: bytes) -> Receipt:
        """From the journal to the receipt; whatever goes wrong is settled before it is told."""
        plan = scene.plan
        journal.begin(self._ledger, plan)
        try:
            self._prepare(scene, place, data)
            self._switch_leased(scene)
        except BaseException:
            # Settling decides by what is there now: it may even find the work done.
            settled = self._recovery.settle(plan)
            if settled is not Settled.FINISHED:
                raise
        else:
            settled = self._recovery.settle(plan)
        if settled is not Settled.FINISHED:
            raise Changed(f"{plan}: it changed at the moment of replacing; nothing was lost")
        if not place.near:
            self._held.hold(scene.fd, plan)
        entry = entry_of(self._ledger, plan)
        return Receipt(entry, plan.result, plan.source_size, plan.result_size)

    def _prepare(self, scene: _Scene, place: Place, data: bytes) -> None:
        """All that can be done beside the picture, in an order in which each step may be the last."""
        stage(self._kernel, scene.folder, scene.plan, data, exactly=True)
        if not place.near:
            place.vault.copy_in(scene.fd, scene.plan)
        place.vault.write_sidecar(scene.plan)
        journal.ready(self._ledger, scene.plan)

    def _switch_leased(self, scene: _Scene) -> None:
        """Exchange the names while no program can begin to write to the original unnoticed."""
        leased = self._kernel.take_lease(scene.fd)
        try:
            scene = _Scene(scene.folder, scene.fd, scene.source, scene.plan, leased)
            self._check_untouched(scene)
            if scene.plan.kind == "convert":
                self._switch_converted(scene)
            else:
                self._switch(scene)
        finally:
            if leased:
                self._kernel.drop_lease(scene.fd)

    def _check_untouched(self, scene: _Scene) -> None:
        """The picture is, byte for byte and attribute for attribute, what was read, and under its name."""
        kernel, source = self._kernel, scene.source
        if not untouched(kernel, scene.fd, source.identity, source.sha256):
            raise Changed(f"{scene.plan}: it changed while it was compressed")
        if sha256_of(kernel, scene.fd) != source.sha256:
            raise Changed(f"{scene.plan}: its content changed while it was compressed")
        self._check_name(scene)

    def _check_name(self, scene: _Scene) -> None:
        if scene.leased and not self._kernel.lease_whole(scene.fd):
            raise Busy(f"{scene.plan}: a program is about to write to it")
        if not exists(self._kernel, scene.folder, scene.name):
            raise Changed(f"{scene.plan}: it was moved or removed while it was compressed")
        if not self._is_original(scene, scene.name):
            raise Changed(f"{scene.plan}: another file took its name while it was compressed")

    def _switch(self, scene: _Scene) -> None:
        kernel, folder = self._kernel, scene.folder
        temp = temp_name(scene.plan.job)
        try:
            kernel.exchange(folder, temp, scene.name)
        except Unsupported:
            self._switch_by_moving(scene)
            return
        if self._got_the_original(scene, temp):
            kernel.sync_folder(folder)
            if self._calm(scene):
                return
        self._give_back(scene)
        raise Changed(f"{scene.plan}: somebody used it at the moment of replacing")

    def _switch_by_moving(self, scene: _Scene) -> None:
        """Where names cannot be exchanged: the original leaves its name, then the result takes it.

        Nothing is ever renamed over the picture, so a file that is saved in between keeps the name. For that
        moment the name is empty; the journal knows it, and recovery gives it back.
        """
        kernel, folder = self._kernel, scene.folder
        temp, old = temp_name(scene.plan.job), old_name(scene.plan.job)
        self._check_links(scene)
        self._check_name(scene)
        move_away(kernel, folder, scene.name, old)
        if not self._got_the_original(scene, old):
            with contextlib.suppress(FileExistsError):
                place_new(kernel, folder, old, scene.name)
            raise Changed(f"{scene.plan}: somebody used it at the moment of replacing")
        try:
            place_new(kernel, folder, temp, scene.name)
        except FileExistsError:
            raise Changed(f"{scene.plan}: somebody saved it at the moment of replacing") from None
        kernel.sync_folder(folder)
        if not self._calm(scene):
            self._give_back_by_moving(scene)
            raise Changed(f"{scene.plan}: somebody wrote to it at the moment of replacing")

    def _check_links(self, scene: _Scene) -> None:
        """That a file can be given a name that is free, and only then: what moving rests on."""
        kernel, folder, old = self._kernel, scene.folder, old_name(scene.plan.job)
        try:
            kernel.link(folder, temp_name(scene.plan.job), folder, old)
        except Unsupported:
            raise Degraded(
                f"{shown(folder.path)}: its file system can neither exchange two files nor link one, so that "
                "no picture can be replaced safely there; have results written elsewhere with --output DIR"
            ) from None
        kernel.unlink(folder, old)

    def _give_back_by_moving(self, scene: _Scene) -> None:
        """The original takes its name again, unless the name has got yet another file by now."""
        kernel, folder, temp = self._kernel, scene.folder, temp_name(scene.plan.job)
        with contextlib.suppress(FileNotFoundError, FileExistsError):
            move_away(kernel, folder, scene.name, temp)
            ours = self._has_result(scene, temp)
            place_new(kernel, folder, old_name(scene.plan.job) if ours else temp, scene.name)

    def _switch_converted(self, scene: _Scene) -> None:
        """The result under its new name first, durably; then the source leaves its name."""
        kernel, folder, plan = self._kernel, scene.folder, scene.plan
        try:
            place_new(kernel, folder, temp_name(plan.job), plan.result.name)
        except FileExistsError:
            raise Changed(f"{shown(plan.target)}: the name was taken meanwhile") from None
        kernel.sync_folder(folder)
        self._check_name(scene)
        move_away(kernel, folder, scene.name, old_name(plan.job))
        if not (self._got_the_original(scene, old_name(plan.job)) and self._calm(scene)):
            with contextlib.suppress(FileExistsError):
                place_new(kernel, folder, old_name(plan.job), scene.name)
            raise Changed(f"{plan}: somebody used it at the moment of converting")
        kernel.sync_folder(folder)

    def _got_the_original(self, scene: _Scene, name: str) -> bool:
        """Whether what left the picture's name is what was read, and not what somebody put there just now."""
        return self._is_original(scene, name) and self._calm(scene)

    def _is_original(self, scene: _Scene, name: str) -> bool:
        """Whether a name has the file that was read.

        Where the inode number is another, the content decides: some file systems make numbers up, for each
        path or each look.
        """
        try:
            facts = self._kernel.stat_name(scene.folder, name)
        except FileNotFoundError:
            return False
        if same_file(facts, scene.source.identity):
            return True
        if (facts.st_size, facts.st_mtime_ns) != (scene.source.identity.size, scene.source.identity.mtime_ns):
            return False
        found = look(self._kernel, scene.folder, name)
        return found is not None and found.sha256 == scene.source.sha256

    def _calm(self, scene: _Scene) -> bool:
        """Whether nobody has begun to write to the original; without a lease, whether nobody has written."""
        if scene.leased:
            return self._kernel.lease_whole(scene.fd)
        return sha256_of(self._kernel, scene.fd) == scene.source.sha256

    def _has_result(self, scene: _Scene, name: str) -> bool:
        """Whether a name holds our result and nothing that somebody saved since."""
        found = look(self._kernel, scene.folder, name)
        return found is not None and found.sha256 == scene.plan.result_sha256

    def _give_back(self, scene: _Scene) -> None:
        """Exchange again, unless the name has got yet another file by now: the newest one keeps it."""
        kernel, folder, temp = self._kernel, scene.folder, temp_name(scene.plan.job)
        for _ in range(2):
            with contextlib.suppress(FileNotFoundError):
                if not self._has_result(scene, scene.name):
                    return
                kernel.exchange(folder, temp, scene.name)
                if self._has_result(scene, temp):
                    return
                # Somebody saved over the result between the look and the exchange: theirs goes back.
                kernel.exchange(folder, temp, scene.name)
