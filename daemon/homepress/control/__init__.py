"""The control room: one daemon a user, and how programs talk to it.

`Service` is everything that Homepress can be asked. The daemon takes the `InstanceLock`, then answers through
a `Server`; others reach it through `connect`, which gives a `Client` (a `Service` itself) or None. `Server`
is imported when it is first asked for (PEP 562): only the daemon needs it.
"""

from typing import TYPE_CHECKING

from homepress.control.client import Client, connect
from homepress.control.lock import InstanceLock, LockHeldError
from homepress.control.service import Service, ServiceError
from homepress.control.transport import UnsafeAddressError

if TYPE_CHECKING:
    from homepress.control.server import Server

__all__ = [
    "Client",
    "InstanceLock",
    "LockHeldError",
    "Server",
    "Service",
    "ServiceError",
    "UnsafeAddressError",
    "connect",
]


def __getattr__(name: str) -> object:
    """Import the server for whoever asks."""
    if name != "Server":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from homepress.control.server import Server

    return Server
