"""What AF_UNIX sockets do in macOS's own way."""

import socket
import struct

_SOL_LOCAL = 0
_LOCAL_PEERCRED = 1
_LOCAL_PEERPID = 2
_PID = struct.Struct("=i")
_XUCRED_BYTES = 76  # <sys/ucred.h>: version, uid, number of groups, padding, 16 groups
_XUCRED_HEAD = struct.Struct("=II")  # version, uid


def peer_uid(connection: socket.socket) -> int:
    """The user id of the process at the other end when it connected (LOCAL_PEERCRED, unix(4)).

    Raises:
        OSError: the kernel answered with a structure of another version.
    """
    answer = connection.getsockopt(_SOL_LOCAL, _LOCAL_PEERCRED, _XUCRED_BYTES)
    if len(answer) < _XUCRED_HEAD.size:
        raise OSError("LOCAL_PEERCRED gave too short an answer")
    version, uid = _XUCRED_HEAD.unpack_from(answer)
    if version != 0:
        raise OSError(f"LOCAL_PEERCRED answered in version {version}, expected 0")
    return int(uid)


def peer_pid(connection: socket.socket) -> int | None:
    """The process at the other end (LOCAL_PEERPID, <sys/un.h>); None where the kernel does not say."""
    (pid,) = _PID.unpack(connection.getsockopt(_SOL_LOCAL, _LOCAL_PEERPID, _PID.size))
    return int(pid) or None
