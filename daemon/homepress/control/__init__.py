"""The control room: one daemon a user, and how programs talk to it.

`Service` is everything that Homepress can be asked. The daemon takes the `InstanceLock`, then answers through
a `Server`; others reach it through `connect`, which gives a `Client` (a `Service` itself) or None.
"""

from homepress.control.client import NO_DAEMON, Client, connect
from homepress.control.lock import InstanceLock, LockHeldError
from homepress.control.server import Server
from homepress.control.service import Service, ServiceError
from homepress.control.transport import UnsafeAddressError

__all__ = [
    "NO_DAEMON",
    "Client",
    "InstanceLock",
    "LockHeldError",
    "Server",
    "Service",
    "ServiceError",
    "UnsafeAddressError",
    "connect",
]
