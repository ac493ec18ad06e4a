"""What tells drives apart: parsing what three systems say, and judging what became of a volume."""

import ctypes
import os
import struct
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homepress.base.volumes import interface, linux, macos, missing_removable, windows
from homepress.base.volumes.interface import Presence, Volume, presence
from homepress.base.volumes.linux import mount_of, parse_mountinfo

MOUNTINFO = b"""\
28 1 254:2 / / rw,relatime shared:1 - ext4 /dev/root rw
60 28 0:52 / /home/ada/NAS rw - nfs4 nas:/export rw
61 28 0:53 / /home/ada/My\\040Share rw - cifs //server/share rw
63 28 0:60 / /media/ada/STICK rw - fuseblk /dev/sdb1 rw
64 28 0:61 /@home /mnt/data rw - btrfs /dev/sdc1 rw
65 28 254:2 /home/ada/pics /srv/pics rw - ext4 /dev/root rw
66 28 0:62 / /tmp rw - tmpfs tmpfs rw
67 28 0:63 / /home/ada/remote rw - fuse.sshfs ada@host:/pics rw
68 28 0:70 / /auto rw - autofs systemd-1 rw
70 28 8:33 / /a/b rw - ext4 /dev/sdc3 rw
71 28 8:49 / /a rw - ext4 /dev/sdd1 rw
"""


@pytest.fixture
def mounted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Linux with the mounts above, and no udev."""
    (tmp_path / "mountinfo").write_bytes(MOUNTINFO)
    monkeypatch.setattr(linux, "_MOUNTINFO", tmp_path / "mountinfo")
    monkeypatch.setattr(linux, "_FSTAB", tmp_path / "fstab")
    for name in ("_BY_UUID", "_BY_LABEL", "_BTRFS"):
        monkeypatch.setattr(linux, name, tmp_path / name)
    monkeypatch.setattr(linux, "_fsid", lambda _: 0)
    return tmp_path


def found(path: str) -> Volume:
    volume = linux.volume_of(Path(path))
    assert volume is not None
    return volume


@pytest.mark.posix
@pytest.mark.parametrize(
    ("path", "point", "inner", "ids"),
    [
        ("/home/ada/NAS/2024", "/home/ada/NAS", "/2024", {"source:nas:/export"}),
        ("/home/ada/My Share", "/home/ada/My Share", "/", {"source://server/share"}),
        ("/home/ada/remote/x", "/home/ada/remote", "/x", {"source:ada@host:/pics"}),
        ("/mnt/data/pics", "/mnt/data", "/@home/pics", set()),
        ("/srv/pics/x", "/srv/pics", "/home/ada/pics/x", set()),
        ("/tmp/x", "/tmp", "/x", set()),
        ("/home/ada", "/", "/home/ada", set()),
        # What is mounted over a folder hides what was mounted in it.
        ("/a/b/c", "/a", "/b/c", set()),
        # Nothing came of the automatic mount.
        ("/auto/stick", "/", "/auto/stick", set()),
    ],
)
def test_a_volume_on_linux(mounted: Path, path: str, point: str, inner: str, ids: set[str]) -> None:
    volume = found(path)
    assert (str(volume.point), volume.inner, set(volume.ids)) == (point, inner, ids)


@pytest.mark.posix
def test_udev_and_the_file_system_itself_name_what_lasts(
    mounted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(linux, "_fsid", lambda _: 0xABC)
    monkeypatch.setattr(
        linux, "_name_in", lambda folder, device: f"{folder.name}{os.major(device)}" if device else ""
    )
    assert found("/home/ada").ids == {"uuid:_by_uuid254", "fsid:0000000000000abc"}
    assert found("/home/ada").label == "_BY_LABEL254"
    # FAT, exFAT and NTFS: f_fsid would be the device number, which does not last.
    assert not any(name.startswith("fsid") for name in found("/media/ada/STICK").ids)


@pytest.mark.posix
def test_btrfs_is_known_by_any_of_its_devices(mounted: Path) -> None:
    (mounted / "_BTRFS" / "AB-CD" / "devices").mkdir(parents=True)
    (mounted / "_BTRFS" / "AB-CD" / "devices" / "sdc1").touch()
    assert found("/mnt/data/pics").ids == {"uuid:ab-cd"}


@pytest.mark.posix
def test_mounts_inside_a_folder(mounted: Path) -> None:
    inside = [str(volume.point) for volume in linux.mounts_inside(Path("/home"))]
    assert inside == ["/home/ada/My Share", "/home/ada/NAS", "/home/ada/remote"]
    assert [str(volume.point) for volume in linux.mounts_inside(Path("/a"))] == []


@pytest.mark.posix
def test_mount_points_of_fstab(mounted: Path) -> None:
    (mounted / "fstab").write_text(
        "# a comment\nUUID=1 / ext4 defaults 0 1\nUUID=2 none swap sw 0 0\n\n"
        "UUID=3 /mnt/My\\040Photos exfat noauto 0 0\nbroken\n"
    )
    assert linux.configured_mounts() == (Path("/"), Path("/mnt/My Photos"))
    assert linux.is_mount_point(Path("/tmp"))
    assert not linux.is_mount_point(Path("/mnt/My Photos"))


@given(st.binary(max_size=300))
def test_any_text_is_parsed_without_a_fault(text: bytes) -> None:
    mounts = parse_mountinfo(text + b"\n" + MOUNTINFO + text)
    assert mount_of(b"/home/ada", mounts) is not None


def test_labels_of_udev_are_read() -> None:
    assert linux.unescape_label("My\\x20Photos") == "My Photos"
    assert linux.unescape_label("odd\\x2") == "odd\\x2"


class MacLibrary:
    """The C library of a Mac with one stick and one share."""

    def __init__(self, stick: bytes) -> None:
        self.stick = stick

    def statfs(self, path: bytes, buffer: Any) -> int:
        if path == b"/Volumes/Stick/new":
            return -1
        kind, point, source = (
            (b"apfs", b"/Volumes/Stick", b"/dev/disk4s1")
            if path.startswith(b"/Volumes/Stick")
            else (b"smbfs", b"/Volumes/pics", b"//ada@nas/pics")
        )
        data = bytearray(2168)
        for at, text in ((72, kind), (88, point), (1112, source)):
            data[at : at + len(text)] = text
        ctypes.memmove(buffer, bytes(data), len(data))
        return 0

    def getfsstat(self, buffer: Any, size: int, flags: int) -> int:
        raise AssertionError("on Intel this is the older call, with a structure of other sizes (sys/mount.h)")

    def _mounted(self, buffer: Any, size: int, flags: int) -> int:
        assert flags == 2, "MNT_NOWAIT: a server that does not answer is not waited for"
        points = (b"/", b"/Volumes/Stick", b"/Volumes/pics")
        for at, point in enumerate(points) if buffer is not None else ():
            assert size >= 2168 * len(points)
            data = bytearray(2168)
            data[88 : 88 + len(point)] = point
            ctypes.memmove(ctypes.byref(buffer, at * 2168), bytes(data), len(data))
        return len(points)

    def getattrlist(self, path: bytes, wanted: Any, answer: Any, size: Any, options: int) -> int:
        ctypes.memmove(answer, struct.pack("=I", 20) + self.stick, 20)
        return 0


@pytest.mark.posix
def test_a_volume_on_a_mac() -> None:
    number = uuid.uuid4()
    library = MacLibrary(number.bytes)
    stick = macos.volume_of(Path("/Volumes/Stick/new"), library)
    assert stick is not None
    assert (stick.point, stick.label) == (Path("/Volumes/Stick"), "Stick")
    assert stick.ids == {f"uuid:{number}"}
    share = macos.volume_of(Path("/Volumes/pics"), library)
    assert share is not None
    assert share.ids == {"source://ada@nas/pics"}
    unnamed = macos.volume_of(Path("/Volumes/Stick"), MacLibrary(bytes(16)))
    assert unnamed is not None
    assert unnamed.ids == frozenset()


@pytest.mark.posix
def test_volumes_inside_a_folder_on_a_mac() -> None:
    library = MacLibrary(uuid.uuid4().bytes)
    setattr(library, "getfsstat$INODE64", library._mounted)
    found = macos.mounts_inside(Path("/Volumes"), library)
    assert [each.point for each in found] == [Path("/Volumes/Stick"), Path("/Volumes/pics")]


class WindowsCalls:
    """The calls of a Windows with a disk, a stick, a mapped share and nothing behind X:."""

    def mount_point(self, path: str) -> str:
        return "\\\\nas\\pics\\" if path.startswith("\\\\") else path[:3]

    def drive_type(self, point: str) -> int:
        return 4 if point.startswith("N:") else 3

    def share(self, point: str) -> str:
        return point if point.startswith("\\\\") else "\\\\NAS\\pics"

    def information(self, point: str) -> tuple[str, int] | None:
        return {"C:\\": ("System", 0x1234), "E:\\": ("PHOTOS", 0xBEEF)}.get(point)


def test_a_volume_on_windows() -> None:
    calls = WindowsCalls()

    def volume(path: str) -> Volume:
        found = windows.volume_of(Path(path), calls)
        assert found is not None
        return found

    assert volume("E:\\DCIM").ids == {"serial:0000beef"}
    assert volume("E:\\DCIM").in_words() == 'the drive "PHOTOS"'
    # A mapped letter and the share's own name are one place.
    assert volume("N:\\2024").ids == volume("\\\\nas\\pics\\2024").ids == {"source:\\\\nas\\pics"}
    assert windows.volume_of(Path("X:\\DCIM"), calls) is None


def on(point: str, inner: str = "", *ids: str) -> Volume:
    return Volume(Path(point), inner, frozenset(ids))


@pytest.mark.parametrize(
    ("before", "now", "state"),
    [
        # The usual ones.
        (on("/mnt", "/x", "uuid:1"), on("/mnt", "/x", "uuid:1"), Presence.HERE),
        (on("/mnt", "/x", "uuid:1"), on("/", "/mnt/x", "uuid:0"), Presence.NOT_MOUNTED),
        (on("/mnt", "/x", "uuid:1"), on("/mnt", "/x", "uuid:2"), Presence.ANOTHER),
        (on("/mnt", "/x", "uuid:1"), None, Presence.HERE),
        # Nothing lasts, or not the same kind of thing is known: it must be a mount point again.
        (on("/mnt", "/x"), on("/mnt", "/x"), Presence.HERE),
        (on("/mnt", "/x"), on("/", "/mnt/x"), Presence.NOT_MOUNTED),
        (on("/mnt", "/x", "fsid:1"), on("/mnt", "/x", "uuid:1"), Presence.HERE),
        # One identifier in common is enough: the other one was computed otherwise by an older kernel.
        (on("/mnt", "/x", "uuid:1", "fsid:1"), on("/mnt", "/x", "uuid:1", "fsid:2"), Presence.HERE),
        # A subvolume rolled back; a bind mount taken away; a namespace with fewer mounts.
        (on("/mnt", "/@/x", "uuid:1"), on("/mnt", "/@7/x", "uuid:1"), Presence.HERE),
        (on("/srv/p", "/home/p", "uuid:1"), on("/", "/srv/p", "uuid:1"), Presence.NOT_MOUNTED),
        (on("/mnt/x", "/x", "uuid:1"), on("/mnt", "/x", "uuid:1"), Presence.HERE),
        # Mounted elsewhere above the same folder.
        (on("/mnt", "/x", "uuid:1"), on("/mnt/x", "/", "uuid:2"), Presence.ANOTHER),
    ],
)
def test_what_became_of_a_volume(before: Volume, now: Volume | None, state: Presence) -> None:
    assert presence(before, now) is state


KINDS = st.sampled_from(["uuid:1", "uuid:2", "fsid:1", "fsid:2", "source:a", "source:b"])


@given(st.frozensets(KINDS), st.frozensets(KINDS))
def test_at_the_same_mount_point_only_certainty_makes_another(
    before: frozenset[str], now: frozenset[str]
) -> None:
    state = presence(Volume(Path("/m"), "/", before), Volume(Path("/m"), "/", now))
    if before & now or not before or not now:
        assert state is Presence.HERE
    assert presence(Volume(Path("/m"), "/", before), Volume(Path("/m"), "/", now), trust_ids=False) is (
        Presence.HERE
    )


def test_where_the_system_does_not_tell_of_changes_somebody_can_be_woken() -> None:
    changes = interface.PlainChanges()
    changes.wake()
    changes.wait(60)
    changes.close()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="paths of Linux")
@pytest.mark.parametrize(
    ("path", "point"),
    [
        ("/run/media/ada/STICK/DCIM/100", "/run/media/ada/STICK"),
        ("/media/ada/STICK", "/media/ada/STICK"),
        ("/mnt/nas/photos", "/mnt/nas"),
        ("/run/user/1000/gvfs/smb-share:server=nas/a/b", "/run/user/1000/gvfs/smb-share:server=nas"),
        ("/mnt", None),
        ("/home/ada/mnt/nas", None),
    ],
)
def test_where_linux_puts_drives_that_come_and_go(path: str, point: str | None) -> None:
    assert linux.removable_point(Path(path)) == (None if point is None else Path(point))


def test_where_other_systems_put_them() -> None:
    assert macos.removable_point(Path("/Volumes/STICK/DCIM")) == Path("/Volumes/STICK")
    assert macos.removable_point(Path("/Users/ada/Pictures")) is None
    assert windows.removable_point(Path("/pictures")) == Path(Path("/pictures").anchor)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="paths of Linux")
def test_what_is_not_there_is_away_only_where_a_drive_could_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mounted: Path
) -> None:
    media = tmp_path / "media"
    monkeypatch.setattr(linux, "_REMOVABLE", ((media, 1), (Path("/media"), 2)))
    folder = media / "STICK" / "DCIM"
    assert missing_removable(folder) == media / "STICK", "the place of the drive is not there"
    (media / "STICK").mkdir(parents=True)
    assert missing_removable(folder) == media / "STICK", "it is bare"
    (media / "STICK" / "notes.txt").touch()
    assert missing_removable(folder) is None, "a folder of its own, in which this one is missing"
    assert missing_removable(Path("/media/ada/STICK/DCIM")) is None, "its drive is there, and has none"
    assert missing_removable(tmp_path / "elsewhere" / "DCIM") is None
