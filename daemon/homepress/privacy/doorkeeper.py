"""Closes the doors behind a helper program: it uses names of files until it reads its input, and none after.

A program's loader opens libraries by name, behind the lock, and no filter can be tightened from outside. So
the kernel asks a second process of ours about these calls (seccomp's user notification), which sees numbers
of calls and nothing else. It says yes until the program asks for the first byte of its input, the picture;
from then on it says no. It ends with the program.

Source: Linux `Documentation/userspace-api/seccomp_filter.rst` and `linux/seccomp.h`; needs 5.9, and is not
tried before 5.13, as it is Landlock that shows the version.
"""

import errno
import fcntl
import os
import select
import signal
import struct

from homepress.privacy import landlock, syscalls
from homepress.privacy.calls import Architecture
from homepress.privacy.filters import READS, doorkeeper_filter, watched_filter

_NEW_LISTENER = 8
_SET_MODE_FILTER = 1
_RECEIVE, _SEND = 0xC0502100, 0xC0182101
_QUESTION, _ANSWER = "=QIIiI", "=QqiI"
_QUESTION_BYTES = 80
_LET_IT_GO_ON = 1
_SHARE_DESCRIPTORS = 0x400
_NO_LONGER_SHARED = 2
_NUMBER = struct.Struct("=i")
_MOST_SECONDS = 10.0


def keep_doors(machine: Architecture) -> None:
    """Have this process watched, from here on and after it has become a program.

    To be called while there is one thread, before the other locks. Nothing happens where the kernel is too
    old, or has such a process for us already (a container's manager): there can be one. Where the other
    process fails, all that it would have been asked is refused.
    """
    if landlock.abi(machine) == 0:
        return
    syscalls.forbid_new_privileges()
    told, tell = os.pipe()
    ready, say = os.pipe()
    # Descriptors are shared until the listener is there, so that it need not be sent.
    if syscalls.call(machine.number("clone"), _SHARE_DESCRIPTORS | signal.SIGCHLD, 0, 0, 0, 0) == 0:
        _watch(machine, told, say)
    program = syscalls.filter_program(watched_filter(machine))
    try:
        listener = syscalls.call(machine.number("seccomp"), _SET_MODE_FILTER, _NEW_LISTENER, program)
    except OSError:
        listener = -1
    os.write(tell, _NUMBER.pack(listener))
    if listener >= 0:
        select.select([ready], [], [], _MOST_SECONDS)
        os.close(listener)
    for descriptor in (told, tell, ready, say):
        os.close(descriptor)


def _watch(machine: Architecture, told: int, say: int) -> None:
    """Be the other process; does not return."""
    try:
        (listener,) = _NUMBER.unpack(os.read(told, _NUMBER.size))
        if listener < 0:
            return
        # From here on our table is our own, without the pipes to the daemon, whose ends it waits for.
        syscalls.call(machine.number("close_range"), 0, 2, _NO_LONGER_SHARED)
        os.write(say, b".")
        landlock.restrict(machine, ())
        syscalls.drop_capabilities(machine.number("capset"))
        syscalls.install_filter(machine.number("seccomp"), doorkeeper_filter(machine, os.getpid()))
        _answer_all(listener, {machine.table()[name] for name in READS})
    finally:
        os._exit(0)


def _answer_all(listener: int, reads: set[int]) -> None:
    """Answer until the program has ended."""
    open_doors = True
    ready = select.poll()
    ready.register(listener, select.POLLIN)
    while not ready.poll()[0][1] & select.POLLHUP:
        question = bytearray(_QUESTION_BYTES)
        fcntl.ioctl(listener, _RECEIVE, question)
        which, _, _, number, _ = struct.unpack_from(_QUESTION, question)
        open_doors = open_doors and number not in reads
        allowed = open_doors or number in reads
        error, flags = (0, _LET_IT_GO_ON) if allowed else (-errno.EACCES, 0)
        fcntl.ioctl(listener, _SEND, struct.pack(_ANSWER, which, 0, error, flags))
