"""Whether writing can succeed is seen before any work is done, and so is that something was done about it."""

import errno
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from homepress.base.system_errors import Scope, explain, with_name
from homepress.store import readiness
from homepress.store.readiness import check_writable, nearest_existing
from store.kit import Bench

posix = pytest.mark.skipif(os.name == "nt", reason="folders of Windows have no such permissions")


@pytest.fixture
def as_anybody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Permission bits count, as for every user but root."""
    monkeypatch.setattr(readiness, "_may_write", lambda folder: bool(folder.stat().st_mode & 0o200))


@posix
@pytest.mark.usefixtures("as_anybody")
def test_a_folder_that_may_not_be_written_is_named_with_the_cure(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    with pytest.raises(PermissionError) as caught:
        check_writable(tmp_path, 10)
    tmp_path.chmod(0o755)
    assert explain(caught.value).scope is Scope.FOLDER
    assert with_name(caught.value).startswith(
        f"{tmp_path}: nothing may be written into this folder; to allow"
    )
    check_writable(tmp_path, 10)


def test_a_disk_without_room_for_the_picture_is_seen(tmp_path: Path) -> None:
    with pytest.raises(
        OSError,
        match="space",
    ) as caught:
        check_writable(tmp_path, 1 << 62)
    assert caught.value.errno == errno.ENOSPC


@posix
def test_a_file_system_that_does_not_tell_its_size_is_not_taken_for_a_full_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = SimpleNamespace(f_flag=0, f_blocks=0, f_bavail=0, f_bfree=0, f_frsize=4096)
    monkeypatch.setattr(os, "statvfs", lambda _: silent)
    check_writable(tmp_path, 10)


@posix
def test_a_disk_that_became_read_only_is_told_as_such(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = SimpleNamespace(f_flag=os.ST_RDONLY, f_blocks=9, f_bavail=9, f_bfree=9, f_frsize=1 << 30)
    monkeypatch.setattr(os, "statvfs", lambda _: kept)
    with pytest.raises(OSError, match=r"(?i)read-only") as caught:
        check_writable(tmp_path, 10)
    assert explain(caught.value).name == "EROFS"


def test_missing_folders_are_judged_by_the_one_they_would_be_made_in(tmp_path: Path) -> None:
    assert nearest_existing(tmp_path / "a" / "b" / "c") == tmp_path
    assert nearest_existing(tmp_path) == tmp_path


@posix
def test_conditions_change_with_permissions_and_not_with_files_that_come_and_go(bench: Bench) -> None:
    path = bench.drop()
    with bench.store() as store:
        before = store.conditions(path.parent)
        (path.parent / "another.jpg").write_bytes(b"x")
        (path.parent / "another.jpg").unlink()
        assert store.conditions(path.parent) == before
        path.parent.chmod(0o700 if path.parent.stat().st_mode & 0o077 else 0o755)
        assert store.conditions(path.parent) != before
        assert store.conditions(path.parent / "gone" / "deeper") == store.conditions(path.parent)
