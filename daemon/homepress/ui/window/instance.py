"""One window a user: a second start has the first one come to the front and show what was asked for."""

import contextlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Self

import msgspec

from homepress.control import InstanceLock
from homepress.control.transport import Acceptor, ChannelError, connect, listen
from homepress.settings import Paths

_ANSWER_SECONDS = 5.0
_HEARD = b"ok"


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What a window shall show.

    Attributes:
        page: a word of `PageName`; empty for wherever it is.
        picture: the path of a picture to show before and after; empty for none.
        close: whether it shall close instead.
    """

    page: str = ""
    picture: str = ""
    close: bool = False


class Instance:
    """The right to be the window, and the ear for later starts. Made by `claim`."""

    def __init__(self, lock: InstanceLock, acceptor: Acceptor) -> None:
        self._lock = lock
        self._acceptor = acceptor
        self._thread: threading.Thread | None = None

    @classmethod
    def claim(cls, paths: Paths, wish: Wish) -> Self | None:
        """Become the window; None when there is one, which was told the wish.

        Raises:
            OSError: the lock or the address cannot be made.
            UnsafeAddressError: the folder of the address is not ours alone.
        """
        address = _address(paths.socket)
        lock = InstanceLock(address.with_suffix(".lock"))
        while not lock.acquire():
            if _told(address, wish):
                return None
            if lock.acquire(wait=0.5):  # it was just ending
                break
        return cls(lock, listen(address))

    def hear(self, wished: Callable[[Wish], object]) -> None:
        """Have `wished` called, in a thread of its own, for each later start."""
        self._thread = threading.Thread(target=self._listen, args=(wished,), name="instance", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Give the right back."""
        self._acceptor.stop()
        if self._thread is not None:
            self._thread.join(2)
        self._acceptor.close()
        self._lock.release()

    def _listen(self, wished: Callable[[Wish], object]) -> None:
        while (channel := self._acceptor.accept()) is not None:
            with contextlib.suppress(ChannelError, msgspec.DecodeError):  # a start that was cut short
                wish = msgspec.json.decode(channel.receive(_ANSWER_SECONDS), type=Wish)
                channel.send(_HEARD)
                wished(wish)
            channel.close()


def close_window(socket: Path) -> None:
    """Have the window close, if there is one, that belongs to the daemon at `socket`."""
    _told(_address(socket), Wish(close=True))


def _told(address: Path, wish: Wish) -> bool:
    """Tell the window that is there; whether it heard."""
    try:
        if (channel := connect(address)) is None:
            return False
    except ChannelError:
        return False
    try:
        channel.send(msgspec.json.encode(wish))
        return channel.receive(_ANSWER_SECONDS) == _HEARD
    except ChannelError:
        return False
    finally:
        channel.close()


def _address(socket: Path) -> Path:
    """Beside the daemon's socket, with a name no longer than that one's: both have to fit the system."""
    return socket.with_name("window.sock" if socket.stem == "control" else f"{socket.stem[:-1]}w.sock")
