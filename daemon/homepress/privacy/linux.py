"""The lock on Linux: seccomp filters, Landlock, resource limits. None of it needs rights or a library."""

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from homepress.base.results import ProbeAttempt
from homepress.privacy import kernel, landlock, posix, probes, procfs
from homepress.privacy.attempts import all_refused
from homepress.privacy.limits import Limits
from homepress.privacy.lock import Lock, NetworkState
from homepress.privacy.policies import client_filter, daemon_filter, tool_filter, worker_filter
from homepress.privacy.processes import ProcessReport
from homepress.privacy.proof import Check
from homepress.privacy.syscalls import Architecture, current


def lock_daemon(socket: Path | None = None) -> Lock:  # noqa: ARG001  the listener is open already
    """See `interface.System`."""
    posix.forbid_core_dumps()
    return _lock_network(daemon_filter)


def lock_client(socket: Path | None = None) -> Lock:  # noqa: ARG001  any local socket is allowed
    """See `interface.System`."""
    return _lock_network(client_filter)


def lock_worker(readable: Sequence[Path], limits: Limits) -> Lock:
    """See `interface.System`."""
    posix.apply_limits(limits)
    return _confine(readable, (), worker_filter)


def lock_tool(tool: Path, readable: Sequence[Path], limits: Limits) -> Lock:
    """See `interface.System`."""
    posix.apply_limits(limits)
    return _confine((*readable, tool), (tool, *_loaders()), tool_filter)


def contain(pid: int, limits: Limits) -> Callable[[], None]:  # noqa: ARG001  a worker confines itself here
    """See `interface.System`."""
    return lambda: None


def probe() -> tuple[ProbeAttempt, ...]:
    """See `interface.System`."""
    machine = current()
    if machine is None:
        return ()
    return (*probes.network_attempts(machine), *probes.local_attempts(machine))


def state() -> NetworkState:
    """See `interface.System`."""
    machine = current()
    if machine is None:
        return "open"
    if not kernel.filtered() or probes.holds_foreign_sockets(machine):
        return "open"
    return "locked" if all_refused(probes.network_attempts(machine)) else "open"


def report(pid: int) -> ProcessReport:
    """See `interface.System`."""
    return procfs.report(pid)


def checks(pids: Sequence[int]) -> tuple[Check, ...]:
    """See `interface.System`."""
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


def _lock_network(make_filter: Callable[[Architecture], bytes]) -> Lock:
    machine = current()
    if machine is None:
        return Lock(False, missing=(_unknown_machine(),))
    try:
        kernel.forbid_new_privileges()
        kernel.install_filter(machine.number("seccomp"), make_filter(machine))
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
        kernel.drop_capabilities(machine.number("capset"))
    except OSError as error:
        missing.append(f"the kernel did not take root's rights away: {error.strerror}")
    network = _lock_network(lambda known: make_filter(known, os.getpid()))
    return Lock(network.network, files, (*missing, *network.missing))


def _restrict_files(
    machine: Architecture, readable: Sequence[Path], executable: Sequence[Path]
) -> tuple[int, list[str]]:
    """The version of Landlock in force for the whole process, and what is missing."""
    try:
        kernel.forbid_new_privileges()
        threads = kernel.thread_count()
        version = landlock.restrict(machine, readable, executable)
    except OSError as error:
        return 0, [f"the kernel took no Landlock ruleset: {error.strerror or error}"]
    if version == 0:
        return 0, ["this kernel has no Landlock; files can be read, not written"]
    if threads > 1:
        # It holds for one thread and those it starts; what the others may is unknown.
        return 0, [f"{threads} threads were running, and the file sandbox holds for one only"]
    return version, []


def _loaders() -> Iterator[Path]:
    """The dynamic loaders of glibc and musl: the kernel executes one on a program's behalf."""
    for folder in ("/lib64", "/lib"):
        yield from Path(folder).glob("ld-*.so*")


def _unknown_machine() -> str:
    return f"no seccomp filter is known for the machine type {os.uname().machine}"
