"""What AF_UNIX sockets do in Linux's own way."""

import socket
import struct
import sys

assert sys.platform != "darwin"

_UCRED = struct.Struct("3i")  # pid, uid, gid


def peer_uid(connection: socket.socket) -> int:
    """The user id of the process at the other end when it connected (SO_PEERCRED, unix(7))."""
    _, uid, _ = _UCRED.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size))
    return int(uid)


def peer_pid(connection: socket.socket) -> int | None:
    """The process at the other end when it connected or began to listen; None for one out of our sight."""
    pid, _, _ = _UCRED.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size))
    return int(pid) or None
