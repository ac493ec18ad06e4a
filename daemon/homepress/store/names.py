"""Names that the store gives to files. Temp names never derive from the picture's: a name of 254 bytes plus a
suffix would be too long, and a strange one could be misread."""

import itertools
import os
import secrets
from collections.abc import Iterator

NAME_BYTES = 255
"""The longest file name of the usual file systems (NAME_MAX of ext4, xfs, btrfs, APFS in UTF-8)."""


def new_job() -> str:
    """A fresh job id, 16 hexadecimal digits."""
    return secrets.token_hex(8)


def temp_name(job: str) -> str:
    """Where a result is written, in the folder of its picture; hidden, and known to watching as ours."""
    return f".homepress-{job}.tmp"


def old_name(job: str) -> str:
    """Where an original waits between leaving its name and entering the originals."""
    return f".homepress-{job}.old"


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
