"""The private channel between clients and the daemon: AF_UNIX on Linux and macOS, a named pipe on Windows.

Never a network socket. `listen` binds the address of the one daemon; the instance lock must be held, since a
socket that a killed daemon left behind is removed. `connect` gives None when nobody listens.
"""

import sys

from homepress.control.transport.channel import (
    MAX_FRAME_BYTES,
    Acceptor,
    Channel,
    ChannelError,
    ChannelTimeoutError,
    UnsafeAddressError,
)

if sys.platform == "win32":
    from homepress.control.transport.windows import connect, listen
else:
    from homepress.control.transport.posix import connect, listen

__all__ = [
    "MAX_FRAME_BYTES",
    "Acceptor",
    "Channel",
    "ChannelError",
    "ChannelTimeoutError",
    "UnsafeAddressError",
    "connect",
    "listen",
]
