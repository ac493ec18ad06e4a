"""Walking a tree: what is in it that nobody has dealt with yet."""

import errno
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from homepress.watch.arrival import Signature, Skip
from homepress.watch.examine import skip_by_status
from homepress.watch.interface import System
from homepress.watch.names import Selection
from homepress.watch.ports import Known

_WORK_TREE = b".git"


@dataclass(slots=True)
class Listing:
    """What one folder held.

    Attributes:
        path: the folder.
        readable: False when it could not be listed; then nothing is known of what it holds.
        too_long: how many paths in it, its own included, are longer than this system takes.
        found: candidates that the ledger does not know as they are now.
        refused: the like that are passed over for a reason that people are told.
        skipped: how many files are passed over, by reason.
        folders: folders in it that are entered.
    """

    path: bytes
    readable: bool = True
    too_long: int = 0
    found: list[tuple[bytes, Signature]] = field(default_factory=list)
    refused: list[tuple[bytes, Signature]] = field(default_factory=list)
    skipped: Counter[Skip] = field(default_factory=Counter)
    folders: list[bytes] = field(default_factory=list)


def walk(tops: Iterable[bytes], selection: Selection, known: Known, system: System) -> Iterator[Listing]:
    """List folders and all that is entered below them, one folder a step. Links are never followed."""
    waiting = list(tops)
    while waiting:
        listing = list_folder(waiting.pop(), selection, known, system)
        waiting.extend(reversed(listing.folders))
        yield listing


def list_folder(directory: bytes, selection: Selection, known: Known, system: System) -> Listing:
    """List one folder: one `scandir`, one question to the ledger, one `lstat` an image."""
    listing = Listing(directory)
    candidates: list[os.DirEntry[bytes]] = []
    try:
        with os.scandir(directory) as entries:
            for entry in entries:
                if entry.name == _WORK_TREE:
                    return Listing(directory, skipped=Counter({Skip.WORK_TREE: 1}))
                if entry.is_dir(follow_symlinks=False):
                    if selection.enters(directory, entry.name):
                        listing.folders.append(entry.path)
                elif skip := selection.skip_file(directory, entry.name):
                    listing.skipped[skip] += 1
                else:
                    candidates.append(entry)
    except OSError as error:
        listing.readable = False
        listing.too_long += error.errno == errno.ENAMETOOLONG
    if candidates:
        _compare(listing, candidates, known, system, selection.stays)
    return listing


def _compare(
    listing: Listing, candidates: list[os.DirEntry[bytes]], known: Known, system: System, stays: bool
) -> None:
    """Sort a folder's candidates into those that are done with, passed over, and found."""
    rows = known.known(listing.path)
    for entry in candidates:
        try:
            status = entry.stat(follow_symlinks=False)
        except OSError as error:
            listing.too_long += error.errno == errno.ENAMETOOLONG
            continue
        if Signature.of(status).is_noted(rows.get(entry.name)):
            continue
        if skip := skip_by_status(status, system, stays=stays):
            listing.skipped[skip] += 1
        if skip is None:
            listing.found.append((entry.path, Signature.of(status)))
        elif skip is not Skip.NOT_A_FILE:
            listing.refused.append((entry.path, Signature.of(status)))


def in_work_tree(directory: bytes, root: bytes) -> bool:
    """Whether a folder at or below `root` lies in a git work tree that begins at or below `root`."""
    while True:
        if os.path.lexists(os.path.join(directory, _WORK_TREE)):
            return True
        if len(directory) <= len(root):
            return False
        directory = os.path.dirname(directory)
