"""What a start at login needs beyond an ordinary one."""

import logging

from homepress.control import connect
from homepress.desktop.autostart import AutostartError, autostart
from homepress.desktop.processes import own, spawn
from homepress.settings import Paths

_log = logging.getLogger(__name__)


def bring_back_tray(paths: Paths) -> bool:
    """When a daemon outlived the last session, start the icon of this one; whether there was a daemon."""
    if connect(paths.socket) is None:
        return False
    spawn(own("tray"))
    return True


def mend_autostart() -> None:
    """Write the start at login anew if the program has moved since; trouble is only logged."""
    try:
        if autostart().mend():
            _log.info("start at login: pointed to where the program is now")
    except AutostartError as error:
        _log.warning("start at login: %s", error)
