"""File systems by kind."""

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from homepress.base.volumes.linux import Mount, mount_of, parse_mountinfo
from homepress.watch import linux, warnings
from homepress.watch.model import is_remote_kind
from support import THIS_MACHINE_CANNOT
from watch.harness import FAST, JPEG, watching

MOUNTINFO = b"""\
22 28 0:21 / /sys rw,nosuid,nodev,noexec,relatime shared:7 - sysfs sysfs rw
28 1 8:2 / / rw,relatime shared:1 - ext4 /dev/sda2 rw
60 28 0:52 / /home/ada/NAS rw,relatime shared:9 master:3 - nfs4 nas:/export rw,vers=4.2
61 28 0:53 / /home/ada/My\\040Share rw - cifs //server/share rw
62 28 0:54 / /run/user/1000/gvfs rw - fuse.gvfsd-fuse gvfsd-fuse rw
63 28 8:17 / /media/ada/STICK rw - fuseblk /dev/sdb1 rw
64 60 8:33 / /home/ada/NAS rw - ext4 /dev/sdc1 rw
broken line
"""


@pytest.mark.parametrize(
    ("path", "kind", "remote"),
    [
        (b"/home/ada/Pictures", "ext4", False),
        (b"/home/ada/My Share/x", "cifs", True),
        (b"/run/user/1000/gvfs/smb-share", "fuse.gvfsd-fuse", True),
        (b"/media/ada/STICK", "fuseblk", False),
        # Another file system was mounted over the share.
        (b"/home/ada/NAS/x", "ext4", False),
        (b"/home/ada/NASX", "ext4", False),
        (b"/", "ext4", False),
    ],
)
def test_the_mount_of_a_path(path: bytes, kind: str, remote: bool) -> None:
    mount = mount_of(path, parse_mountinfo(MOUNTINFO))
    assert mount is not None
    assert mount.kind == kind
    assert is_remote_kind(mount.kind) is remote


def test_odd_lines_are_passed_over() -> None:
    assert len(parse_mountinfo(MOUNTINFO)) == 7
    assert parse_mountinfo(b"\n\n") == []
    assert mount_of(b"/x", []) is None
    assert mount_of(b"/x", [Mount(b"/y", "ext4", "1:1")]) is None


@pytest.mark.parametrize(
    "kind", ["nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "fuse.rclone", "9p", "virtiofs"]
)
def test_kinds_that_others_change(kind: str) -> None:
    assert is_remote_kind(kind)


@pytest.mark.parametrize(
    "kind", ["ext4", "btrfs", "xfs", "tmpfs", "vfat", "exfat", "ntfs3", "zfs", "overlay"]
)
def test_kinds_that_report_changes(kind: str) -> None:
    assert not is_remote_kind(kind)


def test_this_computer(tmp_path: Path) -> None:
    assert not linux.is_remote(os.fsencode(tmp_path))
    assert linux.file_system(b"/proc") != linux.file_system(b"/")
    assert linux.slept() > -0.1


def test_a_network_folder_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linux, "_MOUNTINFO", tmp_path / "mountinfo")
    line = f"60 28 0:52 / {tmp_path} rw - nfs4 nas:/export rw\n"
    (tmp_path / "mountinfo").write_text(line)
    assert linux.is_remote(os.fsencode(tmp_path / "x"))
    assert any("network drive" in said for said in warnings(tmp_path, home=tmp_path))
    (tmp_path / "mountinfo").unlink()
    assert not linux.is_remote(os.fsencode(tmp_path / "x"))


@pytest.mark.slow
@pytest.mark.root
def test_a_fuse_mount_is_polled_and_its_pictures_wait_longer(tmp_path: Path) -> None:
    if not shutil.which("bindfs"):
        pytest.skip("bindfs is not installed")
    (below := tmp_path / "below").mkdir()
    (mount := tmp_path / "mount").mkdir()
    if subprocess.run(["bindfs", below, mount], check=False, capture_output=True).returncode:
        pytest.skip(f"{THIS_MACHINE_CANNOT} mount by FUSE")
    try:
        with watching(mount) as run:
            assert run.state().watch == "poll"
            # Written on the other side, as another computer would: no event tells of it.
            (below / "a.jpg").write_bytes(JPEG)
            written = time.monotonic()
            run.wait_arrivals(1)
            assert run.sink.arrivals[0].ready_at >= written + FAST.remote - 0.1
    finally:
        subprocess.run(["umount", "--lazy", mount], check=False)
