"""What a click in the menu or on a notice can do, as plain values, and the thread that does it.

Where our window cannot be shown, as on Wayland without X, what comes closest to it takes its place.
"""

import enum
import logging
import os
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import msgspec

from homepress.base.results import FileOutcome
from homepress.base.system_errors import told
from homepress.base.units import counted, percent_saved, size
from homepress.control.client import connect
from homepress.control.service import RedoRequest, Service, ServiceError, UndoRequest
from homepress.desktop import toolkit
from homepress.desktop.launching import answer_of, fails_soon, own, spawn
from homepress.desktop.notifications import Button, Notice, NoticeSlot
from homepress.desktop.opening import NotOpened, Opener
from homepress.ui.text import future, in_one_line, printable

_log = logging.getLogger(__name__)

_FAILS_WITHIN = 3.0
"""Seconds after which a daemon that was started counts as running, and a window as shown."""

_REPORT_SECONDS = 60.0


class WindowPage(enum.Enum):
    """A page of the window."""

    STATISTICS = "statistics"
    FOLDERS = "folders"
    SETTINGS = "settings"
    PRIVACY = "privacy"


@dataclass(frozen=True, slots=True)
class PauseFor:
    """Rest for a time as `homepress pause` has it ("30m", "tomorrow"); empty: until resumed."""

    time: str


@dataclass(frozen=True, slots=True)
class Resume:
    """Work again, also while the computer saves power."""


@dataclass(frozen=True, slots=True)
class UndoResults:
    """Bring back the originals of these results."""

    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RedoResults:
    """Make results again that were undone."""

    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ShowBeforeAfter:
    """Show a picture as it was and as it is."""

    path: str


@dataclass(frozen=True, slots=True)
class ShowInFolder:
    """Show files where they are."""

    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OpenFolder:
    """Show what is in a folder."""

    path: str


@dataclass(frozen=True, slots=True)
class EnableFolder:
    """Watch a folder, or stop watching it without forgetting it."""

    path: str
    enabled: bool


@dataclass(frozen=True, slots=True)
class OpenWindow:
    """Open the window at a page."""

    page: WindowPage


@dataclass(frozen=True, slots=True)
class SetAutostart:
    """Start at login, or do not."""

    on: bool


@dataclass(frozen=True, slots=True)
class CompressCopied:
    """Make smaller what was copied, on the clipboard."""


@dataclass(frozen=True, slots=True)
class StartDaemon:
    """Start the daemon, which is not running."""


@dataclass(frozen=True, slots=True)
class Quit:
    """End the daemon and the tray."""


Action: TypeAlias = (
    PauseFor
    | Resume
    | UndoResults
    | RedoResults
    | ShowBeforeAfter
    | ShowInFolder
    | OpenFolder
    | EnableFolder
    | OpenWindow
    | SetAutostart
    | CompressCopied
    | StartDaemon
    | Quit
)


@dataclass(frozen=True, slots=True)
class ActionContext:
    """What actions are done with.

    Attributes:
        socket: of the daemon.
        settings_file: the user's settings.
        report: file of the page that is shown where no window can be.
        opener: opens folders and files.
        notify: shows a notice; does nothing where there are none.
        refresh: looks again at everything that is shown.
        end: ends the tray.
        token: lets a window come to the front (xdg-activation).
    """

    socket: Path
    settings_file: Path
    report: Path
    opener: Opener
    notify: Callable[[Notice], None]
    set_autostart: Callable[[bool], None]
    refresh: Callable[[], None]
    end: Callable[[], None]
    token: Callable[[], str] = lambda: ""


class ActionRunner:
    """Does actions one after the other in a thread of its own."""

    def __init__(self, ctx: ActionContext) -> None:
        self._ctx = ctx
        self._actions: queue.SimpleQueue[Action] = queue.SimpleQueue()
        threading.Thread(target=self._work, name="actions", daemon=True).start()

    def do(self, action: Action) -> None:
        """Do an action soon; from any thread."""
        self._actions.put(action)

    def _work(self) -> None:
        while True:
            action = self._actions.get()
            try:
                run_action(action, self._ctx)
            except (ServiceError, NotOpened, OSError) as error:
                _log.warning("%s: %s", type(action).__name__, error)
                self._ctx.notify(Notice(NoticeSlot.PROBLEM, "That did not work", in_one_line(told(error))))
            except Exception:  # noqa: BLE001  a boundary: the next click must still work
                _log.exception("%s failed", type(action).__name__)


def run_action(action: Action, ctx: ActionContext) -> None:
    """Do an action now.

    Raises:
        ServiceError: the daemon refused, or is gone.
        NotOpened: nothing would open the file or folder.
        OSError: a process could not be started or a file not be written.
    """
    match action:
        case PauseFor(time=word):
            _daemon(ctx).pause(future(word, time.time()) if word else None)
        case Resume():
            _daemon(ctx).resume()
        case UndoResults(ids=ids):
            _undo(ids, ctx)
        case RedoResults(ids=ids):
            _redo(ids, ctx)
        case EnableFolder(path=path, enabled=enabled):
            _daemon(ctx).enable_folder(path, enabled)
        case OpenFolder(path=path):
            ctx.opener.folder(Path(path), ctx.token())
        case ShowInFolder(paths=paths):
            ctx.opener.reveal([Path(path) for path in paths], ctx.token())
        case ShowBeforeAfter(path=path):
            _show_before_and_after(path, ctx)
        case OpenWindow(page=page):
            _open_window(page, ctx)
        case SetAutostart(on=on):
            ctx.set_autostart(on)
            ctx.refresh()
        case CompressCopied():
            _compress_copied(ctx)
        case StartDaemon():
            _start(ctx)
        case Quit():
            _quit(ctx)


def _start(ctx: ActionContext) -> None:
    process = spawn(own("run", "--no-tray"))
    ctx.refresh()
    if fails_soon(process, _FAILS_WITHIN) and connect(ctx.socket) is None:
        raise ServiceError("Homepress did not start. To find the cause and the fix: homepress doctor")


def _compress_copied(ctx: ActionContext) -> None:
    """Have a process of its own do it, which may see pictures, and say what came of it.

    Raises:
        ServiceError: nothing could be done; the text says why.
        OSError: the process cannot be started.
    """
    code, lines, why = answer_of(own("clip", "--json"))
    outcomes = [msgspec.json.decode(line, type=FileOutcome) for line in lines]
    small = [outcome for outcome in outcomes if outcome.outcome == "compressed"]
    if small:
        before, after = sum(each.before_bytes for each in small), sum(each.after_bytes for each in small)
        many = f"{len(small):,} copied pictures are smaller"
        title = many if len(small) > 1 else "The copied picture is smaller"
        saved = f"{size(before)} → {size(after)}, {percent_saved(before, after)} % less. Paste as usual."
        ctx.notify(Notice(NoticeSlot.RESULT, title, saved))
    elif outcomes and not code:
        reason = in_one_line(printable(outcomes[0].reason))
        ctx.notify(Notice(NoticeSlot.RESULT, "The clipboard is as it was", reason))
    else:
        raise ServiceError("; ".join(each.reason for each in outcomes) or why)


def _quit(ctx: ActionContext) -> None:
    """End daemon, window and tray; the tray also when the daemon cannot be reached."""
    from homepress.ui.window import close_window  # only now: the tray is to stay small

    try:
        close_window(ctx.socket)
        if (daemon := connect(ctx.socket)) is not None:
            daemon.stop()
    finally:
        ctx.end()


def _undo(ids: tuple[int, ...], ctx: ActionContext) -> None:
    """Bring originals back, and report how many did not return to their places."""
    outcomes = list(_daemon(ctx).undo(UndoRequest(ids=list(ids))))
    failed = [outcome for outcome in outcomes if outcome.outcome in ("failed", "beside")]
    if failed:
        lines = [
            printable(f"{outcome.path}: {outcome.reason or outcome.restored_to}") for outcome in failed[:3]
        ]
        title = f"{counted(len(failed), 'original')} could not be put back in place"
        ctx.notify(Notice(NoticeSlot.PROBLEM, title, "\n".join(lines)))
        return
    again = (Button("Redo", RedoResults(ids)),)
    title = f"{counted(len(outcomes), 'original')} brought back"
    ctx.notify(Notice(NoticeSlot.RESULT, title, buttons=again))


def _redo(ids: tuple[int, ...], ctx: ActionContext) -> None:
    """Make results again, and say what came of it."""
    outcomes = list(_daemon(ctx).redo(RedoRequest(ids=list(ids))))
    made = [outcome for outcome in outcomes if outcome.outcome == "compressed"]
    rest = [outcome for outcome in outcomes if outcome.outcome != "compressed"]
    if rest:
        lines = [printable(f"{outcome.path}: {outcome.reason}") for outcome in rest[:3]]
        title = f"{counted(len(rest), 'picture')} could not be made smaller again"
        ctx.notify(Notice(NoticeSlot.PROBLEM, title, "\n".join(lines)))
        return
    ctx.notify(Notice(NoticeSlot.RESULT, f"{counted(len(made), 'picture')} made smaller again"))


def _daemon(ctx: ActionContext) -> Service:
    """The daemon. Raises `ServiceError` when none runs."""
    if (client := connect(ctx.socket)) is None:
        ctx.refresh()
        raise ServiceError("Homepress is not running in the background; start it from the menu.", 3)
    return client


def _show_before_and_after(path: str, ctx: ActionContext) -> None:
    """Show a picture as it was and as it is; where that cannot be, the picture as it is.

    Raises:
        NotOpened: nothing would open it.
        OSError: no process can be started.
    """
    if not _show(ctx, "show", "--", path):
        ctx.opener.file(Path(path), ctx.token())


def _open_window(page: WindowPage, ctx: ActionContext) -> None:
    """Open the window at a page; where it cannot be shown, what comes closest to the page.

    Raises:
        NotOpened: nothing would open that.
        ServiceError: the daemon, which would have to be asked, is gone.
        OSError: no process can be started.
    """
    if _show(ctx, "window", "--page", page.value):
        return
    match page:
        case WindowPage.SETTINGS:
            ctx.opener.file(ctx.settings_file, ctx.token())
        case WindowPage.PRIVACY:
            _notify_network(ctx)
        case WindowPage.STATISTICS:
            _open_report(ctx)
        case WindowPage.FOLDERS:
            _open_first_folder(ctx)


def _show(ctx: ActionContext, *arguments: str) -> bool:
    """Start a window of ours; False when it cannot be shown here."""
    if not _can_show():
        return False
    token = ctx.token()
    environment = {**os.environ, **({"XDG_ACTIVATION_TOKEN": token} if token else {})}
    return not fails_soon(spawn(own(*arguments), environment), _FAILS_WITHIN)


def _can_show() -> bool:
    """Whether there is Qt, and a display."""
    return toolkit.is_installed() and toolkit.has_display()


def _notify_network(ctx: ActionContext) -> None:
    locked = _daemon(ctx).status().network == "locked"
    title = "Locked out of the network" if locked else "The network is open to Homepress"
    body = (
        "The system blocks every connection from this program. Proof: homepress prove"
        if locked
        else "This system has no lock for it. See what can be proven: homepress prove"
    )
    ctx.notify(Notice(NoticeSlot.RESULT, title, body))


def _open_report(ctx: ActionContext) -> None:
    """Statistics as a page for the browser."""
    written = spawn(own("report", "--no-open", "--output", str(ctx.report)))
    if not fails_soon(written, _REPORT_SECONDS):
        ctx.opener.file(ctx.report, ctx.token())


def _open_first_folder(ctx: ActionContext) -> None:
    folders = _daemon(ctx).status().folders
    folder = Path(folders[0].path) if folders else ctx.settings_file.parent
    ctx.opener.folder(folder, ctx.token())
