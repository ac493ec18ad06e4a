"""The page General: what holds for the whole program."""

import tkinter as tk

import homepress
from homepress.base.results import OriginalOutcome
from homepress.base.units import counted, size
from homepress.control.service import OriginalsRequest
from homepress.desktop.autostart import AutostartState, autostart, autostarts
from homepress.settings import DaemonSettings, Settings
from homepress.ui.text import printable
from homepress.ui.window.context import Context
from homepress.ui.window.model.form import daemon_form
from homepress.ui.window.model.privacy import built_on
from homepress.ui.window.model.snapshot import Snapshot
from homepress.ui.window.widgets.charts import Bar
from homepress.ui.window.widgets.factory import Card, Panel, header
from homepress.ui.window.widgets.forms import SettingsForm, confirm
from homepress.ui.window.widgets.scrolling import ScrollPage

_LICENCE = (
    "Homepress is free software under the GNU General Public License, version 3 or later. "
    "It comes without any warranty. It is built on these, each under its own licence:"
)


def make(parent: tk.Misc, context: Context) -> "GeneralPage":
    """Make the page."""
    return GeneralPage(parent, context)


class GeneralPage(ScrollPage):
    """Settings of the program, originals, start at login, about."""

    def __init__(self, parent: tk.Misc, context: Context) -> None:
        super().__init__(parent, context.theme)
        self._context = context
        self._daemon: DaemonSettings | None = None
        self._form: SettingsForm | None = None
        kit, px = context.kit, context.theme.px
        self.inside.configure(padding=(px(32), px(28), px(32), px(20)))
        self.inside.columnconfigure(0, weight=1)
        top = header(self.inside, kit, "General", "Changes apply at once.")
        top.grid(row=0, column=0, sticky="we", pady=(0, px(16)))
        self._login = self._make_login()
        self._login.grid(row=1, column=0, sticky="we", pady=(0, px(12)))
        self._form_place = Panel(self.inside)
        self._form_place.columnconfigure(0, weight=1)
        self._form_place.grid(row=2, column=0, sticky="we")
        self._make_originals().grid(row=3, column=0, sticky="we", pady=(0, px(12)))
        self._make_about().grid(row=4, column=0, sticky="we")

    def shown(self) -> None:
        """Look how start at login stands."""
        self._context.jobs.run(lambda: autostart().state(), self._show_login)

    def update_from(self, snapshot: Snapshot) -> None:
        """The settings or what originals occupy are another."""
        daemon = snapshot.settings.daemon
        if daemon != self._daemon and not self._being_edited():
            self._daemon = daemon
            self._show_form()
        if snapshot.status is not None:
            self._show_originals(snapshot.status.originals_bytes, daemon.originals_max.bytes)

    def ledger_changed(self) -> None:
        """Nothing here is read from the ledger."""

    # -- settings

    def _show_form(self) -> None:
        assert self._daemon is not None
        if self._form is not None:
            self._form.destroy()
        form = daemon_form(self._context.paths.config_file, self._daemon)
        self._form = SettingsForm(self._form_place, self._context, form, self._written)
        self._form.grid(row=0, column=0, sticky="we")

    def _being_edited(self) -> bool:
        focus = self.focus_get()
        return self._form is not None and focus is not None and str(focus).startswith(f"{self._form}.")

    def _written(self, key: str, anew: bool) -> None:
        def done(settings: Settings) -> None:
            self._context.navigator.tell(f"Saved: {key}", "good")
            if anew:
                self._daemon = settings.daemon
                self._show_form()

        self._context.jobs.run(self._context.reload_settings, done)

    # -- start at login

    def _make_login(self) -> Card:
        kit, px = self._context.kit, self._context.theme.px
        card = Card(self.inside, self._context.theme, (22, 14))
        card.columnconfigure(0, weight=1)
        kit.label(card, "Start at login", "strong").grid(row=0, column=0, sticky="w")
        self._login_words = kit.flowing(card, "", "small")
        self._login_words.grid(row=1, column=0, sticky="we", pady=(px(2), 0))
        self._switch = kit.switch(card, False, self._set_login)
        self._switch.grid(row=0, column=1, rowspan=2, sticky="e")
        return card

    def _show_login(self, state: AutostartState) -> None:
        self._switch.value.set(state.on)  # type: ignore[attr-defined]  # put there by the kit
        self._switch.configure(text="On" if state.on else "Off")
        words = printable(state.reason) or (
            f"By a {state.kind}: {printable(state.place)}" if state.on else ""
        )
        self._login_words.configure(text=words or "Have Homepress start by itself when you log in.")

    def _set_login(self, on: bool) -> None:
        def work() -> AutostartState:
            if on:
                autostarts()[0].enable()
            else:
                for way in autostarts():
                    way.disable()
            return autostart().state()

        self._context.jobs.run(work, self._show_login)

    # -- originals

    def _make_originals(self) -> Card:
        kit, px = self._context.kit, self._context.theme.px
        card = Card(self.inside, self._context.theme, (22, 16))
        card.columnconfigure(0, weight=1)
        kit.label(card, "Kept originals", "strong").grid(row=0, column=0, sticky="w")
        self._originals_words = kit.flowing(card, "", "small")
        self._originals_words.grid(row=1, column=0, sticky="we", pady=(px(2), px(8)))
        self._originals_bar = Bar(card, self._context.theme)
        self._originals_bar.grid(row=2, column=0, sticky="we")
        empty = kit.button(card, "Delete all …", self._empty, "danger")
        empty.grid(row=0, column=1, rowspan=3, sticky="e", padx=(px(20), 0))
        return card

    def _show_originals(self, occupied: int, most: int) -> None:
        of = f" of {size(most)}, or a tenth of the disk if that is less" if most else ""
        text = f"{size(occupied)}{of}. How many days they are kept is set for each folder."
        self._originals_words.configure(text=text)
        self._originals_bar.set(occupied / most if most else 0.0)

    def _empty(self) -> None:
        text = "The results stay, but no original can be brought back afterwards."
        if confirm(self._context, "Delete all originals?", text, "Delete all originals"):
            self._context.jobs.run(
                lambda: list(self._context.daemon().accept_originals(OriginalsRequest(all=True))),
                self._emptied,
            )

    def _emptied(self, outcomes: list[OriginalOutcome]) -> None:
        done = sum(outcome.outcome == "accepted" for outcome in outcomes)
        self._context.navigator.tell(f"{counted(done, 'original')} deleted.", "good")

    # -- about

    def _make_about(self) -> Card:
        kit, px = self._context.kit, self._context.theme.px
        card = Card(self.inside, self._context.theme, (22, 16))
        card.columnconfigure(0, weight=1)
        kit.label(card, f"Homepress {homepress.__version__}", "heading").grid(row=0, column=0, sticky="w")
        kit.flowing(card, _LICENCE, "small").grid(row=1, column=0, sticky="we", pady=(px(4), px(6)))
        kit.flowing(card, ", ".join(built_on()), "small").grid(row=2, column=0, sticky="we")
        return card
