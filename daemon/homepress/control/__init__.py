"""The control room: one daemon a user, and how programs talk to it.

`Service` is everything that Homepress can be asked. The daemon takes the `InstanceLock`, then answers through
a `Server`; others reach it through `connect`, which gives a `Service` too, or None. `server` is a door of its
own: only the daemon needs it.
"""

from homepress.control.client import connect
from homepress.control.lock import InstanceLock, LockHeldError
from homepress.control.service import Service, ServiceError
from homepress.control.transport import UnsafeAddressError

__all__ = [
    "InstanceLock",
    "LockHeldError",
    "Service",
    "ServiceError",
    "UnsafeAddressError",
    "connect",
]
