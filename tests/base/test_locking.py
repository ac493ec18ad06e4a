"""Locks between processes: who holds one keeps the others out, and its end frees it."""

import os
import subprocess
import sys
import types
from pathlib import Path

import pytest

from homepress.base import locking
from homepress.base.locking import windows


def test_a_folder_is_kept_from_other_threads_of_this_process_and_is_free_afterwards(tmp_path: Path) -> None:
    with (
        locking.folder_locked(tmp_path, 0),
        pytest.raises(locking.FolderInUse, match=r"in use by another program"),
        locking.folder_locked(tmp_path, 0.05),
    ):
        pass
    with locking.folder_locked(tmp_path, 0):
        pass
    assert list(tmp_path.iterdir()) == []


_HOLD = "import sys; from pathlib import Path; from homepress.base import locking; "
_HOLD += "lock = locking.folder_locked(Path(sys.argv[1]), 5); lock.__enter__(); print('held', flush=True); "
_HOLD += "sys.stdin.read()"


def test_a_process_that_is_killed_frees_it(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(locking.FolderInUse), locking.folder_locked(tmp_path, 0):
            pass
        holder.kill()
        with locking.folder_locked(tmp_path, 60):
            pass
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_opened_keeps_nobody_out(tmp_path: Path) -> None:
    """What is to be done in it then says itself what is wrong."""
    with locking.folder_locked(tmp_path / "missing", 0), locking.folder_locked(tmp_path / "missing", 0):
        pass


def test_a_file_is_locked_until_it_is_closed(tmp_path: Path) -> None:
    file = tmp_path / "lock"
    file.touch()
    first, second = os.open(file, os.O_RDWR), os.open(file, os.O_RDWR)
    assert locking.try_lock(first)
    assert not locking.try_lock(second)
    os.close(first)
    assert locking.try_lock(second)
    os.close(second)


def test_windows_locks_one_byte_far_behind_what_others_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[int, int, int]] = []

    def locking_call(descriptor: int, mode: int, count: int) -> None:
        asked.append((os.lseek(descriptor, 0, os.SEEK_CUR), mode, count))
        if len(asked) > 1:
            raise OSError(36, "deadlock avoided")

    fake = types.ModuleType("msvcrt")
    fake.locking, fake.LK_NBLCK = locking_call, 2  # type: ignore[attr-defined]  # a bare module
    monkeypatch.setitem(sys.modules, "msvcrt", fake)
    with open(tmp_path / "lock", "wb") as file:
        assert windows.try_lock(file.fileno())
        assert not windows.try_lock(file.fileno())
    assert asked == [(1 << 20, 2, 1)] * 2
