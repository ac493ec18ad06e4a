"""The kernel's list of mounts on Linux, `/proc/self/mountinfo` (proc(5)), read without touching any mount."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

_ESCAPE = re.compile(rb"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Mount:
    """One mounted file system.

    Attributes:
        point: where it is mounted, absolute.
        kind: its type as the kernel names it ("ext4", "nfs4", "fuse.sshfs").
        device: major and minor number, "8:1".
        source: what is mounted ("/dev/sdb1", "server:/export"); may be anything.
        root: the folder inside the file system that is mounted: "/" but for bind mounts and subvolumes.
        number: of the mount; 0 when unknown.
        parent: number of the mount on which it lies.
    """

    point: bytes
    kind: str
    device: str
    source: bytes = b""
    root: bytes = b"/"
    number: int = 0
    parent: int = 0

    def inner(self, path: bytes) -> bytes:
        """The path inside the file system of a path on this mount."""
        rest = path[len(self.point.rstrip(b"/")) :].strip(b"/")
        return self.root.rstrip(b"/") + (b"/" + rest if rest else b"") or b"/"


def unescape(text: bytes) -> bytes:
    """A path as fstab(5) and mountinfo write it: `\\040` is a space."""
    return _ESCAPE.sub(lambda found: bytes([int(found[1], 8) & 0xFF]), text)


def parse_mountinfo(text: bytes) -> list[Mount]:
    """The mounts, in the order in which they were mounted; lines that are none are left out."""
    mounts = []
    for line in text.splitlines():
        fields = line.split(b" ")
        if b"-" not in fields[6:]:
            continue
        dash = fields.index(b"-", 6)
        kind = fields[dash + 1] if len(fields) > dash + 1 else b""
        mounts.append(
            Mount(
                point=unescape(fields[4]),
                kind=kind.decode("ascii", "replace"),
                device=fields[2].decode("ascii", "replace"),
                source=unescape(fields[dash + 2]) if len(fields) > dash + 2 else b"",
                root=unescape(fields[3]),
                number=_number(fields[0]),
                parent=_number(fields[1]),
            )
        )
    return mounts


def mount_of(path: bytes, mounts: Iterable[Mount]) -> Mount | None:
    """The mount that an absolute path without links lies on; of several at one place the last one covers."""
    everything = list(mounts)
    if (top := _visible_root(everything)) is not None:
        return _descend(path, top, everything)
    best: Mount | None = None
    for mount in everything:
        if is_inside(path, mount.point) and (best is None or len(mount.point) >= len(best.point)):
            best = mount
    return best


def is_inside(path: bytes, folder: bytes) -> bool:
    """Whether a path is a folder or lies in it."""
    return path == folder or path.startswith(folder.rstrip(b"/") + b"/")


def _visible_root(mounts: list[Mount]) -> Mount | None:
    """The mount at which every path begins; None when the list does not show it."""
    numbers = {mount.number for mount in mounts}
    tops = [m for m in mounts if m.point == b"/" and m.number and m.parent not in numbers - {m.number}]
    return tops[-1] if tops else None


def _descend(path: bytes, top: Mount, mounts: list[Mount]) -> Mount:
    """Follow a path down from mount to mount: one that is mounted over hides what was mounted in it."""
    by_parent: dict[int, list[Mount]] = {}
    for mount in mounts:
        by_parent.setdefault(mount.parent, []).append(mount)
    here, at = top, b"/"
    while True:
        inside = [
            m
            for m in by_parent.get(here.number, [])
            if m.number != here.number and is_inside(m.point, at) and is_inside(path, m.point)
        ]
        if not inside:
            return here
        # The nearest one is passed first; of several at one place the last one covers.
        nearest = min(len(m.point) for m in inside)
        here = [m for m in inside if len(m.point) == nearest][-1]
        at = here.point


def _number(text: bytes) -> int:
    return int(text) if text.isdigit() else 0
