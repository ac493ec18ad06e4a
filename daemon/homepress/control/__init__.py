"""The control room: one daemon a user, and how programs talk to it.

`Service` is everything that Homepress can be asked. The daemon takes the `instance.InstanceLock`, then
answers through a `server.Server`; others reach it through `connect`, which gives a `Service` too, or None.
"""

from homepress.control.client import connect
from homepress.control.service import Service, ServiceError
from homepress.control.transport import UnsafeAddressError

__all__ = [
    "Service",
    "ServiceError",
    "UnsafeAddressError",
    "connect",
]
