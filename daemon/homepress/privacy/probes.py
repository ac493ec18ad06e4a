"""The attempts themselves on Linux, made by raw system calls so that no library stands between.

No attempt sends a packet, even where the system lets everything through: sockets are made and closed again, a
UDP socket is connected (which sends nothing), and the other calls carry arguments that can only fail. Files
are opened and closed again, nothing is read. A name is looked up that does not exist: "no such file" would
say that the kernel has looked, and on a network drive it would have asked the server.
"""

import ctypes
import errno
import os
import resource
import struct
from collections.abc import Iterator

from homepress.base.results import AttemptKind, ProbeAttempt
from homepress.privacy import syscalls
from homepress.privacy.calls import Architecture
from homepress.privacy.syscalls import Argument

_UNIX, _INET, _INET6, _NETLINK, _PACKET, _BLUETOOTH, _VSOCK = 1, 2, 10, 16, 17, 31, 40
_FAMILIES = range(1, 46)
_STREAM, _DATAGRAM, _RAW, _SEQUENCED = 1, 2, 3, 5
_CLOSE_ON_EXEC = 0o2000000
_ICMP = 1
_DNS_PORT = 53
_NO_DESCRIPTOR = -1
_MOST_DESCRIPTORS = 4096
_HERE = -100
"""AT_FDCWD."""

# CLONE_SIGHAND without CLONE_VM, CLONE_THREAD without CLONE_SIGHAND: both EINVAL (clone(2)).
_SHARED_HANDLERS_WITHOUT_MEMORY = 0x00000800
_THREAD_WITHOUT_HANDLERS = 0x00010000

_LOOKS = {"newfstatat": "asking for its size", "readlinkat": "reading a link"}

_QUEUES = (
    ("shared memory (System V)", "shmctl"),
    ("a message queue (System V)", "msgrcv"),
    ("a semaphore (System V)", "semctl"),
    ("a message queue (POSIX)", "mq_timedreceive"),
)
"""Each with a call that takes what another program has made, by its number."""

# What a filter answers. Any other error means that the kernel looked at the call: the way is open.
_REFUSALS = {errno.EACCES, errno.EPERM, errno.ENOSYS}


def network_attempts(machine: Architecture) -> Iterator[ProbeAttempt]:
    """Everything that leads off this computer."""
    tcp = _socket(machine, "TCP", _INET, _STREAM)
    yield tcp
    yield _socket(machine, "UDP", _INET, _DATAGRAM)
    yield _socket(machine, "TCP over IPv6", _INET6, _STREAM)
    yield _socket(machine, "UDP over IPv6", _INET6, _DATAGRAM)
    yield _dns(machine)
    yield _socket(machine, "raw IP", _INET, _RAW, _ICMP)
    yield _socket(machine, "raw packets", _PACKET, _RAW)
    yield _socket(machine, "netlink", _NETLINK, _RAW)
    if not tcp.allowed:
        # Where nothing is refused these would only make the kernel load modules for them.
        yield _socket(machine, "vsock", _VSOCK, _STREAM)
        yield _socket(machine, "Bluetooth", _BLUETOOTH, _RAW)
        yield _other_families(machine)
    yield _call(machine, "io_uring", "io_uring_setup", 1, None)
    yield _call(machine, "a descriptor of another process", "pidfd_getfd", _NO_DESCRIPTOR, 0, 0)
    yield _call(machine, "a look-up by the kernel", "request_key", None, None, None, 0)
    yield _call(machine, "another process's memory", "process_vm_writev", 0, None, 0, None, 0, 0)


def local_attempts(machine: Architecture) -> Iterator[ProbeAttempt]:
    """What reaches other programs on this computer: session bus, proxies, container sockets."""
    yield _socket(machine, "a local socket", _UNIX, _STREAM, local=True)
    yield _socket_pair(machine)
    yield _call(machine, "connecting", "connect", _NO_DESCRIPTOR, None, 0, kind="local")
    nowhere = struct.pack("=H", _UNIX)
    yield _call(
        machine, "sending to an address", "sendto", _NO_DESCRIPTOR, b"", 0, 0, nowhere, 2, kind="local"
    )
    yield _call(machine, "receiving a descriptor", "recvmsg", _NO_DESCRIPTOR, None, 0, kind="local")


def other_attempts(machine: Architecture, other: int) -> Iterator[ProbeAttempt]:
    """What reaches into other programs: their memory, memory and queues that are shared with them, signals.

    Args:
        machine: the architecture this process runs on.
        other: an ordinary process of this user, whose memory is opened, without being read; 0 for none.
    """
    if other:
        memory = f"/proc/{other}/mem"
        yield _open(machine, "memory of another program", memory, os.O_RDWR, "programs")
    yield _call(machine, "reading it by a call", "process_vm_readv", 0, None, 0, None, 0, 0, kind="programs")
    if other:
        yield _call(machine, "a signal to another program", "kill", other, 0, kind="signals")
    for name, call in _QUEUES:
        if call in machine.table():
            yield _call(machine, name, call, _NO_DESCRIPTOR, None, 0, 0, 0, kind="ipc")


def file_attempts(machine: Architecture) -> Iterator[ProbeAttempt]:
    """What reaches files: opening one, and looking whether there is one of a name."""
    yield _open(machine, "opening a folder", "/", os.O_RDONLY | os.O_DIRECTORY, "files")
    name = f"/homepress-looks-for-{os.getpid()}"
    yield _call(machine, "looking for a name", "openat", _HERE, name.encode(), os.O_PATH, 0, kind="names")
    for call in _LOOKS:
        if call in machine.table():
            found = (ctypes.c_uint32 * 64)()
            yield _call(machine, _LOOKS[call], call, _HERE, name.encode(), found, 0, kind="names")


def process_attempts(machine: Architecture) -> Iterator[ProbeAttempt]:
    """What starts something; the flags of clone(2) contradict each other, so that nothing begins."""
    yield _call(machine, "another process", "clone", _SHARED_HANDLERS_WITHOUT_MEMORY, None, kind="start")
    yield _call(machine, "another program", "execve", None, None, None, kind="start")
    yield _call(machine, "another thread", "clone", _THREAD_WITHOUT_HANDLERS, None, kind="threads")


def holds_foreign_sockets(machine: Architecture) -> bool:
    """Whether this process has any socket open that is not AF_UNIX, inherited perhaps."""
    return any(family != _UNIX for family in _held_families(machine))


def _held_families(machine: Architecture) -> Iterator[int]:
    for descriptor in _descriptors():
        try:
            address, size = (ctypes.c_uint32 * 32)(), (ctypes.c_uint32 * 1)(128)
            syscalls.call(machine.number("getsockname"), descriptor, address, size)
        except OSError:
            continue  # No socket, or closed meanwhile.
        yield address[0] & 0xFFFF


def _descriptors() -> list[int]:
    """The numbers of the open descriptors; where /proc cannot be read, all that may be open."""
    try:
        return [int(name) for name in os.listdir("/proc/self/fd")]
    except OSError:
        return list(range(min(resource.getrlimit(resource.RLIMIT_NOFILE)[0], _MOST_DESCRIPTORS)))


def _socket(
    machine: Architecture, name: str, family: int, kind: int, protocol: int = 0, *, local: bool = False
) -> ProbeAttempt:
    purpose: AttemptKind = "local" if local else "network"
    try:
        os.close(_open_socket(machine, family, kind, protocol))
    except OSError as error:
        return ProbeAttempt(name, False, _answer(error), local, purpose)
    return ProbeAttempt(name, True, "allowed", local, purpose)


def _socket_pair(machine: Architecture) -> ProbeAttempt:
    pair = (ctypes.c_uint32 * 2)()
    try:
        syscalls.call(machine.number("socketpair"), _UNIX, _STREAM | _CLOSE_ON_EXEC, 0, pair)
    except OSError as error:
        return ProbeAttempt("a pair of sockets", False, _answer(error), True, "local")
    for descriptor in pair:
        os.close(descriptor)
    return ProbeAttempt("a pair of sockets", True, "allowed", True, "local")


def _other_families(machine: Architecture) -> ProbeAttempt:
    """Every address family but AF_UNIX, in every kind of socket."""
    opened: list[int] = []
    answers: set[str] = set()
    for family in _FAMILIES:
        for kind in (_STREAM, _DATAGRAM, _RAW, _SEQUENCED):
            if family == _UNIX:
                continue
            attempt = _socket(machine, "", family, kind)
            answers.add(attempt.answer)
            if attempt.allowed:
                opened.append(family)
    name = f"all {len(_FAMILIES) - 1} address families"
    if opened:
        return ProbeAttempt(name, True, f"allowed: {', '.join(map(str, sorted(set(opened))))}")
    return ProbeAttempt(name, False, ", ".join(sorted(answers)))


def _dns(machine: Architecture) -> ProbeAttempt:
    """What a resolver does first: a UDP socket, connected to port 53. Connecting sends nothing."""
    name = "a DNS query"
    try:
        descriptor = _open_socket(machine, _INET, _DATAGRAM, 0)
    except OSError as error:
        return ProbeAttempt(name, False, _answer(error))
    try:
        loopback = struct.pack("=H", _INET) + struct.pack("!H4s8x", _DNS_PORT, bytes((127, 0, 0, 1)))
        syscalls.call(machine.number("connect"), descriptor, loopback, len(loopback))
    except OSError as error:
        return ProbeAttempt(name, False, _answer(error))
    finally:
        os.close(descriptor)
    return ProbeAttempt(name, True, "allowed")


def _open_socket(machine: Architecture, family: int, kind: int, protocol: int) -> int:
    return syscalls.call(machine.number("socket"), family, kind | _CLOSE_ON_EXEC, protocol)


def _call(
    machine: Architecture,
    name: str,
    call: str,
    *arguments: Argument,
    kind: AttemptKind = "network",
) -> ProbeAttempt:
    """A call whose arguments make no sense: a filter refuses it before the kernel looks at them."""
    try:
        syscalls.call(machine.number(call), *arguments)
    except OSError as error:
        allowed = error.errno not in _REFUSALS
        answer = f"allowed (then {_answer(error)})" if allowed else _answer(error)
        return ProbeAttempt(name, allowed, answer, kind == "local", kind)
    return ProbeAttempt(name, True, "allowed", kind == "local", kind)


def _open(machine: Architecture, name: str, path: str, flags: int, kind: AttemptKind) -> ProbeAttempt:
    try:
        call = machine.number("openat")
        os.close(syscalls.call(call, _HERE, path.encode(), flags | os.O_CLOEXEC, 0))
    except OSError as error:
        return ProbeAttempt(name, False, _answer(error), kind=kind)
    return ProbeAttempt(name, True, "allowed", kind=kind)


def _answer(error: OSError) -> str:
    return f"{errno.errorcode.get(error.errno or 0, error.errno)}: {error.strerror}"
