"""Which system calls each kind of process may use, and the filters made of that.

Workers and helper programs have a list of what is allowed: what they do is known. The daemon, the tray, the
window and the command line have a list of what is refused: they use whatever Python, the desktop's libraries
and the programs that they start use, and what counts is that no way to a socket is left. For both, a call
that `calls` does not know does not exist.

The table in docs/privacy.md is made of this module (`make generate`).

Sources: Linux `Documentation/userspace-api/seccomp_filter.rst` and the headers named at the numbers below.
"""

import errno
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field

from homepress.privacy.calls import GROUPS, Architecture
from homepress.privacy.seccomp import (
    ALLOW,
    NOTIFY,
    Among,
    AnyBits,
    Condition,
    Decision,
    NoBits,
    NotAmong,
    NotNull,
    assemble,
    refuse,
)

AF_UNIX = 1

_CLONE_THREAD = 0x00010000
# CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET (linux/sched.h).
_CLONE_NAMESPACES = 0x7E020000
# O_WRONLY, O_RDWR, O_CREAT, O_TRUNC: the same on both architectures. O_TMPFILE needs one of the first two.
_OPEN_TO_WRITE = 0o1 | 0o2 | 0o100 | 0o1000
_PROT_EXEC = 0x4
# TIOCSTI types into the terminal, TIOCLINUX pastes into a console: both make a shell run commands.
_TERMINAL_INPUT = (0x5412, 0x541C)
# TCGETS, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX: what Python asks of a descriptor.
_HARMLESS_IOCTLS = (0x5401, 0x541B, 0x5421, 0x5450, 0x5451)
# SECCOMP_IOCTL_NOTIF_RECV and _SEND.
_NOTIFICATION_IOCTLS = (0xC0502100, 0xC0182101)
# F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD_CLOEXEC. The others lock files, hold up who opens
# them, report changes in folders, or make the kernel signal another process.
_HARMLESS_FCNTLS = (0, 1, 2, 3, 4, 1030)
# PR_SET_NAME, PR_GET_NAME, PR_GET_SECCOMP, PR_GET_NO_NEW_PRIVS, PR_SET_VMA (names its own memory).
_HARMLESS_PRCTLS = (15, 16, 21, 39, 0x53564D41)
_ARCH_SET_FS = 0x1002
# Pages that are the same in several processes become one: how long a write takes then tells what is in them.
_MADV_MERGEABLE = 12
# Numbers of clocks below 0 are the processor time of any process or thread (Linux
# `linux/posix-timers_types.h`), or a clock behind a descriptor.
_CLOCKS_OF_OTHERS = 0x80000000
# FUTEX_WAIT, WAKE, REQUEUE, CMP_REQUEUE, WAKE_OP, WAIT_BITSET and WAKE_BITSET, with FUTEX_PRIVATE_FLAG or
# without, and waiting by the clock on the wall. The others lend priorities: no codec wants that, and it is
# the part of futexes that kernels have had the most faults in.
_PLAIN_FUTEXES = (*(op | flag for op in (0, 1, 3, 4, 5, 9, 10) for flag in (0, 128)), 9 | 256, 9 | 128 | 256)


@dataclass(frozen=True, slots=True)
class Rule:
    """What happens to one call, whatever its group.

    Attributes:
        decision: for the filter.
        words: what is allowed of it, for people.
    """

    decision: Decision
    words: str


def _unless(error: int, words: str, *refused: Condition) -> Rule:
    return Rule(Decision(ALLOW, tuple((condition, refuse(error)) for condition in refused)), words)


@dataclass(frozen=True, slots=True)
class Policy:
    """What one kind of process may do.

    Attributes:
        allowed: names of groups of calls; those of other groups are refused.
        calls: single calls with a rule of their own, whatever their group.
    """

    allowed: Set[str]
    calls: Mapping[str, Rule] = field(default_factory=dict)


_EVERYBODY = {
    "ioctl": _unless(errno.EPERM, "no typing into a terminal", Among(1, _TERMINAL_INPUT)),
    "clone": _unless(errno.EPERM, "no namespaces", AnyBits(0, _CLONE_NAMESPACES)),
}
_REFUSED_TO_ALL = frozenset({"back doors", "system", "clone3", "obsolete"})
_COMPUTING = frozenset({"memory", "descriptors", "time", "own threads", "itself", "its signals", "ending"})


def daemon_policy() -> Policy:
    """The daemon reads image bytes: it accepts on the listener that it has, and gets no other socket."""
    return Policy(
        _all_but(_REFUSED_TO_ALL | {"sockets", "messages", "shared"}),
        {**_EVERYBODY, "sendto": _unless(errno.EACCES, "only to whom it accepted", NotNull(4))},
    )


def client_policy() -> Policy:
    """Tray, window and command line: sockets on this computer only (AF_UNIX)."""
    local = _unless(errno.EACCES, "only on this computer (AF_UNIX)", NotAmong(0, (AF_UNIX,)))
    return Policy(_all_but(_REFUSED_TO_ALL), {**_EVERYBODY, "socket": local, "socketpair": local})


def worker_policy(pid: int, *, threads: bool = False) -> Policy:
    """A worker computes: it reads and writes its two pipes, uses memory, and ends.

    Args:
        pid: the worker's own process id.
        threads: whether it may start threads.
    """
    not_executable = _unless(errno.EPERM, "not to be executed", AnyBits(2, _PROT_EXEC))
    calls = {**_own(pid), "mmap": not_executable, "mprotect": not_executable}
    if not threads:
        return Policy(_COMPUTING, calls)
    return Policy(
        _COMPUTING | {"thread start"},
        {
            **calls,
            "clone": _unless(
                errno.EPERM, "only threads", NoBits(0, _CLONE_THREAD), AnyBits(0, _CLONE_NAMESPACES)
            ),
        },
    )


def tool_policy(pid: int) -> Policy:
    """As a worker's, but the process may still turn into another program, which then has this filter too.

    Which program that may be is Landlock's part: only the tool's own file is executable. Its loader opens
    libraries by name and maps them to be executed, so that cannot be refused here; `doorkeeper` ends it.

    Args:
        pid: the tool's own process id.
    """
    return Policy(
        _COMPUTING | {"thread start", "program start"},
        {
            **_own(pid),
            "execve": Rule(Decision(ALLOW), "until it reads its input"),
            "arch_prctl": _unless(errno.EPERM, "only for its thread's data", NotAmong(0, (_ARCH_SET_FS,))),
            "open": _unless(
                errno.EACCES, "for reading, until it reads its input", AnyBits(1, _OPEN_TO_WRITE)
            ),
            "openat": _unless(
                errno.EACCES, "for reading, until it reads its input", AnyBits(2, _OPEN_TO_WRITE)
            ),
            "newfstatat": Rule(Decision(ALLOW), "until it reads its input"),
        },
    )


def _own(pid: int) -> dict[str, Rule]:
    """Rules for calls that could reach past the process itself.

    A thread is refused as if the kernel had none: of several libraries one (rayon) then computes without,
    and would end the process over any other answer.
    """
    of_others = NotAmong(0, (0, pid))
    signal = _unless(errno.EPERM, "only to itself", NotAmong(0, (pid,)))
    clock = _unless(errno.EINVAL, "not the processor time of others", AnyBits(0, _CLOCKS_OF_OTHERS))
    return {
        "ioctl": _unless(errno.ENOTTY, "what Python asks of a descriptor", NotAmong(1, _HARMLESS_IOCTLS)),
        "fcntl": _unless(errno.EPERM, "flags and copies of a descriptor", NotAmong(1, _HARMLESS_FCNTLS)),
        "prctl": _unless(errno.EPERM, "names, and asking for the lock", NotAmong(0, _HARMLESS_PRCTLS)),
        "futex": _unless(errno.ENOSYS, "without priorities", NotAmong(1, _PLAIN_FUTEXES)),
        "madvise": _unless(errno.EINVAL, "shares no equal pages", Among(2, (_MADV_MERGEABLE,))),
        "prlimit64": _unless(errno.EPERM, "only reading its own", of_others, NotNull(2)),
        "sched_getaffinity": _unless(errno.EPERM, "only its own", of_others),
        "clock_gettime": clock,
        "clock_getres": clock,
        "clock_nanosleep": clock,
        "kill": signal,
        # Of a thread: musl ends a process so, from its first thread, whose number is the process's.
        "tkill": signal,
        "tgkill": signal,
        "clone": Rule(Decision(refuse(errno.ENOSYS), ((NoBits(0, _CLONE_THREAD), refuse(errno.EPERM)),)), ""),
    }


def _all_but(refused: Set[str]) -> Set[str]:
    return frozenset(group.name for group in GROUPS) - refused


# Filters.


def daemon_filter(machine: Architecture) -> bytes:
    """The daemon's filter, as a program for the kernel."""
    return _filter(machine, daemon_policy())


def client_filter(machine: Architecture) -> bytes:
    """That of tray, window and command line."""
    return _filter(machine, client_policy())


def worker_filter(machine: Architecture, pid: int, *, threads: bool = False) -> bytes:
    """That of workers and the checker; see `worker_policy`."""
    return _filter(machine, worker_policy(pid, threads=threads))


def tool_filter(machine: Architecture, pid: int) -> bytes:
    """That of a helper program; see `tool_policy`."""
    return _filter(machine, tool_policy(pid))


_BY_NAME = ("open", "openat", "newfstatat", "execve")
READS = ("read", "readv")
"""With which a program reads its standard input."""


def watched_filter(machine: Architecture) -> bytes:
    """Beside a helper program's own filter: its doorkeeper is asked about names and reading its input."""
    numbers = machine.table()
    asked = {numbers[call]: Decision(NOTIFY) for call in _BY_NAME if call in numbers}
    asked |= {numbers[call]: Decision(ALLOW, ((Among(0, (0,)), NOTIFY),)) for call in READS}
    return assemble(machine.audit_token, asked, ALLOW)


def doorkeeper_filter(machine: Architecture, pid: int) -> bytes:
    """That of the doorkeeper, which computes as a worker does, and answers the kernel."""
    policy = worker_policy(pid)
    answers = _unless(errno.ENOTTY, "answering the kernel", NotAmong(1, _NOTIFICATION_IOCTLS))
    return _filter(machine, Policy(policy.allowed, {**policy.calls, "ioctl": answers}))


def _filter(machine: Architecture, policy: Policy) -> bytes:
    numbers = machine.table()
    known = {numbers[call]: each for call, each in decisions(policy) if call in numbers}
    return assemble(machine.audit_token, known, refuse(errno.ENOSYS))


def decisions(policy: Policy) -> Iterator[tuple[str, Decision]]:
    """What a policy makes of every call there is."""
    for group in GROUPS:
        whole = Decision(ALLOW if group.name in policy.allowed else refuse(group.error))
        for call in group.calls:
            rule = policy.calls.get(call)
            yield call, rule.decision if rule else whole
