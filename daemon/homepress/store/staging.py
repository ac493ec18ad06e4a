"""A file written beside the place where it will be: content, attributes, and proof that the disk has it."""

import os
import stat
import time
from pathlib import Path

from homepress.base.system_errors import printable
from homepress.store.fs.base import FileSystem, Folder, sha256_of, write_whole
from homepress.store.model import (
    JobPlan,
    Kind,
    Metadata,
    Refusal,
    Replacement,
    ResultFacts,
    Source,
    VerifyFailed,
    new_job,
)


def make_plan(
    kind: Kind, source: Source, replacement: Replacement, target: Path, carried: Metadata, vault: bytes
) -> JobPlan:
    """The plan of one result.

    Args:
        kind: what is done with it.
        source: as it was read.
        replacement: the result.
        target: where it goes.
        carried: attributes of the source.
        vault: where the original will be kept, empty when the source stays.
    """
    return JobPlan(
        job=new_job(),
        kind=kind,
        time=time.time(),
        path=os.fsencode(source.path),
        target=os.fsencode(target),
        root=None if replacement.root is None else os.fsencode(replacement.root),
        vault=vault,
        source_sha256=source.sha256,
        source_size=source.identity.size,
        source_inode=source.identity.inode,
        metadata=carried,
        result_sha256=replacement.sha256,
        result_size=len(replacement.data),
        keep_days=replacement.keep_days,
        **{name: getattr(replacement, name) for name in ResultFacts.__struct_fields__},
    )


def check_result(source: Source, replacement: Replacement) -> None:
    """That there is a result, and that it is another file than its source.

    Where both hold the same bytes, content no longer tells one from the other, and nothing after this could
    say which of them is the original.

    Raises:
        Refusal: it is empty, or the source itself.
    """
    if not replacement.data:
        raise Refusal(f"{printable(source.path)}: its result is empty; the picture stays as it is")
    if replacement.sha256 == source.sha256 or replacement.data == source.data:
        raise Refusal(f"{printable(source.path)}: its result is the same file; there is nothing to replace")


def stage(fs: FileSystem, folder: Folder, plan: JobPlan, data: bytes, *, exactly: bool) -> None:
    """Write the result under its temp name: content, attributes, flushed, read back.

    Args:
        fs: the file system.
        folder: of the target.
        plan: what is being done.
        data: the result.
        exactly: refuse when an attribute cannot be kept, instead of keeping what fits.

    Raises:
        Refusal: an attribute cannot be kept.
        VerifyFailed: what the disk gives back is not what the worker verified.
        OSError: no space and the like.
    """
    fd = fs.create_file(folder, plan.temp_name)
    try:
        write_whole(fs, fd, data)
        if exactly:
            apply_attributes(fs, fd, plan.metadata, str(plan))
        else:
            apply_what_fits(fs, fd, plan.metadata)
        fs.sync(fd)
        if sha256_of(fs, fd) != plan.result_sha256:
            raise VerifyFailed(
                f"{printable(plan.target)}: the result reads back differently from what was written: "
                "check the disk"
            )
    finally:
        fs.close(fd)


_OF_CONTENT = {b"security.ima", b"security.evm"}
"""Signatures over the content: on other content they would be wrong."""


def capture_attributes(fs: FileSystem, fd: int) -> Metadata:
    """What the open file carries beside its content."""
    facts = fs.stat(fd)
    return Metadata(
        mode=stat.S_IMODE(facts.st_mode),
        uid=facts.st_uid,
        gid=facts.st_gid,
        atime_ns=facts.st_atime_ns,
        mtime_ns=facts.st_mtime_ns,
        flags=fs.flags(fd),
        attributes=sorted(fs.attributes(fd).items()),
    )


def apply_attributes(fs: FileSystem, fd: int, wanted: Metadata, what: str) -> None:
    """Give the open file exactly these attributes.

    Args:
        fs: the file system.
        fd: of a file that is ours.
        wanted: attributes of the original.
        what: the original's name for messages.

    Raises:
        Refusal: something cannot be kept; it names what.
    """
    for part, name, value in _differences(capture_attributes(fs, fd), wanted):
        if name in _OF_CONTENT:
            raise Refusal(
                f"{what}: it is signed ({printable(name)}), and the signature would not fit the result"
            )
        try:
            _set(fs, fd, part, name, value, wanted)
        except OSError as error:
            raise Refusal(f"{what}: its {_called(part, name)} cannot be kept ({error.strerror})") from error
    fs.set_times(fd, wanted.atime_ns, wanted.mtime_ns)
    for part, name, _ in _differences(capture_attributes(fs, fd), wanted):
        raise Refusal(f"{what}: its {_called(part, name)} cannot be kept")


def apply_what_fits(fs: FileSystem, fd: int, wanted: Metadata) -> None:
    """Give a copy elsewhere what its file system and our rights allow; never fails for what they do not."""
    for part, name, value in _differences(capture_attributes(fs, fd), wanted):
        if name.startswith((b"security.", b"trusted.")) or name in _OF_CONTENT:
            continue
        try:
            _set(fs, fd, part, name, value, wanted)
        except OSError:
            continue
    fs.set_times(fd, wanted.atime_ns, wanted.mtime_ns)


_Difference = tuple[str, bytes, bytes | None]


def _differences(present: Metadata, wanted: Metadata) -> list[_Difference]:
    """What is to be set, in the order in which setting one thing does not undo another.

    A change of owner clears mode bits and capabilities, an ACL changes the mode.
    """
    found: list[_Difference] = []
    if (present.uid, present.gid) != (wanted.uid, wanted.gid):
        found.append(("owner", b"", None))
    have, want = dict(present.attributes), dict(wanted.attributes)
    found += [("attribute", name, None) for name in have if name not in want]
    found += [("attribute", name, value) for name, value in want.items() if have.get(name) != value]
    if present.mode != wanted.mode or found:
        found.append(("mode", b"", None))
    if present.flags != wanted.flags:
        found.append(("flags", b"", None))
    return found


def _set(fs: FileSystem, fd: int, part: str, name: bytes, value: bytes | None, wanted: Metadata) -> None:
    match part:
        case "owner":
            fs.set_owner(fd, wanted.uid, wanted.gid)
        case "mode":
            fs.set_mode(fd, wanted.mode)
        case "flags":
            fs.set_flags(fd, wanted.flags)
        case _ if value is None:
            fs.remove_attribute(fd, name)
        case _:
            fs.set_attribute(fd, name, value)


def _called(part: str, name: bytes) -> str:
    return {"owner": "owner or group", "mode": "mode", "flags": "inode flags"}.get(
        part, f"attribute {os.fsdecode(name)}"
    )
