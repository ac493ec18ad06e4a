"""What folders and the ledger are good for: found out without a trace, and seen to change."""

import contextlib
import errno
import functools
import os
import sqlite3
from pathlib import Path
from types import SimpleNamespace

import pytest

from homepress.base.system_errors import Scope, explain, with_name
from homepress.store import health
from homepress.store.health import Abilities, abilities, check_writable, ledger_fault, nearest_existing
from store.kit import Bench, Lacking, dying_at, in_child, replace, without_lease


def test_abilities_are_tried_and_nothing_is_left(bench: Bench) -> None:
    assert abilities(bench.watched) == Abilities(exchange=True, link=True, lease=True)
    assert abilities(bench.watched, Lacking("exchange").fs()) == Abilities(False, True, True)
    assert abilities(bench.watched, Lacking("exchange", "link").fs()) == Abilities(False, False, True)
    assert abilities(bench.watched, without_lease()) == Abilities(True, True, False)
    assert list(bench.watched.iterdir()) == []


def test_what_a_killed_process_left_of_it_goes_the_next_time(bench: Bench) -> None:
    """Only what is empty, has such a name, and is old by the clock of the disk: another may be trying it."""
    old, empty = bench.watched / ".homepress-0123456789abcdef.try", b""
    aside, fresh = old.with_suffix(".was"), bench.watched / ".homepress-0123456789abcde0.try"
    job, full = old.with_suffix(".tmp"), bench.watched / ".homepress-0123456789abcde1.try"
    picture = bench.watched / "0123456789abcdef.try"
    for path, content in ((old, empty), (aside, empty), (fresh, empty), (job, empty), (picture, empty)):
        path.write_bytes(content)
    full.write_bytes(b"somebody's")
    for path in (old, aside, job, full, picture):
        os.utime(path, (path.stat().st_atime, path.stat().st_mtime - 11))
    abilities(bench.watched)
    assert set(bench.watched.iterdir()) == {fresh, job, full, picture}


def _try(folder: Path, step: int) -> None:
    abilities(folder, dying_at(step).fs())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_kill_at_any_step_leaves_nothing_for_good(bench: Bench) -> None:
    for step in range(1, 100):
        died = in_child(functools.partial(_try, bench.watched, step))
        for path in bench.watched.iterdir():
            os.utime(path, (1, path.stat().st_mtime - 11))
        abilities(bench.watched)
        assert list(bench.watched.iterdir()) == []
        if died == 0:
            break
    assert step > 5


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OSError):
        abilities(tmp_path.resolve() / "none")


def test_a_ledger_is_told_whole_or_not_and_never_changed(bench: Bench) -> None:
    assert ledger_fault(bench.ledger) == ""
    with bench.store() as store:
        replace(store, bench.drop())
        assert ledger_fault(bench.ledger) == ""
    content = bytearray(bench.ledger.read_bytes())
    content[4096:] = os.urandom(len(content) - 4096)
    bench.ledger.write_bytes(content)
    assert ledger_fault(bench.ledger) != ""
    assert bench.ledger.read_bytes() == content
    bench.ledger.write_bytes(b"no database" * 1000)
    assert ledger_fault(bench.ledger) != ""


def test_a_ledger_of_another_version_or_program_is_named(bench: Bench) -> None:
    with bench.store() as store:
        replace(store, bench.drop())
    with contextlib.closing(sqlite3.connect(bench.ledger)) as connection:
        connection.execute("PRAGMA user_version = 99")
    assert "newer version" in ledger_fault(bench.ledger)
    with contextlib.closing(sqlite3.connect(bench.ledger)) as connection:
        connection.execute("PRAGMA user_version = 1")
        connection.execute("PRAGMA application_id = 1")
    assert "not a Homepress ledger" in ledger_fault(bench.ledger)


posix = pytest.mark.skipif(os.name == "nt", reason="folders of Windows have no such permissions")


@pytest.fixture
def as_anybody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Permission bits count, as for every user but root."""
    monkeypatch.setattr(health, "_may_write", lambda folder: bool(folder.stat().st_mode & 0o200))


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
