"""Seccomp filters: which system calls each kind of process is refused, and a small assembler.

Rules over system calls go in, classic BPF instructions come out. They name what is refused; the rest is
allowed, so that another C library or codec does not break on a call that nobody thought of. What counts is
that no way to a socket is left: neither the plain calls, nor io_uring, nor the descriptors of other
processes, nor the kernel's own DNS look-up behind `request_key`.

Sources: Linux `Documentation/userspace-api/seccomp_filter.rst`, `linux/seccomp.h`, `linux/bpf_common.h`.
"""

import errno
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from homepress.privacy.syscalls import Architecture

ALLOW = 0x7FFF0000
KILL_PROCESS = 0x80000000
_ERRNO = 0x00050000

# Opcodes: load a word of the call's data, compare the accumulator, return.
LOAD = 0x20
JUMP_EQUAL = 0x15
JUMP_AT_LEAST = 0x35
JUMP_ANY_BIT = 0x45
RETURN = 0x06

# Offsets in `struct seccomp_data`.
_NUMBER = 0
_ARCHITECTURE = 4
_ARGUMENTS = 16

MAX_INSTRUCTIONS = 4096
"""The kernel refuses longer programs (BPF_MAXINSNS)."""


def refuse(errno: int) -> int:
    """The action that makes a call fail with `errno` without entering the kernel's code for it."""
    return _ERRNO | errno


class Instruction(NamedTuple):
    """One BPF instruction: operation, jump distances when true and when false, constant."""

    code: int
    if_true: int
    if_false: int
    constant: int

    def encoded(self) -> bytes:
        """The instruction as `struct sock_filter`, in the machine's byte order."""
        return struct.pack("=HBBI", *self)


@dataclass(frozen=True, slots=True)
class Equal:
    """The low 32 bits of an argument are `value`."""

    argument: int
    value: int

    def code(self) -> tuple[Instruction, ...]:
        """Instructions that skip the one after them when the condition does not hold."""
        return (_load_low(self.argument), Instruction(JUMP_EQUAL, 0, 1, self.value))


@dataclass(frozen=True, slots=True)
class NotAmong:
    """The low 32 bits of an argument are none of `values`."""

    argument: int
    values: tuple[int, ...]

    def code(self) -> tuple[Instruction, ...]:
        """Instructions that skip the one after them when the condition does not hold."""
        last = len(self.values) - 1
        tests = (Instruction(JUMP_EQUAL, last - at + 1, 0, value) for at, value in enumerate(self.values))
        return (_load_low(self.argument), *tests)


@dataclass(frozen=True, slots=True)
class AnyBits:
    """At least one of the bits of `mask` is set in the low 32 bits of an argument."""

    argument: int
    mask: int

    def code(self) -> tuple[Instruction, ...]:
        """Instructions that skip the one after them when the condition does not hold."""
        return (_load_low(self.argument), Instruction(JUMP_ANY_BIT, 0, 1, self.mask))


@dataclass(frozen=True, slots=True)
class NoBits:
    """None of the bits of `mask` is set in the low 32 bits of an argument."""

    argument: int
    mask: int

    def code(self) -> tuple[Instruction, ...]:
        """Instructions that skip the one after them when the condition does not hold."""
        return (_load_low(self.argument), Instruction(JUMP_ANY_BIT, 1, 0, self.mask))


@dataclass(frozen=True, slots=True)
class NotNull:
    """A pointer argument is not null; all 64 bits count."""

    argument: int

    def code(self) -> tuple[Instruction, ...]:
        """Instructions that skip the one after them when the condition does not hold."""
        return (
            _load_low(self.argument),
            Instruction(JUMP_EQUAL, 0, 2, 0),
            Instruction(LOAD, 0, 0, _ARGUMENTS + 8 * self.argument + 4),
            Instruction(JUMP_EQUAL, 1, 0, 0),
        )


Condition = Equal | NotAmong | AnyBits | NoBits | NotNull


@dataclass(frozen=True, slots=True)
class Rule:
    """What happens to one system call, when its condition holds (always, when there is none)."""

    number: int
    action: int
    when: Condition | None = None


def assemble(audit_token: int, foreign_from: int | None, foreign: int, rules: Iterable[Rule]) -> bytes:
    """A whole filter: first rule that fits decides, and what no rule names is allowed.

    Args:
        audit_token: the `AUDIT_ARCH_*` value of the only allowed ABI; calls in another one kill the process.
        foreign_from: the lowest number that belongs to a second ABI with the same token (x32), if there is
            one.
        foreign: the action for those numbers.
        rules: in order. Arguments are compared as little-endian 64-bit words.

    Raises:
        ValueError: the program would be longer than the kernel takes.
    """
    program = [
        Instruction(LOAD, 0, 0, _ARCHITECTURE),
        Instruction(JUMP_EQUAL, 1, 0, audit_token),
        Instruction(RETURN, 0, 0, KILL_PROCESS),
        _load_number(),
    ]
    if foreign_from is not None:
        program += [Instruction(JUMP_AT_LEAST, 0, 1, foreign_from), Instruction(RETURN, 0, 0, foreign)]
    for rule in rules:
        program += _rule_code(rule)
    program.append(Instruction(RETURN, 0, 0, ALLOW))
    if len(program) > MAX_INSTRUCTIONS:
        raise ValueError(f"a filter of {len(program)} instructions is longer than the kernel takes")
    return b"".join(instruction.encoded() for instruction in program)


def _rule_code(rule: Rule) -> Sequence[Instruction]:
    """The accumulator holds the call's number before and after."""
    if rule.when is None:
        return (Instruction(JUMP_EQUAL, 0, 1, rule.number), Instruction(RETURN, 0, 0, rule.action))
    condition = rule.when.code()
    return (
        Instruction(JUMP_EQUAL, 0, len(condition) + 1, rule.number),
        *condition,
        Instruction(RETURN, 0, 0, rule.action),
        _load_number(),
    )


def _load_number() -> Instruction:
    return Instruction(LOAD, 0, 0, _NUMBER)


def _load_low(argument: int) -> Instruction:
    return Instruction(LOAD, 0, 0, _ARGUMENTS + 8 * argument)


# The rules for each kind of process.

AF_UNIX = 1

_DENIED = refuse(errno.EACCES)
_FORBIDDEN = refuse(errno.EPERM)
_UNKNOWN_CALL = refuse(errno.ENOSYS)

_CLONE_THREAD = 0x00010000
# CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET.
_CLONE_NAMESPACES = 0x7E020000

# O_WRONLY, O_RDWR, O_CREAT, O_TRUNC: the same on both architectures. O_TMPFILE needs one of the first two.
_OPEN_TO_WRITE = 0o1 | 0o2 | 0o100 | 0o1000

# TIOCSTI types into the terminal, TIOCLINUX pastes into a console: both make a shell run commands.
_TERMINAL_INPUT = (0x5412, 0x541C)
# TCGETS, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX: what Python asks of a descriptor.
_HARMLESS_IOCTLS = (0x5401, 0x541B, 0x5421, 0x5450, 0x5451)
# F_SETOWN, F_SETSIG, F_SETOWN_EX make the kernel signal another process; F_SETLEASE holds up others who open
# a file, F_NOTIFY reports changes in a folder.
_REFUSED_FCNTLS = (8, 10, 15, 1024, 1026)
# PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_PTRACER: what ties a worker to the daemon stays as it is.
_KEPT_PRCTLS = (1, 4, 0x59616D61)

_NEW_SOCKETS = ("socket", "socketpair", "connect", "bind", "listen")
_ACCEPT = ("accept", "accept4")
_SEND_ANYWHERE = ("sendmsg", "sendmmsg")
# A descriptor can come along with a message (SCM_RIGHTS), a connected internet socket too.
_RECEIVE_DESCRIPTORS = ("recvmsg", "recvmmsg")

_BACK_DOORS = (
    "io_uring_setup",
    "io_uring_enter",
    "io_uring_register",
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "pidfd_getfd",
    "kcmp",
    "bpf",
    "perf_event_open",
    "userfaultfd",
    "add_key",
    "request_key",
    "keyctl",
)
# Only root may do most of these. They keep a daemon that runs as root from mounting a share or loading code.
_SYSTEM = (
    "unshare",
    "setns",
    "mount",
    "umount2",
    "pivot_root",
    "chroot",
    "move_mount",
    "fsopen",
    "fsconfig",
    "fsmount",
    "fspick",
    "open_tree",
    "open_tree_attr",
    "mount_setattr",
    "init_module",
    "finit_module",
    "delete_module",
    "create_module",
    "kexec_load",
    "kexec_file_load",
    "open_by_handle_at",
    "fanotify_init",
    "swapon",
    "swapoff",
    "reboot",
    "acct",
    "iopl",
    "ioperm",
    "modify_ldt",
    "uselib",
    "nfsservctl",
    "quotactl",
    "quotactl_fd",
    "syslog",
    "sethostname",
    "setdomainname",
    "settimeofday",
    "clock_settime",
)
_NEW_PROGRAMS = ("execve", "execveat")
_NEW_PROCESSES = ("fork", "vfork")
_SIGNALS_ANYWHERE = ("tkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "pidfd_send_signal", "pidfd_open")
_OTHER_PROCESSES = (
    "setsid",
    "setpgid",
    "setpriority",
    "sched_setscheduler",
    "sched_setparam",
    "sched_setattr",
    "sched_setaffinity",
    "migrate_pages",
    "move_pages",
    "process_madvise",
    "process_mrelease",
    "ioprio_set",
    "setrlimit",
)
_CHANGES_TO_FILES = (
    "creat",
    "truncate",
    "mkdir",
    "mkdirat",
    "rmdir",
    "unlink",
    "unlinkat",
    "rename",
    "renameat",
    "renameat2",
    "link",
    "linkat",
    "symlink",
    "symlinkat",
    "mknod",
    "mknodat",
    "chmod",
    "fchmod",
    "fchmodat",
    "fchmodat2",
    "chown",
    "fchown",
    "lchown",
    "fchownat",
    "utime",
    "utimes",
    "futimesat",
    "utimensat",
    "setxattr",
    "lsetxattr",
    "fsetxattr",
    "setxattrat",
    "removexattr",
    "lremovexattr",
    "fremovexattr",
    "removexattrat",
    "file_setattr",
)
# Landlock does not cover these: names of files as they come and go, and attributes that may say from where a
# picture was downloaded.
_LOOKS_AT_FILES = (
    "inotify_init",
    "inotify_init1",
    "inotify_add_watch",
    "getxattr",
    "lgetxattr",
    "fgetxattr",
    "getxattrat",
    "listxattr",
    "llistxattr",
    "flistxattr",
    "listxattrat",
    "name_to_handle_at",
    "statmount",
    "listmount",
)
_SHARED_MEMORY = (
    "shmget",
    "shmat",
    "msgget",
    "msgsnd",
    "semget",
    "semop",
    "semtimedop",
    "mq_open",
    "mq_unlink",
)


def daemon_filter(machine: Architecture) -> bytes:
    """The daemon reads image bytes: it accepts on the listener that it has, and gets no other socket."""
    rules = [
        *_always(machine),
        *_rules(machine, _NEW_SOCKETS, _DENIED),
        *_rules(machine, ("sendto",), _DENIED, NotNull(4)),
        *_rules(machine, (*_SEND_ANYWHERE, *_RECEIVE_DESCRIPTORS), _DENIED),
    ]
    return _filter(machine, rules)


def client_filter(machine: Architecture) -> bytes:
    """Tray, window and command line: sockets on this computer only (AF_UNIX)."""
    rules = [*_always(machine), *_rules(machine, ("socket", "socketpair"), _DENIED, NotAmong(0, (AF_UNIX,)))]
    return _filter(machine, rules)


def worker_filter(machine: Architecture, pid: int) -> bytes:
    """A worker computes: no socket, no process, no signal but to itself, nothing opened for writing.

    Args:
        machine: the architecture it runs on.
        pid: the worker's own process id, the only one it may signal.
    """
    return _filter(machine, [*_confined(machine, pid), *_rules(machine, _NEW_PROGRAMS, _FORBIDDEN)])


def tool_filter(machine: Architecture, pid: int) -> bytes:
    """As a worker's, but the process may still turn into another program, which then has this filter too.

    Which program that may be is Landlock's part: only the tool's own file is executable.
    """
    return _filter(machine, list(_confined(machine, pid)))


def _confined(machine: Architecture, pid: int) -> Iterator[Rule]:
    """What workers and tools share. Rules with conditions first: the kernel cannot cache their answers."""
    yield from _rules(machine, ("open",), _DENIED, AnyBits(1, _OPEN_TO_WRITE))
    yield from _rules(machine, ("openat",), _DENIED, AnyBits(2, _OPEN_TO_WRITE))
    # Its flags are behind a pointer, out of a filter's sight; C libraries fall back to openat.
    yield from _rules(machine, ("openat2",), _UNKNOWN_CALL)
    yield from _rules(machine, ("ioctl",), refuse(errno.ENOTTY), NotAmong(1, _HARMLESS_IOCTLS))
    for command in _REFUSED_FCNTLS:
        yield from _rules(machine, ("fcntl",), _FORBIDDEN, Equal(1, command))
    for option in _KEPT_PRCTLS:
        yield from _rules(machine, ("prctl",), _FORBIDDEN, Equal(0, option))
    yield from _rules(machine, ("prlimit64",), _FORBIDDEN, NotNull(2))
    # Threads stay possible. clone3 hides its flags behind a pointer; C libraries fall back to clone.
    yield from _rules(machine, ("clone",), _FORBIDDEN, NoBits(0, _CLONE_THREAD))
    yield from _rules(machine, ("kill", "tgkill"), _FORBIDDEN, NotAmong(0, (pid,)))
    yield from _always(machine)
    yield from _rules(machine, (*_NEW_SOCKETS, *_ACCEPT, "sendto", *_SEND_ANYWHERE), _DENIED)
    yield from _rules(machine, ("recvfrom", *_RECEIVE_DESCRIPTORS), _DENIED)
    yield from _rules(machine, (*_CHANGES_TO_FILES, *_LOOKS_AT_FILES), _DENIED)
    yield from _rules(machine, (*_NEW_PROCESSES, *_SIGNALS_ANYWHERE), _FORBIDDEN)
    yield from _rules(machine, (*_OTHER_PROCESSES, *_SHARED_MEMORY), _FORBIDDEN)


def _always(machine: Architecture) -> Iterator[Rule]:
    """What no process of ours needs."""
    for command in _TERMINAL_INPUT:
        yield from _rules(machine, ("ioctl",), _FORBIDDEN, Equal(1, command))
    yield from _rules(machine, ("clone",), _FORBIDDEN, AnyBits(0, _CLONE_NAMESPACES))
    yield from _rules(machine, ("clone3",), _UNKNOWN_CALL)
    yield from _rules(machine, (*_BACK_DOORS, *_SYSTEM), _FORBIDDEN)


def _rules(
    machine: Architecture, calls: Sequence[str], action: int, when: Condition | None = None
) -> Iterator[Rule]:
    return (Rule(number, action, when) for number in machine.numbers(calls))


def _filter(machine: Architecture, rules: Sequence[Rule]) -> bytes:
    return assemble(machine.audit_token, machine.foreign_from, _UNKNOWN_CALL, rules)
