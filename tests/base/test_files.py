"""What tells a file from any other, and a small file that is the old or the new one at every instant."""

import dataclasses
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest

from homepress.base.files import FileId, entry_status, walk, write_atomically


def mode_of(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


@pytest.mark.posix  # st_ctime of Windows is the time of creation
def test_a_file_that_nothing_touched_is_told_from_one_that_something_did(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"a")
    before = FileId.of(file.stat())
    assert before.same_state(FileId.of(file.stat()))
    assert before.same_state(dataclasses.replace(before, device=before.device + 1))
    os.utime(file, ns=(1, 1))
    after = FileId.of(file.stat())
    assert not before.same_state(after)
    assert not before.same_state(None)
    assert after.mark == (1, 1, before.inode)
    assert after.matches((1, 1, 0))
    assert not after.matches(before.mark)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permission bits")
def test_a_file_keeps_its_mode_and_a_new_one_is_private(tmp_path: Path) -> None:
    file = tmp_path / "a"
    write_atomically(file, b"new")
    assert (file.read_bytes(), mode_of(file)) == (b"new", 0o600)
    file.chmod(0o640)
    write_atomically(file, b"newer")
    assert (file.read_bytes(), mode_of(file)) == (b"newer", 0o640)
    write_atomically(file, b"newest", mode=0o755)
    assert (file.read_bytes(), mode_of(file)) == (b"newest", 0o755)
    assert os.listdir(tmp_path) == ["a"]


def test_a_disk_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"old")

    def fail(descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="Input/output error"):
        write_atomically(file, b"new")
    assert file.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a"]


@dataclass
class Listed:
    """A directory entry as Windows lists it: without the number of its inode."""

    path: bytes

    def stat(self, *, follow_symlinks: bool) -> os.stat_result:
        values = list(os.lstat(self.path))
        values[1] = 0
        return os.stat_result(values)


def test_a_listing_without_inode_numbers_has_the_file_asked(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"a")
    path = os.fsencode(tmp_path / "a.jpg")
    assert entry_status(cast("os.DirEntry[bytes]", Listed(path))) == os.lstat(path)
    with os.scandir(os.fsencode(tmp_path)) as entries:
        assert [entry_status(entry).st_ino for entry in entries] == [os.lstat(path).st_ino]


def test_a_junction_is_not_walked_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Told by its attributes, which only Windows has: here every folder named "back" has them."""
    for name in ("in/back/deeper", "in/plain"):
        (tmp_path / name).mkdir(parents=True)
    monkeypatch.setattr("homepress.base.files._leads_elsewhere", lambda folder, name: name == "back")
    assert [Path(folder).name for folder, _, _ in walk(tmp_path / "in")] == ["in", "plain"]


def test_walking_leaves_out_what_the_caller_takes_out(tmp_path: Path) -> None:
    (tmp_path / ".git" / "deep").mkdir(parents=True)
    seen = []
    for folder, folders, _ in walk(tmp_path):
        folders[:] = [name for name in folders if not name.startswith(".")]
        seen.append(folder)
    assert seen == [str(tmp_path)]
