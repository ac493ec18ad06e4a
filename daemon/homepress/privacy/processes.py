"""What the system says about a process: whether it is locked, and which sockets it holds."""

from dataclasses import dataclass, field


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

    @property
    def only_local_sockets(self) -> bool:
        """Whether every socket it holds stays on this computer; False when that cannot be seen."""
        return self.sockets is not None and all(socket.local for socket in self.sockets)
