"""The page Before and after: one result against its original, in every way the eye can ask for."""

import contextlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QAbstractButton, QBoxLayout, QPushButton, QStackedWidget, QWidget

from homepress.base.memory import collect_and_trim, trim
from homepress.base.results import FileOutcome, OriginalOutcome, UndoOutcome
from homepress.control.service import OriginalsRequest, RedoRequest, UndoRequest
from homepress.store.reader import EntryDetail, HistoryEntry, HistoryFilter
from homepress.ui.text import printable
from homepress.ui.window.context import Context
from homepress.ui.window.model.activity import Neighbours, ResultWords, comparison, find, newest
from homepress.ui.window.model.difference import measured
from homepress.ui.window.model.pictures import (
    NotShownError,
    Pair,
    Sheet,
    be_ready,
    rough_sheet,
    sheet,
)
from homepress.ui.window.model.snapshot import Tone
from homepress.ui.window.theme import Icon
from homepress.ui.window.widgets.controls import show_checked
from homepress.ui.window.widgets.dialogs import confirm
from homepress.ui.window.widgets.factory import (
    ButtonRow,
    SplitRow,
    across,
    after,
    announce,
    clear,
    column,
    stacked,
)
from homepress.ui.window.widgets.page import ScrollPage
from homepress.ui.window.widgets.photos import MODES, CompareView
from homepress.ui.window.widgets.quality import QualityPanel

_TITLE = "Before and after"
_NONE = "When a picture was made smaller, you can compare it here with its original."
_HINT = "Keys: ← → slider, Shift with arrows moves, + − 0 1 zoom, Space switches, W worst spot, R undo"


class ComparePage(ScrollPage):
    """The pictures, what is known of them, and what can be done."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._found: Neighbours | None = None
        self._words: ResultWords | None = None
        self._busy = False
        self._left = True
        self._before: Sheet | None = None
        self._after = Path()  # what is shown as the result
        self._turn = 0  # of loads: what an earlier one brings is too late
        kit = context.kit
        self.body.setAlignment(Qt.AlignmentFlag(0))  # the picture takes all the room there is
        self.body.setSpacing(8)
        self._title = kit.elided(_TITLE, "title")
        self._place = kit.elided("", "small")
        self.body.addWidget(self._title)
        self.body.addWidget(self._place)
        self._view = CompareView(context.theme, context.jobs)
        self._view.moved.connect(lambda: self._zoom.setText(self._view.zoom_words))
        self._view.mode_changed.connect(self._mark_mode)
        self._tools = self._make_tools()
        self.body.addWidget(self._tools)
        self.body.addWidget(self._make_stage(), 1)
        self._facts_card = self._make_facts()
        self.body.addWidget(self._facts_card)
        self._panel = QualityPanel(context, self._try_shown, self._panel_closed)
        self._panel.hide()
        self.body.addWidget(self._panel)
        context.theme.changed.connect(self._view.renew)
        self._bind_keys()
        self._show_nothing("", "")
        # A worker takes longer to start than a picture to open.
        context.jobs.run(partial(be_ready, fresh=False))

    @property
    def is_measured(self) -> bool:
        """Whether it is known where the pictures differ most."""
        return self._worst.isEnabled()

    def shown(self) -> None:
        """Show the newest result when none was chosen; open again what was left."""
        was_left, self._left = self._left, False
        if self._busy:
            return
        if self._found is None:
            self._busy = True
            self._context.ledger.ask(newest, self._take)
        elif was_left:
            self._take(self._found)

    def left(self) -> None:
        """Give back the memory of the pictures."""
        self._left = True
        self._turn += 1
        self._panel.close_panel()
        self._view.clear()
        self._context.jobs.run(partial(be_ready, fresh=True))
        after(self, 0, collect_and_trim)

    def ledger_changed(self) -> None:
        """What is shown may have been undone by somebody else."""
        if self._found is not None:
            entry = self._found.detail.entry.id
            self._context.ledger.ask(lambda reader: find(reader, entry), self._refresh)
        elif self.isVisible():
            self.shown()

    def show_entry(self, entry: int) -> None:
        """Show a result by its id in the history."""
        self._busy = True
        self._context.ledger.ask(lambda reader: find(reader, entry), self._take)

    # -- building

    def _make_tools(self) -> QWidget:
        kit, view = self._context.kit, self._view
        self._modes = kit.segments("How to compare", MODES, "slider", self._view.set_mode)
        smaller = kit.button("−", lambda: view.zoom(1 / 1.5))
        larger = kit.button("+", lambda: view.zoom(1.5))
        smaller.setAccessibleName("Zoom out")
        larger.setAccessibleName("Zoom in")
        self._zoom = kit.label("", "strong")
        self._zoom.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._zoom.setFixedWidth(self._zoom.fontMetrics().horizontalAdvance(" 1600 % "))
        self._zoom.setAccessibleName("Zoom")
        self._worst = kit.button("Worst spot", view.to_worst)
        self._worst.setEnabled(False)
        fit, full = kit.button("Fit", view.fit), kit.button("100 %", view.full_size)
        zoom = across(smaller, self._zoom, larger, fit, full, self._worst, None, spacing=6)
        tools = ButtonRow((self._modes, zoom))
        between = tools.layout()
        assert isinstance(between, QBoxLayout)
        between.setStretch(0, 1)  # the zoom stands at the other side, or below
        return tools

    def _make_stage(self) -> QWidget:
        """The picture between the ways to the ones before and after it, or why there is none."""
        kit = self._context.kit
        self._newer = self._step_button("Newer result", Icon.BACK, -1)
        self._older = self._step_button("Older result", Icon.CHEVRON, 1)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._view)
        none = QWidget()
        self._none = column(none)
        self._pages.addWidget(none)
        self._opening = kit.label("", "muted")
        self._opening.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._pages.addWidget(self._opening)
        return across(self._newer, self._pages, self._older, fill=self._pages, spacing=4)

    def _step_button(self, name: str, icon: Icon, step: int) -> QPushButton:
        made = self._context.kit.button("", lambda: self._step(step), "ghost", icon)
        made.setText("")
        made.setAccessibleName(name)
        made.setToolTip(name)
        made.setIconSize(QSize(20, 20))
        return made

    def _make_facts(self) -> QWidget:
        kit = self._context.kit
        card, inside = kit.card(spacing=4)
        self._facts = kit.label("", "strong", wrap=True)
        self._described = kit.hint()
        self._undo = kit.button("Undo", self._restore)
        self._again = kit.button("Change quality …", self._open_panel)
        self._delete = kit.button("Delete the original …", self._accept, "danger")
        self._buttons = ButtonRow((self._undo, self._again, self._delete))
        words = stacked(self._facts, self._described, spacing=2)
        inside.addWidget(SplitRow(words, self._buttons, margin=0, least=240))
        self._keys = kit.hint(_HINT)
        inside.addWidget(self._keys)
        return card

    def _bind_keys(self) -> None:
        keys: tuple[tuple[str, Callable[[], object]], ...] = (
            ("R", self._restore),
            ("PgUp", lambda: self._step(-1)),
            ("PgDown", lambda: self._step(1)),
        )
        for key, command in keys:
            shortcut = QShortcut(QKeySequence(key), self, command)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)

    # -- showing

    def _take(self, found: Neighbours | None) -> None:
        self._busy = False
        self._found = found
        self._panel.close_panel()
        if found is None:
            self._words = None
            self._show_nothing("Nothing to compare yet", _NONE)
            return
        self._say(comparison(found.detail))
        if not self._left:
            self._load(found.detail)

    def _say(self, words: ResultWords) -> None:
        """Say what is known of the result, and offer what can be done."""
        self._words = words
        self._title.set_text(words.name)
        self._place.set_text(words.place)
        self._facts.setText(words.facts)
        self._described.setText(" ".join(filter(None, (words.score, words.removed))))
        self._undo.setText("Redo" if words.can_redo else "Undo")
        self._undo.setEnabled(words.can_undo or words.can_redo)
        self._again.setEnabled(bool(words.before))
        self._delete.setEnabled(words.can_undo)
        self._show_steps()

    def _show_steps(self) -> None:
        for button, to in (
            (self._newer, self._found and self._found.newer),
            (self._older, self._found and self._found.older),
        ):
            button.setEnabled(to is not None)

    def _show_nothing(self, title: str, about: str, *actions: QAbstractButton) -> None:
        """Say why there is no picture, with the next step; nothing while that is not known."""
        self._view.clear()
        known = self._words is not None
        for widget in (self._facts_card, self._newer, self._older):
            widget.setVisible(known)
        for widget in (self._tools, self._keys):
            widget.hide()
        if self._view.hasFocus():
            (self._undo if self._undo.isEnabled() else self._older).setFocus()
        if not known:
            self._title.set_text(_TITLE)
            self._place.set_text("")
        clear(self._none)
        if title:
            self._none.addWidget(self._context.kit.empty(Icon.COMPARE, title, about, *actions))
        self._pages.setCurrentIndex(1)

    def _refresh(self, found: Neighbours | None) -> None:
        """Say anew what is known; load again only when the files are others."""
        if found is None or self._found is None or found == self._found:
            return
        if found.detail.entry.id != self._found.detail.entry.id:
            return
        old, words = self._words, comparison(found.detail)
        self._found = found
        if old is None or (old.before, old.after, old.missing) != (words.before, words.after, words.missing):
            self._take(found)
        else:  # the same pictures: what somebody is looking at stays as it is
            self._say(words)

    def _load(self, detail: EntryDetail) -> None:
        """Open both pictures: quickly first, then in full, then look for the worst spot."""
        self._turn += 1
        turn, words = self._turn, self._words
        assert words is not None
        if not words.before or not words.after:
            self._show_nothing("Nothing to compare", words.missing)
            return
        for widget in (self._tools, self._keys, self._facts_card, self._newer, self._older):
            widget.show()
        self._worst.setEnabled(False)
        # About as long as what will stand there, so that the picture keeps its size.
        looking = f"{words.score} Homepress is looking for the largest difference between both …"
        self._described.setText(" ".join(filter(None, (looking, words.removed))))
        self._opening.setText("Opening …")
        self._pages.setCurrentIndex(2)
        self._view.begin(words.before_label, words.after_label)
        before, after = Path(words.before), Path(words.after)
        self._before, self._after = None, after

        def post(function: Callable[[], object]) -> None:
            self._context.main.post(lambda: function() if turn == self._turn else None)

        def work() -> str:
            try:
                for file, show in ((before, self._show_before), (after, self._show_after)):
                    post(partial(show, rough_sheet(file)))
                pair = Pair(sheet(before), sheet(after))
                post(partial(self._show_before, pair.before))
                post(partial(self._show_after, pair.after))
                pair = measured(pair)
            except NotShownError as error:
                return f"These pictures cannot be shown: {error}."
            post(partial(self._show_measured, pair))
            return ""

        def done(text: str) -> None:
            if text and turn == self._turn:
                self._show_nothing("Nothing to compare", text)

        self._context.jobs.run(work, done, owner=self)

    def _show_before(self, opened: Sheet) -> None:
        first = self._pages.currentIndex() != 0
        self._pages.setCurrentIndex(0)
        self._before = opened
        self._view.show_before(opened)
        if first and not (self._newer.hasFocus() or self._older.hasFocus()):
            self._view.setFocus()

    def _show_after(self, opened: Sheet) -> None:
        if opened.file == self._after:
            self._view.show_after(opened)

    def _show_measured(self, pair: Pair) -> None:
        if pair.after.file != self._after:
            return  # another quality is shown
        self._view.show_measured(pair)
        self._worst.setEnabled(pair.worst is not None)
        self._context.jobs.run(trim)  # of what was decoded on the way
        if self._words is not None and str(self._after) == self._words.after:
            text = self._words.described(pair)
            self._described.setText(" ".join(filter(None, (text, self._words.removed))))
            announce(self._view, text)

    def _mark_mode(self, mode: str) -> None:
        words = dict(MODES)[mode]
        for button in self._modes.findChildren(QPushButton):
            if button.text() == words:
                show_checked(button, True)

    def _step(self, step: int) -> None:
        if self._found is not None:
            to = self._found.older if step > 0 else self._found.newer
            if to is not None:
                self.show_entry(to)

    # -- doing

    def _restore(self) -> None:
        """Bring the original back, or make the result again that was undone."""
        if self._found is None or self._words is None:
            return
        ids, context = [self._found.detail.entry.id], self._context
        if self._words.can_redo:
            request = RedoRequest(ids=ids)
            self._undo.setEnabled(False)  # it takes as long as the first time
            context.jobs.run(lambda: list(context.daemon().redo(request)), self._redone, self._not_done)
        elif self._words.can_undo:
            undo = UndoRequest(ids=ids)
            self._undo.setEnabled(False)
            context.jobs.run(lambda: list(context.daemon().undo(undo)), self._restored, self._not_done)

    def _not_done(self, text: str, tone: Tone = "bad") -> None:
        """Say why, and offer it again."""
        self._context.navigator.tell(text, tone)
        if self._words is not None:
            self._say(self._words)

    def _restored(self, outcomes: list[UndoOutcome]) -> None:
        for outcome in outcomes:
            if outcome.outcome in ("failed", "beside"):
                why = outcome.reason or f"the original is at {printable(outcome.restored_to)}"
                self._not_done(f"{printable(outcome.path)}: {printable(why)}", "warning")
            else:
                text = "The original is back. It will not be compressed again."
                self._context.navigator.tell(text, "good", ("Redo", partial(self._redo, outcome.id)))

    def _redo(self, entry: int) -> None:
        request = RedoRequest(ids=[entry])
        self._context.jobs.run(lambda: list(self._context.daemon().redo(request)), self._redone)

    def _redone(self, outcomes: list[FileOutcome]) -> None:
        if not outcomes:
            self._not_done("Nothing to redo: the picture has another result since.", "warning")
        for outcome in outcomes:
            if outcome.outcome == "compressed":
                self._made_again(outcome)
            else:
                self._not_done(f"{printable(outcome.path)}: {printable(outcome.reason)}", "warning")

    def _made_again(self, outcome: FileOutcome) -> None:
        """A result took the place of the picture: it is the newest one now, and what is shown."""
        self._context.navigator.tell("The picture is smaller again. You can undo it.", "good")
        made = HistoryFilter(path=Path(outcome.path), outcome="compressed")

        def look(found: list[HistoryEntry]) -> None:
            if found and self._found is not None:
                self.show_entry(found[0].id)

        self._context.ledger.ask(lambda reader: list(reader.history(made, limit=1)), look)

    def _accept(self) -> None:
        if self._found is None:
            return
        text = "The result stays. The original is deleted now and cannot be brought back afterwards."
        context, request = self._context, OriginalsRequest(ids=[self._found.detail.entry.id])
        if confirm(context.window, context.kit, "Delete the original?", text, "Delete the original"):
            context.jobs.run(lambda: list(context.daemon().accept_originals(request)), self._accepted)

    def _accepted(self, outcomes: list[OriginalOutcome]) -> None:
        failed = next((outcome for outcome in outcomes if outcome.outcome == "failed"), None)
        if failed:
            text = f"{printable(failed.path)}: {printable(failed.reason)}"
            self._context.navigator.tell(text, "bad")
        else:
            self._context.navigator.tell("The original was deleted; the result stays.", "good")

    # -- another quality

    def _open_panel(self) -> None:
        if self._found is not None and self._words is not None and self._words.before:
            self._panel.open_panel(self._found.detail, Path(self._words.before), self._made_again)
            self._facts_card.hide()

    def _panel_closed(self) -> None:
        """Show the result that there is, in place of the one that was tried."""
        self._facts_card.setVisible(self._words is not None)
        if self._words is not None and self._words.after and not self._left:
            self._view.setFocus()
            self._try_shown(Path(self._words.after), self._words.after_label)

    def _try_shown(self, file: Path, label: str) -> None:
        """Show a picture as the one after, and where it differs."""
        turn, before, self._after = self._turn, self._before, file

        def post(function: Callable[[], object]) -> None:
            self._context.main.post(lambda: function() if (turn, file) == (self._turn, self._after) else None)

        def work() -> None:
            with contextlib.suppress(NotShownError):  # the one before stays
                opened = sheet(file)
                post(lambda: self._view.show_after(opened, label))
                if before is not None:
                    post(partial(self._show_measured, measured(Pair(before, opened))))

        self._context.jobs.run(work)
