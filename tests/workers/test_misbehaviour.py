"""A worker told to misbehave fails at it: as an ordinary user and as root, under a locked daemon."""

import functools
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from privacy.users import USERS, command_as, scratch_for

DRIVER = Path(__file__).with_name("driver.py")

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the locks of Linux")

REFUSED = (
    "read home",
    "list home",
    "read passwd",
    "read proc",
    "read parent's memory map",
    "write home",
    "write temporary",
    "write shared memory",
    "create empty",
    "truncate",
    "remove",
    "make folder",
    "link",
    "hard link",
    "change mode",
    "change times",
    "change attribute",
    "session bus",
    "abstract bus",
    "tcp",
    "fork",
    "spawn",
    "execute",
    "terminate parent",
    "probe parent",
    "signal everyone",
    "signal by descriptor",
    "signal by ownership",
    "leave parent",
    "raise memory limit",
    "raise core limit",
    "watch home",
    "read attribute",
    "list attributes",
    "hold up a writer",
    "pin parent to a processor",
    "trace parent",
    "new namespace",
    "process in a namespace",
    "start a thread",
    "executable memory",
    "make memory executable",
    "look up a name",
    "look up with statx",
    "ask for access",
    "open a path",
    "read a link",
    "enter a folder",
    "ask for the file system",
    "watch with fanotify",
    "make a socket of a name",
    "take a message",
    "ask for a queue",
    "set a semaphore",
    "list shared memory",
    "share memory",
    "open a queue",
    "remove shared memory",
    "remove a queue",
    "remove a semaphore",
    "lock a file",
    "write all to disk",
    "a file in memory",
    "priority of the parent",
    "lower the parent",
    "processors of the parent",
    "scheduling of the parent",
    "limits of the parent",
    "session of the parent",
    "make a pipe",
    "be woken later",
    "another personality",
    "a key of the kernel",
    "wait for the parent",
    "a further filter",
    "a Landlock ruleset",
    "give up rights",
    "memory beside the limit",
)


@functools.cache
def drive(user: str, how: str) -> dict[str, str]:
    scratch = scratch_for(user)
    try:
        command = command_as(user, [sys.executable, str(DRIVER), how, str(scratch)])
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=170, cwd="/")
    finally:
        shutil.rmtree(scratch)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.fixture(params=USERS)
def seen(request: pytest.FixtureRequest) -> dict[str, str]:
    return drive(request.param, "misdeeds")


@pytest.mark.slow
@pytest.mark.parametrize("deed", REFUSED)
def test_it_is_refused(seen: dict[str, str], deed: str) -> None:
    assert seen[deed] == "refused: PermissionError"


@pytest.mark.slow
@pytest.mark.parametrize("user", USERS)
def test_the_lock_is_what_refuses(user: str) -> None:
    """Without it all of these work, but for what the system refuses this user anyway."""
    refused = {name for name, answer in drive(user, "control").items() if answer.startswith("refused")}
    by_the_system = {"raise memory limit", "raise core limit", "write temporary", "write shared memory"}
    by_the_system |= {"hold up a writer", "trace parent", "process in a namespace", "watch with fanotify"}
    assert refused <= (set() if user == "root" else by_the_system)


def test_nothing_was_changed(seen: dict[str, str]) -> None:
    assert seen["secret"] == "a secret"
    assert seen["home"] == "secret.txt sub"


def test_no_way_to_a_network_or_another_program_is_open(seen: dict[str, str]) -> None:
    assert seen["attempts"] == "done: []"


def test_three_gigabytes_are_not_to_be_had(seen: dict[str, str]) -> None:
    assert seen["3 GB"] == "died: out of memory"


def test_an_endless_loop_ends(seen: dict[str, str]) -> None:
    assert seen["loop"] == "died: timed out"


def test_a_crash_costs_one_task(seen: dict[str, str]) -> None:
    assert seen["segfault"] == "died: crashed"
    assert seen["afterwards"] == "done: True"


def test_computing_still_works(seen: dict[str, str]) -> None:
    assert seen["compute"] == "done: True"


def test_nothing_can_be_loaded_any_more(seen: dict[str, str]) -> None:
    assert seen["import"] == "refused: ModuleNotFoundError"


def test_the_worker_says_that_it_is_locked(seen: dict[str, str]) -> None:
    assert seen["lock"].startswith("locked, files ")
    assert seen["lock"].endswith("missing []")


def test_its_environment_tells_nothing(seen: dict[str, str]) -> None:
    names = set(json.loads(seen["environment"].removeprefix("done: ")))
    allowed = {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"}
    allowed |= {"MALLOC_ARENA_MAX", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "GLIBC_TUNABLES"}
    assert names - allowed <= {"LD_LIBRARY_PATH", "LC_CTYPE", "HOME"}


def test_it_holds_no_descriptor_but_its_pipes(seen: dict[str, str]) -> None:
    assert json.loads(seen["descriptors"].removeprefix("done: ")) == [0, 1, 2, 3, 4]


def test_its_limits_are_set(seen: dict[str, str]) -> None:
    limits = json.loads(seen["limits"].removeprefix("done: "))
    assert limits["RLIMIT_AS"] == 2 << 30
    assert limits["RLIMIT_FSIZE"] == 0
    assert limits["RLIMIT_CORE"] == 1, "below the smallest dump, and not the 0 that core handlers ignore"
    assert limits["RLIMIT_NOFILE"] == 64
