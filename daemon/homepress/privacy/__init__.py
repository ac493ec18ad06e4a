"""The network lock, the sandbox and the proof of both.

`Lock`s are put on by the process itself and cannot be taken off. What holds in the end is what `state` and
`probe` measure; nothing here is ever claimed.
"""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from homepress.base.results import ProbeAttempt
from homepress.privacy.interface import System
from homepress.privacy.limits import Limits
from homepress.privacy.lock import Lock, NetworkState
from homepress.privacy.processes import HeldSocket, ProcessReport
from homepress.privacy.proof import Check, Comparison, Party, Proof, Sample

if sys.platform == "win32":
    from homepress.privacy import windows as _chosen
elif sys.platform == "darwin":
    from homepress.privacy import macos as _chosen
else:
    from homepress.privacy import linux as _chosen

_system: System = _chosen

__all__ = [
    "Check",
    "Comparison",
    "HeldSocket",
    "Limits",
    "Lock",
    "NetworkState",
    "Party",
    "ProbeAttempt",
    "ProcessReport",
    "Proof",
    "Sample",
    "checks",
    "compare",
    "contain",
    "lock_client",
    "lock_daemon",
    "lock_tool",
    "lock_worker",
    "probe",
    "report",
    "state",
]


def lock_daemon(socket: Path | None = None) -> Lock:
    """Lock the daemon out of the network: no new socket, no connection; it may only accept on its listener.

    Call it once the listener is bound, the tray is started and before the first picture is read. Child
    processes can still be started; they inherit the lock. Core dumps are switched off too.

    Args:
        socket: the listener's path; macOS needs it, Linux does not.
    """
    return _system.lock_daemon(socket)


def lock_client(socket: Path | None = None) -> Lock:
    """Lock tray, window or command line out of the network: sockets on this computer only (AF_UNIX).

    Args:
        socket: the daemon's socket path; macOS needs it, Linux does not.
    """
    return _system.lock_client(socket)


def lock_worker(readable: Sequence[Path], limits: Limits) -> Lock:
    """Confine a worker: no socket, process or signal to others, only `readable` read, nothing written.

    Call it after importing what has to be imported, while there is one thread; threads can be started later.
    """
    return _system.lock_worker(readable, limits)


def lock_tool(tool: Path, readable: Sequence[Path], limits: Limits) -> Lock:
    """Confine a process as a worker that is about to become the program `tool` by exec, and nothing else."""
    return _system.lock_tool(tool, readable, limits)


def contain(pid: int, limits: Limits) -> Callable[[], None]:
    """From the parent's side, where the system wants it there: bound a worker and tie its life to ours.

    Returns what to call when the worker has ended.

    Raises:
        OSError: the system could not; the worker should be ended.
    """
    return _system.contain(pid, limits)


def probe() -> tuple[ProbeAttempt, ...]:
    """Try every way to a network or to another program from this process, and give the system's answers.

    Nothing is sent, even where nothing is refused.
    """
    return _system.probe()


def state() -> NetworkState:
    """Whether the system refuses this process the network, by measurement at this moment."""
    return _system.state()


def report(pid: int) -> ProcessReport:
    """What the system tells about a process: its filters and the sockets it holds.

    Raises:
        ProcessLookupError: there is no such process.
    """
    return _system.report(pid)


def compare() -> Comparison:
    """For `Proof`: what an ordinary process can do. To be called before this process locks itself.

    It connects to itself over the loopback device; nothing leaves the computer.
    """
    # Loaded by the one command that asks for it, so that no other process has the socket module for it.
    from homepress.privacy.comparison import compare as run

    return run(probe)


def checks(pids: Sequence[int]) -> tuple[Check, ...]:
    """For `Proof`: commands of this system with which anyone sees the sockets of these processes."""
    return _system.checks(pids)
