"""File systems by kind: which of them report changes and which have to be polled."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

_REMOTE = frozenset(
    """9p acfs afpfs afs beegfs ceph cifs coda davfs drvfs fuse glusterfs gpfs lustre ncpfs nfs nfs4 ocfs2
    orangefs prl_fs pvfs2 smb2 smb3 smbfs vboxsf virtiofs vmhgfs webdav""".split()  # noqa: SIM905 - a table
)
_ESCAPE = re.compile(rb"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Mount:
    """One mounted file system.

    Attributes:
        point: where it is mounted, absolute.
        kind: its type as the kernel names it ("ext4", "nfs4", "fuse.sshfs").
        device: major and minor number, "8:1".
    """

    point: bytes
    kind: str
    device: str


def is_remote_kind(kind: str) -> bool:
    """Whether others can change such a file system without this kernel noticing: networks, shares, FUSE.

    A FUSE file system on a local disk (`fuseblk`: ntfs-3g, exfat) is changed by this kernel alone.
    """
    return kind in _REMOTE or kind.startswith("fuse.")


def parse_mountinfo(text: bytes) -> list[Mount]:
    """The mounts of `/proc/self/mountinfo` (proc(5)), in the order in which they were mounted."""
    mounts = []
    for line in text.splitlines():
        fields = line.split(b" ")
        if b"-" not in fields[6:]:
            continue
        kind = fields[fields.index(b"-", 6) + 1]
        point = _ESCAPE.sub(lambda found: bytes([int(found[1], 8)]), fields[4])
        mounts.append(Mount(point, kind.decode("ascii", "replace"), fields[2].decode("ascii", "replace")))
    return mounts


def mount_of(path: bytes, mounts: Iterable[Mount]) -> Mount | None:
    """The mount that an absolute path without links lies on; of several at one place the last one covers."""
    best: Mount | None = None
    for mount in mounts:
        inside = path == mount.point or path.startswith(mount.point.rstrip(b"/") + b"/")
        if inside and (best is None or len(mount.point) >= len(best.point)):
            best = mount
    return best
