"""The attempts themselves on Linux, made by raw system calls so that no library stands between.

No attempt sends a packet, even where the system lets everything through: sockets are made and closed again, a
UDP socket is connected (which sends nothing), and the other calls carry arguments that can only fail.
"""

import ctypes
import errno
import os
import resource
import struct
from collections.abc import Iterator

from homepress.base.results import ProbeAttempt
from homepress.privacy import syscalls
from homepress.privacy.calls import Architecture

_UNIX, _INET, _INET6, _NETLINK, _PACKET, _BLUETOOTH, _VSOCK = 1, 2, 10, 16, 17, 31, 40
_FAMILIES = range(1, 46)
_STREAM, _DATAGRAM, _RAW, _SEQUENCED = 1, 2, 3, 5
_CLOSE_ON_EXEC = 0o2000000
_ICMP = 1
_DNS_PORT = 53
_NO_DESCRIPTOR = -1
_MOST_DESCRIPTORS = 4096

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
    yield _call(machine, "connecting", "connect", _NO_DESCRIPTOR, None, 0, local=True)
    nowhere = struct.pack("=H", _UNIX)
    yield _call(machine, "sending to an address", "sendto", _NO_DESCRIPTOR, b"", 0, 0, nowhere, 2, local=True)
    yield _call(machine, "receiving a descriptor", "recvmsg", _NO_DESCRIPTOR, None, 0, local=True)


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
    try:
        os.close(_open_socket(machine, family, kind, protocol))
    except OSError as error:
        return ProbeAttempt(name, False, _answer(error), local)
    return ProbeAttempt(name, True, "allowed", local)


def _socket_pair(machine: Architecture) -> ProbeAttempt:
    pair = (ctypes.c_uint32 * 2)()
    try:
        syscalls.call(machine.number("socketpair"), _UNIX, _STREAM | _CLOSE_ON_EXEC, 0, pair)
    except OSError as error:
        return ProbeAttempt("a pair of sockets", False, _answer(error), True)
    for descriptor in pair:
        os.close(descriptor)
    return ProbeAttempt("a pair of sockets", True, "allowed", True)


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
    machine: Architecture, name: str, call: str, *arguments: int | bytes | None, local: bool = False
) -> ProbeAttempt:
    """A call whose arguments make no sense: a filter refuses it before the kernel looks at them."""
    try:
        syscalls.call(machine.number(call), *arguments)
    except OSError as error:
        allowed = error.errno not in _REFUSALS
        answer = f"allowed (then {_answer(error)})" if allowed else _answer(error)
        return ProbeAttempt(name, allowed, answer, local)
    return ProbeAttempt(name, True, "allowed", local)


def _answer(error: OSError) -> str:
    return f"{errno.errorcode.get(error.errno or 0, error.errno)}: {error.strerror}"
