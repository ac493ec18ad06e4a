"""The lock on Linux: seccomp filters, Landlock, resource limits. None of it needs rights or a library."""

import os
import resource
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from homepress.base.results import Gap, ProbeAttempt
from homepress.privacy import doorkeeper, landlock, posix, probes, roles, syscalls
from homepress.privacy.calls import Architecture, current
from homepress.privacy.filters import client_filter, daemon_filter, tool_filter, worker_filter
from homepress.privacy.types import (
    Check,
    HeldSocket,
    Limits,
    Lock,
    NetworkState,
    ProcessReport,
    all_refused,
)

_FILTER_MODE = 2
_INTERNET_TABLES = ("tcp", "tcp6", "udp", "udp6", "udplite", "udplite6", "raw", "raw6", "icmp", "icmp6")
# Column of the inode in tables that put it elsewhere than the internet ones.
_INTERNET_INODE = 9
_OTHER_TABLES = {"netlink": 9, "packet": 8}
_UNIX_INODE, _UNIX_PATH = 6, 7


_INHERITED = "HOMEPRESS_SET_APART"
"""In the environment of what we start: its domain is inherited, and layers are few."""


def locks_nest() -> bool:
    return True


def set_apart() -> Lock:
    """A Landlock domain. What this process starts is in it and puts on no other of the kind."""
    if os.environ.get(_INHERITED):
        return Lock(False, domain=_abi())
    lock = _enter_domain(roles.CLIENT)
    if lock.domain:
        os.environ[_INHERITED] = "1"
    return lock


def lock_daemon(socket: Path | None = None) -> Lock:  # noqa: ARG001  the listener is open already
    """A filter, a stricter Landlock domain, and no core dumps."""
    posix.forbid_core_dumps()
    entered, network = _enter_domain(roles.DAEMON), _lock_network(daemon_filter)
    return replace(network, domain=entered.domain, missing=(*entered.missing, *network.missing))


def lock_client(socket: Path | None = None) -> Lock:  # noqa: ARG001  any local socket is allowed
    """A filter that leaves local sockets alone."""
    return _lock_network(client_filter)


def lock_worker(readable: Sequence[Path], limits: Limits) -> Lock:
    """Landlock, the limits and a filter; root's rights are given up too."""
    posix.apply_limits(limits)
    if limits.threads:
        most = _tasks_of_user() + limits.threads
        posix.lower(resource.RLIMIT_NPROC, most, most)
    return _confine(readable, (), partial(worker_filter, threads=limits.threads > 0))


def lock_tool(tool: Path, readable: Sequence[Path], limits: Limits) -> Lock:
    """The program and the loader are all that can be executed, which is Landlock's part."""
    posix.apply_limits(limits)
    if (machine := current()) is not None:
        doorkeeper.keep_doors(machine)
    return _confine((*readable, tool), (tool, *_loaders()), tool_filter)


def contain(pid: int, limits: Limits) -> Callable[[], None]:  # noqa: ARG001  a worker confines itself here
    """There is nothing to be done from outside."""
    return lambda: None


def probe(other: int = 0) -> tuple[ProbeAttempt, ...]:
    """By raw system calls; nothing where the machine is none that we know the numbers of."""
    machine = current()
    if machine is None:
        return ()
    return (
        *probes.network_attempts(machine),
        *probes.local_attempts(machine),
        *probes.other_attempts(machine, other),
        *probes.file_attempts(machine),
        *probes.process_attempts(machine),
    )


def gaps() -> tuple[Gap, ...]:
    """What the Landlock of this kernel lacks."""
    version = _abi()
    return tuple(gap for below, gap in _GAPS if version < below)[:1]


def state() -> NetworkState:
    """A filter that the kernel names, no socket from before, and every way to a network refused."""
    machine = current()
    if machine is None:
        return "open"
    if not syscalls.filtered() or probes.holds_foreign_sockets(machine):
        return "open"
    return "locked" if all_refused(probes.network_attempts(machine)) else "open"


def checks(pids: Sequence[int]) -> tuple[Check, ...]:
    """`ss`, `lsof`, `grep`, `strace`, and life without a network device."""
    listed = ",".join(map(str, pids))
    either = "|".join(f"pid={pid}," for pid in pids)
    each = f"{{{listed}}}" if len(pids) > 1 else listed
    return (
        Check(f"ss -tuwapn | grep -E '{either}'", "nothing: no process of ours has an internet socket"),
        Check(f"lsof -nP -i -a -p {listed}", "nothing, and exit code 1"),
        Check(f"grep -E 'Seccomp:|NoNewPrivs' /proc/{each}/status", "Seccomp: 2 and NoNewPrivs: 1 for each"),
        Check(
            f"sudo strace -f -e trace=network -p {pids[0]}",
            "accept4 and answers on a local socket, while you copy a picture in",
        ),
        Check("unshare -rn homepress run", "everything works where there is no network device at all"),
        Check("switch on airplane mode, or pull the cable", "Homepress works as before"),
    )


def _abi() -> int:
    machine = current()
    return landlock.abi(machine) if machine is not None else 0


_TO_DO = "cat /sys/kernel/security/lsm says whether landlock is switched on (lsm= at boot switches it on)"
_GAPS = (
    (
        1,
        Gap(
            "files and other programs are not closed: this kernel has no Landlock, or it is switched off. "
            "If a fault were used for it, the program that makes GIFs smaller could read files of yours, and "
            "Homepress itself the memory of your other programs. Neither has a network all the same",
            f"use a kernel of 5.19 or newer; {_TO_DO}",
            files_open=True,
        ),
    ),
    (
        landlock.LEAST_FOR_A_DOMAIN,
        Gap(
            "other programs are not closed: under the first version of Landlock, which this kernel has, no "
            "file could be moved. If a fault were used for it, Homepress itself could reach into the memory "
            "of your other programs. Files are closed to what reads pictures, and the network to all",
            "use a kernel of 5.19 or newer",
        ),
    ),
    (
        6,
        Gap(
            "this kernel's Landlock is of an older version: if a fault were used for it, Homepress itself "
            "could end your other programs, or control a device. Files, memory and network are closed",
            "use a kernel of 6.12 or newer",
            minor=True,
        ),
    ),
)
"""Below which version of Landlock what is missing; the first row that fits says it all."""


def _enter_domain(role: roles.ProcessRole) -> Lock:
    machine = current()
    if machine is None or role.domain is None:
        return Lock(False)
    missing, version = [gap.brief for gap in gaps() if not gap.minor], 0
    try:
        syscalls.forbid_new_privileges()
        version = landlock.set_apart(machine, role.domain)
    except OSError as error:
        missing.append(f"the kernel took no Landlock domain: {error.strerror or error}")
    return Lock(False, missing=tuple(missing), domain=version)


def _lock_network(make_filter: Callable[[Architecture], bytes]) -> Lock:
    machine = current()
    if machine is None:
        return Lock(False, missing=(_unknown_machine(),))
    try:
        syscalls.forbid_new_privileges()
        syscalls.install_filter(machine.number("seccomp"), make_filter(machine))
    except OSError as error:
        return Lock(False, missing=(f"the kernel took no seccomp filter: {error.strerror or error}",))
    return Lock(True)


def _confine(
    readable: Sequence[Path],
    executable: Sequence[Path],
    make_filter: Callable[[Architecture, int], bytes],
) -> Lock:
    machine = current()
    if machine is None:
        return Lock(False, missing=(_unknown_machine(),))
    files, missing = _restrict_files(machine, readable, executable)
    try:
        syscalls.drop_capabilities(machine.number("capset"))
    except OSError as error:
        missing.append(f"the kernel did not take root's rights away: {error.strerror}")
    network = _lock_network(lambda known: make_filter(known, os.getpid()))
    return Lock(network.network, files, missing=(*missing, *network.missing))


def _restrict_files(
    machine: Architecture, readable: Sequence[Path], executable: Sequence[Path]
) -> tuple[int, list[str]]:
    """The version of Landlock in force for the whole process, and what is missing."""
    try:
        syscalls.forbid_new_privileges()
        threads = syscalls.thread_count()
        version = landlock.restrict(machine, readable, executable)
    except OSError as error:
        return 0, [f"the kernel took no Landlock ruleset: {error.strerror or error}"]
    if version == 0:
        return 0, [gap.brief for gap in gaps()]
    if threads > 1:
        # It holds for one thread and those it starts; what the others may is unknown.
        return 0, [f"{threads} threads were running, and the file sandbox holds for one only"]
    return version, []


def _tasks_of_user() -> int:
    """How many threads this user has in all processes: what the system compares with its limit."""
    total, user = 0, str(os.getuid())
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            status = _status(folder)
        except OSError:
            continue  # It has ended.
        if status.get("Uid", "").split()[:1] == [user]:
            total += int(status.get("Threads", "0"))
    return total


def _loaders() -> Iterator[Path]:
    """The dynamic loaders of glibc and musl: the kernel executes one on a program's behalf."""
    for folder in ("/lib64", "/lib"):
        yield from Path(folder).glob("ld-*.so*")


def _unknown_machine() -> str:
    return f"no seccomp filter is known for the machine type {os.uname().machine}"


# A process's state and sockets, from /proc (proc(5), proc_net(5)).


def report(pid: int) -> ProcessReport:
    """What /proc says about a process.

    Raises:
        ProcessLookupError: there is no such process.
    """
    folder = Path("/proc", str(pid))
    try:
        status = _status(folder)
    except (FileNotFoundError, ProcessLookupError):
        raise ProcessLookupError(f"there is no process {pid}") from None
    return ProcessReport(
        pid=pid,
        name=status.get("Name", ""),
        filtered=int(status.get("Seccomp", "0")) == _FILTER_MODE,
        filters=int(status.get("Seccomp_filters", "0")),
        no_new_privileges=status.get("NoNewPrivs") == "1",
        sockets=_sockets(folder),
        descriptors=dict(Counter(_kinds(folder / "fd"))),
    )


def _status(folder: Path) -> dict[str, str]:
    lines = (folder / "status").read_text(encoding="utf-8", errors="replace").splitlines()
    return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}


def _sockets(folder: Path) -> tuple[HeldSocket, ...] | None:
    """The sockets behind a process's descriptors, or None when we may not look."""
    try:
        held = dict(_socket_inodes(folder / "fd"))
        known = dict(_listed(folder / "net")) if held else {}
        # One that was closed while the tables were read is in none of them, and held no longer.
        held = dict(held.items() & dict(_socket_inodes(folder / "fd")).items())
    except OSError:
        return None
    return tuple(
        HeldSocket(descriptor, *known.get(inode, ("unknown", f"socket:[{inode}]")))
        for descriptor, inode in sorted(held.items())
    )


def _kinds(folder: Path) -> Iterator[str]:
    """What is behind each descriptor; nothing where we may not look."""
    try:
        targets = [os.readlink(entry) for entry in folder.iterdir() if entry.is_symlink()]
    except OSError:
        return
    for target in targets:
        if target.startswith("/"):
            yield "file"
        else:
            kind = target.partition(":")[0]
            yield kind if kind in ("pipe", "socket") else "other"


def _socket_inodes(folder: Path) -> Iterator[tuple[int, int]]:
    for name in os.listdir(folder):
        try:
            target = os.readlink(folder / name)
        except FileNotFoundError:
            continue  # Closed meanwhile.
        if target.startswith("socket:["):
            yield int(name), int(target[8:-1])


def _listed(net: Path) -> Iterator[tuple[int, tuple[str, str]]]:
    """Every socket that the process's network namespace lists: inode, family and address."""
    for table in _INTERNET_TABLES:
        for row in _rows(net / table, _INTERNET_INODE):
            yield int(row[_INTERNET_INODE]), (table, f"{row[1]} to {row[2]}")
    for table, column in _OTHER_TABLES.items():
        for row in _rows(net / table, column):
            yield int(row[column]), (table, "")
    for row in _rows(net / "unix", _UNIX_INODE):
        yield int(row[_UNIX_INODE]), ("unix", " ".join(row[_UNIX_PATH:]))


def _rows(table: Path, inode_column: int) -> Iterator[list[str]]:
    try:
        lines = table.read_text(encoding="utf-8", errors="surrogateescape").splitlines()[1:]
    except FileNotFoundError:
        return  # This kernel does not have the protocol.
    for line in lines:
        row = line.split()
        if len(row) > inode_column:
            yield row
