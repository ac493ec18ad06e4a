"""Landlock: the kernel's file sandbox that a process puts on itself.

It covers the calling thread and those it starts, so it has to be set while there is one thread only.

Source: Linux `Documentation/userspace-api/landlock.rst` and `linux/landlock.h`.
"""

import os
import stat
import struct
from collections.abc import Iterable
from pathlib import Path

from homepress.privacy import syscalls
from homepress.privacy.calls import Architecture

_VERSION_QUERY = 1
_RULE_PATH_BENEATH = 1

_EXECUTE = 1 << 0
_READ_FILE = 1 << 2
_READ_DIR = 1 << 3

# All file rights of the first ABI; REFER came with 2, TRUNCATE with 3, IOCTL_DEV with 5.
_FILE_RIGHTS = ((1, (1 << 13) - 1), (2, 1 << 13), (3, 1 << 14), (5, 1 << 15))
_TCP_SINCE = 4
_TCP_BIND_AND_CONNECT = 0b11
_SCOPES_SINCE = 6
_SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS = 0b11


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
    ruleset = syscalls.call(
        machine.number("landlock_create_ruleset"), *_sized(ruleset_attributes(version)), 0
    )
    try:
        for path in readable:
            _allow(machine, ruleset, path, _READ_FILE | _READ_DIR)
        for path in executable:
            _allow(machine, ruleset, path, _READ_FILE | _EXECUTE)
        syscalls.call(machine.number("landlock_restrict_self"), ruleset, 0)
    finally:
        os.close(ruleset)
    return version


def ruleset_attributes(version: int) -> bytes:
    """`struct landlock_ruleset_attr` that handles, and so denies, all that this ABI knows.

    An older kernel takes the shorter structure only.
    """
    rights = 0
    for since, bits in _FILE_RIGHTS:
        if version >= since:
            rights |= bits
    words = [rights]
    if version >= _TCP_SINCE:
        words.append(_TCP_BIND_AND_CONNECT)
    if version >= _SCOPES_SINCE:
        words.append(_SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS)
    return struct.pack(f"={len(words)}Q", *words)


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


def _sized(attributes: bytes) -> tuple[bytes, int]:
    return attributes, len(attributes)
