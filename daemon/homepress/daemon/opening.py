"""The start of the daemon: the core is opened, again and again while the system does not let us.

Meanwhile the daemon runs and says in its status what stands against it; requests wait, or are refused with
the reason. Pictures wait in their folders, which are looked through when the core is open.
"""

import contextlib
import logging
import os
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import homepress
from homepress.base import blocking
from homepress.base.paths import Paths
from homepress.base.results import FolderStatus
from homepress.control.service import ServiceError, Status
from homepress.daemon.core import Core, NotNowError, why_not_opened
from homepress.daemon.status import sentence, with_lock
from homepress.settings import FolderSettings, Settings, SettingsError, load
from homepress.store.folders import Listing, list_pictures
from homepress.store.model import StoreError

_log = logging.getLogger(__name__)

_PATIENCE = 30.0
"""Seconds that a request waits for a start that takes long, such as with a large ledger."""
_LISTING_SECONDS = 60.0
"""For all folders, side by side, to tell what is in them."""
_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 60.0


class Opening:
    """What becomes of the start. Usable from any thread."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self._changed = threading.Condition()
        self._done = False
        self._fault = ""
        self._seen: dict[Path, Listing] = {}
        self._looked: set[Path] = set()

    def open(
        self,
        confirm: Callable[[], None],
        prepare: Callable[[Core], None],
        changed: Callable[[], None],
        stopping: threading.Event,
    ) -> Core | None:
        """Open the core, trying again for as long as it takes; None when the daemon is to end before.

        Args:
            confirm: raises `ServiceError` when another daemon has come; asked before each try.
            prepare: what has to be done in it before the work; an `OSError` closes it for another try.
            changed: called when there is something else to be seen in the status.
            stopping: set when the daemon is to end.

        Raises:
            ServiceError: the store cannot be used at all; the text says why and what to do.
        """
        pause = _FIRST_PAUSE
        while not stopping.is_set():
            try:
                confirm()
                core = Core.open(self._paths, changed)
                core.seen = self._seen
                return _prepared(core, prepare)
            except NotNowError as error:
                self._say(str(error))
                changed()
                self._look_into_folders()
            stopping.wait(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
        return None

    def _look_into_folders(self) -> None:
        """See what is in folders: what comes from now on is new, although the ledger cannot be told yet."""
        folders = self._settings()[0].folders
        calls = {
            folder.path: partial(_listed, folder)
            for folder in folders
            if folder.enabled and folder.existing == "leave" and folder.path not in self._looked
        }
        for path, listing in blocking.ask_all(calls, _LISTING_SECONDS).items():
            if isinstance(listing, Listing):
                self._looked.add(path)
                self._seen[listing.root] = listing

    def _say(self, fault: str) -> None:
        with self._changed:
            if fault != self._fault:
                _log.warning("%s", fault)
            self._fault = fault
            self._changed.notify_all()

    def done(self) -> None:
        """All that requests need is there."""
        with self._changed:
            if self._fault:
                _log.info("the ledger can be used again")
            self._done, self._fault = True, ""
            self._changed.notify_all()

    def wait(self, patience: float = _PATIENCE) -> None:
        """Return when requests can be answered.

        Raises:
            ServiceError: they cannot be; the text says why.
        """
        deadline = time.monotonic() + patience
        with self._changed:
            while not self._done:
                if self._fault:
                    raise ServiceError(f"{self._fault}; until then nothing can be done")
                if (left := deadline - time.monotonic()) <= 0:
                    raise ServiceError("Homepress is still starting; try again in a moment")
                self._changed.wait(left)

    def status(self) -> Status | None:
        """What can be said before the start is over; None when it is."""
        with self._changed:
            if self._done:
                return None
            fault = self._fault
        settings, mistakes = self._settings()
        problems = [f"{sentence(fault)}; until then all pictures wait"] if fault else []
        status = Status(
            state="problem" if problems or mistakes else "idle",
            pid=os.getpid(),
            version=homepress.__version__,
            folders=[
                FolderStatus(
                    path=str(folder.path),
                    mode=folder.mode,
                    output=str(folder.output or ""),
                    state="disabled" if not folder.enabled else "problem" if fault else "scanning",
                    problem=fault if folder.enabled else "",
                    watch="none",
                )
                for folder in settings.folders
            ],
            problems=problems + mistakes,
            notify=settings.daemon.notify,
        )
        return with_lock(status)

    def _settings(self) -> tuple[Settings, list[str]]:
        try:
            return load(self._paths.config_file), []
        except SettingsError as error:
            return Settings(), [f"settings not used: {error}"]


def _listed(folder: FolderSettings) -> Listing | None:
    """What is in a folder now; None while it cannot be seen."""
    with contextlib.suppress(OSError):
        return list_pictures(Path(os.path.realpath(folder.path)), folder.recursive)
    return None


def _prepared(core: Core, prepare: Callable[[Core], None]) -> Core:
    try:
        prepare(core)
    except BaseException as error:
        with contextlib.suppress(OSError, StoreError):
            core.close()
        if isinstance(error, OSError):
            raise NotNowError(why_not_opened(core.paths, error)) from error
        raise
    return core
