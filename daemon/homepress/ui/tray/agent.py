"""The desktop agent: icon, menu and notices of one Homepress, for as long as the session lasts."""

import logging
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from homepress.control.lock import InstanceLock
from homepress.desktop.notices import Notice, Notifier, Unshown
from homepress.ui.testimony import stand_witness
from homepress.ui.tray.following import Follower
from homepress.ui.tray.hands import Hands
from homepress.ui.tray.menu import Known
from homepress.ui.tray.notices import NoticeRules
from homepress.ui.tray.performing import Performer
from homepress.ui.tray.power import PowerTeller
from homepress.ui.tray.showing import Shown
from homepress.ui.tray.stage import Stage, prepare

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Places:
    """The few places the agent has to know, so that it need not load the settings room.

    Attributes:
        socket: where the daemon listens.
        state: folder of the agent's lock, log and marks.
        settings_file: the user's settings.
    """

    socket: Path
    state: Path
    settings_file: Path

    @property
    def lock(self) -> Path:
        """Held by the one agent of this Homepress."""
        return self.state / "tray.lock"

    @property
    def log(self) -> Path:
        """What the agent has to say."""
        return self.state / "tray.log"

    @property
    def greeted(self) -> Path:
        """Is there once the first success was told."""
        return self.state / "first-success-told"


def run_agent(places: Places) -> int:
    """Show the icon until Quit or the end of the session; the exit code.

    A second agent of the same Homepress tells the first that a daemon was started, and ends.
    """
    lock = InstanceLock(places.lock)
    stage = prepare(str(places.state))
    if not lock.acquire():
        stage.wake_other()
        return 0
    try:
        _begin_log(places.log)
        if stage.lacking:
            _log.warning("no tray icon and no notices: %s", stage.lacking)
            return 0
        Agent(places, stage).run()
    finally:
        lock.release()
    return 0


def _begin_log(file: Path) -> None:
    """Not before the lock is ours: the log is that of the one agent."""
    form = "%(asctime)s %(levelname)s %(message)s"
    logging.basicConfig(filename=file, filemode="w", level=logging.INFO, format=form)
    file.chmod(0o600)


class Agent:
    """Everything of one agent, put together."""

    def __init__(self, places: Places, stage: Stage) -> None:
        self._places = places
        self._stage = stage
        self._rules = NoticeRules(places.greeted.exists())
        self._known = Known(None)
        self._shown: Shown | None = None
        self._ended = False
        self._telling = threading.Lock()
        self._later: threading.Timer | None = None
        self._power = PowerTeller(places.socket)
        self._follower = Follower(places.socket, places.state, self._tell, stage.starts_at_login)
        self._performer = Performer(
            Hands(
                socket=places.socket,
                settings_file=places.settings_file,
                report=places.state / "report.html",
                opener=stage.opener,
                tell=self._notify,
                set_autostart=stage.set_autostart,
                nudge=self._follower.nudge,
                end=self._end,
                token=lambda: self._shown.activation_token if self._shown else "",
            )
        )
        self._notifier: Notifier = stage.notifier(self._pressed)

    def run(self) -> None:
        """Show icons, one kind after the other until one lasts, until the end."""
        self._stage.on_changed(self._follower.nudge)
        self._stage.on_end(self._end)
        self._stage.watch_power(self._power.changed, self._power.woke)
        self._follower.start()
        stand_witness(self._places.socket, "tray")
        for make in self._stage.icons():
            self._shown = make(self._known, self._performer.do)
            self._shown.show(self._known, self._stage.panel)
            self._shown.run()
            if self._ended:
                break

    def _tell(self, known: Known) -> None:
        self._known = known
        self._power.seen(known.status)
        if self._shown is not None:
            self._shown.show(known, self._stage.panel)
        self._tell_notices()

    def _tell_notices(self) -> None:
        with self._telling:
            for notice in self._rules.due(self._known, time.monotonic()):
                self._notify(notice)
            if self._later is not None:
                self._later.cancel()
                self._later = None
            if self._rules.held_back:
                self._later = threading.Timer(self._rules.held_back, self._tell_notices)
                self._later.daemon = True
                self._later.start()
        if self._rules.greeted and not self._places.greeted.exists():
            self._places.greeted.touch()

    def _notify(self, notice: Notice) -> None:
        try:
            self._notifier.show(notice)
        except Unshown as reason:
            _log.info("%s; not shown: %s", reason, notice.title)

    def _pressed(self, value: Any) -> None:
        self._performer.do(value)

    def _end(self) -> None:
        self._ended = True
        if self._shown is not None:
            self._shown.stop()
