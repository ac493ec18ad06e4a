"""Opening the one window of a user, or bringing the one that is open to the front."""

import contextlib
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import msgspec

from homepress.base.paths import Paths
from homepress.base.results import ProbedProcess
from homepress.control.instance import InstanceLock
from homepress.control.transport import Acceptor, ChannelError, connect, listen
from homepress.desktop import toolkit
from homepress.ui.probe import probe_self, serve_probe

_ANSWER_SECONDS = 5.0
_HEARD = b"ok"


@dataclass(frozen=True, slots=True)
class WindowLook:
    """What somebody asked for by hand; None leaves it to the system.

    Attributes:
        dark: the dark theme or the light one.
        scale: pixels on the screen for one of the design, 0.5 to 4.0.
        contrast: high contrast or not.
    """

    dark: bool | None = None
    scale: float | None = None
    contrast: bool | None = None


class OpenRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a window shall show.

    Attributes:
        page: a word of `PageName`; empty for wherever it is.
        picture: the path of a picture to show before and after; empty for none.
        files: paths of pictures and folders to compress now.
        close: whether it shall close instead.
    """

    page: str = ""
    picture: str = ""
    files: list[str] = []
    close: bool = False


class NoToolkitError(Exception):
    """Qt or a library that it needs is missing; the text says what to install."""


class NoDisplayError(Exception):
    """There is no display to open a window on; the text says what was tried."""


def run(
    paths: Paths, request: OpenRequest, look: WindowLook, probe_worker: Callable[[int], list[ProbedProcess]]
) -> int:
    """Show the window until it is closed; returns at once when another one took over the request.

    Args:
        paths: whose window it is.
        request: what it shows first.
        look: how it looks.
        probe_worker: has the worker that decodes pictures for it try every way out, if there is one.

    Raises:
        NoToolkitError: Qt, or a library of the system that it needs, is missing.
        NoDisplayError: no display can be reached.
        OSError: the runtime folder cannot be used.
    """
    if lacking := toolkit.lacking():
        raise NoToolkitError(lacking.words)
    instance = WindowInstance.claim(paths, request)
    if instance is None:
        return 0
    try:
        _live(instance, paths, request, look, probe_worker)
    finally:
        instance.close()
    return 0


def _live(
    instance: "WindowInstance",
    paths: Paths,
    request: OpenRequest,
    look: WindowLook,
    probe_worker: Callable[[int], list[ProbedProcess]],
) -> None:
    # Some versions of PySide6 load numpy where they find it: 20 MB that the window has no use for.
    sys.modules.setdefault("numpy", None)  # type: ignore[arg-type]  # None: not to be found

    from homepress.ui.window.frame import WindowFrame

    frame = WindowFrame(look)
    frame.show()
    frame.app.processEvents()
    # Only now, when the window is seen: it brings with it what reads ledger and settings.
    from homepress.ui.window.shell import Shell

    def probe(other: int = 0) -> list[ProbedProcess]:
        own = probe_self(other)
        return own and [*own, *probe_worker(other)]

    shell = Shell(frame, paths, request, probe)
    instance.hear(shell.on_request)
    server = serve_probe(paths.socket, "window", probe)
    try:
        shell.run()
    finally:
        if server is not None:
            server.close()


class WindowInstance:
    """The right to be the window, and the ear for later starts. Made by `claim`."""

    def __init__(self, lock: InstanceLock, acceptor: Acceptor) -> None:
        self._lock = lock
        self._acceptor = acceptor
        self._thread: threading.Thread | None = None

    @classmethod
    def claim(cls, paths: Paths, request: OpenRequest) -> Self | None:
        """Become the window; None when there is one, which then got the request.

        Raises:
            OSError: the lock or the address cannot be made.
            UnsafeAddressError: the folder of the address is not ours alone.
        """
        address = _address(paths.socket)
        lock = InstanceLock(address.with_suffix(".lock"))
        while not lock.acquire():
            if _told(address, request):
                return None
            if lock.acquire(wait=0.5):  # it was just ending
                break
        return cls(lock, listen(address))

    def hear(self, on_request: Callable[[OpenRequest], object]) -> None:
        """Have `on_request` called, in a thread of its own, for each later start."""
        self._thread = threading.Thread(target=self._listen, args=(on_request,), name="instance", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Give the right back."""
        self._acceptor.stop()
        if self._thread is not None:
            self._thread.join(2)
        self._acceptor.close()
        self._lock.release()

    def _listen(self, on_request: Callable[[OpenRequest], object]) -> None:
        while (channel := self._acceptor.accept()) is not None:
            with contextlib.suppress(ChannelError, msgspec.DecodeError):  # a start that was cut short
                request = msgspec.json.decode(channel.receive(_ANSWER_SECONDS), type=OpenRequest)
                channel.send(_HEARD)
                on_request(request)
            channel.close()


def close_window(socket: Path) -> None:
    """Have the window close, if there is one, that belongs to the daemon at `socket`."""
    _told(_address(socket), OpenRequest(close=True))


def _told(address: Path, request: OpenRequest) -> bool:
    """Tell the window that is there; whether it heard."""
    try:
        if (channel := connect(address)) is None:
            return False
    except ChannelError:
        return False
    try:
        channel.send(msgspec.json.encode(request))
        return channel.receive(_ANSWER_SECONDS) == _HEARD
    except ChannelError:
        return False
    finally:
        channel.close()


def _address(socket: Path) -> Path:
    """Beside the daemon's socket, with a name no longer than that one's: both have to fit the system."""
    return socket.with_name("window.sock" if socket.stem == "control" else f"{socket.stem[:-1]}w.sock")
