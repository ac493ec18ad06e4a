"""No worker outlives the daemon."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from privacy.users import USERS, command_as, scratch_for
from support import wait_for

DRIVER = Path(__file__).with_name("driver.py")


def gone(pid: int) -> bool:
    """Whether a process has ended; one that only waits to be counted by its parent has."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@pytest.mark.slow
@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_workers_end_with_the_daemon(user: str, number: int) -> None:
    scratch = scratch_for(user)
    command = command_as(user, [sys.executable, str(DRIVER), "wait", str(scratch)])
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd="/") as daemon:
        assert daemon.stdout is not None
        workers = json.loads(daemon.stdout.readline())
        assert not any(gone(pid) for pid in workers)
        os.kill(daemon.pid, number)
        wait_for(lambda: all(gone(pid) for pid in workers), what="the workers' end")
    shutil.rmtree(scratch)
