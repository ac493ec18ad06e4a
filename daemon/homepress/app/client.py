"""What every command does before it touches a picture: lock itself, and show on demand that it is locked."""

import os

from homepress import privacy
from homepress.base.results import ProbedProcess
from homepress.settings import Paths


def prepare_client() -> None:
    """Lock this process out of the network; it can reach the daemon and the desktop (AF_UNIX)."""
    privacy.lock_client(Paths.from_environment().socket)


def try_doors(name: str, pid: int = 0) -> ProbedProcess:
    """Try every way to a network from this process; nothing is sent.

    Args:
        name: whose lock it is that this shows.
        pid: the process of that name; 0 for our parent, whose lock we inherited.
    """
    return ProbedProcess(name=name, pid=pid or os.getppid(), tried=list(privacy.probe()))
