"""Having our window shown, or what comes closest to it where no window can be: as on Wayland without X."""

import importlib.util
import os
import sys
from pathlib import Path

from homepress.desktop.notices import Notice, Slot
from homepress.desktop.processes import fails_soon, own, spawn
from homepress.ui.tray.actions import Page
from homepress.ui.tray.hands import Hands, reach_daemon

_FAILS_WITHIN = 3.0
"""Seconds after which a window that was started counts as shown."""

_REPORT_SECONDS = 60.0


def show_before_and_after(path: str, hands: Hands) -> None:
    """Show a picture as it was and as it is; where that cannot be, the picture as it is.

    Raises:
        NotOpened: nothing would open it.
        OSError: no process can be started.
    """
    if not _show(hands, "show", "--", path):
        hands.opener.file(Path(path), hands.token())


def open_window(page: Page, hands: Hands) -> None:
    """Open the window at a page; where it cannot be shown, what comes closest to the page.

    Raises:
        NotOpened: nothing would open that.
        ServiceError: the daemon, which would have to be asked, is gone.
        OSError: no process can be started.
    """
    if _show(hands, "window", "--page", page.value):
        return
    match page:
        case Page.SETTINGS:
            hands.opener.file(hands.settings_file, hands.token())
        case Page.PRIVACY:
            _tell_network(hands)
        case Page.STATISTICS:
            _open_report(hands)
        case Page.FOLDERS:
            _open_first_folder(hands)


def _show(hands: Hands, *arguments: str) -> bool:
    """Start a window of ours; False when it cannot be shown here."""
    if not _can_show():
        return False
    token = hands.token()
    environment = {**os.environ, **({"XDG_ACTIVATION_TOKEN": token} if token else {})}
    return not fails_soon(spawn(own(*arguments), environment), _FAILS_WITHIN)


def _can_show() -> bool:
    """Whether there is a toolkit, and a display of the kind that it knows."""
    if importlib.util.find_spec("_tkinter") is None:
        return False
    return not sys.platform.startswith("linux") or bool(os.environ.get("DISPLAY"))


def _tell_network(hands: Hands) -> None:
    locked = reach_daemon(hands).status().network == "locked"
    title = "Locked out of the network" if locked else "The network is open to Homepress"
    body = (
        "The system refuses this program any connection. Proof: homepress prove"
        if locked
        else "This system has no lock for it. See what can be proven: homepress prove"
    )
    hands.tell(Notice(Slot.RESULT, title, body))


def _open_report(hands: Hands) -> None:
    """Statistics as a page for the browser."""
    written = spawn(own("report", "--no-open", "--output", str(hands.report)))
    if not fails_soon(written, _REPORT_SECONDS):
        hands.opener.file(hands.report, hands.token())


def _open_first_folder(hands: Hands) -> None:
    folders = reach_daemon(hands).status().folders
    folder = Path(folders[0].path) if folders else hands.settings_file.parent
    hands.opener.folder(folder, hands.token())
