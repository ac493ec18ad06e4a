"""Being an ordinary process, to compare with. The only module of the room that opens a connection."""

import contextlib
import os
import socket
import sys
from collections.abc import Callable, Iterator

from homepress.base.results import ProbeAttempt
from homepress.privacy.proof import Comparison

_LOOPBACK = "127.0.0.1"
_SECONDS = 5.0


def compare(probe: Callable[[], tuple[ProbeAttempt, ...]]) -> Comparison:
    """Be that ordinary process: to be called before this process locks itself.

    The connection goes from this process to itself, over the loopback device; nothing leaves the computer.
    """
    try:
        with socket.create_server((_LOOPBACK, 0)) as listener:
            port = listener.getsockname()[1]
            with socket.create_connection((_LOOPBACK, port), _SECONDS):
                answer, connected = f"connected to {_LOOPBACK}:{port}", True
    except OSError as error:
        answer, connected = str(error.strerror or error), False
    return Comparison(connected, answer, probe())


@contextlib.contextmanager
def bystander() -> Iterator[int]:
    """The id of an ordinary process that does nothing for the length of a `with` block, to be tried at.

    To be called before this process locks itself, while it has one thread; 0 where no memory is tried.
    """
    if sys.platform != "linux":
        yield 0
        return
    ours, its = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(its)
        os.read(ours, 1)  # until the other end is closed, by our end too
        os._exit(0)
    os.close(ours)
    try:
        yield pid
    finally:
        os.close(its)
        os.waitpid(pid, 0)
