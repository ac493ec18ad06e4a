"""Tray and window on the stand: each has a socket of its own and tells `homepress prove` what it tried.

The window has a worker that decodes pictures for it, and tells what that one tried too.

The daemon cannot ask them, since it may not connect to anything. There is one question, so whoever connects
is answered without a word of his own.
"""

import contextlib
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec

from homepress.control import wire
from homepress.control.lock import InstanceLock, LockHeldError
from homepress.control.service import ProbedProcess
from homepress.control.transport import Acceptor, ChannelError, UnsafeAddressError, connect, listen

_ANSWER_SECONDS = 25.0

# Names no longer than that of the daemon's socket, since all of them have to fit the system.
_LETTERS = {"tray": "t", "window": "w"}
_LETTERS_IN_HASH = {"tray": "p", "window": "q"}

NAMES = tuple(_LETTERS)
"""Who can be asked."""


class _Testimony(msgspec.Struct, frozen=True):
    """The answer."""

    processes: list[ProbedProcess]


class Witness:
    """The ear of one process. There is one of each name, known by a lock with its process id."""

    def __init__(self, socket: Path, name: str, testify: Callable[[], list[ProbedProcess]]) -> None:
        """Bind the address.

        Args:
            socket: of the daemon that the process belongs to.
            name: one of `NAMES`.
            testify: tries every way out and tells: of this process first, then of its worker if there is
                one; of nothing where that cannot be told. Called in a thread for whoever asks.

        Raises:
            LockHeldError: another process answers to this name.
            UnsafeAddressError: the folder is not ours alone.
            OSError: the address cannot be bound.
        """
        address = _address(socket, name)
        self._name = name
        self._testify = testify
        self._lock = InstanceLock(address.with_suffix(".lock"))
        if not self._lock.acquire():
            raise LockHeldError(address.with_suffix(".lock"), self._lock.holder())
        try:
            self._acceptor: Acceptor = listen(address)
        except BaseException:
            self._lock.release()
            raise
        self._thread = threading.Thread(target=self._listen, name="witness", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Answer nobody any more."""
        self._acceptor.stop()
        self._thread.join(2)
        self._acceptor.close()
        self._lock.release()

    def _listen(self) -> None:
        while (channel := self._acceptor.accept()) is not None:
            with contextlib.suppress(ChannelError):  # it was not waited for
                if told := self._testify():
                    channel.send(wire.encode(_Testimony([self._named(*one) for one in enumerate(told)])))
            channel.close()

    def _named(self, at: int, process: ProbedProcess) -> ProbedProcess:
        return ProbedProcess(
            name=f"{self._name}'s worker" if at else self._name, pid=process.pid, tried=process.tried
        )


def ask(socket: Path, name: str) -> list[ProbedProcess]:
    """What the tray or the window of the daemon at `socket` tried, and its worker; empty when there is none.

    One that is there and says nothing has tried nothing.
    """
    address = _address(socket, name)
    with contextlib.suppress(ChannelError, UnsafeAddressError, wire.BadMessageError):
        if (channel := connect(address)) is not None:
            with contextlib.closing(channel):
                told: _Testimony = wire.decode(channel.receive(_ANSWER_SECONDS), _Testimony)
                return told.processes
    pid = _holder(address.with_suffix(".lock"))
    return [] if pid is None else [ProbedProcess(name=name, pid=pid, tried=[])]


def files(socket: Path) -> list[Path]:
    """What witnesses leave beside the daemon's socket."""
    addresses = (_address(socket, name) for name in NAMES)
    return [file for address in addresses for file in (address, address.with_suffix(".lock"))]


def _holder(path: Path) -> int | None:
    """The process that holds a lock, None when nobody does."""
    if not path.exists():
        return None
    lock = InstanceLock(path)
    if lock.acquire():
        lock.release()
        return None
    return lock.holder()


def _address(socket: Path, name: str) -> Path:
    if socket.stem == "control":
        return socket.with_name(f"prove-{_LETTERS[name]}.sock")
    return socket.with_name(f"{socket.stem[:-1]}{_LETTERS_IN_HASH[name]}.sock")
