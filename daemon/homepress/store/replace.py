"""Putting a result in the place of its picture, so that the name holds one or the other at every instant.

The order of steps, and why it is this one, is in docs/safety.md. Everything up to the exchange happens beside
the picture and can be thrown away; everything after it is what recovery would do, done by the same code.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from homepress.base.override import override
from homepress.base.system_errors import Scope, explain
from homepress.store import metadata
from homepress.store.entries import entry_of
from homepress.store.errors import Busy, Changed, Degraded, Refusal, Unsupported, shown
from homepress.store.kernel import (
    Folder,
    Kernel,
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
from homepress.store.operation import JobOutcome, Operation, carry_out
from homepress.store.originals import Place
from homepress.store.plan import Kind, Plan
from homepress.store.reading import missing_or_linked
from homepress.store.receipt import Receipt, Replacement, Source
from homepress.store.settlement import Settlement
from homepress.store.staging import check_result, make_plan, stage
from homepress.store.workshop import Workshop, look


def replace(workshop: Workshop, held: HeldOriginals, source: Source, replacement: Replacement) -> Receipt:
    """Replace a picture, or convert it where the replacement has another suffix.

    Args:
        workshop: the tools.
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
    kernel, originals = workshop.kernel, workshop.originals
    with _opened(kernel, source) as (folder, fd):
        if not untouched(kernel, fd, source.identity, source.sha256):
            raise Changed(f"{shown(source.path)}: it changed since it was read")
        place = originals.place_for(folder, replacement.root)
        carried = metadata.capture(kernel, fd)
        target = _target(kernel, folder, source, replacement)
        kind: Kind = "replace" if target == source.path else "convert"
        plan = make_plan(kind, source, replacement, target, carried, originals.name_of(place.vault))
        with originals.room_for(plan.source_size, place.vault):
            try:
                outcome = carry_out(Replace(workshop, plan, source, replacement.data, fd, place), folder)
            except FileNotFoundError as error:
                if explain(error).scope is Scope.ORIGINALS:
                    raise
                raise Changed(f"{plan}: it was moved or removed at the moment of replacing") from None
        if outcome is not JobOutcome.FINISHED:
            raise Changed(f"{plan}: it changed at the moment of replacing; nothing was lost")
        if not place.near:
            held.hold(fd, plan)
    return Receipt(entry_of(workshop.ledger, plan), plan.result, plan.source_size, plan.result_size)


def check_room(workshop: Workshop, source: Source, root: Path | None) -> None:
    """Raise `StoreFull` when the original of a picture could not be kept now: before any work is done."""
    with _opened(workshop.kernel, source) as (folder, _):
        place = workshop.originals.place_for(folder, root)
        with workshop.originals.room_for(source.identity.size, place.vault):
            pass


@contextlib.contextmanager
def _opened(kernel: Kernel, source: Source) -> Iterator[tuple[Folder, int]]:
    path = source.path
    with contextlib.ExitStack() as stack:
        try:
            folder = stack.enter_context(opened_folder(kernel, path.parent))
            fd = stack.enter_context(opened_file(kernel, folder, path.name))
        except (FileNotFoundError, NotADirectoryError):
            raise missing_or_linked(path) from None
        yield folder, fd


def _target(kernel: Kernel, folder: Folder, source: Source, replacement: Replacement) -> Path:
    """Where the result goes: the same name, or for a conversion the first free one."""
    if not replacement.suffix:
        return source.path
    for name in converted_names(source.path.name, replacement.suffix):
        if not exists(kernel, folder, name):
            return folder.path / name
    raise Refusal(f"{shown(source.path)}: a thousand names for its conversion are taken")


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
    place: Place

    @override
    def stage(self, folder: Folder) -> None:
        stage(self.workshop.kernel, folder, self.plan, self.data, exactly=True)
        if not self.place.near:
            self.place.vault.copy_in(self.fd, self.plan)
        self.place.vault.write_sidecar(self.plan)

    @override
    def switch(self, folder: Folder) -> None:
        """While no program can begin to write to the original unnoticed."""
        kernel = self.workshop.kernel
        leased = kernel.take_lease(self.fd)
        try:
            switch = _Switch(kernel, folder, self.fd, self.source, self.plan, leased)
            switch.check_untouched()
            if self.plan.kind == "convert":
                switch.convert()
            else:
                switch.exchange()
        finally:
            if leased:
                kernel.drop_lease(self.fd)

    @override
    @staticmethod
    def settle(workshop: Workshop, folder: Folder, plan: Plan) -> JobOutcome:
        return Settlement(workshop, folder, plan).settle()


@dataclass(frozen=True, slots=True)
class _Switch:
    """The moment in which an original leaves its name, with what tells whether somebody else uses it."""

    kernel: Kernel
    folder: Folder
    fd: int
    source: Source
    plan: Plan
    leased: bool

    @property
    def _name(self) -> str:
        return self.source.path.name

    @property
    def _temp(self) -> str:
        return temp_name(self.plan.job)

    @property
    def _old(self) -> str:
        return old_name(self.plan.job)

    def check_untouched(self) -> None:
        """Raise unless the picture is, byte for byte and attribute for attribute, what was read."""
        if not untouched(self.kernel, self.fd, self.source.identity, self.source.sha256):
            raise Changed(f"{self.plan}: it changed while it was compressed")
        if sha256_of(self.kernel, self.fd) != self.source.sha256:
            raise Changed(f"{self.plan}: its content changed while it was compressed")
        self._check_name()

    def _check_name(self) -> None:
        if self.leased and not self.kernel.lease_whole(self.fd):
            raise Busy(f"{self.plan}: a program is about to write to it")
        if not exists(self.kernel, self.folder, self._name):
            raise Changed(f"{self.plan}: it was moved or removed while it was compressed")
        if not self._is_original(self._name):
            raise Changed(f"{self.plan}: another file took its name while it was compressed")

    def exchange(self) -> None:
        """Result and original exchange their names."""
        try:
            self.kernel.exchange(self.folder, self._temp, self._name)
        except Unsupported:
            self._move()
            return
        if self._got_the_original(self._temp):
            self.kernel.sync_folder(self.folder)
            if self._is_calm():
                return
        self._exchange_back()
        raise Changed(f"{self.plan}: somebody used it at the moment of replacing")

    def _exchange_back(self) -> None:
        """Unless the name has got yet another file by now: the newest one keeps it."""
        for _ in range(2):
            with contextlib.suppress(FileNotFoundError):
                if not self._has_result(self._name):
                    return
                self.kernel.exchange(self.folder, self._temp, self._name)
                if self._has_result(self._temp):
                    return
                # Somebody saved over the result between the look and the exchange: theirs goes back.
                self.kernel.exchange(self.folder, self._temp, self._name)

    def _move(self) -> None:
        """Where names cannot be exchanged: the original leaves its name, then the result takes it.

        Nothing is ever renamed over the picture, so a file that is saved in between keeps the name. For that
        moment the name is empty; the journal knows it, and recovery gives it back.
        """
        kernel, folder = self.kernel, self.folder
        self._check_links()
        self._check_name()
        move_away(kernel, folder, self._name, self._old)
        if not self._got_the_original(self._old):
            with contextlib.suppress(FileExistsError):
                place_new(kernel, folder, self._old, self._name)
            raise Changed(f"{self.plan}: somebody used it at the moment of replacing")
        try:
            place_new(kernel, folder, self._temp, self._name)
        except FileExistsError:
            raise Changed(f"{self.plan}: somebody saved it at the moment of replacing") from None
        kernel.sync_folder(folder)
        if not self._is_calm():
            self._move_back()
            raise Changed(f"{self.plan}: somebody wrote to it at the moment of replacing")

    def _check_links(self) -> None:
        """That a file can be given a name that is free, and only then: what moving rests on."""
        try:
            self.kernel.link(self.folder, self._temp, self.folder, self._old)
        except Unsupported:
            raise Degraded(
                f"{shown(self.folder.path)}: its file system can neither exchange two files nor link one, so "
                "that no picture can be replaced safely there; have results written elsewhere with "
                "--output DIR"
            ) from None
        self.kernel.unlink(self.folder, self._old)

    def _move_back(self) -> None:
        """The original takes its name again, unless the name has got yet another file by now."""
        with contextlib.suppress(FileNotFoundError, FileExistsError):
            move_away(self.kernel, self.folder, self._name, self._temp)
            ours = self._has_result(self._temp)
            place_new(self.kernel, self.folder, self._old if ours else self._temp, self._name)

    def convert(self) -> None:
        """The result gets its new name first, durably; then the source leaves its own."""
        kernel, folder, plan = self.kernel, self.folder, self.plan
        try:
            place_new(kernel, folder, self._temp, plan.result.name)
        except FileExistsError:
            raise Changed(f"{shown(plan.target)}: the name was taken meanwhile") from None
        kernel.sync_folder(folder)
        self._check_name()
        move_away(kernel, folder, self._name, self._old)
        if not (self._got_the_original(self._old) and self._is_calm()):
            with contextlib.suppress(FileExistsError):
                place_new(kernel, folder, self._old, self._name)
            raise Changed(f"{plan}: somebody used it at the moment of converting")
        kernel.sync_folder(folder)

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
            facts = self.kernel.stat_name(self.folder, name)
        except FileNotFoundError:
            return False
        if same_file(facts, identity):
            return True
        if (facts.st_size, facts.st_mtime_ns) != (identity.size, identity.mtime_ns):
            return False
        found = look(self.kernel, self.folder, name)
        return found is not None and found.sha256 == self.source.sha256

    def _is_calm(self) -> bool:
        """Whether nobody has begun to write to the original; without a lease, whether nobody has written."""
        if self.leased:
            return self.kernel.lease_whole(self.fd)
        return sha256_of(self.kernel, self.fd) == self.source.sha256

    def _has_result(self, name: str) -> bool:
        """Whether a name holds our result and nothing that somebody saved since."""
        found = look(self.kernel, self.folder, name)
        return found is not None and found.sha256 == self.plan.result_sha256
