"""The instance lock: one holder, known by its process id, freed however it ends."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from homepress.control.instance import InstanceLock, LockHeldError

HOLD = """
import sys, time
from pathlib import Path
from homepress.control.instance import InstanceLock
lock = InstanceLock(Path(sys.argv[1]))
assert lock.acquire()
print("held", flush=True)
time.sleep(60)
"""


def test_only_one_holds_it_and_its_pid_is_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "state" / "lock"
    first, second = InstanceLock(path), InstanceLock(path)
    assert first.acquire()
    assert first.acquire(), "taking it twice is no error"
    assert not second.acquire()
    assert second.holder() == os.getpid()
    first.release()
    assert second.acquire()
    second.release()
    assert path.exists(), "deleting it would let two hold locks on two files"
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o600


def test_as_a_context_it_raises_with_the_holder(tmp_path: Path) -> None:
    with InstanceLock(tmp_path / "lock") as lock:
        assert lock.held
        with pytest.raises(LockHeldError) as caught, InstanceLock(tmp_path / "lock"):
            pass
        assert caught.value.pid == os.getpid()
    assert not lock.held


def test_the_kernel_frees_it_when_the_holder_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    child = subprocess.Popen([sys.executable, "-c", HOLD, path], stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        lock = InstanceLock(path)
        assert not lock.acquire()
        assert lock.holder() == child.pid
    finally:
        child.kill()
        child.communicate()
    assert lock.acquire()
    assert lock.holder() == os.getpid()
    lock.release()


def test_waiting_for_it(tmp_path: Path) -> None:
    first, second = InstanceLock(tmp_path / "lock"), InstanceLock(tmp_path / "lock")
    first.acquire()
    timer = threading.Timer(0.1, first.release)
    timer.start()
    assert second.acquire(wait=20)
    timer.join()
    second.release()


@pytest.mark.posix("an open file that is deleted")
def test_a_lock_on_a_deleted_file_does_not_count(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    first, second = InstanceLock(path), InstanceLock(path)
    assert first.acquire()
    path.unlink()
    assert second.acquire(), "a new file, a new lock"
    first.release()
    second.release()


@pytest.mark.posix("an open file that is deleted")
def test_a_file_deleted_at_the_last_moment_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "lock"
    lock = InstanceLock(path)

    def too_late(descriptor: int) -> bool:
        path.unlink()
        return True

    with monkeypatch.context() as patch:
        patch.setattr("homepress.control.instance.try_lock", too_late)
        assert not lock.acquire()
    assert lock.acquire()
    lock.release()


def test_a_started_program_does_not_inherit_it(tmp_path: Path) -> None:
    lock = InstanceLock(tmp_path / "lock")
    lock.acquire()
    command = (sys.executable, "-c", "import time; print(flush=True); time.sleep(30)")
    with subprocess.Popen(command, close_fds=False, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None and child.stdout.readline()
        lock.release()
        assert InstanceLock(tmp_path / "lock").acquire()
        child.kill()


@pytest.mark.posix("links")
def test_a_link_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic"):
        InstanceLock(tmp_path / "lock").acquire()
    assert not (tmp_path / "elsewhere").exists()
