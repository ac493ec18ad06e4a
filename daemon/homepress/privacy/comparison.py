"""Being an ordinary process, to compare with. The only module of the room that opens a connection."""

import socket
from collections.abc import Callable

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
