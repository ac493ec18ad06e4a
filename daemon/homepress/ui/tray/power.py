"""Telling the daemon whether the computer saves power: it cannot look for itself."""

import logging
import threading
from pathlib import Path

from homepress.control.client import connect
from homepress.control.service import ServiceError

_log = logging.getLogger(__name__)


class PowerTeller:
    """Keeps the daemon informed, also one that was started later. For use by several threads."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._lock = threading.Lock()
        self._saving = False
        self._daemon: int | None = None
        self._told = False

    def changed(self, saving: bool) -> None:
        """The computer saves power now, or does not."""
        with self._lock:
            self._saving = saving
            self._tell()

    def seen(self, daemon: int | None) -> None:
        """A daemon answers, with this process id; one that is new believes that no power is saved."""
        with self._lock:
            if daemon != self._daemon:
                self._daemon, self._told = daemon, False
            self._tell()

    def _tell(self) -> None:
        if self._told == self._saving or self._daemon is None:
            return
        try:
            if (client := connect(self._socket)) is not None:
                client.power_saver(self._saving)
                self._told = self._saving
        except ServiceError as error:
            _log.info("the daemon was not told of the power: %s", error)
