"""Telling the daemon whether the computer saves power, and when it wakes: it cannot look for itself."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from homepress.control.client import Client, connect
from homepress.control.service import ServiceError, Status

_log = logging.getLogger(__name__)


class PowerTeller:
    """Keeps the daemon informed, also one that was started later. For use by several threads."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._lock = threading.Lock()
        self._saving = False

    def changed(self, saving: bool) -> None:
        """The computer saves power now, or does not."""
        with self._lock:
            before, self._saving = self._saving, saving
        if before != saving:
            self._tell(lambda daemon: daemon.power_saver(saving))

    def woke(self) -> None:
        """The computer was suspended: files may have come meanwhile, from another computer for example."""
        self._tell(lambda daemon: daemon.rescan())

    def seen(self, status: Status | None) -> None:
        """What a daemon believes; one that is new, or heard of our end, believes that no power is saved."""
        with self._lock:
            saving = self._saving
        if status is not None and status.power_saver != saving:
            self._tell(lambda daemon: daemon.power_saver(saving))

    def _tell(self, say: Callable[[Client], None]) -> None:
        try:
            if (daemon := connect(self._socket)) is not None:
                say(daemon)
        except ServiceError as error:
            _log.info("the daemon was not told of the power: %s", error)
