"""What every system's module offers; `homepress.privacy` chooses one of them."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from homepress.base.results import ProbeAttempt
from homepress.privacy.limits import Limits
from homepress.privacy.lock import Lock, NetworkState
from homepress.privacy.processes import ProcessReport
from homepress.privacy.proof import Check


class System(Protocol):
    """One operating system's way to lock a process.

    No function raises because the system cannot do something: the `Lock` says what is missing. A lock cannot
    be taken off again, is inherited by child processes, and can be followed by a stricter one.
    """

    def lock_daemon(self, socket: Path | None = None) -> Lock:
        """Refuse this process, all its threads, every new socket and connection; it may still accept.

        Call it when the listener is bound. `socket` is the listener's path, for systems that need to know.
        Also core dumps are switched off, since the process holds pictures.
        """

    def lock_client(self, socket: Path | None = None) -> Lock:
        """Refuse this process, all its threads, every socket that reaches beyond this computer."""

    def lock_worker(self, readable: Sequence[Path], limits: Limits) -> Lock:
        """Confine this process to computing: no socket, process or signal, no file but `readable`.

        Call it when all is imported that has to be, while there is one thread.
        """

    def lock_tool(self, tool: Path, readable: Sequence[Path], limits: Limits) -> Lock:
        """As `lock_worker`, but the process may still become the program `tool` by exec."""

    def contain(self, pid: int, limits: Limits) -> Callable[[], None]:
        """From the parent's side: bound a worker and tie its life to ours; call the result at its end."""

    def probe(self) -> tuple[ProbeAttempt, ...]:
        """Try every way to a network or another program from this very process. Nothing is ever sent."""

    def state(self) -> NetworkState:
        """Whether this process is locked out of the network now: measured, never remembered."""

    def report(self, pid: int) -> ProcessReport:
        """What the system tells about a process. Raises `ProcessLookupError` when there is none."""

    def checks(self, pids: Sequence[int]) -> tuple[Check, ...]:
        """Commands of this system with which anyone sees the sockets of these processes, at least one."""
