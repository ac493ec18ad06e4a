"""Landlock: the kernel's sandbox that a process puts on itself, in layers (at most 16).

`restrict` confines a process to a few files. `set_apart` leaves it its way to files and takes other programs
from it. Either covers the calling thread and those it starts, so it has to be set while there is one thread
only.

Source: Linux `Documentation/userspace-api/landlock.rst` and `linux/landlock.h`.
"""

import contextlib
import os
import stat
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path

from homepress.privacy import syscalls
from homepress.privacy.calls import Architecture
from homepress.privacy.roles import Domain

_VERSION_QUERY = 1
_RULE_PATH_BENEATH = 1

_EXECUTE = 1 << 0
_READ_FILE = 1 << 2
_READ_DIR = 1 << 3
_MAKE_BLOCK_DEVICE = 1 << 11
_REFER = 1 << 13
_IOCTL_DEV = 1 << 15

# All file rights of the first ABI; REFER came with 2, TRUNCATE with 3, IOCTL_DEV with 5.
_FILE_RIGHTS = ((1, (1 << 13) - 1), (2, 1 << 13), (3, 1 << 14), (5, 1 << 15))
_REFER_SINCE = 2
_TCP_SINCE = 4
_TCP_BIND_AND_CONNECT = 0b11
_IOCTL_DEV_SINCE = 5
_SCOPES_SINCE = 6
_SCOPE_ABSTRACT_SOCKETS = 0b01
_SCOPE_SIGNALS = 0b10

LEAST_FOR_A_DOMAIN = _REFER_SINCE
"""The first ABI under which a process can have a domain and still move files from folder to folder."""


def abi(machine: Architecture) -> int:
    """The version of Landlock that this kernel has; 0 when it has none or it is switched off."""
    try:
        return syscalls.call(machine.number("landlock_create_ruleset"), None, 0, _VERSION_QUERY)
    except OSError:
        return 0


def restrict(machine: Architecture, readable: Iterable[Path], executable: Iterable[Path] = ()) -> int:
    """Confine this thread: only `readable` can be read, nothing written, no TCP, no signal to the outside.

    Args:
        machine: the architecture this process runs on.
        readable: files and folders, with all in them; those that are not there are passed over.
        executable: programs that may also be executed.

    Returns:
        The ABI in force; 0 when the kernel has no Landlock, and then nothing is confined.

    Raises:
        OSError: the kernel refused the ruleset.
    """
    version = abi(machine)
    if version == 0:
        return 0
    with _ruleset(machine, ruleset_attributes(version)) as ruleset:
        for path in readable:
            _allow(machine, ruleset, path, _READ_FILE | _READ_DIR)
        for path in executable:
            _allow(machine, ruleset, path, _READ_FILE | _EXECUTE)
    return version


def set_apart(machine: Architecture, domain: Domain) -> int:
    """Take other programs from this thread, and what else a domain handles; files stay as they were.

    The kernel lets no process with a domain look into one outside of it. Something about files has to be
    handled for that: making block devices. Whatever is handled, ABI 1 lets no file be moved or linked to
    another folder, so there is no domain under it.

    Returns:
        The ABI in force; 0 when the kernel has none that would do.

    Raises:
        OSError: the kernel refused the ruleset, since there are 16 layers already, for example.
    """
    version = abi(machine)
    if version < LEAST_FOR_A_DOMAIN:
        return 0
    with _ruleset(machine, domain_attributes(version, domain)) as ruleset:
        _allow(machine, ruleset, Path("/"), _REFER)
    return version


def ruleset_attributes(version: int) -> bytes:
    """`struct landlock_ruleset_attr` that handles, and so denies, all that this ABI knows.

    An older kernel takes the shorter structure only.
    """
    rights = 0
    for since, bits in _FILE_RIGHTS:
        if version >= since:
            rights |= bits
    return _packed(version, rights, _TCP_BIND_AND_CONNECT, _SCOPE_ABSTRACT_SOCKETS | _SCOPE_SIGNALS)


def domain_attributes(version: int, domain: Domain) -> bytes:
    """`struct landlock_ruleset_attr` that handles what this ABI knows of a domain."""
    rights = _MAKE_BLOCK_DEVICE | _REFER
    if domain.blocks_devices and version >= _IOCTL_DEV_SINCE:
        rights |= _IOCTL_DEV
    scopes = _SCOPE_ABSTRACT_SOCKETS * domain.blocks_abstract_sockets | _SCOPE_SIGNALS * domain.blocks_signals
    return _packed(version, rights, _TCP_BIND_AND_CONNECT * domain.blocks_tcp, scopes)


def _packed(version: int, rights: int, network: int, scopes: int) -> bytes:
    words = [rights]
    if version >= _TCP_SINCE:
        words.append(network)
    if version >= _SCOPES_SINCE:
        words.append(scopes)
    return struct.pack(f"={len(words)}Q", *words)


@contextlib.contextmanager
def _ruleset(machine: Architecture, attributes: bytes) -> Iterator[int]:
    """A ruleset to add rules to, put on this thread at the end of the block."""
    create = machine.number("landlock_create_ruleset")
    ruleset = syscalls.call(create, attributes, len(attributes), 0)
    try:
        yield ruleset
        syscalls.call(machine.number("landlock_restrict_self"), ruleset, 0)
    finally:
        os.close(ruleset)


def _allow(machine: Architecture, ruleset: int, path: Path, rights: int) -> None:
    try:
        target = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # What cannot be opened here stays unreadable, which is the safe side.
    try:
        if not stat.S_ISDIR(os.fstat(target).st_mode):
            rights &= ~_READ_DIR
        rule = struct.pack("=Qi", rights, target)
        syscalls.call(machine.number("landlock_add_rule"), ruleset, _RULE_PATH_BENEATH, rule, 0)
    finally:
        os.close(target)
