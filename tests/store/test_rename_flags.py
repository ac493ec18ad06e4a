"""A driver that ignores the flags of a rename loses a file; it must count as one that cannot."""

import ctypes
import errno
import os
import sys
from pathlib import Path

import pytest

if not sys.platform.startswith("linux"):
    pytest.skip("only Linux renames with flags", allow_module_level=True)

from homepress.store.fs import linux
from homepress.store.fs.base import opened_folder
from homepress.store.health import abilities
from homepress.store.model import Unsupported


@pytest.fixture
def careless(monkeypatch: pytest.MonkeyPatch) -> linux.LinuxFileSystem:
    """A FUSE file system whose driver renames whatever the flags say, as exfat-fuse with libfuse 3 does."""
    monkeypatch.setattr(linux, "_file_system", lambda fd: linux._FUSE)
    fs = linux.LinuxFileSystem()

    def rename(fd: int, name: bytes, to: int, new: bytes, flags: int) -> int:
        os.rename(name, new, src_dir_fd=fd, dst_dir_fd=to)
        return 0

    monkeypatch.setattr(fs, "_renameat2", rename)
    return fs


def test_nothing_is_written_over_where_flags_are_ignored(
    careless: linux.LinuxFileSystem, tmp_path: Path
) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text(name)
    with opened_folder(careless, tmp_path) as folder:
        for rename in (
            lambda: careless.exchange(folder, "a", "b"),
            lambda: careless.move(folder, "a", folder, "b"),
        ):
            with pytest.raises(Unsupported):
                rename()
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a": "a", "b": "b"}
    assert not abilities(tmp_path, careless).exchange


def test_a_driver_that_knows_them_is_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(linux, "_file_system", lambda fd: linux._FUSE)
    fs = linux.LinuxFileSystem()
    for name in ("a", "b"):
        (tmp_path / name).write_text(name)
    with opened_folder(fs, tmp_path) as folder:
        fs.exchange(folder, "a", "b")
        with pytest.raises(FileExistsError):
            fs.move(folder, "a", folder, "b")
        fs.move(folder, "a", folder, "c")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"c": "b", "b": "a"}


def test_another_error_than_that_of_a_taken_name_means_no(
    careless: linux.LinuxFileSystem, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refuses(*_: object) -> int:
        ctypes.set_errno(errno.EINVAL)
        return -1

    monkeypatch.setattr(careless, "_renameat2", refuses)
    (tmp_path / "a").write_text("a")
    with opened_folder(careless, tmp_path) as folder, pytest.raises(Unsupported):
        careless.move(folder, "a", folder, "b")
    assert os.listdir(tmp_path) == ["a"]
