"""When a notice is due, and what it says. `NoticeRules` remembers what it saw, and shows nothing itself.

Problems are announced once each. Results are announced as the user wishes: never, or one
summary a batch and at most one a minute; and once in the life of an installation the first success.
"""

import os
import re
import sys
from collections.abc import Sequence

from homepress.base.results import RecentPicture
from homepress.base.units import counted, percent_saved, size
from homepress.control.service import Status
from homepress.desktop.notifications import (
    BusNotifier,
    Button,
    Notice,
    NoticeImage,
    NoticeSlot,
    Unshown,
)
from homepress.ui.text import in_one_line, printable
from homepress.ui.tray.actions import OpenWindow, StartDaemon, UndoResults, WindowPage
from homepress.ui.tray.icon import IconState, Symbol, rgba
from homepress.ui.tray.menu import TrayState
from homepress.ui.tray.status_poller import MOST_PICTURES

_BETWEEN_SUMMARIES = 60.0
_NUMBER = re.compile(r"\b[\d,]+ (?:or more )?pictures")
_LISTED_PROBLEMS = 3
_PICTURE_SIZE = 48
_LONGEST = 160


class NoticeRules:
    """Turns a state into notices that are due.

    `greeted` says whether the first success was announced in an earlier run.
    """

    def __init__(self, greeted: bool) -> None:
        self._greeted = greeted
        self._announced_crash = False
        self._wanted = True
        self._announced_problems: frozenset[str] = frozenset()
        self._announced_notes: frozenset[str] = frozenset()
        self._newest: int | None = None
        self._summed_at = float("-inf")
        self.wait_seconds = 0.0
        """Seconds until results that came soon after a summary can be announced; 0 if there are none."""

    def due(self, state: TrayState, clock: float) -> list[Notice]:
        """The notices to show now; `clock` is monotonic, in seconds."""
        status = state.status
        if status is None:
            crash = self._crash(state.crashed)
            return [crash] if crash else []
        self._announced_crash, self._wanted = False, status.notify != "never"
        notices = [
            self._problems(status) or self._noted(status),
            self._results(status, state.pictures, clock),
        ]
        return [notice for notice in notices if notice is not None]

    def _crash(self, crashed: bool) -> Notice | None:
        """A daemon that ended without having been asked to; announced once for each."""
        if not crashed or self._announced_crash:
            return None
        self._announced_crash = True
        if not self._wanted:
            return None
        return Notice(
            NoticeSlot.PROBLEM,
            "Homepress has stopped unexpectedly",
            "Pictures are not being compressed. Start it again in the menu, or with: homepress",
            (Button("Start it again", StartDaemon()),),
            clicked=OpenWindow(WindowPage.FOLDERS),
            picture=_picture(Symbol.PROBLEM),
        )

    def _problems(self, status: Status) -> Notice | None:
        # A number that goes up with each picture makes no new problem.
        problems = frozenset(_NUMBER.sub("pictures", problem) for problem in status.problems)
        new, self._announced_problems = problems - self._announced_problems, problems
        if not new or status.notify == "never":
            return None
        listed = [_short(in_one_line(problem)) for problem in status.problems[:_LISTED_PROBLEMS]]
        if len(problems) > _LISTED_PROBLEMS:
            listed.append(f"and {len(problems) - _LISTED_PROBLEMS} more")
        title = f"Homepress has {counted(len(problems), 'problem')}"
        return Notice(
            NoticeSlot.PROBLEM,
            title,
            "\n".join(listed),
            clicked=OpenWindow(WindowPage.FOLDERS),
            picture=_picture(Symbol.PROBLEM),
        )

    def _noted(self, status: Status) -> Notice | None:
        notes = frozenset(status.notes)
        new, self._announced_notes = notes - self._announced_notes, notes
        if not new or status.notify == "never":
            return None
        body = "\n".join(_short(in_one_line(note)) for note in status.notes if note in new)
        clicked = OpenWindow(WindowPage.FOLDERS)
        return Notice(
            NoticeSlot.PROBLEM, "Worth knowing", body, clicked=clicked, picture=_picture(Symbol.IDLE)
        )

    def _results(self, status: Status, pictures: Sequence[RecentPicture], clock: float) -> Notice | None:
        """A summary of the results since the last one, once the batch is done."""
        if self._newest is None:
            # Results from before our start are no news, except to somebody who has never seen one.
            self._newest = max((picture.id for picture in pictures), default=0) if self._greeted else 0
        self.wait_seconds = 0.0
        if status.state == "working":
            return None
        if (left := self._summed_at + _BETWEEN_SUMMARIES - clock) > 0:
            self.wait_seconds = left if any(picture.id > self._newest for picture in pictures) else 0.0
            return None
        newest = self._newest
        fresh = [picture for picture in pictures if picture.id > newest]
        self._newest = max((picture.id for picture in pictures), default=newest)
        standing = [picture for picture in fresh if picture.undoable]
        first, wanted = not self._greeted, status.notify == "summary"
        if not standing or status.notify == "never" or not (first or wanted):
            return None
        self._greeted, self._summed_at = True, clock
        return _first(standing) if first else _summary(standing)

    @property
    def greeted(self) -> bool:
        """Whether the first success has been announced by now."""
        return self._greeted


def _first(pictures: Sequence[RecentPicture]) -> Notice:
    newest = pictures[0]
    smaller = percent_saved(newest.before_bytes, newest.after_bytes)
    name = printable(os.path.basename(newest.path))
    title = f"{name} is {smaller} % smaller" if len(pictures) == 1 else _sum(pictures)
    body = "It works. The originals are kept for a while; bring them back with Undo in the menu."
    return _results_notice(title, body, pictures)


def _summary(pictures: Sequence[RecentPicture]) -> Notice:
    return _results_notice(_sum(pictures), "", pictures)


def _sum(pictures: Sequence[RecentPicture]) -> str:
    saved = sum(picture.before_bytes - picture.after_bytes for picture in pictures)
    if len(pictures) >= MOST_PICTURES:
        return f"{counted(len(pictures), 'picture')} or more, {size(saved)} or more saved"
    return f"{counted(len(pictures), 'picture')}, {size(saved)} saved"


def _results_notice(title: str, body: str, pictures: Sequence[RecentPicture]) -> Notice:
    undo = Button("Undo", UndoResults(tuple(picture.id for picture in pictures)))
    clicked = OpenWindow(WindowPage.STATISTICS)
    return Notice(NoticeSlot.RESULT, title, body, (undo,), clicked, _picture(Symbol.IDLE))


def _short(sentence: str) -> str:
    """A sentence that fits into a notice; the menu and `homepress status` show all of it."""
    return sentence if len(sentence) <= _LONGEST else f"{sentence[: _LONGEST - 1]}…"


def _picture(symbol: Symbol) -> NoticeImage:
    return NoticeImage(_PICTURE_SIZE, rgba(IconState(symbol), _PICTURE_SIZE))


def show_notice(title: str, body: str = "") -> None:
    """Show a notice from a program that then exits, on standard error where the desktop has none.

    It has no buttons, since nobody would hear them.
    """
    try:
        _show(Notice(NoticeSlot.RESULT, title, body, picture=_picture(Symbol.IDLE)))
    except Unshown:
        print(title, body, file=sys.stderr)  # noqa: T201  there is nowhere else to say it


def _show(notice: Notice) -> None:
    if sys.platform == "win32":
        from homepress.ui.tray.legacy import show_in_passing

        show_in_passing(notice)
        return
    from homepress.desktop.dbus import BusError, Connection, session_address

    address = session_address()
    if address is None:
        raise Unshown("no session bus")
    try:
        connection = Connection(address)
    except BusError as error:
        raise Unshown(str(error)) from error
    try:
        BusNotifier(connection, lambda _: None).show(notice)
    finally:
        connection.close()
