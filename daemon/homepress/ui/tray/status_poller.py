"""Keeping up with the daemon: whenever its state changes, everything the tray shows is asked for again.

Nothing is polled while the daemon runs: one call waits in it until something changes. While none runs, it is
looked for less and less often, at last once a minute, and at once after `refresh`.
"""

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

from homepress.base.results import RecentPicture
from homepress.control import instance
from homepress.control.client import NO_DAEMON, connect
from homepress.control.service import Service, ServiceError, Status
from homepress.ui.tray.menu import TrayState

_log = logging.getLogger(__name__)

_WAIT_SECONDS = 600.0
"""After this time everything is asked for again although nothing changed: midnight begins another "today"."""

_LEAST_SECONDS = 0.4
"""Between two looks, so that a burst of pictures does not keep two processes busy."""

_SEARCH_SECONDS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
_MENU_PICTURES = 10

MOST_PICTURES = 500
"""Most results that are asked for: of a larger batch, the newest."""


class BatchProgress:
    """How far the current batch is, from the number of pictures that wait."""

    def __init__(self) -> None:
        self.total = 0
        self._waiting = 0

    @property
    def done(self) -> int:
        """Pictures of the batch that are done."""
        return self.total - self._waiting

    def see(self, status: Status) -> None:
        """Take note of a state; one that is not working ends the batch."""
        if status.state != "working":
            self.total = self._waiting = 0
            return
        self.total += max(0, status.waiting - self._waiting)
        self._waiting = status.waiting


class StatusPoller:
    """Passes on each new state, in a thread of its own, from `start` on."""

    def __init__(
        self,
        socket: Path,
        state: Path,
        on_state: Callable[[TrayState], None],
    ) -> None:
        self._socket = socket
        self._state = state
        self._on_state = on_state
        self._refreshed = threading.Event()
        self._progress = BatchProgress()

    def start(self) -> None:
        """Begin; the thread ends with the process."""
        threading.Thread(target=self._run, name="status-poller", daemon=True).start()

    def refresh(self) -> None:
        """Where none runs, look now: the daemon may be there again. From any thread."""
        self._refreshed.set()

    def _run(self) -> None:
        pauses = iter(_SEARCH_SECONDS)
        while True:
            crashed = False
            try:
                if (client := connect(self._socket)) is not None:
                    pauses = iter(_SEARCH_SECONDS)
                    self._stay_with(client)
                else:
                    crashed = instance.was_cut_short(self._state)
            except ServiceError as error:
                _log.info("the daemon does not answer: %s", error)
            self._on_state(TrayState(None, crashed=crashed))
            if self._refreshed.wait(next(pauses, _SEARCH_SECONDS[-1])):
                pauses = iter(_SEARCH_SECONDS)
            self._refreshed.clear()

    def _stay_with(self, client: Service) -> None:
        """Report each state of one daemon, until a call fails because it is gone."""
        revision = 0
        while True:
            # Asked before the state is: what changes meanwhile is seen the next time.
            revision = client.wait(revision, _WAIT_SECONDS)
            asked = time.monotonic()
            self._on_state(self._look(client))
            time.sleep(max(0.0, _LEAST_SECONDS + asked - time.monotonic()))

    def _look(self, client: Service) -> TrayState:
        status = client.status()
        self._progress.see(status)
        pictures = self._recent(client, _MENU_PICTURES if status.state == "working" else MOST_PICTURES)
        return TrayState(
            status, done=self._progress.done, total=self._progress.total, pictures=tuple(pictures)
        )

    @staticmethod
    def _recent(client: Service, number: int) -> list[RecentPicture]:
        """The last results; none while the ledger cannot be read, with a daemon that is well otherwise."""
        try:
            return client.recent(number)
        except ServiceError as error:
            if error.exit_code == NO_DAEMON:
                raise
            _log.warning("the last results cannot be shown: %s", error)
            return []
