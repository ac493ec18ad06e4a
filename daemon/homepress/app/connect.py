"""How the command line reaches Homepress: the running daemon, or the same service in this process."""

import contextlib
from collections.abc import Iterator

from homepress.control import InstanceLock, Service, ServiceError, connect
from homepress.settings import Paths

_PATIENCE = 10.0
"""Seconds to wait for another command that holds the lock; a daemon would have answered on its socket."""


@contextlib.contextmanager
def connect_or_local(paths: Paths) -> Iterator[Service]:
    """The daemon when one runs, else the service in this process, under the instance lock.

    Raises:
        ServiceError: neither can be had.
    """
    if (client := connect(paths.socket)) is not None:
        yield client
        return
    # Only now, since with a daemon there is no need to load stores, watches and workers.
    from homepress import privacy
    from homepress.app.house import House
    from homepress.app.places import ensure
    from homepress.app.service import InProcessService

    # Pictures will be read here, so the door to other programs is closed too: nobody is to be connected to.
    privacy.lock_daemon(paths.socket)
    ensure(paths)
    lock = InstanceLock(paths.lock)
    if not lock.acquire(wait=_PATIENCE):
        raise ServiceError(f"another Homepress (process {lock.holder()}) is busy; try again in a moment")
    try:
        house = House.open(paths, lambda: None)
        try:
            yield InProcessService(house)
        finally:
            house.close()
    finally:
        lock.release()
