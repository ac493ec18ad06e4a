"""What AF_UNIX sockets do in Linux's own way."""

import socket
import struct
import sys

assert sys.platform != "darwin"

LONGEST_ADDRESS = 107
"""Bytes of a path in `sockaddr_un`, without the closing zero (unix(7))."""

_UCRED = struct.Struct("3i")  # pid, uid, gid


def peer_uid(connection: socket.socket) -> int:
    """The user id of the process at the other end when it connected (SO_PEERCRED, unix(7))."""
    _, uid, _ = _UCRED.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size))
    return int(uid)


def address_beneath(folder: int, name: str) -> str | None:
    """A short address for a socket in an open folder whose own path is too long."""
    return f"/proc/self/fd/{folder}/{name}"
