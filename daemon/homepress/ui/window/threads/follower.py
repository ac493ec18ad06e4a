"""Following the daemon: its state whenever that changes, its going and coming, and the settings file."""

import threading
import time
import traceback
from collections.abc import Callable

from homepress.control import shutdown
from homepress.control.client import NO_DAEMON, Client, connect
from homepress.control.service import ServiceError
from homepress.settings import LiveSettings, Paths
from homepress.ui.window.model.snapshot import Snapshot
from homepress.ui.window.threads.mailbox import Mailbox

_LONGEST_WAIT = 20.0
_BETWEEN_TRIES = 0.7
_BETWEEN_NEWS = 0.25
"""Seconds between two looks at a daemon that changes all the time."""


class Follower:
    """A thread that puts a `Snapshot` into the mailbox whenever there is something new."""

    def __init__(self, paths: Paths, mailbox: Mailbox, tell: Callable[[Snapshot], object]) -> None:
        self._paths = paths
        self._mailbox = mailbox
        self._tell = tell
        self._closed = threading.Event()
        self._settings = LiveSettings(paths.config_file)
        self._last: Snapshot | None = None

    def start(self) -> None:
        """Begin; the first snapshot comes at once."""
        threading.Thread(target=self._follow, name="follower", daemon=True).start()

    def close(self) -> None:
        """Tell no more."""
        self._closed.set()

    def _follow(self) -> None:
        while not self._closed.is_set():
            trouble = ""
            try:
                if (client := connect(self._paths.socket)) is not None:
                    self._stay_with(client)
            except ServiceError as error:
                trouble = "" if error.exit_code == NO_DAEMON else str(error)
            except Exception as error:  # noqa: BLE001  a fault of ours is told, and following goes on
                traceback.print_exc()
                trouble = f"A fault in Homepress: {type(error).__name__}: {error}"
            self._look(None, trouble)
            self._closed.wait(_BETWEEN_TRIES)

    def _stay_with(self, client: Client) -> None:
        """Tell what the daemon tells, until it ends. Raises `ServiceError` when it does."""
        revision = -1
        while not self._closed.is_set():
            revision = client.wait(revision, _LONGEST_WAIT)
            self._look(client, "")
            self._closed.wait(_BETWEEN_NEWS)

    def _look(self, client: Client | None, trouble: str) -> None:
        status = client.status() if client else None
        self._settings.reload()
        error = self._settings.error
        snapshot = Snapshot(
            time=time.time(),
            status=status,
            trouble=trouble,
            settings=self._settings.current,
            settings_problem=str(error) if error else "",
            crashed=client is None and not trouble and shutdown.was_cut_short(self._paths.state),
        )
        if self._last is None or not self._last.same_as(snapshot):
            self._last = snapshot
            self._mailbox.put(lambda: self._tell(snapshot))
