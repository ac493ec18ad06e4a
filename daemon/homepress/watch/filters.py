"""Which files and folders count, judged by their names alone.

Names are bytes, as the file system has them; they are never normalised.
"""

import fnmatch
import os
import re
from collections.abc import Iterable

from homepress.base.formats import has_image_suffix
from homepress.watch.model import Skip, WatchedFolder

_SEPARATOR = os.fsencode(os.sep)
_PARTIAL_SUFFIXES = (b".crdownload", b".part", b".partial", b".download", b".opdownload")
# Browsers keep an unfinished download in a folder of its own (Safari's `picture.jpg.download`).
_TEMPORARY_SUFFIXES = (*_PARTIAL_SUFFIXES, b".tmp", b".temp", b".!ut", b".swp", b".filepart", b".aria2", b"~")
# Hidden files, our own temporary ones (`.homepress-...`) among them, and those of office programs.
_TEMPORARY_PREFIXES = (b".", b"~$")

_APPLICATION_FOLDERS = frozenset(
    {
        b"node_modules",
        b"__pycache__",
        b"@eadir",
        # Synology, QNAP, Asustor, NetApp and Qsync: bins, thumbnails and snapshots of network storage.
        b"#recycle",
        b"#snapshot",
        b"@recycle",
        b"@recently-snapshot",
        b"@syncthing",
        b"@sharebin",
        b"@tmp",
        b"~snapshot",
        b"network trash folder",
        b"temporary items",
        b"_gsdata_",
        b"$recycle.bin",
        b"system volume information",
        b"lost+found",
        b"photo booth library",
        b"iphoto library",
    }
)
# Photo libraries and catalogues: their applications keep an index of what lies inside.
_LIBRARY_SUFFIXES = (
    b".photoslibrary",
    b".photolibrary",
    b".migratedphotolibrary",
    b".aplibrary",
    b".lrdata",
    b".lrlibrary",
    b".cocatalog",
    b".app",
)


def is_temporary(name: bytes) -> bool:
    """Whether a file name is that of a hidden or unfinished file (browsers, rsync, editors, our own)."""
    return name.startswith(_TEMPORARY_PREFIXES) or name.lower().endswith(_TEMPORARY_SUFFIXES)


def is_never_entered(name: bytes) -> bool:
    """Whether a folder of this name belongs to a program and not to a person: hidden, a cache, a library."""
    lower = name.lower()
    if lower.startswith(b".") or lower in _APPLICATION_FOLDERS:
        return True
    return lower.endswith(_LIBRARY_SUFFIXES) or lower.endswith(_PARTIAL_SUFFIXES)


def lies_in(path: bytes, root: bytes) -> bool:
    """Whether a path lies inside a folder; both absolute, links resolved. Nothing lies in an empty one."""
    return bool(root) and path.startswith(root.rstrip(_SEPARATOR) + _SEPARATOR)


class Selection:
    """The choice of files and folders that one watched folder makes.

    Patterns are those of the shell (`*`, `?`, `[...]`), in any case of letters. One without a slash is held
    against the name of a file; one with a slash against the path inside the watched folder. A pattern of
    `exclude` that fits a folder leaves out all that lies in it.

    Attributes:
        stays: the files are only read, never replaced.
    """

    def __init__(self, folder: WatchedFolder, root: bytes) -> None:
        """Make the choice for `folder`, whose resolved path is `root`."""
        self.stays = folder.stays
        self._root = root
        self._prefix = root.rstrip(_SEPARATOR) + _SEPARATOR
        self._recursive = folder.recursive
        self._excluded = frozenset(os.fsencode(path) for path in folder.excluded)
        self._include = _Patterns(folder.include)
        self._exclude = _Patterns(folder.exclude)

    def skip_file(self, directory: bytes, name: bytes) -> Skip | None:
        """Why a file of a folder that is entered is passed over by its name; None when it is taken."""
        if not has_image_suffix(name):
            return Skip.TEMPORARY if is_temporary(name) else Skip.NAME
        if is_temporary(name):
            return Skip.TEMPORARY
        if self._include.everything and self._exclude.nothing:
            return None
        inside = self._inside(directory, name)
        taken = self._include.fit(name, inside) and not self._exclude.fit(name, inside)
        return None if taken else Skip.EXCLUDED

    def enters(self, directory: bytes, name: bytes) -> bool:
        """Whether a folder inside `directory` is entered."""
        if not self._recursive or is_never_entered(name):
            return False
        if self._excluded and os.path.join(directory, name) in self._excluded:
            return False
        return self._exclude.nothing or not self._exclude.fit(name, self._inside(directory, name))

    def reaches(self, directory: bytes) -> bool:
        """Whether a folder is the root, or every folder on the way to it from the root is entered."""
        if directory == self._root:
            return True
        if not directory.startswith(self._prefix):
            return False
        parent = self._root
        for name in directory[len(self._prefix) :].split(_SEPARATOR):
            if not self.enters(parent, name):
                return False
            parent = os.path.join(parent, name)
        return True

    def _inside(self, directory: bytes, name: bytes) -> bytes:
        return os.path.join(directory, name)[len(self._prefix) :].replace(_SEPARATOR, b"/")


class _Patterns:
    """Shell patterns, compiled into two expressions: for names and for paths inside the root."""

    def __init__(self, patterns: Iterable[str]) -> None:
        kept = [pattern.lower() for pattern in patterns]
        self.nothing = not kept
        self.everything = "*" in kept
        self._name = _expression(pattern for pattern in kept if "/" not in pattern)
        self._path = _expression(pattern.strip("/") for pattern in kept if "/" in pattern)

    def fit(self, name: bytes, inside: bytes) -> bool:
        """Whether one of the patterns fits a name, or the path inside the root."""
        if self.everything or (self._name and self._name.match(os.fsdecode(name).lower())):
            return True
        return self._path is not None and self._path.match(os.fsdecode(inside).lower()) is not None


def _expression(patterns: Iterable[str]) -> re.Pattern[str] | None:
    translated = "|".join(fnmatch.translate(pattern) for pattern in patterns)
    return re.compile(translated) if translated else None
