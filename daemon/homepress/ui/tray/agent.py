"""The desktop agent: icon, menu and notices of one Homepress, for as long as the session lasts."""

import logging
import queue
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from homepress.base import memory
from homepress.control.client import connect
from homepress.control.instance import InstanceLock
from homepress.control.service import Service, ServiceError, Status
from homepress.desktop.notifications import Notice, Notifier, Unshown
from homepress.ui.probe import serve_probe
from homepress.ui.tray.actions import ActionContext, ActionRunner
from homepress.ui.tray.backend import (
    DesktopBackend,
    TrayIcon,
    desktop_backend,
    set_autostart,
    starts_at_login,
)
from homepress.ui.tray.menu import TrayState
from homepress.ui.tray.notices import NoticeRules
from homepress.ui.tray.status_poller import StatusPoller

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AgentPaths:
    """The few paths the agent has to know, so that it need not load the settings room.

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
        """The agent's log."""
        return self.state / "tray.log"

    @property
    def greeted(self) -> Path:
        """Exists once the first success was announced."""
        return self.state / "first-success-told"


def run_agent(paths: AgentPaths) -> int:
    """Show the icon until Quit or the end of the session; the exit code, 1 where nothing can be shown.

    A second agent of the same Homepress tells the first one that a daemon was started, and exits.
    """
    lock = InstanceLock(paths.lock)
    backend = desktop_backend(str(paths.state))
    if not lock.acquire():
        backend.wake_other()
        return 0
    try:
        _begin_log(paths.log)
        if backend.lacking:
            _log.warning("no tray icon and no notices: %s", backend.lacking)
            sys.stderr.write(f"no tray icon and no notices: {backend.lacking}\n")
            return 1
        Agent(paths, backend).run()
    finally:
        lock.release()
    return 0


def _begin_log(file: Path) -> None:
    """Not before the lock is ours: the log is that of the one agent."""
    form = "%(asctime)s %(levelname)s %(message)s"
    logging.basicConfig(filename=file, filemode="w", level=logging.INFO, format=form)
    file.chmod(0o600)


class Agent:
    """Everything of one agent, put together.

    One thread shows all there is to show, one thing after the other; others hand it on. Only a new icon shows
    its first state where it is made, before that thread gets to know it.
    """

    def __init__(self, paths: AgentPaths, backend: DesktopBackend) -> None:
        self._paths = paths
        self._backend = backend
        self._rules = NoticeRules(paths.greeted.exists())
        self._state = TrayState(None)
        self._icon: TrayIcon | None = None
        self._to_show: queue.Queue[TrayState | Notice | None] = queue.Queue()
        self._refresh_waits = False
        self._ended = False
        self._later: threading.Timer | None = None
        self._power = PowerReporter(paths.socket)
        self._poller = StatusPoller(paths.socket, paths.state, self._on_state)
        self._runner = ActionRunner(
            ActionContext(
                socket=paths.socket,
                settings_file=paths.settings_file,
                report=paths.state / "report.html",
                opener=backend.opener,
                notify=self._to_show.put,
                set_autostart=set_autostart,
                refresh=self._refresh,
                end=self._end,
                token=lambda: self._icon.activation_token if self._icon else "",
            )
        )
        self._notifier: Notifier = backend.notifier(self._on_pressed)

    def run(self) -> None:
        """Show icons, one kind after the other until one lasts, until the end."""
        self._backend.on_changed(self._refresh)
        self._backend.on_end(self._end)
        self._backend.watch_power(self._power.changed, self._power.woke)
        threading.Thread(target=self._show_what_comes, name="tray", daemon=True).start()
        self._poller.start()
        serve_probe(self._paths.socket, "tray")
        memory.trim()
        for make in self._backend.icons():
            if self._ended:
                break
            self._run_icon(make(self._runner.do))

    def _run_icon(self, icon: TrayIcon) -> None:
        icon.show(self._state, self._backend.theme)
        self._icon = icon
        if not self._ended:  # else the one that was there before was stopped, or none
            icon.run(lambda: self._to_show.put(None))  # a state may have come while the icon was made

    def _on_state(self, state: TrayState) -> None:
        """Show a state; returns when it is shown, so that a desktop that hangs gathers none."""
        self._to_show.put(state)
        self._to_show.join()

    def _refresh(self) -> None:
        """Look again at everything that is shown. From any thread, which need not wait for it."""
        self._poller.refresh()
        if not self._refresh_waits:  # a desktop that hangs gathers none; one too many does no harm
            self._refresh_waits = True
            self._to_show.put(None)

    # -- on the thread that shows

    def _show_what_comes(self) -> None:
        while True:
            what = self._to_show.get()
            try:
                if isinstance(what, Notice):
                    self._notify(what)
                elif what is None:
                    self._refresh_waits = False  # first: what is asked for from now on is shown once more
                    self._show(self._state)
                else:
                    self._show(what)
            except Exception:  # noqa: BLE001  a boundary: what comes next is shown all the same
                _log.exception("something could not be shown")
            finally:
                self._to_show.task_done()

    def _show(self, state: TrayState) -> None:
        """Show a state of the daemon, with the time and the autostart of now."""
        self._state = replace(state, autostart=starts_at_login(), now=time.time())
        if self._icon is not None:
            self._icon.show(self._state, self._backend.theme)
        self._show_notices()
        self._power.compare(state.status)  # last, since it may wait for the daemon

    def _show_notices(self) -> None:
        """Of one state after the other, also of the same one once more."""
        for notice in self._rules.due(self._state, time.monotonic()):
            self._notify(notice)
        if self._later is not None:
            self._later.cancel()
            self._later = None
        if self._rules.wait_seconds:
            self._later = threading.Timer(self._rules.wait_seconds, self._refresh)
            self._later.daemon = True
            self._later.start()
        if self._rules.greeted and not self._paths.greeted.exists():
            self._paths.greeted.touch()

    def _notify(self, notice: Notice) -> None:
        try:
            self._notifier.show(notice)
        except Unshown as reason:
            _log.info("%s; not shown: %s", reason, notice.title)

    def _on_pressed(self, value: Any) -> None:
        self._runner.do(value)

    def _end(self) -> None:
        self._ended = True
        if self._icon is not None:
            self._icon.stop()


class PowerReporter:
    """Tells the daemon whether the computer saves power, and when it wakes: it cannot see that for itself.

    Also a daemon that was started later. `changed` and `woke` are called by one thread, the desktop's.
    """

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._saving = False

    def changed(self, saving: bool) -> None:
        """The computer saves power now, or does not."""
        before, self._saving = self._saving, saving
        if before != saving:
            self._send(lambda daemon: daemon.power_saver(saving))

    def woke(self) -> None:
        """The computer was suspended: files may have come meanwhile, from another computer for example."""
        self._send(lambda daemon: daemon.rescan())

    def compare(self, status: Status | None) -> None:
        """Correct what a daemon believes: one that is new assumes that no power is saved."""
        saving = self._saving
        if status is not None and status.power_saver != saving:
            self._send(lambda daemon: daemon.power_saver(saving))

    def _send(self, request: Callable[[Service], None]) -> None:
        try:
            if (daemon := connect(self._socket)) is not None:
                request(daemon)
        except ServiceError as error:
            _log.info("the daemon did not get the state of the power: %s", error)
