"""Volumes on Linux: mountinfo for what is mounted where, UUIDs and names of shares for what lasts.

The functions are those of `VolumeSystem`. The kernel's list of mounts, `/proc/self/mountinfo` (proc(5)), is
read without touching any mount.

What lasts, by kind of file system:

- on a block device: the UUID of the file system (for FAT and exFAT its serial number), which udev shows in
  `/dev/disk/by-uuid`. Where there is no udev, as in containers: for ext2 to ext4 `f_fsid` of statfs(2), which
  is made of the UUID, and for btrfs `/sys/fs/btrfs`. `f_fsid` of XFS, FAT and others is the device number.
- shares: their name, "server:/export", "//server/share", "ada@host:".
- overlay, tmpfs and other FUSE file systems have nothing that lasts.
"""

import contextlib
import os
import re
import select
import stat
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from homepress.base.override import override
from homepress.base.volumes.interface import Changes, PlainChanges, Volume

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


_MOUNTINFO = Path("/proc/self/mountinfo")
_FSTAB = Path("/etc/fstab")
_BY_UUID = Path("/dev/disk/by-uuid")
_BY_LABEL = Path("/dev/disk/by-label")
_BTRFS = Path("/sys/fs/btrfs")

_NAMED_BY_SOURCE = frozenset(
    """nfs nfs4 cifs smb3 smbfs davfs 9p virtiofs vboxsf drvfs zfs
    fuse.sshfs fuse.rclone fuse.davfs2""".split()  # noqa: SIM905 - a table
)
_FSID_IS_OF_UUID = frozenset(("ext2", "ext3", "ext4"))


def volume_of(path: Path) -> Volume | None:
    name = os.fsencode(path)
    mount = mount_of(name, mounts := _mounts())
    if mount is not None and mount.kind == "autofs":
        # To touch it mounts what belongs there.
        os.path.lexists(name)
        mount = mount_of(name, mounts := _mounts())
        if mount is not None and mount.kind == "autofs":
            mount = mount_of(os.path.dirname(mount.point), [m for m in mounts if m.kind != "autofs"])
    return None if mount is None else _volume(mount, name)


def mounts_inside(path: Path) -> tuple[Volume, ...]:
    name, mounts = os.fsencode(path), _mounts()
    points = {m.point for m in mounts if m.kind != "autofs" and m.point != name and is_inside(m.point, name)}
    visible = (mount_of(point, mounts) for point in sorted(points))
    return tuple(_volume(mount, mount.point) for mount in visible if mount and mount.point in points)


def configured_mounts() -> tuple[Path, ...]:
    """Mount points of fstab(5)."""
    try:
        lines = _FSTAB.read_bytes().splitlines()
    except OSError:
        return ()
    fields = (line.split() for line in lines if not line.lstrip().startswith(b"#"))
    points = (unescape(each[1]) for each in fields if len(each) > 2 and each[2] != b"swap")
    return tuple(Path(os.fsdecode(point)) for point in points if point.startswith(b"/"))


_REMOVABLE = ((Path("/run/media"), 2), (Path("/media"), 2), (Path("/mnt"), 1))
"""Where desktops and people mount what comes and goes, and how many names lead to one drive from there:
udisks takes the user's name and the drive's."""

_SHARES = re.compile(r"/run/user/\d+/gvfs")
"""Where GVfs shows its shares, all under one mount point."""


def removable_point(path: Path) -> Path | None:
    for parent in path.parents:
        if _SHARES.fullmatch(str(parent)):
            return _below(parent, path, 1)
    return next((_below(root, path, depth) for root, depth in _REMOVABLE if root in path.parents), None)


def _below(root: Path, path: Path, names: int) -> Path:
    return root.joinpath(*path.relative_to(root).parts[:names])


def is_mount_point(path: Path) -> bool:
    mount = mount_of(os.fsencode(path), _mounts())
    return mount is not None and mount.point == os.fsencode(path)


def changes() -> Changes:
    try:
        return MountChanges()
    except OSError:
        return PlainChanges()


class MountChanges(Changes):
    """The kernel's list of mounts becomes exceptional when something is mounted or unmounted (proc(5))."""

    def __init__(self) -> None:
        self._closing = threading.Lock()
        self._mounts = os.open(_MOUNTINFO, os.O_RDONLY | os.O_CLOEXEC)
        self._woken, self._waker = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._poll = select.poll()
        self._poll.register(self._mounts, select.POLLPRI)
        self._poll.register(self._woken, select.POLLIN)

    @override
    def wait(self, timeout: float | None) -> None:
        ready = self._poll.poll(None if timeout is None else int(1000 * timeout))
        if any(fd == self._woken for fd, _ in ready):
            os.read(self._woken, 4096)

    @override
    def wake(self) -> None:
        with self._closing, contextlib.suppress(BlockingIOError):
            if self._waker >= 0:
                os.write(self._waker, b".")

    @override
    def close(self) -> None:
        with self._closing:
            for fd in (self._mounts, self._woken, self._waker):
                os.close(fd)
            self._waker = -1


def _mounts() -> list[Mount]:
    try:
        return list(_parsed(_MOUNTINFO.read_bytes()))
    except OSError:
        return []


@lru_cache(maxsize=1)
def _parsed(text: bytes) -> tuple[Mount, ...]:
    return tuple(parse_mountinfo(text))


def _volume(mount: Mount, path: bytes) -> Volume:
    named = mount.kind in _NAMED_BY_SOURCE
    device = None if named else _device(mount)
    ids = {"source:" + os.fsdecode(mount.source)} if named else _ids(mount, device)
    label = os.fsdecode(mount.source) if named else _name_in(_BY_LABEL, device)
    return Volume(
        point=Path(os.fsdecode(mount.point)),
        inner=os.fsdecode(mount.inner(path)),
        ids=frozenset(ids),
        label=unescape_label(label),
        instance=f"{mount.number} {mount.device} {os.fsdecode(mount.source)}",
    )


def _ids(mount: Mount, device: int | None) -> set[str]:
    found = set()
    if uuid := _btrfs(mount) if mount.kind == "btrfs" else _name_in(_BY_UUID, device):
        found.add(f"uuid:{uuid.lower()}")
    if mount.kind in _FSID_IS_OF_UUID and (number := _fsid(mount.point)):
        found.add(f"fsid:{number:016x}")
    return found


def _device(mount: Mount) -> int | None:
    """The device number of the block device that is mounted; None when there is none."""
    if mount.source.startswith(b"/"):
        try:
            status = os.stat(mount.source)
        except OSError:
            pass  # such as /dev/root
        else:
            if stat.S_ISBLK(status.st_mode):
                return status.st_rdev
    major, _, minor = mount.device.partition(":")
    if major.isdigit() and minor.isdigit() and int(major):
        return os.makedev(int(major), int(minor))
    return None


def _name_in(folder: Path, device: int | None) -> str:
    """The name of a device in one of udev's folders of links; empty when it has none."""
    if device is None:
        return ""
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return ""
    for name in names:
        try:
            if os.stat(folder / name).st_rdev == device:
                return name
        except OSError:
            continue
    return ""


def _btrfs(mount: Mount) -> str:
    """The UUID of a btrfs file system, of whatever of its devices it was mounted."""
    device = os.path.basename(os.path.realpath(mount.source))
    try:
        uuids = sorted(name for name in os.listdir(_BTRFS) if "-" in name)
    except OSError:
        return ""
    return next((u for u in uuids if (_BTRFS / u / "devices" / os.fsdecode(device)).exists()), "")


def _fsid(point: bytes) -> int:
    try:
        return os.statvfs(point).f_fsid
    except OSError:
        return 0


def unescape_label(label: str) -> str:
    """A label as udev writes it in names of links: `\\x20` is a space."""
    raw, at, result = os.fsencode(label), 0, bytearray()
    while at < len(raw):
        code = raw[at + 2 : at + 4]
        if (
            raw[at : at + 2] == b"\\x"
            and len(code) == 2
            and all(c in b"0123456789abcdefABCDEF" for c in code)
        ):
            result.append(int(code, 16))
            at += 4
        else:
            result.append(raw[at])
            at += 1
    return os.fsdecode(bytes(result))
