"""The page Activity: what became of each picture, as it happens: to search, to undo and to redo."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeAlias

from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import QMenu, QStackedWidget, QVBoxLayout, QWidget

from homepress.base.results import FileOutcome, UndoOutcome
from homepress.base.units import counted
from homepress.control.service import RedoRequest, UndoRequest
from homepress.store.reader import HistoryEntry, HistoryFilter, Reader
from homepress.ui.window.context import Context
from homepress.ui.window.model.activity import (
    PAGE,
    SHOWN,
    Index,
    can_undo,
    read_first,
    read_index,
    read_newer,
    read_page,
    undone,
)
from homepress.ui.window.model.entry import (
    EntryAction,
    EntryFacts,
    actions,
    can_redo,
    compress_request,
    done,
    read_facts,
    where_it_is,
)
from homepress.ui.window.model.snapshot import Remedy, Snapshot, in_words, remedies
from homepress.ui.window.theme import Icon
from homepress.ui.window.widgets.dialogs import confirm
from homepress.ui.window.widgets.entry_details import EntryDetails
from homepress.ui.window.widgets.factory import ButtonRow, SplitRow, across, announce, clear, column, stacked
from homepress.ui.window.widgets.history import HistoryTable
from homepress.ui.window.widgets.page import MARGIN, Page

_ABOUT = "What became of each picture, the newest first."
_FIRST = 200
"""Entries that are shown at once, before all of them are counted."""
_TYPING_PAUSE_MS = 250
_KNOWN = 200
"""Of so many chosen rows it is looked at what can be done about them."""

Step: TypeAlias = tuple[str, Callable[[], object]]


class ActivityPage(Page):
    """The table with its filter, its search and its actions."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._snapshot: Snapshot | None = None
        self._show = ""
        self._read_once = False
        self._problems: tuple[str, ...] = ()
        self._typing = QTimer(self, singleShot=True, interval=_TYPING_PAUSE_MS)
        self._typing.timeout.connect(self._search_now)
        kit = context.kit
        inside = QVBoxLayout(self)
        inside.setContentsMargins(MARGIN, MARGIN - 4, MARGIN, MARGIN - 8)
        inside.setSpacing(12)
        self._count = kit.label("", "small")
        inside.addWidget(kit.heading("Activity", _ABOUT, self._count))
        notices = QWidget()
        self._notices = column(notices, spacing=8)
        inside.addWidget(notices)
        inside.addWidget(self._make_tools())
        self._table = HistoryTable(context, self._read_page)
        self._table.opened.connect(lambda: self._do(EntryAction.DETAILS))
        self._table.deleted.connect(lambda: self._take_back(redo=False))
        self._table.menu_wanted.connect(self._menu)
        self._table.moved.connect(self._say)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._table)
        place = QWidget()
        self._empty = column(place)
        self._stack.addWidget(place)
        inside.addWidget(self._stack, 1)
        inside.addWidget(self._make_actions())

    def shown(self) -> None:
        """Read the list when it is first seen, else what is new."""
        if self._read_once:
            self.ledger_changed()
        else:
            self._read_once = True
            self._read()

    def update_from(self, snapshot: Snapshot) -> None:
        """The state is another: show what holds the work up."""
        self._snapshot = snapshot
        problems = tuple(snapshot.status.problems) if snapshot.status else ()
        if problems != self._problems:
            self._problems = problems
            clear(self._notices)
            for problem in problems[:1]:
                steps = [(each.value, partial(self._apply, each)) for each in _here(remedies(problem))]
                self._notices.addWidget(self._context.kit.notice(in_words(problem), "bad", *steps))
        if not self._table.history.rowCount() and self._read_once:
            self._show_empty()

    def ledger_changed(self) -> None:
        """Take in what is new, and what is another now."""
        if self.isVisible() and self._read_once:
            index = self._table.history.index_shown
            self._context.ledger.ask(lambda reader: read_newer(reader, index), self._take)

    # -- building

    def _make_tools(self) -> QWidget:
        kit = self._context.kit
        choices = [(word, title) for word, (title, _) in SHOWN.items()]
        self._filter_place = stacked(kit.segments("Show", choices, "", self._filter))
        self._search = kit.entry("Search", example="Search", clear="Clear the search")
        self._search.setMinimumWidth(170)
        self._search.textChanged.connect(lambda _: self._typing.start())
        self._search.returnPressed.connect(self._table_takes_keys)
        QShortcut(QKeySequence.StandardKey.Find, self, self._search.setFocus)
        least = self._filter_place.sizeHint().width() + 10
        field = across(kit.mark(Icon.SEARCH, "muted"), self._search)
        return SplitRow(self._filter_place, field, margin=0, least=least)

    def _make_actions(self) -> QWidget:
        kit = self._context.kit
        self._back = kit.button("Undo", lambda: self._take_back(redo=self._is_redo))
        self._is_redo = False
        self._folder = kit.button("Open folder", partial(self._do, EntryAction.FOLDER))
        self._details = kit.button("Details", partial(self._do, EntryAction.DETAILS))
        self._compare = kit.button(
            "Before and after", partial(self._do, EntryAction.COMPARE), icon=Icon.COMPARE
        )
        return across(None, ButtonRow([self._back, self._folder, self._details, self._compare]))

    # -- reading

    def _wanted(self) -> HistoryFilter:
        where = SHOWN[self._show][1]
        return HistoryFilter(text=self._search.text().strip(), outcome=where.outcome, undone=where.undone)

    def _read(self) -> None:
        where, ask = self._wanted(), self._context.ledger.ask
        ask(lambda reader: read_first(reader, where, _FIRST), self._take_first)
        ask(lambda reader: read_index(reader, where), self._take)

    def _take_first(self, found: tuple[Index, list[HistoryEntry]]) -> None:
        index, entries = found
        if index.where == self._wanted():
            self._table.history.renew(index)
            self._table.history.put(index, 0, entries, PAGE)
            self._table.to_top()
            self._say()

    def _read_page(self, index: Index, number: int) -> None:
        self._context.ledger.ask(
            lambda reader: read_page(reader, index, number),
            lambda entries: self._table.history.put(index, number, entries, PAGE),
        )

    def _take(self, index: Index) -> None:
        if index.where == self._wanted():  # else another filter was chosen meanwhile
            self._table.renew(index)
            self._say()

    # -- choosing

    def _filter(self, show: str) -> None:
        self._show = show
        self._read()

    def _search_now(self) -> None:
        if self._wanted() != self._table.history.index_shown.where:
            self._read()

    def _table_takes_keys(self) -> None:
        self._search_now()
        self._table.setFocus(Qt.FocusReason.TabFocusReason)

    def _show_everything(self) -> None:
        self._search.clear()
        all_of_it = self._filter_place.findChildren(QWidget)
        first = next(one for one in all_of_it if one.property("kind") == "segment")
        first.click()  # type: ignore[attr-defined]  # a button
        self._table.setFocus()

    # -- saying

    def _say(self) -> None:
        """Say how many there are, and grey the buttons that would do nothing."""
        total = self._table.history.rowCount()
        self._stack.setCurrentIndex(0 if total else 1)
        if not total:
            self._show_empty()
        chosen = self._table.chosen()
        entry = self._table.current
        several = len(chosen) > 1
        words = counted(total, "entry", "entries")
        text = f"{len(chosen):,} of {words} chosen" if several else words if total else ""
        if text != self._count.text():
            self._count.setText(text)
            announce(self._count, text)
        known = self._table.known(_KNOWN) if several else [entry] if entry is not None else []
        self._is_redo = not any(map(can_undo, known)) and any(map(can_redo, known))
        word = "Redo" if self._is_redo else "Undo"
        self._back.setText(f"{word} {len(chosen):,}" if several else word)
        self._back.setEnabled(several or self._is_redo or any(map(can_undo, known)))
        offered = actions(entry) if entry is not None and not several else ()
        for button, action in (
            (self._folder, EntryAction.FOLDER),
            (self._details, EntryAction.DETAILS),
            (self._compare, EntryAction.COMPARE),
        ):
            button.setEnabled(action in offered)

    def _show_empty(self) -> None:
        """Say why there is nothing, and the next step."""
        clear(self._empty)
        kit, go = self._context.kit, self._context.navigator.go
        if self._show or self._search.text().strip():
            step = kit.button("Show everything", self._show_everything)
            made = kit.empty(Icon.SEARCH, "Nothing found", "No picture in the history is like that.", step)
        elif self._snapshot is not None and not self._snapshot.settings.folders:
            step = kit.button("Choose a folder", partial(go, "first-run"), "primary", Icon.PLUS)
            made = kit.empty(Icon.ACTIVITY, "Nothing yet", "No folder is watched yet.", step)
        else:
            text = "Put a picture into a watched folder, and see here what becomes of it."
            made = kit.empty(
                Icon.ACTIVITY, "Nothing yet", text, kit.button("Folders", partial(go, "folders"))
            )
        self._empty.addWidget(made)

    # -- doing

    def _menu(self, place: QPoint) -> None:
        entry = self._table.current
        if entry is None:
            return
        menu = QMenu(self)
        if len(self._table.chosen()) > 1:
            menu.addAction(self._back.text(), lambda: self._take_back(redo=self._is_redo))
        else:
            for action in actions(entry):
                if action in (EntryAction.FOLDER, EntryAction.COMPARE):
                    menu.addSeparator()
                menu.addAction(action.value, partial(self._do, action))
        menu.exec(place)
        menu.deleteLater()

    def _do(self, action: EntryAction, entry: HistoryEntry | None = None) -> None:
        """Do something about the entry that the keyboard is on, or another."""
        entry = entry or self._table.current
        if entry is None or action not in actions(entry):
            return
        context = self._context
        match action:
            case EntryAction.DETAILS:
                number = entry.id
                context.ledger.ask(lambda reader: read_facts(reader, number), self._show_details)
            case EntryAction.COMPARE:
                context.navigator.compare(entry.id)
            case EntryAction.UNDO:
                self._undo([entry.id])
            case EntryAction.REDO:
                self._redo([entry.id])
            case EntryAction.COMPRESS:
                self._compress(entry)
            case EntryAction.FOLDER:
                folder = where_it_is(entry).parent
                context.jobs.run(lambda: context.open_folder(folder))
            case EntryAction.COPY:
                QGuiApplication.clipboard().setText(str(where_it_is(entry)))
                context.navigator.tell("Path copied", "good")

    def _show_details(self, facts: EntryFacts | None) -> None:
        if facts is not None:
            do = partial(self._do, entry=facts.entry)
            EntryDetails(self._context.window, self._context.kit, facts, do).exec()

    def _take_back(self, *, redo: bool) -> None:
        """Undo or redo what is chosen; of several it is asked first."""
        chosen = self._table.chosen()
        fits = can_redo if redo else can_undo
        if len(chosen) == 1 and (self._table.current is None or not fits(self._table.current)):
            return
        self._context.ledger.ask(
            lambda reader: _that_fit(reader, chosen, redo=redo),
            lambda ids: self._ask(ids, several=len(chosen) > 1, redo=redo),
        )

    def _ask(self, ids: list[int], *, several: bool, redo: bool) -> None:
        context = self._context
        if not ids:
            word = "made again" if redo else "undone"
            context.navigator.tell(f"None of these can be {word}.", "warning")
            return
        if several:
            title = f"Bring back {counted(len(ids), 'original')}?"
            about, word = "The results go. You can have them made again with Redo.", "Undo"
            if redo:
                title = f"Make {counted(len(ids), 'result')} again?"
                about, word = "Their originals are kept once more.", "Redo"
            if not confirm(context.window, context.kit, title, about, word, "primary"):
                return
        (self._redo if redo else self._undo)(ids)

    def _undo(self, ids: list[int]) -> None:
        self._context.navigator.tell(f"Bringing back {counted(len(ids), 'original')} …")
        request = UndoRequest(ids=ids)
        self._context.jobs.run(lambda: list(self._context.daemon().undo(request)), self._undone)

    def _undone(self, outcomes: list[UndoOutcome]) -> None:
        text, good = undone(outcomes)
        restored = [one.id for one in outcomes if one.outcome in ("restored", "removed")]
        steps: list[Step] = [("Redo", partial(self._redo, restored))] if restored else []
        if outcomes and outcomes[-1].stopped:
            text += " Nothing more is replaced in its folder for now."
            steps.append(("Go on", self._resume))
            good = False
        self._context.navigator.tell(text, "good" if good else "warning", *steps)

    def _redo(self, ids: list[int]) -> None:
        self._context.navigator.tell(f"Making {counted(len(ids), 'picture')} smaller again …")
        request = RedoRequest(ids=ids)
        self._context.jobs.run(
            lambda: list(self._context.daemon().redo(request)), partial(self._made, again=" again")
        )

    def _compress(self, entry: HistoryEntry) -> None:
        if self._snapshot is None:
            return
        request = compress_request(entry, self._snapshot.settings)
        self._context.navigator.tell(f"Compressing {Path(entry.path).name} …")
        self._context.jobs.run(lambda: list(self._context.daemon().compress(request)), self._made)

    def _made(self, outcomes: list[FileOutcome], again: str = "") -> None:
        text, paths = done(outcomes, again)
        steps = [("Undo", partial(self._undo_paths, paths))] if paths else []
        self._context.navigator.tell(
            text, "good" if paths and len(paths) == len(outcomes) else "warning", *steps
        )

    def _undo_paths(self, paths: list[str]) -> None:
        request = UndoRequest(paths=paths)
        self._context.jobs.run(lambda: list(self._context.daemon().undo(request)), self._undone)

    def _resume(self) -> None:
        self._context.jobs.run(lambda: self._context.daemon().resume())

    def _apply(self, remedy: Remedy) -> None:
        match remedy:
            case Remedy.RESUME:
                self._resume()
            case Remedy.ORIGINALS:
                self._context.navigator.go("privacy")
            case _:
                self._context.navigator.go("folders")


def _here(steps: list[Remedy]) -> list[Remedy]:
    """What a problem offers on this page: the steps about a folder are on the page of the folders."""
    return [step for step in steps if step in (Remedy.RESUME, Remedy.ORIGINALS)] or steps[:1]


def _that_fit(reader: Reader, ids: list[int], *, redo: bool) -> list[int]:
    """Those of the entries that can be undone, or made again."""
    fits = can_redo if redo else can_undo
    found = (reader.detail(each) for each in ids)
    return [one.entry.id for one in found if one is not None and fits(one.entry)]
