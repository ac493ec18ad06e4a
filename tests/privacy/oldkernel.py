"""Runs a command as on an older kernel: `oldkernel.py VERSION COMMAND ...`.

VERSION is what Landlock says its version is to the command and to all that it starts; 0 is a kernel without
it. This process answers for the kernel (seccomp_unotify(2)): the question for the version with that number,
everything else goes on as it is. A ruleset that such a kernel would not know is refused (EINVAL, E2BIG).
"""

import array
import ctypes
import errno
import fcntl
import os
import platform
import select
import socket
import struct
import sys

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
SECCOMP = {"x86_64": 317, "aarch64": 277}[platform.machine()]
NEW_LISTENER = 1 << 3
ALLOW, NOTIFY, ERRNO = 0x7FFF0000, 0x7FC00000, 0x00050000
RECEIVE, SEND = 0xC0502100, 0xC0182101
CONTINUE = 1
ATTRIBUTE_BYTES = {1: 8, 2: 8, 3: 8, 4: 16, 5: 16}
FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}

_libc = ctypes.CDLL(None, use_errno=True)


class Program(ctypes.Structure):
    """`struct sock_fprog`."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def install(version: int) -> int:
    """Put the filter on this process; the descriptor to answer at, or 0 where nobody need answer."""
    action = NOTIFY if version else ERRNO | errno.ENOSYS
    code = [(0x20, 0, 0, 0)]
    for number in (CREATE_RULESET,) if version else (CREATE_RULESET, ADD_RULE, RESTRICT_SELF):
        code += [(0x15, 0, 1, number), (0x06, 0, 0, action)]
    code.append((0x06, 0, 0, ALLOW))
    packed = b"".join(struct.pack("=HBBI", *each) for each in code)
    _libc.prctl(38, 1, 0, 0, 0)
    program = Program(len(code), packed)
    flags = NEW_LISTENER if version else 0
    result = _libc.syscall(SECCOMP, 1, flags, ctypes.byref(program))
    if result < 0:
        raise OSError(ctypes.get_errno(), "seccomp")
    return int(result)


def answer(listener: int, version: int) -> None:
    """Be the kernel, until nobody is left to ask."""
    poll = select.poll()
    poll.register(listener, select.POLLIN)
    while poll.poll()[0][1] & select.POLLIN:
        asked = bytearray(80)
        try:
            fcntl.ioctl(listener, RECEIVE, asked)
        except OSError:
            continue  # it has ended
        ident, pid = struct.unpack_from("=QI", asked)
        attributes, size, flags = struct.unpack_from("=3Q", asked, 32)
        value, error, go_on = version, 0, 0
        if not flags & 0xFFFFFFFF:
            value, error = 0, _refusal(pid, attributes, size, version)
            go_on = 0 if error else CONTINUE
        try:
            fcntl.ioctl(listener, SEND, struct.pack("=QqiI", ident, value, -error, go_on))
        except OSError:
            continue  # it has ended


def _refusal(pid: int, attributes: int, size: int, version: int) -> int:
    """What that kernel would say to a ruleset: 0, or an error number."""
    if size > ATTRIBUTE_BYTES.get(version, 24):
        return errno.E2BIG  # what it does not know is not zero
    with open(f"/proc/{pid}/mem", "rb") as memory:
        memory.seek(attributes)
        (rights,) = struct.unpack("=Q", memory.read(8))
    return errno.EINVAL if rights >> FILE_RIGHTS.get(version, 16) else 0


def main() -> None:
    """Become the command, with another process of ours answering for the kernel."""
    version, command = int(sys.argv[1]), sys.argv[2:]
    if not version:
        install(0)
        os.execvp(command[0], command)
    ours, its = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        os.setsid()  # the signals of a terminal are for the command
        ours.close()
        _, ancillary, _, _ = its.recvmsg(1, socket.CMSG_SPACE(4))
        (listener,) = array.array("i", ancillary[0][2][:4])
        its.send(b"1")
        its.close()
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(null, descriptor)
        answer(listener, version)
        os._exit(0)
    its.close()
    # Sending the descriptor is what the filter leaves alone; the question for the version comes later.
    listener = install(version)
    ours.sendmsg([b"1"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [listener]))])
    ours.recv(1)
    ours.close()
    os.close(listener)
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
