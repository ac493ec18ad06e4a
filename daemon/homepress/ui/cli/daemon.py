"""How commands reach Homepress: the daemon that runs, or the same service within this process.

The program behind it is imported only when it is needed: `status` has to be quick.
"""

import contextlib
from collections.abc import Iterator

from homepress.control.client import NO_DAEMON, Client, connect
from homepress.control.service import Service, ServiceError
from homepress.settings import Paths

_NOT_RUNNING = "Homepress is not running in the background; start it with: homepress run"


def running(paths: Paths) -> Client:
    """The daemon.

    Raises:
        ServiceError: none runs (exit code 3).
    """
    if (client := connect(paths.socket)) is None:
        raise ServiceError(_NOT_RUNNING, NO_DAEMON)
    return client


@contextlib.contextmanager
def daemon_or_local(paths: Paths) -> Iterator[Service]:
    """The daemon, or the service within this process, which then puts on the lock of a daemon.

    Raises:
        ServiceError: neither can be had.
    """
    from homepress import app

    with app.connect_or_local(paths) as service:
        yield service
