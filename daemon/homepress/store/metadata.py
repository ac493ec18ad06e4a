"""Taking a file's attributes and giving them to another, exactly or not at all."""

import os
import stat

from homepress.store.errors import Refusal, shown
from homepress.store.kernel import Kernel
from homepress.store.plan import Metadata

_OF_CONTENT = {b"security.ima", b"security.evm"}
"""Signatures over the content: on other content they would be wrong."""


def capture(kernel: Kernel, fd: int) -> Metadata:
    """What the open file carries beside its content."""
    facts = kernel.stat(fd)
    return Metadata(
        mode=stat.S_IMODE(facts.st_mode),
        uid=facts.st_uid,
        gid=facts.st_gid,
        atime_ns=facts.st_atime_ns,
        mtime_ns=facts.st_mtime_ns,
        flags=kernel.flags(fd),
        attributes=sorted(kernel.attributes(fd).items()),
    )


def apply(kernel: Kernel, fd: int, wanted: Metadata, what: str) -> None:
    """Give the open file exactly these attributes.

    Args:
        kernel: the system.
        fd: of a file that is ours.
        wanted: attributes of the original.
        what: the original's name for messages.

    Raises:
        Refusal: something cannot be kept; it names what.
    """
    for part, name, value in _differences(capture(kernel, fd), wanted):
        if name in _OF_CONTENT:
            raise Refusal(f"{what}: it is signed ({shown(name)}), and the signature would not fit the result")
        try:
            _set(kernel, fd, part, name, value, wanted)
        except OSError as error:
            raise Refusal(f"{what}: its {_called(part, name)} cannot be kept ({error.strerror})") from error
    kernel.set_times(fd, wanted.atime_ns, wanted.mtime_ns)
    for part, name, _ in _differences(capture(kernel, fd), wanted):
        raise Refusal(f"{what}: its {_called(part, name)} cannot be kept")


def apply_what_fits(kernel: Kernel, fd: int, wanted: Metadata) -> None:
    """Give a copy elsewhere what its file system and our rights allow; never fails for what they do not."""
    for part, name, value in _differences(capture(kernel, fd), wanted):
        if name.startswith((b"security.", b"trusted.")) or name in _OF_CONTENT:
            continue
        try:
            _set(kernel, fd, part, name, value, wanted)
        except OSError:
            continue
    kernel.set_times(fd, wanted.atime_ns, wanted.mtime_ns)


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


def _set(kernel: Kernel, fd: int, part: str, name: bytes, value: bytes | None, wanted: Metadata) -> None:
    match part:
        case "owner":
            kernel.set_owner(fd, wanted.uid, wanted.gid)
        case "mode":
            kernel.set_mode(fd, wanted.mode)
        case "flags":
            kernel.set_flags(fd, wanted.flags)
        case _ if value is None:
            kernel.remove_attribute(fd, name)
        case _:
            kernel.set_attribute(fd, name, value)


def _called(part: str, name: bytes) -> str:
    return {"owner": "owner or group", "mode": "mode", "flags": "inode flags"}.get(
        part, f"attribute {os.fsdecode(name)}"
    )
