"""Following the daemon: whenever its state changes, everything the tray shows is asked for again.

Nothing is polled while the daemon runs: one call waits in it until something changes. While none runs, it is
looked for ever less often, at last once a minute, and at once when somebody nudges.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from homepress.control import shutdown
from homepress.control.client import NO_DAEMON, Client, connect
from homepress.control.service import RecentPicture, ServiceError, Status
from homepress.ui.tray.menu import Known

_log = logging.getLogger(__name__)

_WAIT_SECONDS = 600.0
"""After so long all is asked again though nothing changed: midnight makes "today" another."""

_LEAST_SECONDS = 0.4
"""Between two looks, so that a burst of pictures does not keep two processes busy with telling."""

_SEARCH_SECONDS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
_MENU_PICTURES = 10

MOST_PICTURES = 500
"""So many results are asked for at most: of a larger batch, the newest of it."""


class Progress:
    """How far the batch under way is, counted from how many pictures wait."""

    def __init__(self) -> None:
        self.total = 0
        self._waiting = 0

    @property
    def done(self) -> int:
        """How many pictures of the batch are done."""
        return self.total - self._waiting

    def see(self, status: Status) -> None:
        """Take note of a state; one that is not working ends the batch."""
        if status.state != "working":
            self.total = self._waiting = 0
            return
        self.total += max(0, status.waiting - self._waiting)
        self._waiting = status.waiting


class Follower:
    """Tells what is known, in a thread of its own, from `start` on."""

    def __init__(
        self,
        socket: Path,
        state: Path,
        tell: Callable[[Known], None],
        starts_at_login: Callable[[], bool | None],
    ) -> None:
        self._socket = socket
        self._state = state
        self._tell_all = tell
        self._telling = threading.Lock()
        self._known = Known(None)
        self._starts_at_login = starts_at_login
        self._nudged = threading.Event()
        self._progress = Progress()

    def start(self) -> None:
        """Begin; the thread ends with the process."""
        threading.Thread(target=self._follow, name="follower", daemon=True).start()

    def nudge(self) -> None:
        """The daemon may be there again, or something around us has changed: look now. From any thread."""
        self._nudged.set()
        # The thread that follows may be waiting in the daemon, and whoever nudges must not wait for anybody.
        threading.Thread(target=self._again, name="nudge", daemon=True).start()

    def _again(self) -> None:
        """Tell the same state of the daemon once more, with what is around us as it is now."""
        with self._telling:
            known = replace(self._known, autostart=self._starts_at_login(), now=time.time())
            self._tell_all(known)

    def _say(self, known: Known) -> None:
        with self._telling:
            self._known = known
            self._tell_all(known)

    def _follow(self) -> None:
        pauses = iter(_SEARCH_SECONDS)
        while True:
            crashed = False
            try:
                if (client := connect(self._socket)) is not None:
                    pauses = iter(_SEARCH_SECONDS)
                    self._stay_with(client)
                else:
                    crashed = shutdown.was_cut_short(self._state)
            except ServiceError as error:
                _log.info("the daemon does not answer: %s", error)
            self._say(Known(None, crashed=crashed, autostart=self._starts_at_login()))
            if self._nudged.wait(next(pauses, _SEARCH_SECONDS[-1])):
                pauses = iter(_SEARCH_SECONDS)
            self._nudged.clear()

    def _stay_with(self, client: Client) -> None:
        """Tell each state of one daemon, until a call fails because it is gone."""
        revision = 0
        while True:
            # Asked before the state is: what changes meanwhile is seen the next time.
            revision = client.wait(revision, _WAIT_SECONDS)
            asked = time.monotonic()
            self._say(self._look(client))
            time.sleep(max(0.0, _LEAST_SECONDS + asked - time.monotonic()))

    def _look(self, client: Client) -> Known:
        status = client.status()
        self._progress.see(status)
        pictures = self._recent(client, _MENU_PICTURES if status.state == "working" else MOST_PICTURES)
        return Known(
            status,
            done=self._progress.done,
            total=self._progress.total,
            pictures=tuple(pictures),
            autostart=self._starts_at_login(),
        )

    @staticmethod
    def _recent(client: Client, number: int) -> list[RecentPicture]:
        """The last results; none while the ledger cannot be read, with a daemon that is well otherwise."""
        try:
            return client.recent(number)
        except ServiceError as error:
            if error.exit_code == NO_DAEMON:
                raise
            _log.warning("the last results cannot be shown: %s", error)
            return []
