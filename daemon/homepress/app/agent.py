"""Starting the desktop agent, before the daemon locks itself: the agent has to reach the desktop."""

import logging
import sys
import threading
from collections.abc import Callable

from homepress.desktop.dbus import session_address
from homepress.desktop.processes import own, spawn

_log = logging.getLogger(__name__)


def start_agent(ended: Callable[[], None]) -> None:
    """Start the agent where there is a desktop for it, else say in the log why not.

    `ended` is called, from a thread of its own, when the agent has ended.
    """
    if sys.platform.startswith("linux") and session_address() is None:
        _log.info("no desktop session here (no session bus): no tray icon and no notices")
        return
    try:
        process = spawn(own("tray"))
    except OSError as error:
        _log.warning("the tray icon cannot be started: %s", error)
        return

    def wait() -> None:
        process.wait()
        ended()

    threading.Thread(target=wait, name="agent-waiter", daemon=True).start()
