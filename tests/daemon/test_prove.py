"""The proof beside workers that come and go."""

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import cast

import msgspec
import pytest

from homepress.base.results import Gap, ProbedProcess
from homepress.control import Service, ServiceError
from homepress.control.service import Status
from homepress.daemon.commands.prove import _parties_of_service, _status, gaps_found

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="others look at no process from outside")

GAP = Gap("files are not closed. A worker could read others", "update the kernel")


@pytest.fixture
def living() -> Iterator[int]:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process.pid
    process.kill()
    process.communicate()


def ended() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


class Changing:
    """A service whose worker has another process each time."""

    def __init__(self, *workers: int) -> None:
        self.workers = list(workers)

    def probe(self, other: int) -> list[ProbedProcess]:
        assert other == 0
        return [ProbedProcess(name="worker 1", pid=self.workers.pop(0), tried=[])]


def test_a_worker_that_ended_before_it_was_seen_is_asked_for_again(living: int) -> None:
    service = Changing(ended(), living)
    parties, apart = _parties_of_service(cast(Service, service), 0, os.getpid())
    assert [party.pid for party in parties] == [living]
    assert parties[0].seen is not None
    assert apart
    assert not service.workers


def test_what_is_never_seen_is_a_problem() -> None:
    gone = ended()
    parties, _ = _parties_of_service(cast(Service, Changing(*[gone] * 20)), 0, os.getpid())
    assert [party.seen for party in parties] == [None]


class Ending:
    """A daemon that ends before it says how it is."""

    def status(self) -> Status:
        raise ServiceError("Homepress is not running in the background any more.", 3)


def test_a_daemon_that_ends_meanwhile_costs_no_more_than_its_gaps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("homepress.privacy.gaps", lambda: (GAP,))
    assert _status(cast(Service, Ending())) is None
    (gap,) = gaps_found(None, silent=True)
    assert gap.process == f"known of this command (process {os.getpid()})"


def test_gaps_of_a_daemon_that_names_none_are_said_of_this_command_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("homepress.privacy.gaps", lambda: (GAP,))
    status = Status(state="idle", pid=7, version="0")
    (gap,) = gaps_found(status)
    assert gap.statement.startswith(f"Known of this command (process {os.getpid()}) alone: ")
    assert gaps_found(msgspec.structs.replace(status, gap_details=[GAP])) == (GAP,), "it is everybody's"
    (of_command,) = gaps_found(msgspec.structs.replace(status, gap_details=[]))
    assert of_command.process == f"this command (process {os.getpid()})"
    assert gaps_found(None) == gaps_found(msgspec.structs.replace(status, pid=None)) == (GAP,)
