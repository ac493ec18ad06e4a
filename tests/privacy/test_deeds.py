"""Whatever a process that has been taken over tries: refused, as root and as an ordinary user, on any kernel.

The deeds are in `deeds/table.py`; `python tests/privacy/deeds` prints what came of them.
"""

import sys

import pytest

from support import THIS_MACHINE_CANNOT

if sys.platform != "linux":
    pytest.skip("the locks of Linux", allow_module_level=True)

from privacy.deeds.lookup_deeds import TOLD_BY_HELPERS
from privacy.deeds.model import Answer, answer
from privacy.deeds.table import FLOOD, deeds
from privacy.deeds.trial import KERNELS, Outcome, Trial, trial
from privacy.users import USERS

DEEDS = {deed.name_in_full: deed for deed in deeds()}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=[(user, kernel) for user in USERS for kernel in KERNELS], ids=" ".join)
def done(request: pytest.FixtureRequest) -> Trial:
    return trial(*request.param)


def test_each_deed_has_a_name_of_its_own() -> None:
    assert len(DEEDS) == len(deeds()) > 300


@pytest.mark.parametrize("role", ["worker", "heic"])
def test_a_worker_can_do_nothing_with_the_system(done: Trial, role: str) -> None:
    """And so the checker, which has the same lock. For HEIC it may start threads, and nothing else."""
    assert done.unexpected(role) == {}


def test_a_helper_program_can_only_read(done: Trial) -> None:
    """Its own file and libraries; without Landlock all that its user can, and tell nobody but by a name."""
    assert done.unexpected("helper") == {}


@pytest.mark.parametrize("role", ["worker", "heic"])
def test_a_worker_tells_no_name_to_a_network_folder(done: Trial, role: str) -> None:
    assert told(done.outcomes[role]) == frozenset()


def test_a_helper_program_tells_names_only_as_its_loader_opens_libraries(done: Trial) -> None:
    assert told(done.outcomes["helper"]) <= TOLD_BY_HELPERS


@pytest.mark.parametrize("role", ["worker", "heic", "helper"])
def test_another_program_notices_nothing(done: Trial, role: str) -> None:
    """Its memory, queues, semaphores, sockets, signals, limits and priority are as before."""
    outcome = done.outcomes[role]
    assert outcome.after == outcome.before
    assert outcome.after["memory"] == "a secret of another program"
    assert outcome.after["messages"] == outcome.after["semaphore"] == 1


@pytest.mark.parametrize("role", ["worker", "heic", "helper"])
def test_files_are_as_before(done: Trial, role: str) -> None:
    assert done.outcomes[role].home == {"secret.txt": "a secret"}


def test_a_daemon_reaches_no_network_and_no_other_program(done: Trial) -> None:
    """Without Landlock memory and facts of other programs stay open, as `status` and `prove` say."""
    assert done.unexpected("daemon") == {}


def test_tray_window_and_commands_reach_local_sockets_alone(done: Trial) -> None:
    assert done.unexpected("client") == {}


@pytest.mark.parametrize("user", sorted({"ordinary"} & {*USERS}))
def test_threads_for_heic_are_no_flood(user: str) -> None:
    """Root has no bound on its processes; there the service's own counts."""
    assert answer(trial(user, "all").outcomes["heic"].deeds[FLOOD]) is Answer.REFUSED


@pytest.mark.parametrize("user", USERS)
def test_the_lock_is_what_refuses(user: str) -> None:
    """Without it these work, or the kernel at least looks at them."""
    free = trial(user, "free").outcomes["free"].deeds
    wanted = {"works", "root"} if user == "root" else {"works"}
    refused = {
        name
        for name, deed in DEEDS.items()
        if deed.control in wanted and answer(free[name]) not in (Answer.DONE, Answer.FAILED)
    }
    assert refused == set()


@pytest.mark.parametrize("user", USERS)
def test_an_ordinary_process_tells_the_network_folder_names(user: str) -> None:
    heard = told(trial(user, "free").outcomes["free"])
    assert len(heard) > 50
    assert {"openat", "newfstatat", "statfs", "chdir", "readlinkat", "faccessat"} <= heard


def told(outcome: Outcome) -> frozenset[str]:
    if outcome.told is None:
        pytest.skip(f"{THIS_MACHINE_CANNOT} mount by FUSE")
    return outcome.told
