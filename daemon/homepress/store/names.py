"""Names that results and originals get, and names made to fit where a file system cannot hold them.

FAT, exFAT, NTFS and Windows shares refuse some characters; some of them, and
macOS, do not tell capital letters from small ones, or a composed accent from one that stands by itself.
"""

import errno
import hashlib
import itertools
import os
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from homepress.store.fs.base import FileSystem, Folder, opened_folder

NAME_BYTES = 255
"""The longest file name of the usual file systems (NAME_MAX of ext4, xfs, btrfs, APFS in UTF-8)."""


def converted_names(name: str, suffix: str) -> Iterator[str]:
    """Names for the result of a conversion, best first: `a.jpg`, `a.heic.jpg`, `a.heic-2.jpg` ..."""
    stem, _ = os.path.splitext(name)
    yield fit(stem, suffix)
    yield fit(name, suffix)
    for number in range(2, 1000):
        yield fit(name, f"-{number}{suffix}")


def beside_names(name: str, suffix: str) -> Iterator[str]:
    """Names for a result that goes beside its source: `a.min.jpg`, `a.min-2.jpg` ...

    Args:
        name: of the source.
        suffix: of the result when it differs from the source's, else empty.
    """
    stem, own = os.path.splitext(name)
    yield fit(stem, f".min{suffix or own}")
    for number in range(2, 1000):
        yield fit(stem, f".min-{number}{suffix or own}")


def numbered_names(name: str) -> Iterator[str]:
    """A name, and others for when it is taken: `a.jpg`, `a-2.jpg` ..."""
    stem, suffix = os.path.splitext(name)
    yield name
    for number in range(2, 1000):
        yield fit(stem, f"-{number}{suffix}")


def original_names(name: str) -> Iterator[str]:
    """Names for an original whose own name is taken: `a (original).jpg`, `a (original 2).jpg` ..."""
    stem, suffix = os.path.splitext(name)
    yield fit(stem, f" (original){suffix}")
    for number in range(2, 1000):
        yield fit(stem, f" (original {number}){suffix}")


def recovered_names(name: str) -> Iterator[str]:
    """Names for content that the store found and does not know: `recovered-a.jpg`, `recovered-2-a.jpg` ..."""
    for number in itertools.count(1):
        prefix = "recovered-" if number == 1 else f"recovered-{number}-"
        stem, suffix = os.path.splitext(prefix + name)
        yield fit(stem, suffix)


def fit(stem: str, ending: str) -> str:
    """`stem` + `ending`, the stem cut so that the whole fits a file name, never inside a UTF-8 sequence."""
    room = NAME_BYTES - len(os.fsencode(ending))
    raw = os.fsencode(stem)
    if len(raw) <= room:
        return stem + ending
    while room > 0 and raw[room] & 0xC0 == 0x80:
        room -= 1
    return os.fsdecode(raw[:room]) + ending


REFUSED = {errno.EINVAL, errno.EILSEQ}
"""How file systems say that they cannot hold a name."""


_UNFIT = re.compile('[<>:"|?*\\\\\x00-\x1f\x7f\udc80-\udcff]|[. ](?=[. ]*$)')
"""Signs and bytes that cannot be in a name, and dots and spaces that cannot end it."""


_RESERVED = re.compile(r"(CON|PRN|AUX|NUL|COM[0-9\xb9\xb2\xb3]|LPT[0-9\xb9\xb2\xb3])(\.|$)", re.IGNORECASE)
"""Devices of Windows, with any suffix."""


_DIGITS = 6


def fitting(name: str) -> str:
    """A name that FAT, exFAT, NTFS and Windows hold; one that they hold already stays.

    Each of `<>:"|?*\\`, of the control characters and of the bytes that are no text becomes `_`, as do dots
    and spaces at the end; a name of a device gets `_` before it. Six hexadecimal digits that stand for the
    whole name go before the suffix, so that no two names become the same: `1:1?.jpg` is `1_1_~73e0cb.jpg`.
    """
    fits = _UNFIT.sub("_", name)
    if _RESERVED.match(fits):
        fits = f"_{fits}"
    if fits == name:
        return name
    stem, suffix = os.path.splitext(fits)
    return fit(stem, f"~{hashlib.sha256(os.fsencode(name)).hexdigest()[:_DIGITS]}{suffix}")


def fitting_folder(fs: FileSystem, folder: Path) -> Path:
    """The path that a folder has, or will have: parts that are not there yet are made to fit.

    Args:
        fs: the file system.
        folder: absolute.

    Raises:
        OSError: the system refused a look.
    """
    there = folder
    while there != there.parent and not _is_there(fs, there):
        there = there.parent
    missing = folder.relative_to(there).parts
    if not missing or all(fitting(part) == part for part in missing):
        return folder
    if not _needs_fitting(fs, there, missing):
        return folder
    return there.joinpath(*(fitting(part) for part in missing))


def _is_there(fs: FileSystem, folder: Path) -> bool:
    try:
        with opened_folder(fs, folder):
            return True
    except FileNotFoundError:
        return False
    except OSError as error:
        if error.errno in REFUSED:
            return False
        raise


def _needs_fitting(fs: FileSystem, there: Path, missing: tuple[str, ...]) -> bool:
    """Whether a folder's file system refuses one of these names: known of its kind, or tried."""
    with opened_folder(fs, there) as folder:
        if fs.windows_names(folder):
            return True
    try:
        with opened_folder(fs, there.joinpath(*missing), create=True):
            return False
    except OSError as error:
        if error.errno in REFUSED:
            return True
        raise


def name_there(fs: FileSystem, folder: Folder, name: str) -> str:
    """The name as the folder has it, for one that was found there: it may be spelled differently."""
    names = fs.list_folder(folder)
    if name in names:
        return name
    return next((each for each in names if _folded(each) == _folded(name)), name)


def _folded(name: str) -> str:
    """What a file system that folds names compares."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
