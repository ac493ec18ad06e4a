"""Tray and window answer `homepress prove` themselves, each on a socket of its own: what they can reach.

The window answers for the worker that decodes pictures for it, too. The daemon cannot ask them, since it may
not connect to anything. There is one question, so a connection is answered without a request.
"""

import contextlib
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec

from homepress.base.results import ProbedProcess
from homepress.control import wire
from homepress.control.instance import InstanceLock, LockHeldError
from homepress.control.transport import Acceptor, ChannelError, UnsafeAddressError, connect, listen

_ANSWER_SECONDS = 25.0

# Names no longer than that of the daemon's socket, since all of them have to fit the system.
_LETTERS = {"tray": "t", "window": "w"}
_LETTERS_IN_HASH = {"tray": "p", "window": "q"}

PROBED = tuple(_LETTERS)
"""Who can be asked."""


class _ProbeAnswer(msgspec.Struct, frozen=True):
    """The one answer."""

    processes: list[ProbedProcess]


class ProbeServer:
    """Answers for one process. There is one of each name, known by a lock with its process id."""

    def __init__(self, socket: Path, name: str, probe: Callable[[int], list[ProbedProcess]]) -> None:
        """Bind the address.

        Args:
            socket: of the daemon that the process belongs to.
            name: one of `PROBED`.
            probe: tries every way out; gives the results of this process, then of its worker if it has one,
                or none where that cannot be tried. Called in a thread, with the process id of who asks,
                which is an ordinary process to try at, or 0.

        Raises:
            LockHeldError: another process answers to this name.
            UnsafeAddressError: the folder is not ours alone.
            OSError: the address cannot be bound.
        """
        address = _address(socket, name)
        self._name = name
        self._probe = probe
        self._lock = InstanceLock(address.with_suffix(".lock"))
        if not self._lock.acquire():
            raise LockHeldError(address.with_suffix(".lock"), self._lock.holder())
        try:
            self._acceptor: Acceptor = listen(address)
        except BaseException:
            self._lock.release()
            raise
        self._thread = threading.Thread(target=self._listen, name="probe-server", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop answering, and free the address."""
        self._acceptor.stop()
        self._thread.join(2)
        self._acceptor.close()
        self._lock.release()

    def _listen(self) -> None:
        while (channel := self._acceptor.accept()) is not None:
            with contextlib.suppress(ChannelError):  # it was not waited for
                if found := self._probe(channel.peer() or 0):
                    channel.send(wire.encode(_ProbeAnswer([self._named(*one) for one in enumerate(found)])))
            channel.close()

    def _named(self, at: int, process: ProbedProcess) -> ProbedProcess:
        name = f"{self._name}'s worker" if at else self._name
        return msgspec.structs.replace(process, name=name)


def ask_probe_server(socket: Path, name: str) -> list[ProbedProcess]:
    """What the tray or the window of the daemon at `socket`, and its worker, can reach; empty: none is there.

    One that is there and does not answer has tried nothing.
    """
    address = _address(socket, name)
    with contextlib.suppress(ChannelError, UnsafeAddressError, wire.BadMessageError):
        if (channel := connect(address)) is not None:
            with contextlib.closing(channel):
                answer: _ProbeAnswer = wire.decode(channel.receive(_ANSWER_SECONDS), _ProbeAnswer)
                return answer.processes
    pid = _holder(address.with_suffix(".lock"))
    return [] if pid is None else [ProbedProcess(name=name, pid=pid, tried=[])]


def probe_files(socket: Path) -> list[Path]:
    """The files that tray and window leave beside the daemon's socket."""
    addresses = (_address(socket, name) for name in PROBED)
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
