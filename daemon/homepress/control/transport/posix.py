"""The private channel on Linux and macOS: an AF_UNIX stream socket, 0600 in a 0700 folder of ours.

A frame is its length in bytes as four big-endian bytes, then the bytes. Both ends must be processes of the
same user. Everything that the acceptor needs later is made before the process locks itself: it waits on the
listener and on a pipe that `stop` writes to, so stopping needs no connection.
"""

import contextlib
import os
import select
import socket
import stat
import struct
import sys
import time
from pathlib import Path

from homepress.base.override import override
from homepress.base.system_errors import shell_word
from homepress.control.transport.channel import (
    FRAME_SECONDS,
    MAX_FRAME_BYTES,
    Acceptor,
    Channel,
    ChannelError,
    ChannelTimeoutError,
    UnsafeAddressError,
)

assert sys.platform != "win32"

_HEADER = struct.Struct(">I")
_BACKLOG = 64
_CONNECT_SECONDS = 5.0


def listen(path: Path) -> Acceptor:
    """Bind the socket `path`; its folder is made 0700 when missing. Hold the instance lock first.

    Raises:
        UnsafeAddressError: the folder is not ours alone.
        OSError: the socket cannot be bound.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _check_private(path.parent)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)  # left by a daemon that was killed: we hold the lock, nobody listens there
        listener.bind(str(path))
        os.chmod(path, 0o600)
        listener.listen(_BACKLOG)
        listener.setblocking(False)
        return _UnixAcceptor(listener, path)
    except BaseException:
        listener.close()
        raise


def connect(path: Path) -> Channel | None:
    """A channel to the process that listens on `path`, or None when there is none.

    Raises:
        UnsafeAddressError: the folder or the listening process is not ours.
        ChannelError: somebody listens but does not accept.
    """
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _check_private(path.parent)
        _connect_in_time(connection, str(path))
        if _linux_uid(connection) != os.geteuid():
            raise UnsafeAddressError(f"{path} belongs to another user's process; remove it and try again.")
        return _UnixChannel(connection)
    except (FileNotFoundError, ConnectionRefusedError):
        connection.close()
        return None
    except OSError as error:
        connection.close()
        raise ChannelError(f"{path}: {error.strerror or error}") from error
    except BaseException:
        connection.close()
        raise


def _connect_in_time(connection: socket.socket, address: str) -> None:
    """Connect, trying again while the queue of a busy daemon is full: only a blocking connect would wait."""
    connection.setblocking(False)
    deadline = time.monotonic() + _CONNECT_SECONDS
    while True:
        try:
            return connection.connect(address)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _check_private(folder: Path) -> None:
    found = os.stat(folder)
    if found.st_uid != os.geteuid():
        raise UnsafeAddressError(f"{folder} belongs to another user; Homepress needs one of its own there.")
    if stat.S_IMODE(found.st_mode) & 0o077:
        raise UnsafeAddressError(
            f"{folder} is open to other users; close it with: chmod 700 {shell_word(folder)}"
        )


class _UnixAcceptor(Acceptor):
    def __init__(self, listener: socket.socket, path: Path) -> None:
        self._listener = listener
        self._path = path
        self._bound = os.stat(path)
        self._wake_read, self._wake_write = os.pipe()
        self._poll = select.poll()
        self._poll.register(listener, select.POLLIN)
        self._poll.register(self._wake_read, select.POLLIN)

    @override
    def accept(self) -> Channel | None:
        while True:
            ready = {descriptor for descriptor, _ in self._poll.poll()}
            if self._wake_read in ready:
                return None
            try:
                connection, _ = self._listener.accept()
            except OSError:
                # The caller gave up meanwhile, or we are out of descriptors: rest, so as not to spin.
                time.sleep(0.01)
                continue
            if (channel := _same_user(connection)) is not None:
                return channel

    @override
    def stop(self) -> None:
        os.write(self._wake_write, b"x")

    @override
    def close(self) -> None:
        with contextlib.suppress(OSError):
            if os.path.samestat(self._bound, os.stat(self._path)):
                os.unlink(self._path)
        self._listener.close()
        os.close(self._wake_read)
        os.close(self._wake_write)


def _same_user(connection: socket.socket) -> Channel | None:
    """The channel, or None (and hung up) when the process at the other end is another user's."""
    with contextlib.suppress(OSError):
        if _linux_uid(connection) == os.geteuid():
            return _UnixChannel(connection)
    connection.close()
    return None


class _UnixChannel(Channel):
    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection

    @override
    def send(self, frame: bytes) -> None:
        if len(frame) > MAX_FRAME_BYTES:
            raise ValueError(f"a frame of {len(frame)} bytes is longer than {MAX_FRAME_BYTES}")
        try:
            self._socket.settimeout(None)
            self._socket.sendall(_HEADER.pack(len(frame)) + frame)
        except OSError as error:
            raise ChannelError("the other side hung up") from error

    @override
    def receive(self, within: float | None = None) -> bytes:
        first = self._read(1, None if within is None else time.monotonic() + within)
        deadline = time.monotonic() + FRAME_SECONDS
        (length,) = _HEADER.unpack(first + self._read(_HEADER.size - 1, deadline))
        if length > MAX_FRAME_BYTES:
            raise ChannelError(f"a frame of {length} bytes is longer than {MAX_FRAME_BYTES}")
        return self._read(length, deadline)

    @override
    def peer(self) -> int | None:
        with contextlib.suppress(OSError, struct.error):
            return _linux_pid(self._socket)
        return None

    @override
    def interrupt(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    @override
    def close(self) -> None:
        self._socket.close()

    def _read(self, count: int, deadline: float | None) -> bytes:
        """Exactly `count` bytes, all of them before `deadline`."""
        parts = bytearray()
        while len(parts) < count:
            try:
                self._socket.settimeout(None if deadline is None else max(deadline - time.monotonic(), 0.001))
                part = self._socket.recv(count - len(parts))
            except TimeoutError as error:
                raise ChannelTimeoutError("no answer in time") from error
            except OSError as error:
                raise ChannelError("the other side hung up") from error
            if not part:
                raise ChannelError("the other side hung up")
            parts += part
        return bytes(parts)


# Who is at the other end: Linux, then macOS.

_UCRED = struct.Struct("3i")  # pid, uid, gid


def _linux_uid(connection: socket.socket) -> int:
    """The user id of the process at the other end when it connected (SO_PEERCRED, unix(7))."""
    _, uid, _ = _UCRED.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size))
    return int(uid)


def _linux_pid(connection: socket.socket) -> int | None:
    """The process at the other end when it connected or began to listen; None for one out of our sight."""
    pid, _, _ = _UCRED.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size))
    return int(pid) or None


_SOL_LOCAL = 0
_LOCAL_PEERCRED = 1
_LOCAL_PEERPID = 2
_PID = struct.Struct("=i")
_XUCRED_BYTES = 76  # <sys/ucred.h>: version, uid, number of groups, padding, 16 groups
_XUCRED_HEAD = struct.Struct("=II")  # version, uid


def _macos_uid(connection: socket.socket) -> int:
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


def _macos_pid(connection: socket.socket) -> int | None:
    """The process at the other end (LOCAL_PEERPID, <sys/un.h>); None where the kernel does not say."""
    (pid,) = _PID.unpack(connection.getsockopt(_SOL_LOCAL, _LOCAL_PEERPID, _PID.size))
    return int(pid) or None


if sys.platform == "darwin":
    _peer_uid, _peer_pid = _macos_uid, _macos_pid
else:
    _peer_uid, _peer_pid = _linux_uid, _linux_pid
