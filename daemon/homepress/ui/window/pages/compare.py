"""The page Before and after: one result against its original, in every way the eye can ask for."""

import tkinter as tk
from pathlib import Path

from homepress.base.memory import collect_and_trim
from homepress.base.results import OriginalOutcome, UndoOutcome
from homepress.control.service import OriginalsRequest, UndoRequest
from homepress.store.reader import EntryDetail
from homepress.ui.window.context import Context
from homepress.ui.window.model.activity import Neighbours, ResultWords, comparison, find, newest
from homepress.ui.window.model.pictures import NotShownError, Pair, load_pair
from homepress.ui.window.model.snapshot import Snapshot
from homepress.ui.window.theme import Icon
from homepress.ui.window.widgets.factory import Card, PagePanel, Panel, header
from homepress.ui.window.widgets.forms import confirm
from homepress.ui.window.widgets.photos import MODES, CompareView

_HINT = "Keys: ← → slider, Shift with arrows moves the picture, + − zoom, 0 fits, 1 is 100 %, W worst spot"


def make(parent: tk.Misc, context: Context) -> "ComparePage":
    """Make the page."""
    return ComparePage(parent, context)


class ComparePage(PagePanel):
    """The pictures, what is known of them, and what can be done."""

    def __init__(self, parent: tk.Misc, context: Context) -> None:
        super().__init__(parent, "page", (context.theme.px(32), context.theme.px(24)))
        self._context = context
        self._found: Neighbours | None = None
        self._busy = False
        self._left = False
        self.columnconfigure(0, weight=1)
        self.rowconfigure(2, weight=1)
        self._title = Panel(self)
        self._title.grid(row=0, column=0, sticky="we")
        self._title.columnconfigure(0, weight=1)
        self._make_tools().grid(
            row=1, column=0, sticky="we", pady=(context.theme.px(10), context.theme.px(8))
        )
        self._view = CompareView(self, context.theme)
        self._view.grid(row=2, column=0, sticky="nswe")
        self._message = context.kit.label(self, "", "muted", wrap=520)
        self._message.configure(justify="center")
        self._make_facts().grid(row=3, column=0, sticky="we", pady=(context.theme.px(10), 0))
        self._bind_keys()
        self._head("Before and after", "")

    def shown(self) -> None:
        """Show the newest result when none was chosen; open again what was left."""
        if self._busy:
            return
        if self._found is None:
            self._busy = True
            self._context.ledger.ask(newest, self._take)
        elif self._left:
            self._take(self._found)
        self._left = False

    def left(self) -> None:
        """Give back the memory of the pictures: some 150 MB for a photograph."""
        self._left = True
        self._view.clear()
        self.after_idle(collect_and_trim)

    def update_from(self, snapshot: Snapshot) -> None:
        """Nothing here depends on the daemon."""

    def ledger_changed(self) -> None:
        """What is shown may have been undone by somebody else."""
        if self._found is None:
            if self.winfo_manager():
                self.shown()
            return
        entry = self._found.detail.entry
        self._context.ledger.ask(lambda reader: find(reader, entry.id), self._refresh)

    def show(self, entry: int) -> None:
        """Show a result by its id in the history."""
        self._busy = True
        self._left = False
        self._context.ledger.ask(lambda reader: find(reader, entry), self._take)

    # -- building

    def _make_tools(self) -> Panel:
        kit, px = self._context.kit, self._context.theme.px
        tools = Panel(self)
        tools.columnconfigure(1, weight=1)
        segments, self._mode = kit.segments(tools, MODES, "slider", self._set_mode)
        segments.grid(row=0, column=0)
        zoom = Panel(tools)
        zoom.grid(row=0, column=2)
        for at, (text, command) in enumerate(
            (
                ("Fit", lambda: self._view.fit()),
                ("100 %", lambda: self._view.full_size()),
                ("−", lambda: self._view.zoom(1 / 1.5)),
                ("+", lambda: self._view.zoom(1.5)),
                ("Worst spot", lambda: self._view.to_worst()),
            )
        ):
            kit.button(zoom, text, command).grid(row=0, column=at, padx=(px(6) if at else 0, 0))
        return tools

    def _make_facts(self) -> Card:
        kit, px = self._context.kit, self._context.theme.px
        card = Card(self, self._context.theme, (18, 12))
        card.columnconfigure(0, weight=1)
        self._facts = kit.label(card, "", "strong")
        self._facts.grid(row=0, column=0, sticky="w")
        self._description = kit.flowing(card, "", "small")
        self._description.grid(row=1, column=0, sticky="we", pady=(px(2), 0))
        kit.flowing(card, _HINT, "small").grid(row=2, column=0, columnspan=2, sticky="we", pady=(px(6), 0))
        buttons = Panel(card)
        buttons.grid(row=0, column=1, rowspan=2, sticky="e", padx=(px(16), 0))
        self._restore_button = kit.button(buttons, "Restore original", self._restore)
        self._restore_button.grid(row=0, column=0)
        self._keep_button = kit.button(buttons, "Keep the result", self._keep, "primary")
        self._keep_button.grid(row=0, column=1, padx=(px(8), 0))
        return card

    def _bind_keys(self) -> None:
        for key, mode in (("s", "slider"), ("b", "side"), ("f", "flicker"), ("d", "difference")):
            self._view.bind_key(f"<Key-{key}>", lambda m=mode: self._choose_mode(m))  # type: ignore[misc]
        self._view.bind_key("<Key-r>", self._restore)
        self._view.bind_key("<Prior>", lambda: self._step(-1))
        self._view.bind_key("<Next>", lambda: self._step(1))

    def _head(self, title: str, about: str) -> None:
        kit = self._context.kit
        for child in self._title.winfo_children():
            child.destroy()
        top = header(self._title, kit, title, about)
        top.grid(row=0, column=0, sticky="we")
        if self._found is None:
            return
        steps = Panel(top)
        steps.grid(row=0, column=1, sticky="e")
        for at, (text, icon, to, step) in enumerate(
            (
                ("Newer", Icon.BACK, self._found.newer, -1),
                ("Older", Icon.CHEVRON, self._found.older, 1),
            )
        ):
            button = kit.button(steps, text, lambda s=step: self._step(s), "ghost", icon)  # type: ignore[misc]
            button.grid(row=0, column=at)
            button.configure(compound="left" if step < 0 else "right")
            button.state(["!disabled" if to is not None else "disabled"])

    # -- showing

    def _take(self, found: Neighbours | None) -> None:
        self._busy = False
        self._found = found
        if found is None:
            self._head("Before and after", "")
            self._say(
                "Nothing was compressed yet. When a picture was, it can be compared here with its original."
            )
            self._show_facts(None)
            return
        words = comparison(found.detail)
        self._head(words.name, words.place)
        self._show_facts(words)
        self._view.clear()
        self._load(found.detail, words)

    def _refresh(self, found: Neighbours | None) -> None:
        """Say anew what is known; load again only when the files are others."""
        if found is None or self._found is None or found == self._found:
            return
        old, words = comparison(self._found.detail), comparison(found.detail)
        if (old.before, old.after, old.missing) != (words.before, words.after, words.missing):
            self._take(found)
            return
        # The same pictures: what somebody is looking at stays as it is.
        self._found = found
        self._head(words.name, words.place)
        self._enable(words)

    def _load(self, detail: EntryDetail, words: ResultWords) -> None:
        if not words.before or not words.after:
            self._say(words.missing)
            return
        self._say("Opening …")

        def work() -> Pair | str:
            try:
                return load_pair(Path(words.before), Path(words.after))
            except NotShownError as error:
                return f"These pictures cannot be shown: {error}."

        def done(result: Pair | str) -> None:
            if self._found is None or self._found.detail.entry.id != detail.entry.id or self._left:
                return  # another one was chosen meanwhile, or another page
            if isinstance(result, str):
                self._say(result)
                return
            self._say("")
            self._view.show(result, words.before_label, words.after_label)
            self._description.configure(text=words.described(result))
            self._view.focus_set()

        self._context.jobs.run(work, done)

    def _show_facts(self, words: ResultWords | None) -> None:
        self._facts.configure(text=words.facts if words else "")
        self._description.configure(text=words.score if words else "")
        self._enable(words)

    def _enable(self, words: ResultWords | None) -> None:
        on = words is not None and words.can_undo
        for button in (self._restore_button, self._keep_button):
            button.state(["!disabled" if on else "disabled"])

    def _say(self, text: str) -> None:
        self._message.configure(text=text)
        if text:
            self._message.grid(row=2, column=0)
            self._message.lift()
        else:
            self._message.grid_remove()

    def _set_mode(self, mode: str) -> None:
        self._view.set_mode(mode)

    def _choose_mode(self, mode: str) -> None:
        self._mode.set(mode)
        self._view.set_mode(mode)

    def _step(self, step: int) -> None:
        if self._found is not None:
            to = self._found.older if step > 0 else self._found.newer
            if to is not None:
                self.show(to)

    # -- doing

    def _restore(self) -> None:
        if self._found is None or self._restore_button.instate(["disabled"]):
            return
        request = UndoRequest(ids=[self._found.detail.entry.id])
        self._context.jobs.run(lambda: list(self._context.daemon().undo(request)), self._restored)

    def _restored(self, outcomes: list[UndoOutcome]) -> None:
        for outcome in outcomes:
            if outcome.outcome in ("failed", "beside"):
                why = outcome.reason or f"the original is at {outcome.restored_to}"
                self._context.navigator.tell(f"{outcome.path}: {why}", "warning")
            else:
                text = "The original is back. It will not be compressed again."
                self._context.navigator.tell(text, "good")

    def _keep(self) -> None:
        if self._found is None:
            return
        text = "The result stays. The original is deleted now and cannot be brought back afterwards."
        if not confirm(self._context, "Delete the original?", text, "Delete the original"):
            return
        request = OriginalsRequest(ids=[self._found.detail.entry.id])
        self._context.jobs.run(lambda: list(self._context.daemon().accept_originals(request)), self._kept)

    def _kept(self, outcomes: list[OriginalOutcome]) -> None:
        failed = next((outcome for outcome in outcomes if outcome.outcome == "failed"), None)
        if failed:
            self._context.navigator.tell(f"{failed.path}: {failed.reason}", "bad")
        else:
            self._context.navigator.tell("The original was deleted; the result stays.", "good")
