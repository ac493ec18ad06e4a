"""What tells a file from any other, and a small file that is the old or the new one at every instant."""

import dataclasses
import os
import stat
from pathlib import Path

import pytest

from homepress.base.files import FileId, write_atomically


def mode_of(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


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
