"""What every command does before it touches a picture: lock itself, and show on demand that it is locked."""

import os

from homepress import privacy
from homepress.control.service import ProbedProcess, TriedDoor


def prepare_client() -> None:
    """Lock this process out of the network, before it touches a picture."""
    privacy.lock_client()


def try_doors(name: str, pid: int = 0) -> ProbedProcess:
    """Try every way to a network from this process; nothing is sent.

    Args:
        name: whose lock it is that this shows.
        pid: the process of that name; 0 for our parent, whose lock we inherited.
    """
    tried = [
        TriedDoor(name=found.name, allowed=found.allowed, answer=found.answer, local=found.local)
        for found in privacy.probe()
    ]
    return ProbedProcess(name=name, pid=pid or os.getppid(), tried=tried)
