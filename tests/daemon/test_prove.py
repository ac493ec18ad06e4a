"""The proof beside workers that come and go."""

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import cast

import pytest

from homepress.base.results import ProbedProcess
from homepress.control import Service
from homepress.daemon.commands.prove import _parties_of_service

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="others look at no process from outside")


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
