"""The program put together: the daemon, and the same service in-process for when no daemon runs.

Nothing imports this but the command line. What is offered here is imported when it is first asked for (PEP
562), so that a command which only asks the daemon, or opens the window, does not load the whole house.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from homepress.app.client import prepare_client, try_doors
    from homepress.app.connect import Errand, connect_or_local
    from homepress.app.daemon import RunOptions, run_daemon
    from homepress.app.login import bring_back_tray
    from homepress.app.stopped import stopped_status
    from homepress.app.viewer import Viewer

_PLACES = {
    "Errand": "connect",
    "RunOptions": "daemon",
    "bring_back_tray": "login",
    "connect_or_local": "connect",
    "prepare_client": "client",
    "run_daemon": "daemon",
    "stopped_status": "stopped",
    "try_doors": "client",
    "Viewer": "viewer",
}

__all__ = [
    "Errand",
    "RunOptions",
    "Viewer",
    "bring_back_tray",
    "connect_or_local",
    "prepare_client",
    "run_daemon",
    "stopped_status",
    "try_doors",
]


def __getattr__(name: str) -> object:
    """Import what is asked for from the module that has it."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_PLACES[name]}"), name)
