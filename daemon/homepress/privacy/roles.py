"""What each kind of process of ours may do; which system calls, stands in `filters`.

Landlock domains, the proof and a table in docs/privacy.md are made of this.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from homepress.base.results import AttemptKind, ProbeAttempt, ProbedProcess


@dataclass(frozen=True, slots=True)
class Domain:
    """What a Landlock domain takes from a process that keeps its way to files.

    Whatever it handles, it also closes the memory of every process outside it (`/proc/PID/mem` and the like),
    which is what it is for. A kernel that does not know one of these rights leaves it open.

    Attributes:
        blocks_tcp: TCP, also over a socket that somebody hands over (Linux 6.7).
        blocks_devices: control of devices (ioctl) that it opens from then on (Linux 6.10).
        blocks_abstract_sockets: sockets of others that lie in no folder (Linux 6.12).
        blocks_signals: signals to processes outside of it; its own children are inside (Linux 6.12).
    """

    blocks_tcp: bool = False
    blocks_devices: bool = False
    blocks_abstract_sockets: bool = False
    blocks_signals: bool = False


@dataclass(frozen=True, slots=True)
class ProcessRole:
    """One kind of process.

    Attributes:
        name: as the documentation has it.
        may: the kinds of attempts that it may be let through with, since it needs them for its work.
        domain: its Landlock domain; None when it has none, or may read no file of the user's anyway.
        sockets: what of sockets it has, in words.
        files: what of files.
        memory: what of other programs' memory.
        processes: what of processes and signals.
    """

    name: str
    may: frozenset[AttemptKind]
    domain: Domain | None
    sockets: str
    files: str
    memory: str
    processes: str

    def probed(self, name: str, pid: int, tried: Iterable[ProbeAttempt]) -> ProbedProcess:
        """What one such process tried."""
        return ProbedProcess(name=name, pid=pid, tried=list(tried), may=sorted(self.may))


DAEMON = ProcessRole(
    "daemon",
    frozenset({"signals", "names", "files", "start", "threads"}),
    Domain(blocks_tcp=True, blocks_devices=True, blocks_abstract_sockets=True, blocks_signals=True),
    "accepts on its one listener; gets no other socket, not even a local one",
    "yours; controls no device",
    "none",
    "starts workers; signals them only",
)
"""It moves files from folder to folder, so its domain leaves that alone. That it could signal is no alarm in
the proof, since kernels before 6.12 cannot bound it."""

WORKER = ProcessRole(
    "worker, checker",
    frozenset(),
    None,
    "none",
    "none: all that it can need is loaded before the lock",
    "none",
    "none; threads only for HEIC; signals itself only",
)

TOOL = ProcessRole(
    "helper program (gifsicle)",
    frozenset({"names", "start"}),
    None,
    "none",
    "until it reads its input, its own file and the system's libraries; writes nothing",
    "none",
    "none",
)

CLIENT = ProcessRole(
    "tray, window, command line",
    frozenset({"local", "ipc", "signals", "names", "files", "start", "threads"}),
    Domain(blocks_tcp=True),
    "local ones (AF_UNIX)",
    "yours",
    "none but that of programs which it starts",
    "may start programs, which inherit the lock",
)
"""What they start inherits the domain, a daemon too, so it has only what nothing of ours needs: display and
session bus may be abstract sockets, `stop` signals a daemon of an old version, and a pager asks the terminal
for its size by ioctl."""

OBSERVER = ProcessRole(
    "`prove`, while it looks at the others",
    CLIENT.may | {"programs"},
    None,
    CLIENT.sockets,
    "yours",
    "yours, since it reads in `/proc` which sockets and descriptors the others hold",
    "as the command line",
)
"""A domain would keep it from seeing them. It puts one on before it tries the ways out itself."""

ROLES = (DAEMON, WORKER, TOOL, CLIENT, OBSERVER)

_HEAD = ("process", "sockets", "files", "memory of other programs", "processes, signals")


def table() -> str:
    """The table in Markdown, for `docs/privacy.md`."""
    rows = [(r.name, r.sockets, r.files, r.memory, r.processes) for r in ROLES]
    head, *lines = (f"| {' | '.join(row)} |\n" for row in (_HEAD, *rows))
    return "".join((head, "|---" * len(_HEAD) + "|\n", *lines))
