"""When a notice is due, and what it says. Pure: what was seen before is remembered, nothing is shown here.

Problems are told once each. Results are told as the user wishes: never, or one summary a batch and at most
one a minute; and once in the life of an installation the first success.
"""

import os
from collections.abc import Sequence

from homepress.control.service import RecentPicture, Status
from homepress.desktop.notices import Button, Notice, Picture, Slot
from homepress.ui.tray.actions import OpenWindow, Page, StartDaemon, Undo
from homepress.ui.tray.faces import Face, State, rgba
from homepress.ui.tray.following import MOST_PICTURES
from homepress.ui.tray.menu import Known
from homepress.ui.words import counted, in_one_line, percent_saved, shown, size

_BETWEEN_SUMMARIES = 60.0
_LISTED_PROBLEMS = 3
_PICTURE_SIZE = 48
_LONGEST = 160


class NoticeRules:
    """Turns what is known into notices that are due.

    `greeted` says whether the first success was told already in an earlier run.
    """

    def __init__(self, greeted: bool) -> None:
        self._greeted = greeted
        self._told_crash = False
        self._wanted = True
        self._told_problems: frozenset[str] = frozenset()
        self._told_notes: frozenset[str] = frozenset()
        self._newest: int | None = None
        self._summed_at = float("-inf")
        self.held_back = 0.0
        """Seconds after which something that came too soon after the last summary is to be told; 0 for no."""

    def due(self, known: Known, clock: float) -> list[Notice]:
        """What is to be shown now; `clock` is seconds that only grow."""
        status = known.status
        if status is None:
            crash = self._crash(known.crashed)
            return [crash] if crash else []
        self._told_crash, self._wanted = False, status.notify != "never"
        notices = [
            self._problems(status) or self._noted(status),
            self._results(status, known.pictures, clock),
        ]
        return [notice for notice in notices if notice is not None]

    def _crash(self, crashed: bool) -> Notice | None:
        """A daemon that is gone without having been told to go; told once for each."""
        if not crashed or self._told_crash:
            return None
        self._told_crash = True
        if not self._wanted:
            return None
        return Notice(
            Slot.PROBLEM,
            "Homepress has stopped unexpectedly",
            "Pictures are not being compressed. Start it again here, in the menu, or with: homepress",
            (Button("Start it again", StartDaemon()),),
            clicked=OpenWindow(Page.FOLDERS),
            picture=_picture(State.PROBLEM),
        )

    def _problems(self, status: Status) -> Notice | None:
        problems = frozenset(status.problems)
        new, self._told_problems = problems - self._told_problems, problems
        if not new or status.notify == "never":
            return None
        listed = [_short(in_one_line(problem)) for problem in status.problems[:_LISTED_PROBLEMS]]
        if len(problems) > _LISTED_PROBLEMS:
            listed.append(f"and {len(problems) - _LISTED_PROBLEMS} more")
        title = f"Homepress has {counted(len(problems), 'problem')}"
        return Notice(
            Slot.PROBLEM,
            title,
            "\n".join(listed),
            clicked=OpenWindow(Page.FOLDERS),
            picture=_picture(State.PROBLEM),
        )

    def _noted(self, status: Status) -> Notice | None:
        notes = frozenset(status.notes)
        new, self._told_notes = notes - self._told_notes, notes
        if not new or status.notify == "never":
            return None
        body = "\n".join(_short(in_one_line(note)) for note in status.notes if note in new)
        clicked = OpenWindow(Page.FOLDERS)
        return Notice(Slot.PROBLEM, "Worth knowing", body, clicked=clicked, picture=_picture(State.IDLE))

    def _results(self, status: Status, pictures: Sequence[RecentPicture], clock: float) -> Notice | None:
        """A summary of what came since the last one, once the batch is done."""
        if self._newest is None:
            # Results from before we were here are no news, except to somebody who has never seen one.
            self._newest = max((picture.id for picture in pictures), default=0) if self._greeted else 0
        self.held_back = 0.0
        if status.state == "working":
            return None
        if (left := self._summed_at + _BETWEEN_SUMMARIES - clock) > 0:
            self.held_back = left if any(picture.id > self._newest for picture in pictures) else 0.0
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
        """Whether the first success was told by now."""
        return self._greeted


def _first(pictures: Sequence[RecentPicture]) -> Notice:
    newest = pictures[0]
    smaller = percent_saved(newest.before_bytes, newest.after_bytes)
    name = shown(os.path.basename(newest.path))
    title = f"{name} is {smaller} % smaller" if len(pictures) == 1 else _sum(pictures)
    body = "It works. The originals are kept for a while; bring them back with Undo, here or in the menu."
    return _told(title, body, pictures)


def _summary(pictures: Sequence[RecentPicture]) -> Notice:
    return _told(_sum(pictures), "", pictures)


def _sum(pictures: Sequence[RecentPicture]) -> str:
    saved = sum(picture.before_bytes - picture.after_bytes for picture in pictures)
    if len(pictures) >= MOST_PICTURES:
        return f"{counted(len(pictures), 'picture')} or more, {size(saved)} or more saved"
    return f"{counted(len(pictures), 'picture')}, {size(saved)} saved"


def _told(title: str, body: str, pictures: Sequence[RecentPicture]) -> Notice:
    undo = Button("Undo", Undo(tuple(picture.id for picture in pictures)))
    clicked = OpenWindow(Page.STATISTICS)
    return Notice(Slot.RESULT, title, body, (undo,), clicked, _picture(State.IDLE))


def _short(sentence: str) -> str:
    """What fits into a notice; the menu and `homepress status` have the whole of it."""
    return sentence if len(sentence) <= _LONGEST else f"{sentence[: _LONGEST - 1]}…"


def _picture(state: State) -> Picture:
    return Picture(_PICTURE_SIZE, rgba(Face(state), _PICTURE_SIZE))
