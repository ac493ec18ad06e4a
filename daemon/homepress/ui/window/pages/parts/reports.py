"""What daemon, workers, tray and this window reported when they tried every way to a network."""

from msgspec.structs import replace

from homepress.control import witness
from homepress.control.service import ProbedProcess, ServiceError
from homepress.ui.window.context import Context
from homepress.ui.window.model.privacy import Door, Tried, reports, verdict_of_all
from homepress.ui.window.theme import Icon
from homepress.ui.window.widgets.kit import Card, Panel, Role

_MARKS: dict[str, tuple[Icon, Role]] = {
    "refused": (Icon.CHECK, "good"),
    "local only": (Icon.SAME, "small"),
    "open": (Icon.WARNING, "bad"),
}


class Reports(Panel):
    """A sentence on all of them, then a card for each, its lines on demand."""

    def __init__(self, parent: Panel, context: Context) -> None:
        super().__init__(parent)
        self._context = context
        self._asked = False
        self.columnconfigure(0, weight=1)

    def ask_once(self) -> None:
        """Have the processes try, unless they did."""
        if not self._asked:
            self.ask()

    def ask(self) -> None:
        """Have the processes try."""
        self._asked = True
        self._say("Asking each process to try every way out …")
        self._context.jobs.run(lambda: _ask(self._context), self._show, self._say)

    def _say(self, text: str) -> None:
        self._clear()
        words = self._context.kit.flowing(self, text)
        words.grid(row=0, column=0, sticky="we", pady=(0, self._context.theme.px(14)))

    def _clear(self) -> None:
        for child in self.winfo_children():
            child.destroy()

    def _show(self, processes: list[ProbedProcess]) -> None:
        self._clear()
        px = self._context.theme.px
        found = reports(processes)
        text, closed = verdict_of_all(found)
        notice = self._context.kit.notice(self, text, "good" if closed else "warning")
        notice.grid(row=0, column=0, sticky="we", pady=(0, px(14)))
        for row, report in enumerate(found, 1):
            card = _Report(self, self._context, report, unfolded=row == 1)
            card.grid(row=row, column=0, sticky="we", pady=(0, px(10)))


class _Report(Card):
    """One process: its name, the sum, and the lines."""

    def __init__(self, parent: Panel, context: Context, report: Tried, *, unfolded: bool) -> None:
        super().__init__(parent, context.theme, (20, 10))
        self._context = context
        kit, px = context.kit, context.theme.px
        self.columnconfigure(0, weight=1)
        self.columnconfigure(1, minsize=px(150))
        kit.label(self, report.title, "strong").grid(row=0, column=0, sticky="w")
        icon, role = _MARKS["refused" if report.closed else "open"]
        kit.label(self, report.words, role, icon=icon).grid(row=0, column=1, sticky="w", padx=px(12))
        self._lines = Panel(self)
        self._lines.columnconfigure(2, weight=1)
        for row, door in enumerate(report.doors):
            self._door(row, door)
        self._button = kit.button(self, "Show", self._fold, "ghost")
        self._button.configure(width=6)
        self._button.grid(row=0, column=2)
        if not report.doors:
            self._button.state(["disabled"])
        if unfolded:
            self._fold()

    def _fold(self) -> None:
        unfolded = not self._lines.winfo_manager()
        if unfolded:
            px = self._context.theme.px
            self._lines.grid(row=1, column=0, columnspan=3, sticky="we", pady=(px(8), px(6)))
        else:
            self._lines.grid_remove()
        self._button.configure(text="Hide" if unfolded else "Show")

    def _door(self, row: int, door: Door) -> None:
        kit, px = self._context.kit, self._context.theme.px
        icon, role = _MARKS[door.verdict]
        verdict = kit.label(self._lines, door.verdict, role, icon=icon)
        verdict.grid(row=row, column=0, sticky="w", pady=px(1))
        kit.label(self._lines, door.name).grid(row=row, column=1, sticky="w", padx=px(14))
        kit.label(self._lines, door.answer, "small").grid(row=row, column=2, sticky="w")


def _ask(context: Context) -> list[ProbedProcess]:
    """Whoever runs; without a daemon the others still can be asked. For threads."""
    try:
        found = context.daemon().probe()
    except ServiceError:
        found = []
    own = zip(("this window", "this window's worker"), context.probe(), strict=False)
    return [
        *found,
        *witness.ask(context.paths.socket, "tray"),
        *(replace(process, name=name) for name, process in own),
    ]
