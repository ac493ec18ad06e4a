"""Fingerprints of pictures that were in a folder before it was added: made one by one, in the background."""

import os
import stat
from collections.abc import Callable, Generator
from pathlib import Path

from homepress.base.image_data import FileContent, image_digest
from homepress.store import existing
from homepress.store.existing import Pending
from homepress.store.kernel import Folder, Kernel, identity_of, opened_file, opened_folder
from homepress.store.workshop import Workshop

_BATCH = 64
"""So many fingerprints are written in one transaction; a crash costs no more than these."""


def fingerprints(
    workshop: Workshop,
    root: Path,
    *,
    skip: Callable[[os.stat_result], bool],
    on_read: Callable[[int], None],
) -> Generator[bool, None, None]:
    """Make the fingerprints that are missing beneath a folder; after each file, whether it has one now.

    A file that cannot be read, or is not what it was when the folder was added, keeps waiting for its own.

    Args:
        workshop: the tools.
        root: the folder.
        skip: whether a file must not be opened, such as one whose content is in a cloud.
        on_read: gets the number of bytes of each read; what it raises ends it, with what was found kept.

    Raises:
        OSError: the ledger could not be written.
    """
    found: list[tuple[Pending, str]] = []
    try:
        for file in existing.pending(workshop.ledger, root):
            if digest := _digest(workshop.kernel, file, skip, on_read):
                found.append((file, digest))
            if len(found) >= _BATCH:
                full, found = found, []
                existing.fingerprinted(workshop.ledger, root, full)
            yield bool(digest)
    finally:
        if found:
            existing.fingerprinted(workshop.ledger, root, found)


def _digest(
    kernel: Kernel, file: Pending, skip: Callable[[os.stat_result], bool], on_read: Callable[[int], None]
) -> str:
    """The digest of the image in a file that is still as it was; empty where there is none."""
    path = Path(os.fsdecode(file.path))
    try:
        with opened_folder(kernel, path.parent) as folder:
            facts = kernel.stat_name(folder, path.name)
            if not stat.S_ISREG(facts.st_mode) or skip(facts):
                return ""
            if (facts.st_size, facts.st_mtime_ns) != (file.size, file.mtime_ns):
                return ""
            with opened_file(kernel, folder, path.name) as fd:
                if not stat.S_ISREG(kernel.stat(fd).st_mode):
                    return ""
                digest = image_digest(FileContent(fd, file.size, on_read))
                kernel.release_cache(fd)
                return digest if identity_of(kernel.stat(fd)) == identity_of(facts) else ""
    except (OSError, EOFError, ValueError):
        return ""


def digest_of(kernel: Kernel, folder: Folder, name: str) -> str:
    """The digest of the image in a file; empty where it cannot be read."""
    try:
        with opened_file(kernel, folder, name) as fd:
            return image_digest(FileContent(fd, kernel.stat(fd).st_size))
    except (OSError, EOFError):
        return ""
