"""How the command line reaches Homepress: the running daemon, or the same service in this process."""

import contextlib
import os
from collections.abc import Iterator

from homepress import privacy
from homepress.app.house import House
from homepress.app.service import InProcessService
from homepress.control import InstanceLock, Service, ServiceError, connect
from homepress.control.service import ProbedProcess, TriedDoor
from homepress.settings import Paths

_PATIENCE = 10.0
"""Seconds to wait for another command that holds the lock; a daemon would have answered on its socket."""


def prepare_client() -> None:
    """Lock this process out of the network, before it touches a picture."""
    privacy.lock_client()


def try_doors(name: str) -> ProbedProcess:
    """Try every way to a network from this process, to show the lock it inherited; nothing is sent."""
    tried = [
        TriedDoor(name=found.name, allowed=found.allowed, answer=found.answer, local=found.local)
        for found in privacy.probe()
    ]
    return ProbedProcess(name=name, pid=os.getppid(), tried=tried)


@contextlib.contextmanager
def connect_or_local(paths: Paths) -> Iterator[Service]:
    """The daemon when one runs, else the service in this process, under the instance lock.

    Raises:
        ServiceError: neither can be had.
    """
    if (client := connect(paths.socket)) is not None:
        yield client
        return
    paths.ensure()
    lock = InstanceLock(paths.lock)
    if not lock.acquire(wait=_PATIENCE):
        raise ServiceError(f"another Homepress (process {lock.holder()}) is busy; try again in a moment")
    try:
        house = House.open(paths, lambda: None)
        try:
            yield InProcessService(house)
        finally:
            house.close()
    finally:
        lock.release()
