"""The Landlock domain of daemon and clients: what it takes and leaves, under each version of Landlock."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from homepress.privacy import CLIENT, DAEMON, WORKER, roles
from privacy.users import USERS, command_as, scratch_for
from support import REPOSITORY

HERE = Path(__file__).parent
NEWEST = 99
"""As the kernel here has it."""
WITHOUT_DOMAIN = (0, 1)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Landlock is of Linux")

# An ordinary process of the same user, then the victim, in one command line so that both are his.
_BESIDE = 'sleep 300 & OUTSIDE=$! "$@"; code=$?; kill $!; exit $code'


def run_as(user: str, role: str, version: int = NEWEST) -> dict[str, Any]:
    scratch = scratch_for(user)
    older = [sys.executable, str(HERE / "oldkernel.py"), str(version)] if version != NEWEST else []
    victim = [*older, sys.executable, str(HERE / "victim.py"), role, str(scratch)]
    try:
        # OUTSIDE has to be in the environment: `env` passes it on.
        beside = ["sh", "-c", _BESIDE.replace("OUTSIDE=$!", "env OUTSIDE=$!"), "sh", *victim]
        done = subprocess.run(
            command_as(user, beside), capture_output=True, text=True, check=False, timeout=120, cwd="/"
        )
    finally:
        shutil.rmtree(scratch)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.mark.slow
@pytest.mark.parametrize("version", [0, 1, 2, 3, 4, 5, 6, NEWEST])
@pytest.mark.parametrize("user", USERS)
def test_the_daemon_is_kept_from_other_programs_and_keeps_its_way_to_files(user: str, version: int) -> None:
    seen = run_as(user, "apart", version)
    closed = version not in WITHOUT_DOMAIN
    assert bool(seen["domain"]) is closed
    assert bool(seen["missing"]) is not closed, "what is not closed is said"
    assert seen["mem"] == ("refused: PermissionError" if closed else "done: None")
    assert seen["attempts"]["memory of another program"] is not closed
    if user == "ordinary":  # root may read, not write, what CAP_PERFMON is enough for
        assert seen["environ"] == seen["mem"]
        assert seen["fd"].startswith("refused" if closed else "done")
    assert seen["signal"] == ("refused: PermissionError" if version >= 6 else "done: None")
    for what in ("rename", "rename folder", "link", "exchange", "kill child"):
        assert seen[what] == "done: None", what
    assert seen["child ended"] == -9
    assert seen["held"] == "done: 1"
    assert seen["child's files"].startswith("done"), "its own children are inside"
    assert seen["device"] == "refused: PermissionError" if closed or user == "ordinary" else True
    assert bool(int(seen["worker in it"])) is (version > 0), "workers have a layer of their own inside"


@pytest.mark.slow
@pytest.mark.parametrize("user", USERS)
def test_clients_that_start_each_other_do_not_use_up_the_layers(user: str) -> None:
    """Window, daemon, tray, window: the kernel has sixteen layers, and workers need one."""
    seen = run_as(user, "layered")
    assert seen["domain"] and seen["worker"]
    assert seen["mem"] == "refused: PermissionError"


@pytest.mark.parametrize("user", USERS)
def test_who_looks_at_others_does_so_first(user: str) -> None:
    seen = run_as(user, "looking")
    assert seen["before"] and not seen["missing"]
    assert user == "root" or not seen["after"]


def test_the_page_says_what_the_table_says() -> None:
    page = (REPOSITORY / "docs" / "privacy.md").read_text(encoding="utf-8")
    assert f"\n{roles.table()}\n<!-- end -->" in page, "make generate"


def test_what_each_process_may_do_is_what_its_domain_leaves() -> None:
    assert DAEMON.domain is not None and CLIENT.domain is not None and WORKER.domain is None
    assert DAEMON.domain.blocks_tcp and CLIENT.domain.blocks_tcp
    assert "programs" not in DAEMON.may | CLIENT.may | WORKER.may
    assert "network" not in set().union(*(role.may for role in roles.ROLES))
    assert not (CLIENT.domain.blocks_abstract_sockets or CLIENT.domain.blocks_signals), "children inherit it"
    assert "local" not in DAEMON.may | WORKER.may
