"""The locks in force: real processes lock themselves and try what they must not, as root and as others."""

import functools
import json
import platform
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from privacy.users import USERS, command_as, scratch_for

VICTIM = Path(__file__).parent / "victim.py"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the locks of Linux")


@functools.cache
def run_as(user: str, role: str) -> dict[str, Any]:
    scratch = scratch_for(user)
    try:
        command = command_as(user, [sys.executable, str(VICTIM), role, str(scratch)])
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, cwd="/")
    finally:
        shutil.rmtree(scratch)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


class Victims:
    """What `victim.py` saw in each role, as one user."""

    def __init__(self, user: str) -> None:
        self.user = user

    def run(self, role: str) -> dict[str, Any]:
        return run_as(self.user, role)


@pytest.fixture(params=USERS)
def victims(request: pytest.FixtureRequest) -> Victims:
    return Victims(request.param)


def test_a_locked_daemon_only_accepts(victims: Victims) -> None:
    seen = victims.run("daemon")
    assert (seen["before"], seen["lock"], seen["after"]) == ("open", True, "locked")
    assert seen["client heard"] == "hello"
    assert seen["bus"] == "refused: PermissionError"
    assert seen["pair"] == "refused: PermissionError"


def test_the_daemons_lock_holds_for_threads_and_children(victims: Victims) -> None:
    seen = victims.run("daemon")
    assert seen["earlier thread"] == seen["later thread"] == "refused: PermissionError"
    assert "PermissionError" in seen["child"]
    assert seen["core"] == [1, 1]
    assert seen["stricter"], "another lock can follow"


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the other ABI of x86-64")
def test_the_32_bit_gate_kills(victims: Victims) -> None:
    status = victims.run("daemon")["foreign abi"]
    # A kernel without 32-bit support kills such a process by itself, in another way.
    assert status & 0x7F in (signal.SIGSYS, signal.SIGSEGV)


def test_a_client_reaches_this_computer_only(victims: Victims) -> None:
    seen = victims.run("client")
    assert seen["connect"] == "done: None"
    assert seen["tcp"] == "refused: PermissionError"
    assert seen["dns"].startswith("refused")
    assert seen["after"] == "locked"


def test_a_client_can_lock_itself_further(victims: Victims) -> None:
    assert victims.run("client")["as a daemon"] == "refused: PermissionError"


def test_a_socket_from_before_keeps_the_state_open(victims: Victims) -> None:
    seen = victims.run("inherited")
    assert seen["state"] == "open"
    assert list(seen["local by family"].values()) == [False]


def test_a_worker_is_confined(victims: Victims) -> None:
    seen = victims.run("worker")
    assert seen["network"] and seen["state"] == "locked"
    assert seen["secret"] == seen["into library"] == "refused: PermissionError"
    assert seen["library"] == seen["look"] == "refused: PermissionError", "no name is used behind the lock"
    assert seen["capabilities"] == seen["thread"] == seen["executable"] == "refused: PermissionError"
    assert seen["files"] > 0 and seen["missing"] == []


def test_a_worker_that_needs_threads_gets_a_few(victims: Victims) -> None:
    seen = victims.run("worker_with_threads")
    assert (seen["missing"], seen["state"]) == ([], "locked")
    assert seen["fork"] == "refused: PermissionError"
    # Root is above this limit of Linux.
    assert seen["started"] == 200 if victims.user == "root" else 1 <= seen["started"] < 200


@pytest.mark.parametrize(("role", "least"), [("worker", 600), ("daemon", 350), ("client", 350)])
def test_the_kernel_answers_as_the_table_says(victims: Victims, role: str, least: int) -> None:
    """Every call that is refused whatever its arguments, and every number up to 699 that has no call."""
    seen = victims.run(f"{role}_numbers")
    assert seen["wrong"] == {}
    assert seen["asked"] >= least


def test_threads_from_before_are_reported(victims: Victims) -> None:
    seen = victims.run("threaded")
    assert seen["files"] == 0
    assert "2 threads" in seen["missing"][0]


def test_without_landlock_nothing_can_be_read_or_written_either(victims: Victims) -> None:
    seen = victims.run("without_landlock")
    assert seen["files"] == 0 and "Landlock" in seen["missing"][0]
    assert seen["state"] == "locked"
    refused = {seen[what] for what in ("read", "look", "write", "create", "remove", "mode", "times")}
    assert refused == {"refused: PermissionError"}
