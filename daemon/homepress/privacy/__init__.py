"""The network lock, the sandbox and the proof of both.

`Lock`s are put on by the process itself and cannot be taken off. What holds in the end is what `state` and
`probe` measure; nothing here is ever claimed. What each function does: `types.PrivacySystem`.
"""

import sys
from contextlib import AbstractContextManager

from homepress.base.results import Gap
from homepress.privacy.proof import Comparison, Party, Proof, Sample, gaps_by_process
from homepress.privacy.roles import CLIENT, DAEMON, WORKER, ProcessRole
from homepress.privacy.types import (
    Check,
    HeldSocket,
    Limits,
    Lock,
    NetworkState,
    PrivacySystem,
    ProcessReport,
)

if sys.platform == "win32":
    from homepress.privacy import windows as _chosen
elif sys.platform == "darwin":
    from homepress.privacy import macos as _chosen
else:
    from homepress.privacy import linux as _chosen

_system: PrivacySystem = _chosen

__all__ = [
    "CLIENT",
    "DAEMON",
    "WORKER",
    "Check",
    "Comparison",
    "Gap",
    "HeldSocket",
    "Limits",
    "Lock",
    "NetworkState",
    "Party",
    "ProcessReport",
    "ProcessRole",
    "Proof",
    "Sample",
    "bystander",
    "checks",
    "compare",
    "contain",
    "gaps",
    "gaps_by_process",
    "lock_client",
    "lock_daemon",
    "lock_tool",
    "lock_worker",
    "locks_nest",
    "probe",
    "report",
    "set_apart",
    "state",
]

locks_nest = _system.locks_nest
set_apart = _system.set_apart
lock_daemon = _system.lock_daemon
lock_client = _system.lock_client
lock_worker = _system.lock_worker
lock_tool = _system.lock_tool
contain = _system.contain
probe = _system.probe
gaps = _system.gaps
state = _system.state
report = _system.report
checks = _system.checks


def compare(other: int = 0) -> Comparison:
    """For `Proof`: what an ordinary process can do. To be called before this process locks itself.

    It connects to itself over the loopback device; nothing leaves the computer.

    Args:
        other: as for `probe`.
    """
    # Loaded by the one command that asks for it, so that no other process has the socket module for it.
    from homepress.privacy.comparison import compare as run

    return run(lambda: probe(other))


def bystander() -> AbstractContextManager[int]:
    """For `compare` and `probe`: the id of an ordinary process that does nothing, for a `with` block.

    To be called before this process locks itself, while it has one thread; 0 where no memory is tried.
    """
    from homepress.privacy.comparison import bystander as run

    return run()
