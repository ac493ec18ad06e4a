"""The tray's menu as a plain tree of values, made from a `TrayState`; no icon and no toolkit in sight.

Everything in it can also be done on the command line.
"""

import os
import re
import time
from dataclasses import dataclass, field

from homepress.base.results import FolderStatus, RecentPicture
from homepress.base.units import counted, percent_saved, size
from homepress.control.service import Status
from homepress.ui.text import PAUSES, moment, printable, until
from homepress.ui.tray.actions import (
    Action,
    CompressCopied,
    EnableFolder,
    OpenFolder,
    OpenWindow,
    PauseFor,
    Quit,
    RedoResults,
    Resume,
    SetAutostart,
    ShowBeforeAfter,
    ShowInFolder,
    StartDaemon,
    UndoResults,
    WindowPage,
)

_LONGEST = 60
_LONGEST_PROBLEM = 80
_LISTED_PROBLEMS = 3
_LISTED_NOTES = 2
_SAYS_RESUME = "homepress resume"
"""In a problem after which a person has to look before work goes on: what it says to type can be clicked."""

_BATCH_GAP = 120.0
"""Seconds between two results of one batch at most."""


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """One line of the menu: words, what they do, or what unfolds.

    Attributes:
        label: the words; empty for a line that separates.
        action: what a click does; None for a line that only tells, or that unfolds.
        checked: whether it is ticked; None when it cannot be.
        default: whether a click on the icon itself does the same.
        children: what unfolds.
    """

    label: str
    action: Action | None = None
    checked: bool | None = None
    default: bool = False
    children: "tuple[MenuEntry, ...]" = ()

    @property
    def enabled(self) -> bool:
        """Whether it does something or unfolds."""
        return self.action is not None or bool(self.children)


SEPARATOR = MenuEntry("")


@dataclass(frozen=True, slots=True)
class TrayState:
    """Everything the tray shows comes from this.

    Attributes:
        status: the daemon's state; None while none answers.
        done: pictures done of the current batch.
        total: pictures of the current batch, as far as known.
        pictures: the last results, newest first.
        autostart: whether Homepress starts at login; None where that is unknown.
        now: seconds since 1970.
        crashed: whether none answers because it ended without having been asked to.
    """

    status: Status | None
    done: int = 0
    total: int = 0
    pictures: tuple[RecentPicture, ...] = ()
    autostart: bool | None = None
    now: float = field(default_factory=time.time)
    crashed: bool = False


def state_line(state: TrayState) -> str:
    """What goes on, in one line."""
    status = state.status
    if state.crashed:
        return "Homepress has stopped unexpectedly"
    if status is None or status.state == "stopped":
        return "Homepress is not running"
    if status.problems:
        return counted(len(status.problems), "problem")
    if status.state == "paused":
        if status.paused_for == "power saver":
            return "Paused while the computer saves power"
        return f"Paused until {until(status.paused_until, state.now)}" if status.paused_until else "Paused"
    if status.state == "working":
        if state.total > 1:
            return f"Compressing {min(state.done + 1, state.total)} of {state.total}"
        return "Compressing"
    watched = sum(folder.state in ("watching", "scanning") for folder in status.folders)
    if watched:
        return f"Watching {counted(watched, 'folder')}"
    if away := sum(folder.state == "away" for folder in status.folders):
        return f"Waiting for the drive of {counted(away, 'folder')}"
    return "Every folder is paused" if status.folders else "Watching nothing"


def tooltip(state: TrayState) -> str:
    """The state, and what was saved today, for the pointer that rests on the icon."""
    if state.status is None:
        return state_line(state)
    if not state.status.saved_bytes_today:
        return f"Homepress: {state_line(state)}"
    return f"Homepress: {state_line(state)}, {size(state.status.saved_bytes_today)} saved today"


def menu(state: TrayState) -> tuple[MenuEntry, ...]:
    """The whole menu."""
    if state.status is None:
        return _without_daemon(state)
    undo = _undo_last_batch(state)
    return (
        *_state(state, state.status),
        *_noted(state.status),
        *_saved(state.status),
        SEPARATOR,
        *_pausing(state.status),
        SEPARATOR,
        MenuEntry("Make the copied picture smaller", CompressCopied()),
        *((_pictures(state),) if state.pictures else ()),
        *((undo,) if undo else ()),
        *((_folders(state.status),) if state.status.folders else ()),
        SEPARATOR,
        *_windows(),
        *_closing(state),
    )


def default_action(entries: tuple[MenuEntry, ...]) -> Action | None:
    """What a click on the icon itself does; None for nothing."""
    return next((entry.action for entry in entries if entry.default), None)


def _without_daemon(state: TrayState) -> tuple[MenuEntry, ...]:
    more = OpenWindow(WindowPage.FOLDERS)
    return (
        MenuEntry(state_line(state), more),
        *((MenuEntry("Pictures are not being compressed", more),) if state.crashed else ()),
        MenuEntry("Start Homepress", StartDaemon(), default=True),
        SEPARATOR,
        *_closing(state),
    )


def _state(state: TrayState, status: Status) -> tuple[MenuEntry, ...]:
    """The state in words, each problem among them; lines that are clicked show more of it in the window."""
    more = OpenWindow(WindowPage.FOLDERS)
    match status.problems:
        case []:
            return (MenuEntry(state_line(state), more, default=True),)
        case [problem]:
            return (MenuEntry(f"1 problem: {_gist(problem)}", more, default=True),)
    listed = [_gist(problem) for problem in status.problems[:_LISTED_PROBLEMS]]
    if left := len(status.problems) - len(listed):
        listed.append(f"and {left:,} more")
    return (MenuEntry(state_line(state), more, default=True), *(MenuEntry(line, more) for line in listed))


def _noted(status: Status) -> tuple[MenuEntry, ...]:
    """Recent events that are no problem but may be looked for, such as where a late edit went."""
    more = OpenWindow(WindowPage.FOLDERS)
    return tuple(MenuEntry(f"Worth knowing: {_gist(note)}", more) for note in status.notes[:_LISTED_NOTES])


def _saved(status: Status) -> tuple[MenuEntry, ...]:
    more = OpenWindow(WindowPage.STATISTICS)
    if not status.saved_bytes_total:
        return (MenuEntry("Nothing saved yet", more),)
    today = f"{size(status.saved_bytes_today)} in {counted(status.compressed_today, 'picture')}"
    return (
        MenuEntry(f"Saved today: {today}" if status.compressed_today else "Saved today: nothing yet", more),
        MenuEntry(f"Saved in total: {size(status.saved_bytes_total)}", more),
    )


def _pausing(status: Status) -> tuple[MenuEntry, ...]:
    if status.paused_for == "power saver":
        return MenuEntry("Work all the same", Resume()), _pause()
    if status.paused_for == "user":
        return (MenuEntry("Resume", Resume()),)
    if any(_SAYS_RESUME in problem for problem in status.problems):
        return MenuEntry("Go on replacing", Resume()), _pause()
    return (_pause(),)


def _pause() -> MenuEntry:
    return MenuEntry("Pause", children=tuple(MenuEntry(label, PauseFor(time)) for label, time in PAUSES))


def _pictures(state: TrayState) -> MenuEntry:
    return MenuEntry("Last pictures", children=tuple(_picture(one, state.now) for one in state.pictures))


def _picture(picture: RecentPicture, now: float) -> MenuEntry:
    name = _short(os.path.basename(picture.path))
    saved = f"{percent_saved(picture.before_bytes, picture.after_bytes)} % smaller"
    undo = (MenuEntry("Undo", UndoResults((picture.id,))),) if picture.undoable else ()
    if picture.undone:
        saved, undo = "undone", (MenuEntry("Redo", RedoResults((picture.id,))),)
    return MenuEntry(
        f"{name}, {moment(picture.time, now)}, {saved}",
        children=(
            MenuEntry("Show before and after", ShowBeforeAfter(picture.path)),
            *undo,
            MenuEntry("Open folder", ShowInFolder((picture.path,))),
        ),
    )


def last_batch(pictures: tuple[RecentPicture, ...]) -> tuple[RecentPicture, ...]:
    """The newest results that came together and can be undone, of a list that is newest first."""
    batch: list[RecentPicture] = []
    for picture in pictures:
        if batch and batch[-1].time - picture.time > _BATCH_GAP:
            break
        batch.append(picture)
    return tuple(picture for picture in batch if picture.undoable)


def _undo_last_batch(state: TrayState) -> MenuEntry | None:
    batch = last_batch(state.pictures)
    if not batch:
        return None
    ids = tuple(picture.id for picture in batch)
    return MenuEntry(f"Undo last batch ({counted(len(batch), 'picture')})", UndoResults(ids))


def _folders(status: Status) -> MenuEntry:
    return MenuEntry("Folders", children=tuple(_folder(folder) for folder in status.folders))


def _folder(folder: FolderStatus) -> MenuEntry:
    notes_of = {
        "problem": "problem",
        "disabled": "paused",
        "scanning": "looking through it",
        "away": "its drive is away",
    }
    note = notes_of.get(folder.state)
    waiting = f"{folder.waiting:,} waiting" if folder.waiting else None
    notes = "".join(f", {word}" for word in (note, waiting) if word)
    paused = folder.state == "disabled"
    return MenuEntry(
        f"{_short(folder.path)}{notes}",
        children=(
            MenuEntry("Open", OpenFolder(folder.path)),
            MenuEntry("Pause this folder", EnableFolder(folder.path, enabled=paused), checked=paused),
        ),
    )


def _windows() -> tuple[MenuEntry, ...]:
    return (
        MenuEntry("Statistics", OpenWindow(WindowPage.STATISTICS)),
        MenuEntry("Settings", OpenWindow(WindowPage.SETTINGS)),
        MenuEntry("Privacy", OpenWindow(WindowPage.PRIVACY)),
    )


def _closing(state: TrayState) -> tuple[MenuEntry, ...]:
    on = state.autostart
    login = () if on is None else (MenuEntry("Start at login", SetAutostart(not on), checked=on),)
    return (*login, SEPARATOR, MenuEntry("Quit", Quit()))


def _gist(problem: str) -> str:
    """What is wrong, without what to do about it: the window, a notice and `homepress status` say that."""
    where, colon, what = " ".join(problem.split()).partition(": ")
    what = printable(where + colon + re.split("; |[.] ", what, maxsplit=1)[0])
    return what if len(what) <= _LONGEST_PROBLEM else f"{what[: _LONGEST_PROBLEM - 1]}…"


def _short(text: str) -> str:
    """A name that fits into a menu, its end kept: that is what tells files apart."""
    text = printable(text)
    if len(text) <= _LONGEST:
        return text
    return f"{text[: _LONGEST // 2 - 1]}…{text[-(_LONGEST // 2) :]}"
