"""The tray's menu as a plain tree of values, made from what is known; no icon and no toolkit in sight.

Everything in it can also be done on the command line.
"""

import os
import re
import time
from dataclasses import dataclass, field

from homepress.control.service import FolderStatus, RecentPicture, Status
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
from homepress.ui.words import counted, moment, percent_saved, shown, size, until

_LONGEST = 60
_LONGEST_PROBLEM = 80
_LISTED_PROBLEMS = 3
_LISTED_NOTES = 2
_SAYS_RESUME = "homepress resume"
"""In a problem after which a person has to look before work goes on: what it says to type can be clicked."""

_BATCH_GAP = 120.0
"""Results that follow each other within so many seconds came together."""


@dataclass(frozen=True, slots=True)
class Entry:
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
    children: "tuple[Entry, ...]" = ()


SEPARATOR = Entry("")


@dataclass(frozen=True, slots=True)
class Known:
    """Everything the tray shows comes from this.

    Attributes:
        status: the daemon's state; None while none answers.
        done: pictures done of the batch under way.
        total: pictures of the batch under way, as far as known.
        pictures: the last results, newest first.
        autostart: whether Homepress starts at login; None where that cannot be told.
        now: seconds since 1970.
        crashed: whether none answers because it ended without having been told to.
    """

    status: Status | None
    done: int = 0
    total: int = 0
    pictures: tuple[RecentPicture, ...] = ()
    autostart: bool | None = None
    now: float = field(default_factory=time.time)
    crashed: bool = False


def state_line(known: Known) -> str:
    """What goes on, in one line."""
    status = known.status
    if known.crashed:
        return "Homepress has stopped unexpectedly"
    if status is None or status.state == "stopped":
        return "Homepress is not running"
    if status.problems:
        return counted(len(status.problems), "problem")
    if status.state == "paused":
        if status.paused_for == "power saver":
            return "Paused while the computer saves power"
        return f"Paused until {until(status.paused_until, known.now)}" if status.paused_until else "Paused"
    if status.state == "working":
        if known.total > 1:
            return f"Compressing {min(known.done + 1, known.total)} of {known.total}"
        return "Compressing"
    watched = sum(folder.state in ("watching", "scanning") for folder in status.folders)
    if watched:
        return f"Watching {counted(watched, 'folder')}"
    if away := sum(folder.state == "away" for folder in status.folders):
        return f"Waiting for the drive of {counted(away, 'folder')}"
    return "Every folder is paused" if status.folders else "Watching nothing"


def tooltip(known: Known) -> str:
    """The state, and what was saved today, for the pointer that rests on the icon."""
    if known.status is None:
        return state_line(known)
    if not known.status.saved_bytes_today:
        return f"Homepress: {state_line(known)}"
    return f"Homepress: {state_line(known)}, {size(known.status.saved_bytes_today)} saved today"


def menu(known: Known) -> tuple[Entry, ...]:
    """The whole menu."""
    if known.status is None:
        return _without_daemon(known)
    undo = _undo_last_batch(known)
    return (
        *_state(known, known.status),
        *_noted(known.status),
        *_saved(known.status),
        SEPARATOR,
        *_pausing(known.status),
        SEPARATOR,
        *((_pictures(known),) if known.pictures else ()),
        *((undo,) if undo else ()),
        *((_folders(known.status),) if known.status.folders else ()),
        SEPARATOR,
        *_windows(),
        *_closing(known),
    )


def _without_daemon(known: Known) -> tuple[Entry, ...]:
    more = OpenWindow(Page.FOLDERS)
    return (
        Entry(state_line(known), more),
        *((Entry("Pictures are not being compressed", more),) if known.crashed else ()),
        Entry("Start Homepress", StartDaemon(), default=True),
        SEPARATOR,
        *_closing(known),
    )


def _state(known: Known, status: Status) -> tuple[Entry, ...]:
    """The state in words, each problem among them; lines that are clicked show more of it in the window."""
    more = OpenWindow(Page.FOLDERS)
    match status.problems:
        case []:
            return (Entry(state_line(known), more, default=True),)
        case [problem]:
            return (Entry(f"1 problem: {_gist(problem)}", more, default=True),)
    listed = [_gist(problem) for problem in status.problems[:_LISTED_PROBLEMS]]
    if left := len(status.problems) - len(listed):
        listed.append(f"and {left:,} more")
    return (Entry(state_line(known), more, default=True), *(Entry(line, more) for line in listed))


def _noted(status: Status) -> tuple[Entry, ...]:
    """What happened of late that is no problem but may be looked for, as where a late edit went."""
    more = OpenWindow(Page.FOLDERS)
    return tuple(Entry(f"Worth knowing: {_gist(note)}", more) for note in status.notes[:_LISTED_NOTES])


def _saved(status: Status) -> tuple[Entry, ...]:
    more = OpenWindow(Page.STATISTICS)
    if not status.saved_bytes_total:
        return (Entry("Nothing saved yet", more),)
    today = f"{size(status.saved_bytes_today)} in {counted(status.compressed_today, 'picture')}"
    return (
        Entry(f"Saved today: {today}" if status.compressed_today else "Saved today: nothing yet", more),
        Entry(f"Saved in total: {size(status.saved_bytes_total)}", more),
    )


def _pausing(status: Status) -> tuple[Entry, ...]:
    if status.paused_for == "power saver":
        return Entry("Work all the same", Resume()), _pause()
    if status.paused_for == "user":
        return (Entry("Resume", Resume()),)
    if any(_SAYS_RESUME in problem for problem in status.problems):
        return Entry("Go on replacing", Resume()), _pause()
    return (_pause(),)


def _pause() -> Entry:
    return Entry(
        "Pause",
        children=(
            Entry("For 30 minutes", Pause("30m")),
            Entry("For 2 hours", Pause("2h")),
            Entry("Until tomorrow", Pause("tomorrow")),
            Entry("Until I resume", Pause("")),
        ),
    )


def _pictures(known: Known) -> Entry:
    return Entry("Last pictures", children=tuple(_picture(one, known.now) for one in known.pictures))


def _picture(picture: RecentPicture, now: float) -> Entry:
    name = _short(os.path.basename(picture.path))
    saved = f"{percent_saved(picture.before_bytes, picture.after_bytes)} % smaller"
    undo = (Entry("Undo", Undo((picture.id,))),) if picture.undoable else ()
    return Entry(
        f"{name}, {moment(picture.time, now)}, {saved}",
        children=(
            Entry("Show before and after", ShowBeforeAfter(picture.path)),
            *undo,
            Entry("Open folder", ShowInFolder((picture.path,))),
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


def _undo_last_batch(known: Known) -> Entry | None:
    batch = last_batch(known.pictures)
    if not batch:
        return None
    ids = tuple(picture.id for picture in batch)
    return Entry(f"Undo last batch ({counted(len(batch), 'picture')})", Undo(ids))


def _folders(status: Status) -> Entry:
    return Entry("Folders", children=tuple(_folder(folder) for folder in status.folders))


def _folder(folder: FolderStatus) -> Entry:
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
    return Entry(
        f"{_short(folder.path)}{notes}",
        children=(
            Entry("Open", OpenFolder(folder.path)),
            Entry("Pause this folder", EnableFolder(folder.path, enabled=paused), checked=paused),
        ),
    )


def _windows() -> tuple[Entry, ...]:
    return (
        Entry("Statistics", OpenWindow(Page.STATISTICS)),
        Entry("Settings", OpenWindow(Page.SETTINGS)),
        Entry("Privacy", OpenWindow(Page.PRIVACY)),
    )


def _closing(known: Known) -> tuple[Entry, ...]:
    on = known.autostart
    login = () if on is None else (Entry("Start at login", SetAutostart(not on), checked=on),)
    return (*login, SEPARATOR, Entry("Quit", Quit()))


def _gist(problem: str) -> str:
    """What is wrong, without what to do about it: the window, a notice and `homepress status` say that."""
    where, colon, what = " ".join(problem.split()).partition(": ")
    what = shown(where + colon + re.split("; |[.] ", what, maxsplit=1)[0])
    return what if len(what) <= _LONGEST_PROBLEM else f"{what[: _LONGEST_PROBLEM - 1]}…"


def _short(text: str) -> str:
    """A name that fits into a menu, its end kept: that is what tells files apart."""
    text = shown(text)
    if len(text) <= _LONGEST:
        return text
    return f"{text[: _LONGEST // 2 - 1]}…{text[-(_LONGEST // 2) :]}"
