"""Carrying out what a click means, one click after the other, in a thread of its own."""

import logging
import queue
import threading
import time
from datetime import datetime, timedelta
from pathlib import Path

from homepress.control.client import connect
from homepress.control.service import ServiceError, UndoRequest
from homepress.desktop.notices import Notice, Slot
from homepress.desktop.opening import NotOpened
from homepress.desktop.processes import fails_soon, own, spawn
from homepress.ui.tray.actions import (
    Action,
    EnableFolder,
    OpenFolder,
    OpenWindow,
    Pause,
    Quit,
    Resume,
    SetAutostart,
    ShowBeforeAfter,
    ShowInFolder,
    StartDaemon,
    Undo,
)
from homepress.ui.tray.hands import Hands, reach_daemon
from homepress.ui.tray.windows import open_window, show_before_and_after
from homepress.ui.words import counted, in_one_line, shown

_log = logging.getLogger(__name__)

_FAILS_WITHIN = 3.0
"""Seconds after which a daemon that was started counts as running."""

_MORNING = 6
"""Hour at which "tomorrow" begins, as with `homepress pause tomorrow`."""


class Performer:
    """Takes actions from any thread and does them in turn."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self._actions: queue.SimpleQueue[Action] = queue.SimpleQueue()
        threading.Thread(target=self._work, name="actions", daemon=True).start()

    def do(self, action: Action) -> None:
        """Have an action done soon."""
        self._actions.put(action)

    def _work(self) -> None:
        while True:
            action = self._actions.get()
            try:
                perform(action, self._hands)
            except (ServiceError, NotOpened, OSError) as error:
                _log.warning("%s: %s", type(action).__name__, error)
                self._hands.tell(Notice(Slot.PROBLEM, "That did not work", in_one_line(str(error))))
            except Exception:  # noqa: BLE001  a boundary: the next click must still work
                _log.exception("%s failed", type(action).__name__)


def perform(action: Action, hands: Hands) -> None:
    """Do what an action means.

    Raises:
        ServiceError: the daemon refused, or is gone.
        NotOpened: nothing would open the file or folder.
        OSError: a process could not be started or a file not be written.
    """
    match action:
        case Pause(time=word):
            reach_daemon(hands).pause(_time_of(word))
        case Resume():
            reach_daemon(hands).resume()
        case Undo(ids=ids):
            _undo(ids, hands)
        case EnableFolder(path=path, enabled=enabled):
            reach_daemon(hands).enable_folder(path, enabled)
        case OpenFolder(path=path):
            hands.opener.folder(Path(path), hands.token())
        case ShowInFolder(paths=paths):
            hands.opener.reveal([Path(path) for path in paths], hands.token())
        case ShowBeforeAfter(path=path):
            show_before_and_after(path, hands)
        case OpenWindow(page=page):
            open_window(page, hands)
        case SetAutostart(on=on):
            hands.set_autostart(on)
            hands.nudge()
        case StartDaemon():
            _start(hands)
        case Quit():
            _quit(hands)


def _start(hands: Hands) -> None:
    process = spawn(own("run", "--no-tray"))
    hands.nudge()
    if fails_soon(process, _FAILS_WITHIN) and connect(hands.socket) is None:
        raise ServiceError(
            "Homepress did not start. What is wrong, and the fix, is told by: homepress doctor"
        )


def _quit(hands: Hands) -> None:
    """End daemon, window and tray; the tray also when the daemon cannot be told."""
    from homepress.ui.window import close_window  # only now: the tray is to stay small

    try:
        close_window(hands.socket)
        if (daemon := connect(hands.socket)) is not None:
            daemon.stop()
    finally:
        hands.end()


def _time_of(word: str) -> float | None:
    """The time of day that a pause of the menu ends, in seconds since 1970."""
    if not word:
        return None
    if word == "tomorrow":
        morning = datetime.now().replace(hour=_MORNING, minute=0, second=0, microsecond=0)
        return (morning + timedelta(days=1)).timestamp()
    return time.time() + int(word[:-1]) * {"m": 60, "h": 3600}[word[-1]]


def _undo(ids: tuple[int, ...], hands: Hands) -> None:
    """Bring originals back, and say so when not all came back to their places."""
    outcomes = list(reach_daemon(hands).undo(UndoRequest(ids=list(ids))))
    failed = [outcome for outcome in outcomes if outcome.outcome in ("failed", "beside")]
    if failed:
        lines = [shown(f"{outcome.path}: {outcome.reason or outcome.restored_to}") for outcome in failed[:3]]
        title = f"{counted(len(failed), 'original')} could not be put back in place"
        hands.tell(Notice(Slot.PROBLEM, title, "\n".join(lines)))
        return
    hands.tell(Notice(Slot.RESULT, f"{counted(len(outcomes), 'original')} brought back"))
