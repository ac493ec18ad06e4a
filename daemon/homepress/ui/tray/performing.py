"""Carrying out what a click means, one click after the other, in a thread of its own."""

import importlib.util
import logging
import os
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from homepress.control.client import connect
from homepress.control.service import Service, ServiceError, UndoRequest
from homepress.desktop.notices import Notice, Slot
from homepress.desktop.opening import NotOpened, Opener
from homepress.desktop.processes import fails_soon, own, spawn
from homepress.ui.tray.actions import (
    Action,
    EnableFolder,
    OpenFolder,
    OpenWindow,
    Page,
    Pause,
    Quit,
    Resume,
    SetAutostart,
    ShowBeforeAfter,
    ShowInFolder,
    StartDaemon,
    Undo,
)
from homepress.ui.words import counted, shown

_log = logging.getLogger(__name__)

_FAILS_WITHIN = 3.0
"""Seconds after which a window that was started counts as shown."""

_MORNING = 6
"""Hour at which "tomorrow" begins, as with `homepress pause tomorrow`."""


@dataclass(frozen=True, slots=True)
class Hands:
    """What actions are done with.

    Attributes:
        socket: where the daemon listens.
        settings_file: the user's settings.
        opener: opens folders and files.
        tell: shows a notice; does nothing where there are none.
        set_autostart: makes the program start at login, or not; raises `OSError`.
        nudge: has everything looked at again.
        end: ends the tray.
        token: what lets a window come to the front.
    """

    socket: Path
    settings_file: Path
    opener: Opener
    tell: Callable[[Notice], None]
    set_autostart: Callable[[bool], None]
    nudge: Callable[[], None]
    end: Callable[[], None]
    token: Callable[[], str] = lambda: ""


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
                self._hands.tell(Notice(Slot.PROBLEM, "That did not work", shown(str(error))))
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
            _daemon(hands).pause(_time_of(word))
        case Resume():
            _daemon(hands).resume()
        case Undo(ids=ids):
            _undo(ids, hands)
        case EnableFolder(path=path, enabled=enabled):
            _daemon(hands).enable_folder(path, enabled)
        case OpenFolder(path=path):
            hands.opener.folder(Path(path), hands.token())
        case ShowInFolder(paths=paths):
            hands.opener.reveal([Path(path) for path in paths], hands.token())
        case ShowBeforeAfter(path=path):
            _show_before_and_after(path, hands)
        case OpenWindow(page=page):
            _open_window(page, hands)
        case SetAutostart(on=on):
            hands.set_autostart(on)
            hands.nudge()
        case StartDaemon():
            spawn(own("run", "--no-tray"))
            hands.nudge()
        case Quit():
            _quit(hands)


def _daemon(hands: Hands) -> Service:
    if (client := connect(hands.socket)) is None:
        hands.nudge()
        raise ServiceError("Homepress is not running in the background; start it from the menu.", 3)
    return client


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
    outcomes = list(_daemon(hands).undo(UndoRequest(ids=list(ids))))
    failed = [outcome for outcome in outcomes if outcome.outcome in ("failed", "beside")]
    if failed:
        lines = [f"{outcome.path}: {outcome.reason or outcome.restored_to}" for outcome in failed[:3]]
        title = f"{counted(len(failed), 'original')} could not be put back in place"
        hands.tell(Notice(Slot.PROBLEM, title, shown("\n".join(lines))))
        return
    hands.tell(Notice(Slot.RESULT, f"{counted(len(outcomes), 'original')} brought back"))


def has_command(name: str) -> bool:
    """Whether this installation has a command of that name."""
    return importlib.util.find_spec(f"homepress.ui.cli.commands.{name}") is not None


def _show_own(hands: Hands, *arguments: str) -> bool:
    """Start a window of ours; False when it cannot be shown here, for want of tkinter for example."""
    token = hands.token()
    environment = {**os.environ, **({"XDG_ACTIVATION_TOKEN": token} if token else {})}
    return not fails_soon(spawn(own(*arguments), environment), _FAILS_WITHIN)


def _show_before_and_after(path: str, hands: Hands) -> None:
    if not (has_command("show") and _show_own(hands, "show", "--", path)):
        hands.opener.file(Path(path), hands.token())


def _open_window(page: Page, hands: Hands) -> None:
    """Open the window; where it cannot be shown, what comes closest to the page."""
    if has_command("window") and _show_own(hands, "window", "--page", page.value):
        return
    if page is Page.SETTINGS:
        hands.opener.file(hands.settings_file, hands.token())
    elif page is Page.PRIVACY:
        _tell_network(hands)
    elif folders := _daemon(hands).status().folders:
        hands.opener.folder(Path(folders[0].path), hands.token())
    else:
        hands.opener.folder(hands.settings_file.parent, hands.token())


def _tell_network(hands: Hands) -> None:
    locked = _daemon(hands).status().network == "locked"
    title = "Locked out of the network" if locked else "The network is open to Homepress"
    body = (
        "The system refuses this program any connection. Proof: homepress prove"
        if locked
        else "This system has no lock for it. See what can be proven: homepress prove"
    )
    hands.tell(Notice(Slot.RESULT, title, body))
