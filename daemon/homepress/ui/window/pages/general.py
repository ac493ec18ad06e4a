"""The page General: what holds for the whole program."""

from PySide6.QtWidgets import QFrame, QWidget

import homepress
from homepress.base.units import size
from homepress.desktop.autostart import AutostartState, autostart, autostarts
from homepress.settings import DaemonSettings, Settings, load
from homepress.ui.text import printable
from homepress.ui.window.context import Context
from homepress.ui.window.model.form import daemon_form
from homepress.ui.window.model.privacy import built_on
from homepress.ui.window.model.snapshot import Snapshot
from homepress.ui.window.widgets.controls import show_checked
from homepress.ui.window.widgets.factory import across, clear, column
from homepress.ui.window.widgets.forms import SettingsForm
from homepress.ui.window.widgets.page import ScrollPage

_LICENCE = (
    "Homepress is free software under the GNU General Public License, version 3 or later. "
    "It comes without any warranty."
)
_BUILT_ON = "It is built on these, each under its own licence:"


class GeneralPage(ScrollPage):
    """Settings of the program, originals, start at login, about."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._daemon: DaemonSettings | None = None
        self._form: SettingsForm | None = None
        self.body.addWidget(context.kit.heading("General", "Changes apply at once."))
        self.body.addWidget(self._make_login())
        place = QWidget()
        self._form_place = column(place)
        self.body.addWidget(place)
        self.body.addWidget(self._make_originals())
        self.body.addWidget(self._make_about())

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

    # -- settings

    def _show_form(self) -> None:
        assert self._daemon is not None
        clear(self._form_place)
        form = daemon_form(self._context.paths.config_file, self._daemon)
        self._form = SettingsForm(self._context, form, self._written)
        self._form_place.addWidget(self._form)

    def _being_edited(self) -> bool:
        focus = self.focusWidget()
        return self._form is not None and focus is not None and self._form.isAncestorOf(focus)

    def _written(self, anew: bool) -> None:
        def done(settings: Settings) -> None:
            self._daemon = settings.daemon
            if anew:
                self._show_form()

        self._context.jobs.run(lambda: load(self._context.paths.config_file), done, owner=self)

    # -- start at login

    def _make_login(self) -> QFrame:
        kit = self._context.kit
        card, inside = kit.card(spacing=0, rows=True)
        self._switch = kit.switch("Start at login", False, self._set_login)
        made = kit.form_row("Start at login", "Start Homepress automatically when you log in.", self._switch)
        inside.addWidget(made)
        self._login_words = kit.hint()
        self._login_words.hide()
        inside.addWidget(self._login_words)
        return card

    def _show_login(self, state: AutostartState) -> None:
        show_checked(self._switch, state.on)
        self._login_words.setText(printable(state.reason))
        self._login_words.setVisible(bool(state.reason))
        self._switch.setToolTip(f"{state.kind}: {printable(state.place)}" if state.on else "")

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

    def _make_originals(self) -> QFrame:
        kit = self._context.kit
        card, inside = kit.card()
        inside.addWidget(kit.label("Stored originals", "strong"))
        self._originals_words = kit.hint(" ")
        inside.addWidget(self._originals_words)
        self._originals_bar = kit.progress("Space used by stored originals")
        inside.addWidget(self._originals_bar)
        go = self._context.navigator.go
        more = kit.button("What is stored, and how to delete it", lambda: go("privacy"), "ghost")
        inside.addWidget(across(more, None))
        return card

    def _show_originals(self, occupied: int, most: int) -> None:
        of = f" of {size(most)}, or a tenth of the disk if that is less" if most else ""
        text = f"{size(occupied)}{of}. Each folder has its own setting for how long they are kept."
        self._originals_words.setText(text)
        self._originals_bar.setValue(round(1000 * min(1.0, occupied / most)) if most else 0)

    # -- about

    def _make_about(self) -> QFrame:
        kit = self._context.kit
        card, inside = kit.card()
        inside.addWidget(kit.label(f"Homepress {homepress.__version__}", "heading"))
        inside.addWidget(kit.hint(_LICENCE))
        if packages := built_on():  # a bundle does not know
            inside.addWidget(kit.hint(f"{_BUILT_ON} {', '.join(packages)}"))
        return card
