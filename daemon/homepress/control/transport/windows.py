"""The private channel on Windows: a named pipe, for those who know a key that only our user can read.

The default access list of a pipe lets everyone read, so both sides prove by HMAC that they know the 32 random
bytes in the key file, which lies in the user's profile. The proof runs in the thread that uses the channel:
a client that never answers delays nobody.
"""

import contextlib
import ctypes
import hashlib
import multiprocessing
import os
import secrets
import sys
import threading
from collections.abc import Iterator
from multiprocessing import connection
from multiprocessing.connection import Client, Listener, answer_challenge, deliver_challenge
from pathlib import Path
from typing import Any, TypeAlias, cast

from homepress.base.override import override
from homepress.control.transport.channel import (
    MAX_FRAME_BYTES,
    Acceptor,
    Channel,
    ChannelError,
    ChannelTimeoutError,
)

assert sys.platform == "win32"

_KEY_BYTES = 32
_PROOF_SECONDS = 5.0
_AGAIN_SECONDS = 0.01

_Pipe: TypeAlias = "connection.Connection[Any, Any] | connection.PipeConnection[Any, Any]"


def listen(path: Path) -> Acceptor:
    """Open the pipe that belongs to `path` and write a new key file there. Hold the instance lock first.

    Raises:
        OSError: the pipe or the key file cannot be made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    key = secrets.token_bytes(_KEY_BYTES)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_BINARY, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key)
    return _PipeAcceptor(pipe_name(path), path, key)


def connect(path: Path) -> Channel | None:
    """A channel to the process that listens on the pipe that belongs to `path`, or None when there is none.

    Raises:
        ChannelError: somebody listens but does not know our key.
    """
    try:
        key = path.read_bytes()
        pipe = Client(pipe_name(path), family="AF_PIPE")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ChannelError(f"{path}: {error}") from error
    channel = _PipeChannel(pipe, key)
    channel.prove(first=False)
    return channel


def pipe_name(path: Path) -> str:
    """The pipe's name: the same for the same path, different for every user and HOMEPRESS_HOME."""
    digest = hashlib.sha256(os.path.normcase(path).encode("utf-8", "surrogatepass")).hexdigest()
    return rf"\\.\pipe\homepress-{digest[:32]}"


class _PipeAcceptor(Acceptor):
    def __init__(self, name: str, path: Path, key: bytes) -> None:
        self._name = name
        self._path = path
        self._key = key
        self._listener = Listener(name, family="AF_PIPE")
        self._stopping = threading.Event()

    @override
    def accept(self) -> Channel | None:
        while not self._stopping.is_set():
            with contextlib.suppress(OSError, EOFError):
                pipe = self._listener.accept()
                if self._stopping.is_set():
                    pipe.close()
                    break
                return _PipeChannel(pipe, self._key, unproven=True)
        return None

    @override
    def stop(self) -> None:
        self._stopping.set()
        with contextlib.suppress(OSError):
            Client(self._name, family="AF_PIPE").close()  # wakes accept; a pipe of ours, nothing is sent

    @override
    def close(self) -> None:
        self._listener.close()
        with contextlib.suppress(OSError):
            self._path.unlink()


class _Impatient:
    """A pipe for the proof of the key: a process that lets us wait has no key."""

    def __init__(self, pipe: "_Pipe") -> None:
        self._pipe = pipe
        self.send_bytes = pipe.send_bytes

    def recv_bytes(self, maxlength: int) -> bytes:
        if not self._pipe.poll(_PROOF_SECONDS):
            raise ChannelTimeoutError("no proof in time")
        return self._pipe.recv_bytes(maxlength)


class _PipeChannel(Channel):
    """A pipe that is closed once, and never while a thread waits at it.

    A handle that was closed under that thread would soon be the number of another one, a lock of this process
    even: it would be read from, or closed once more. So who interrupts takes back first what is asked of it.
    """

    def __init__(self, pipe: "_Pipe", key: bytes, unproven: bool = False) -> None:
        self._pipe = pipe
        self._key = key
        self._unproven = unproven
        self._using = threading.RLock()
        self._interrupted = False
        self._closed = False

    def prove(self, *, first: bool) -> None:
        """Both sides show that they know the key; the listening side asks first."""
        try:
            with self._in_use():
                steps = (deliver_challenge, answer_challenge)
                for step in steps if first else reversed(steps):
                    step(cast("_Pipe", _Impatient(self._pipe)), self._key)
        except (_HungUpError, AssertionError, multiprocessing.AuthenticationError) as error:
            self.close()
            raise ChannelError("the other side does not know the key") from error

    def _prove_once(self) -> None:
        """Before the first word, on either side: some of our processes speak first."""
        if self._unproven:
            self._unproven = False
            self.prove(first=True)

    @contextlib.contextmanager
    def _in_use(self) -> Iterator[None]:
        with self._using:
            self._check()
            try:
                yield
            except (OSError, EOFError, RuntimeError) as error:  # the last is a read that was taken back
                raise _HungUpError("the other side hung up") from error

    def _check(self) -> None:
        if self._interrupted or self._closed:
            raise _HungUpError("this side hung up")

    @override
    def send(self, frame: bytes) -> None:
        if len(frame) > MAX_FRAME_BYTES:
            raise ValueError(f"a frame of {len(frame)} bytes is longer than {MAX_FRAME_BYTES}")
        self._prove_once()
        with self._in_use():
            self._pipe.send_bytes(frame)

    @override
    def receive(self, within: float | None = None) -> bytes:
        self._prove_once()
        with self._in_use():
            if not self._pipe.poll(within):
                raise ChannelTimeoutError("no answer in time")
            self._check()
            return self._pipe.recv_bytes(MAX_FRAME_BYTES)

    @override
    def peer(self) -> int | None:
        server = ctypes.c_ulong()
        handle = ctypes.c_void_p(self._pipe.fileno())
        found = ctypes.windll.kernel32.GetNamedPipeServerProcessId(handle, ctypes.byref(server))
        return server.value if found else None

    @override
    def interrupt(self) -> None:
        self._interrupted = True
        # Again, for the thread that had looked just before and asks just now.
        while not self._using.acquire(timeout=_AGAIN_SECONDS):
            if not self._closed:
                _take_back(self._pipe)
        try:
            self.close()
        finally:
            self._using.release()

    @override
    def close(self) -> None:
        with self._using:
            if not self._closed:
                self._closed = True
                with contextlib.suppress(OSError):
                    self._pipe.close()


class _HungUpError(ChannelError):
    """Nothing more goes through."""


def _take_back(pipe: "_Pipe") -> None:
    """Let what is asked of a pipe at this moment fail, whichever thread asks it (ioapiset.h)."""
    ctypes.windll.kernel32.CancelIoEx(ctypes.c_void_p(pipe.fileno()), None)
