"""One folder that keeps originals: each with a sidecar that describes it without the ledger."""

import contextlib
import enum
import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from homepress.base.system_errors import of_originals
from homepress.store import metadata
from homepress.store.errors import Unsupported, UntrustedVault, VerifyFailed, shown
from homepress.store.kernel import (
    CHUNK,
    Folder,
    Kernel,
    exists,
    opened_file,
    read_whole,
    sha256_of,
    write_whole,
)
from homepress.store.plan import Plan, decode, encode_sidecar

SIDECAR = ".json"
_PART = ".part"

_README = b"""Originals of pictures that Homepress made smaller, kept for some days.

Do not delete single files: use `homepress originals list`, `homepress undo` and `homepress originals accept`.
Each file NAME is an original as it was, byte for byte; NAME.json says where it belongs.
"""

MARKERS = {
    # bford.info/cachedir: backup programs leave such a folder out.
    "CACHEDIR.TAG": b"Signature: 8a477f597d28d172789f06886806bc55\n"
    b"# Originals kept for some days by Homepress, see README.txt.\n",
    ".nobackup": b"",
    ".nomedia": b"",
    ".metadata_never_index": b"",
    ".trackerignore": b"",
    "README.txt": _README,
}
"""Files of our own in every vault, beside the originals."""


class Stored(enum.Enum):
    """What a vault has of an original."""

    WHOLE = "whole"
    CHANGED = "changed"
    """Somebody wrote to it after it was stored, or the disk fails: not ours to delete."""
    MISSING = "missing"


class Vault:
    """A folder of originals, `<sha256>-<job>` beside `<sha256>-<job>.json`; private to its owner."""

    def __init__(self, kernel: Kernel, path: Path, *, private_parent: bool = False) -> None:
        """Name it; `prepare` makes it.

        Args:
            kernel: the system.
            path: of the folder.
            private_parent: the folder above has to be as private: it is in a place that others can reach.
        """
        self.path = path
        self._kernel = kernel
        self._private_parent = private_parent

    def prepare(self) -> None:
        """Make the folder and its markers where they are missing.

        Raises:
            UntrustedVault: it is a link, another user's, or open to others.
        """
        if not self.path.exists():
            self._make_parent()
            with contextlib.suppress(FileExistsError):
                self._kernel.make_private_folder(self.path)
        with self.opened() as folder:
            for name, content in MARKERS.items():
                if not exists(self._kernel, folder, name):
                    self._write(folder, name, content)
            self._kernel.sync_folder(folder)

    def _make_parent(self) -> None:
        """The folder above; where a file system keeps nothing private, none is left behind."""
        parent = self.path.parent
        ours = not parent.exists()
        parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._private_parent:
            try:
                _check_private(parent.lstat(), parent)
            except UntrustedVault:
                if ours:
                    with contextlib.suppress(OSError):
                        parent.rmdir()
                raise

    @contextlib.contextmanager
    def opened(self) -> Iterator[Folder]:
        """The folder, after a look at whose it is.

        Raises:
            UntrustedVault: as `prepare`.
        """
        try:
            folder = self._kernel.open_folder(self.path)
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENOTDIR):
                raise UntrustedVault(
                    f"{shown(self.path)}: originals are not kept behind a link; make it a real folder"
                ) from None
            of_originals(error, shown(self.path))
            raise
        try:
            if self._private_parent:
                _check_private(self.path.parent.lstat(), self.path.parent)
            if folder.fd >= 0:
                _check_private(self._kernel.stat(folder.fd), self.path)
            yield folder
        except OSError as error:
            of_originals(error, shown(self.path))
            raise
        finally:
            self._kernel.close_folder(folder)

    def write_sidecar(self, plan: Plan) -> None:
        """Describe an original durably, before it can be anywhere but under its own name."""
        with self.opened() as folder:
            self._write(folder, plan.stored_name + SIDECAR, encode_sidecar(plan))
            self._kernel.sync_folder(folder)

    def copy_in(self, fd: int, plan: Plan) -> None:
        """Copy an original from its descriptor: for vaults on another file system.

        Raises:
            VerifyFailed: the copy reads back differently.
            OSError: above all, no space.
        """
        with self.opened() as folder:
            self._copy(fd, folder, plan)
            self._kernel.sync_folder(folder)

    def take(self, source: Folder, name: str, plan: Plan) -> None:
        """Move the original from `source` into the vault, durably; again is harmless."""
        kernel = self._kernel
        with self.opened() as folder:
            if not self._holds(folder, plan):
                try:
                    self._rename_in(source, name, folder, plan.stored_name)
                except OSError as error:
                    if error.errno != errno.EXDEV:
                        raise
                    with opened_file(kernel, source, name) as fd:
                        self._copy(fd, folder, plan)
            kernel.sync_folder(folder)
            with contextlib.suppress(FileNotFoundError):
                kernel.unlink(source, name)
            kernel.sync_folder(source)

    def _rename_in(self, source: Folder, name: str, folder: Folder, new: str) -> None:
        try:
            self._kernel.move(source, name, folder, new)
        except Unsupported:
            self._kernel.overwrite(source, name, folder, new)  # no other file ever has this name

    def condition(self, plan: Plan) -> Stored:
        """Whether the original is here, and whole.

        Raises:
            UntrustedVault: it cannot be told any more.
        """
        try:
            with self.opened() as folder:
                if self._holds(folder, plan):
                    return Stored.WHOLE
                return Stored.CHANGED if exists(self._kernel, folder, plan.stored_name) else Stored.MISSING
        except FileNotFoundError:
            return Stored.MISSING

    def remove(self, stored_name: str) -> None:
        """Delete an original and its sidecar, in that order, durably; a missing one is no error."""
        with self.opened() as folder:
            for name in (stored_name, stored_name + SIDECAR, stored_name + _PART):
                with contextlib.suppress(FileNotFoundError):
                    self._kernel.unlink(folder, name)
            self._kernel.sync_folder(folder)

    def remove_parts(self) -> None:
        """Remove what a crash left half written."""
        with self.opened() as folder:
            for name in self._kernel.list_folder(folder):
                if name.endswith(_PART):
                    self._kernel.unlink(folder, name)

    def stored(self) -> set[str]:
        """Names of the originals in it."""
        with self.opened() as folder:
            return {name for name in self._kernel.list_folder(folder) if _is_stored_name(name)}

    def sidecars(self) -> set[str]:
        """Names of the originals that have a sidecar, there or not."""
        with self.opened() as folder:
            names = self._kernel.list_folder(folder)
        found = {name.removesuffix(SIDECAR) for name in names if name.endswith(SIDECAR)}
        return {name for name in found if _is_stored_name(name)}

    def plan(self, stored_name: str) -> Plan:
        """What a sidecar says.

        Raises:
            ValueError: it does not describe the file of its name.
        """
        with self.opened() as folder, opened_file(self._kernel, folder, stored_name + SIDECAR) as fd:
            plan = decode(read_whole(self._kernel, fd))
        if plan.stored_name != stored_name:
            raise ValueError(f"{shown(self.path / stored_name)}: its sidecar describes another file")
        return plan

    def _holds(self, folder: Folder, plan: Plan) -> bool:
        try:
            with opened_file(self._kernel, folder, plan.stored_name) as fd:
                return sha256_of(self._kernel, fd) == plan.source_sha256
        except FileNotFoundError:
            return False

    def _copy(self, fd: int, folder: Folder, plan: Plan) -> None:
        kernel, part = self._kernel, plan.stored_name + _PART
        with contextlib.suppress(FileNotFoundError):
            kernel.unlink(folder, part)
        copy = kernel.create_file(folder, part)
        try:
            kernel.rewind(fd)
            while chunk := kernel.read(fd, CHUNK):
                write_whole(kernel, copy, chunk)
            metadata.apply_what_fits(kernel, copy, plan.metadata)
            kernel.sync(copy)
            if sha256_of(kernel, copy) != plan.source_sha256:
                raise VerifyFailed(f"{plan}: its copy in {shown(self.path)} reads back differently")
        finally:
            kernel.close(copy)
        kernel.overwrite(folder, part, folder, plan.stored_name)

    def _write(self, folder: Folder, name: str, content: bytes) -> None:
        """A small file, complete or not there at all."""
        kernel, part = self._kernel, name + _PART
        with contextlib.suppress(FileNotFoundError):
            kernel.unlink(folder, part)
        fd = kernel.create_file(folder, part)
        try:
            write_whole(kernel, fd, content)
            kernel.sync(fd)
        finally:
            kernel.close(fd)
        kernel.overwrite(folder, part, folder, name)


def _check_private(facts: os.stat_result, path: Path) -> None:
    if hasattr(os, "geteuid") and facts.st_uid != os.geteuid():
        raise UntrustedVault(f"{shown(path)}: originals are not kept in a folder of another user")
    if not stat.S_ISDIR(facts.st_mode) or stat.S_IMODE(facts.st_mode) & 0o077:
        raise UntrustedVault(
            f"{shown(path)}: it is no folder of ours alone; `chmod 700` it so that originals stay private"
        )


def _is_stored_name(name: str) -> bool:
    digest, dash, job = name.partition("-")
    return len(digest) == 64 and dash == "-" and len(job) == 16
