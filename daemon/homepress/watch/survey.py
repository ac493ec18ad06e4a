"""What is in a folder, without watching it: for dry runs, and to leave alone what was there before."""

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from homepress.watch.arrival import Signature
from homepress.watch.folder import WatchedFolder
from homepress.watch.interface import System
from homepress.watch.names import Selection
from homepress.watch.ports import Identity
from homepress.watch.scan import walk
from homepress.watch.system import this_system


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that the watch would take in, by name, place, directory entry and size; it was not opened.

    Attributes:
        path: absolute path, root resolved.
        signature: what its directory entry says.
    """

    path: Path
    signature: Signature


def survey(folder: WatchedFolder, *, system: System | None = None) -> Iterator[Candidate]:
    """All candidates in a folder, whether they were dealt with before or not. Nothing is changed or opened.

    Raises:
        OSError: the folder is not there or cannot be listed.
    """
    root = os.path.realpath(os.fsencode(folder.path), strict=True)
    with os.scandir(root):
        pass
    selection = Selection(folder, root)
    for listing in walk([root], selection, _NothingKnown(), system or this_system()):
        for path, signature in listing.found:
            large = folder.max_size is not None and signature.size > folder.max_size
            if signature.size >= folder.min_size and not large:
                yield Candidate(Path(os.fsdecode(path)), signature)


class _NothingKnown:
    """A memory of nothing."""

    def known(self, directory: bytes, names: Collection[bytes] | None = None) -> Mapping[bytes, Identity]:
        del directory, names
        return {}

    def held(self, path: bytes) -> bool:
        del path
        return False
