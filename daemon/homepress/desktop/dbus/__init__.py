"""D-Bus, as much of it as a small desktop program needs: calls, signals, and objects that others call.

The only place that imports jeepney. A `Connection` reads in a thread of its own; what it calls back must not
call over the same connection, or it would wait for itself.
"""

from homepress.desktop.dbus.connection import (
    Connection,
    session_address,
    system_address,
    unknown_method,
)
from homepress.desktop.dbus.values import Address, BusError, Call, Reply, Signal

__all__ = [
    "Address",
    "BusError",
    "Call",
    "Connection",
    "Reply",
    "Signal",
    "session_address",
    "system_address",
    "unknown_method",
]
