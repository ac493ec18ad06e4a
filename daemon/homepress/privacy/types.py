"""What the room gives and takes: limits, locks, what a process holds, and what each system has to offer."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from homepress.base.results import Gap, ProbeAttempt


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds that the system enforces on one worker process.

    Attributes:
        memory_bytes: address space, which is more than the memory in use.
        cpu_seconds: processor time over the life of the process.
        open_files: descriptors.
        threads: how many it may start. With 0 the system refuses the call; else the bound is a rough one, and
            holds for ordinary users only.
    """

    memory_bytes: int = 2 << 30
    cpu_seconds: int = 1800
    open_files: int = 64
    threads: int = 0


NetworkState = Literal["locked", "open"]
"""Whether the system refuses network access to a process; "open" until a measurement says otherwise."""


@dataclass(frozen=True, slots=True)
class Lock:
    """The outcome of locking a process. What holds in the end is measured by `state` and `probe`.

    Attributes:
        network: the system took the rule against sockets.
        files: the version of the file sandbox in force (Landlock's ABI on Linux, 1 elsewhere); 0 is none.
        missing: what could not be had, in words, with the system's answer.
        domain: the version of what keeps the process from the memory of others (as above); 0 is none.
    """

    network: bool
    files: int = 0
    missing: tuple[str, ...] = ()
    domain: int = 0


@dataclass(frozen=True, slots=True)
class HeldSocket:
    """One socket that a process has open.

    Attributes:
        descriptor: its number in the process.
        family: "unix", "tcp", "udp", "tcp6", ... or "unknown" when the system lists it nowhere.
        name: its address: a path for "unix" (empty when it has none), else in the system's notation.
    """

    descriptor: int
    family: str
    name: str

    @property
    def local(self) -> bool:
        """Whether it reaches no further than this computer."""
        return self.family == "unix"


@dataclass(frozen=True, slots=True)
class ProcessReport:
    """What the system tells about one process, seen from outside.

    Attributes:
        pid: the process.
        name: its short name.
        filtered: whether its system calls go through a filter (seccomp mode 2).
        filters: how many filters are on it.
        no_new_privileges: whether it can no longer gain rights.
        sockets: what it holds; None when the system does not let us see.
        descriptors: how many it has open of each kind: "file", "pipe", "socket", "other".
    """

    pid: int
    name: str
    filtered: bool
    filters: int
    no_new_privileges: bool
    sockets: tuple[HeldSocket, ...] | None
    descriptors: dict[str, int] = field(default_factory=dict)


def all_refused(attempts: Iterable[ProbeAttempt]) -> bool:
    """Whether nothing that leaves the computer was let through."""
    return not any(attempt.allowed and attempt.kind == "network" for attempt in attempts)


@dataclass(frozen=True, slots=True)
class Check:
    """A way to see it without believing us.

    Attributes:
        command: to be typed, or what to do.
        shows: what one will see.
    """

    command: str
    shows: str


class PrivacySystem(Protocol):
    """What every system's module offers; `homepress.privacy` chooses one of them.

    No function raises because the system cannot do something: the `Lock` says what is missing. A lock cannot
    be taken off again, is inherited by child processes, and can be followed by a stricter one.
    """

    def lock_daemon(self, socket: Path | None = None) -> Lock:
        """Lock the daemon out of the network: no new socket, no connection; it may still accept.

        Call it once the listener is bound, the tray is started and before the first picture is read. Child
        processes can still be started; they inherit the lock. Core dumps are switched off too, since the
        process holds pictures. What it adds to `set_apart` holds for this thread and those it starts.

        Args:
            socket: the listener's path; macOS needs it, Linux does not.
        """

    def locks_nest(self) -> bool:
        """Whether a process whose parent is locked can put on a stricter lock of its own."""

    def set_apart(self) -> Lock:
        """Keep daemon, tray, window or command line from the memory of other programs; no network lock.

        Call it first of all, while there is one thread. Child processes inherit it.
        """

    def lock_client(self, socket: Path | None = None) -> Lock:
        """Lock tray, window or command line out of the network: sockets on this computer only (AF_UNIX).

        Args:
            socket: the daemon's socket path; macOS needs it, Linux does not.
        """

    def lock_worker(self, readable: Sequence[Path], limits: Limits) -> Lock:
        """Confine a worker: no socket, process or signal to others, only `readable` read, nothing written.

        Call it after importing what has to be imported, while there is one thread.
        """

    def lock_tool(self, tool: Path, readable: Sequence[Path], limits: Limits) -> Lock:
        """As `lock_worker`, for a process about to become the program `tool` by exec, and nothing else."""

    def contain(self, pid: int, limits: Limits) -> Callable[[], None]:
        """From the parent's side, where the system wants it there: bound a worker and tie its life to ours.

        Returns what to call when the worker has ended.

        Raises:
            OSError: the system could not; the worker should be ended.
        """

    def probe(self, other: int = 0) -> tuple[ProbeAttempt, ...]:
        """Try every way to a network, to other programs and to files, and give the system's answers.

        Nothing is sent, read or changed, even where nothing is refused.

        Args:
            other: an ordinary process of this user, to try its memory at; 0 for none.
        """

    def gaps(self) -> tuple[Gap, ...]:
        """What this system does not close, whatever processes ask, besides what `state` says."""

    def state(self) -> NetworkState:
        """Whether the system refuses this process the network, by measurement at this moment."""

    def report(self, pid: int) -> ProcessReport:
        """What the system knows about a process: its filters and the sockets it holds.

        Raises:
            ProcessLookupError: there is no such process.
        """

    def checks(self, pids: Sequence[int]) -> tuple[Check, ...]:
        """For `Proof`: commands of this system with which anyone sees the sockets of these processes."""
